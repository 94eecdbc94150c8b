//! Label selectors, topology spread and pod affinity.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{self as k8s, TopologySpreadConstraint};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector as K8sSelector;
use scheduler_core::model::{
    LabelSelector, Labels, NamespaceScope, PodAffinityTerm, Requirement, SpreadPolicy,
    TopologySpread,
};

use super::requirement::{Gathered, Written};
use crate::finding::Problem;

const SELECTOR_OPERATORS: [&str; 4] = ["In", "NotIn", "Exists", "DoesNotExist"];

/// Keys whose values are taken from the labels of the pod that has the selector.
pub(super) struct OwnKeys<'a> {
    pub(super) labels: &'a Labels,
    pub(super) matching: Option<&'a Vec<String>>,
    pub(super) mismatching: Option<&'a Vec<String>>,
}

impl<'a> OwnKeys<'a> {
    pub(super) fn none(labels: &'a Labels) -> Self {
        Self { labels, matching: None, mismatching: None }
    }

    fn add_to(&self, gathered: &mut Gathered) {
        for key in self.matching.into_iter().flatten() {
            if let Some(value) = self.labels.get(key) {
                gathered.add(key, Requirement::any_of([value]));
            }
        }
        for key in self.mismatching.into_iter().flatten() {
            if let Some(value) = self.labels.get(key) {
                gathered.add(key, Requirement::none_of([value]));
            }
        }
    }
}

/// A selector; one that is absent selects nothing, an empty one everything.
pub(super) fn selector(
    selector: Option<&K8sSelector>,
    own: &OwnKeys<'_>,
) -> Result<LabelSelector, Problem> {
    let Some(selector) = selector else { return Ok(LabelSelector::nothing()) };
    let mut gathered = Gathered::default();
    for (key, value) in selector.match_labels.iter().flatten() {
        gathered.add(key, Requirement::any_of([value]));
    }
    for (index, expression) in selector.match_expressions.iter().flatten().enumerate() {
        let written = Written {
            operator: &expression.operator,
            values: expression.values.as_deref().unwrap_or_default(),
        };
        let requirement = written
            .parse(&SELECTOR_OPERATORS)
            .map_err(|problem| problem.within(&format!("matchExpressions[{index}]")))?;
        gathered.add(&expression.key, requirement);
    }
    own.add_to(&mut gathered);
    if gathered.contradiction.is_some() {
        return Ok(LabelSelector::nothing());
    }
    Ok(LabelSelector { requirements: gathered.requirements, nothing: false })
}

/// Topology spread constraints of a pod with these labels.
pub(super) fn topology_spread(
    constraints: &[TopologySpreadConstraint],
    labels: &Labels,
) -> Result<Vec<TopologySpread>, Problem> {
    constraints
        .iter()
        .enumerate()
        .map(|(index, constraint)| {
            spread(constraint, labels).map_err(|problem| {
                problem.within(&format!("spec.topologySpreadConstraints[{index}]"))
            })
        })
        .collect()
}

fn spread(
    constraint: &TopologySpreadConstraint,
    labels: &Labels,
) -> Result<TopologySpread, Problem> {
    let max_skew = u32::try_from(constraint.max_skew).ok().filter(|skew| *skew > 0);
    let max_skew = max_skew.ok_or_else(|| {
        let problem = format!("{} is not above zero", constraint.max_skew);
        Problem::new("maxSkew", problem, "set it to 1 or more")
    })?;
    let required = match constraint.when_unsatisfiable.as_str() {
        "DoNotSchedule" => true,
        "ScheduleAnyway" => false,
        other => {
            return Err(Problem::new(
                "whenUnsatisfiable",
                format!("unknown value {other:?}, expected DoNotSchedule or ScheduleAnyway"),
                "correct the value",
            ));
        }
    };
    let own = OwnKeys { matching: constraint.match_label_keys.as_ref(), ..OwnKeys::none(labels) };
    let mut selector = selector(constraint.label_selector.as_ref(), &own)
        .map_err(|problem| problem.within("labelSelector"))?;
    // kube-scheduler counts no pod for an empty selector here, though it selects all elsewhere.
    selector.nothing |= selector.requirements.is_empty();
    let affinity_policy = constraint.node_affinity_policy.as_deref();
    let taints_policy = constraint.node_taints_policy.as_deref();
    Ok(TopologySpread {
        topology_key: constraint.topology_key.clone(),
        max_skew,
        selector,
        required,
        min_domains: constraint.min_domains.and_then(|domains| u32::try_from(domains).ok()),
        node_affinity_policy: policy("nodeAffinityPolicy", affinity_policy, SpreadPolicy::Honor)?,
        node_taints_policy: policy("nodeTaintsPolicy", taints_policy, SpreadPolicy::Ignore)?,
    })
}

fn policy(field: &str, text: Option<&str>, default: SpreadPolicy) -> Result<SpreadPolicy, Problem> {
    match text {
        None => Ok(default),
        Some("Honor") => Ok(SpreadPolicy::Honor),
        Some("Ignore") => Ok(SpreadPolicy::Ignore),
        Some(other) => Err(Problem::new(
            field,
            format!("unknown value {other:?}, expected Honor or Ignore"),
            "correct the value",
        )),
    }
}

/// Namespaces that are known, with their labels.
pub(super) type Namespaces = std::collections::BTreeMap<String, Labels>;

/// The pod that has an affinity term.
pub(super) struct TermOwner<'a> {
    pub(super) namespace: &'a str,
    pub(super) labels: &'a Labels,
    pub(super) namespaces: &'a Namespaces,
}

impl TermOwner<'_> {
    /// A term of pod affinity or anti-affinity.
    pub(super) fn term(&self, term: &k8s::PodAffinityTerm) -> Result<PodAffinityTerm, Problem> {
        let own = OwnKeys {
            labels: self.labels,
            matching: term.match_label_keys.as_ref(),
            mismatching: term.mismatch_label_keys.as_ref(),
        };
        Ok(PodAffinityTerm {
            topology_key: term.topology_key.clone(),
            selector: selector(term.label_selector.as_ref(), &own)
                .map_err(|problem| problem.within("labelSelector"))?,
            namespaces: self.scope(term)?,
        })
    }

    /// The pod's own namespace if the term names none; else those listed and those selected.
    fn scope(&self, term: &k8s::PodAffinityTerm) -> Result<NamespaceScope, Problem> {
        let listed = term.namespaces.as_deref().unwrap_or_default();
        let Some(namespace_selector) = &term.namespace_selector else {
            return Ok(if listed.is_empty() {
                NamespaceScope::one(self.namespace)
            } else {
                NamespaceScope::These(listed.iter().cloned().collect())
            });
        };
        let selector = selector(Some(namespace_selector), &OwnKeys::none(self.labels))
            .map_err(|problem| problem.within("namespaceSelector"))?;
        if selector.requirements.is_empty() && !selector.nothing {
            return Ok(NamespaceScope::All);
        }
        let selected = self.namespaces.iter().filter(|(_, labels)| selector.selects(labels));
        let names: BTreeSet<String> =
            selected.map(|(name, _)| name).chain(listed).cloned().collect();
        Ok(NamespaceScope::These(names))
    }
}
