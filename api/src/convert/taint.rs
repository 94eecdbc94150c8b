//! Taints of nodes and pools.

use k8s_openapi::api::core::v1 as k8s;
use scheduler_core::model::{Taint, TaintEffect};

use super::pod::taint_effect;
use crate::crd::shared::Taint as WrittenTaint;
use crate::finding::Problem;

/// Taints of a pool or claim; `field` is their path.
pub(super) fn written(
    taints: Option<&Vec<WrittenTaint>>,
    field: &str,
) -> Result<Vec<Taint>, Problem> {
    let taints = taints.into_iter().flatten().enumerate();
    taints
        .map(|(index, taint)| {
            let effect = taint_effect(&taint.effect)
                .map_err(|problem| problem.within(&format!("{field}[{index}]")))?;
            let value = taint.value.clone().unwrap_or_default();
            Ok(Taint { key: taint.key.clone(), value, effect })
        })
        .collect()
}

/// Taints of a node.
pub(super) fn of_node(spec: Option<&k8s::NodeSpec>) -> Result<Vec<Taint>, Problem> {
    let taints = spec.and_then(|spec| spec.taints.as_ref());
    let mut converted = Vec::new();
    for (index, taint) in taints.into_iter().flatten().enumerate() {
        let effect = taint_effect(&taint.effect)
            .map_err(|problem| problem.within(&format!("spec.taints[{index}]")))?;
        let value = taint.value.clone().unwrap_or_default();
        converted.push(Taint { key: taint.key.clone(), value, effect });
    }
    // The node controller adds this one a moment after a node is cordoned.
    let cordoned = spec.is_some_and(|spec| spec.unschedulable == Some(true));
    if cordoned && !converted.iter().any(|taint| taint.key == UNSCHEDULABLE) {
        converted.push(taint(UNSCHEDULABLE, TaintEffect::NoSchedule));
    }
    Ok(converted)
}

const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";

/// A taint without a value.
pub(super) fn taint(key: &str, effect: TaintEffect) -> Taint {
    Taint { key: key.to_owned(), value: String::new(), effect }
}

/// Whether the node is on its way out.
pub(super) fn is_disrupted(taint: &Taint) -> bool {
    taint.key == "karpenter.sh/disrupted" && taint.effect == TaintEffect::NoSchedule
}

/// Whether the taint goes away by itself while a node starts.
pub(super) fn is_ephemeral(taint: &Taint) -> bool {
    use TaintEffect::{NoExecute, NoSchedule};
    let known = [
        ("node.kubernetes.io/not-ready", NoSchedule),
        ("node.kubernetes.io/not-ready", NoExecute),
        ("node.kubernetes.io/unreachable", NoSchedule),
        ("node.cloudprovider.kubernetes.io/uninitialized", NoSchedule),
        ("karpenter.sh/unregistered", NoExecute),
    ];
    known.contains(&(taint.key.as_str(), taint.effect))
        || taint.key.starts_with("readiness.k8s.io/")
}

/// Whether two taints are the same one; values do not matter.
pub(super) fn same(one: &Taint, other: &Taint) -> bool {
    one.key == other.key && one.effect == other.effect
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ephemeral_taints_are_known_by_key_and_effect_or_by_the_readiness_prefix() {
        use TaintEffect::{NoExecute, NoSchedule, PreferNoSchedule};
        let ephemeral = [
            ("node.kubernetes.io/not-ready", NoSchedule),
            ("node.kubernetes.io/not-ready", NoExecute),
            ("node.kubernetes.io/unreachable", NoSchedule),
            ("node.cloudprovider.kubernetes.io/uninitialized", NoSchedule),
            ("karpenter.sh/unregistered", NoExecute),
            ("readiness.k8s.io/network", PreferNoSchedule),
        ];
        let lasting = [
            ("node.kubernetes.io/not-ready", PreferNoSchedule),
            ("karpenter.sh/unregistered", NoSchedule),
            ("example.com/readiness.k8s.io/network", NoSchedule),
            ("team", NoSchedule),
        ];
        for (key, effect) in ephemeral {
            assert!(is_ephemeral(&taint(key, effect)), "{key}:{effect:?}");
        }
        for (key, effect) in lasting {
            assert!(!is_ephemeral(&taint(key, effect)), "{key}:{effect:?}");
        }
    }
}
