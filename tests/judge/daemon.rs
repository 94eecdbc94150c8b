//! Which daemons a node gets: the `DaemonSet` controller's rules, for the daemons that are drawn.

use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{Node, Pod, PodSpec, Taint, Toleration};
use serde_json::json;

use crate::cluster::object;
use crate::cluster::shared::DAEMON_NAMESPACE;

/// Daemon pods of a node, bound to it.
pub(crate) fn pods_of(sets: &[DaemonSet], node: &Node) -> Vec<Pod> {
    sets.iter().filter_map(|set| pod_of(set, node)).collect()
}

fn pod_of(set: &DaemonSet, node: &Node) -> Option<Pod> {
    let template = &set.spec.as_ref()?.template;
    let spec = template.spec.as_ref()?;
    let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_ref());
    let tolerated = |taint: &Taint| {
        taint.effect == "PreferNoSchedule"
            // The controller adds a toleration for this one itself.
            || taint.key == "node.kubernetes.io/unschedulable"
            || spec.tolerations.iter().flatten().any(|one| tolerates(one, taint))
    };
    if !selects(spec, node) || !taints.into_iter().flatten().all(tolerated) {
        return None;
    }
    let (set_name, node_name) = (set.metadata.name.as_ref()?, node.metadata.name.as_ref()?);
    let owner = json!({
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "name": set_name,
        "uid": "7f3a1c52-6a0e-4a53-9d0e-0a0f5f6d8c11",
        "controller": true,
    });
    let metadata = json!({
        "name": format!("{set_name}-{node_name}"),
        "namespace": DAEMON_NAMESPACE,
        "labels": template.metadata.as_ref()?.labels,
        "ownerReferences": [owner],
    });
    let mut pod: Pod = object(json!({"metadata": metadata}));
    pod.spec = Some(PodSpec { node_name: Some(node_name.clone()), ..spec.clone() });
    Some(pod)
}

fn selects(spec: &PodSpec, node: &Node) -> bool {
    let labels = node.metadata.labels.as_ref();
    spec.node_selector.iter().flatten().all(|(key, value)| {
        labels.and_then(|labels| labels.get(key)).is_some_and(|found| found == value)
    })
}

fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let any = |text: &Option<String>| text.as_deref().is_none_or(str::is_empty);
    let same = |text: &Option<String>, other: &str| text.as_deref() == Some(other);
    let value_fits = match toleration.operator.as_deref() {
        Some("Exists") => true,
        _ => toleration.value.as_deref().unwrap_or("") == taint.value.as_deref().unwrap_or(""),
    };
    (any(&toleration.effect) || same(&toleration.effect, &taint.effect))
        && (any(&toleration.key) || same(&toleration.key, &taint.key))
        && value_fits
}
