//! Labels that differ between the pods of a workload, and whether any selector looks at them.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Affinity, PodAffinityTerm, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::objects::Objects;

/// Labels that Kubernetes gives to single pods of a workload. Unless a selector looks at them they
/// are left out, so that the pods stay interchangeable.
pub(super) const POD_LABELS: [&str; 3] = [
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/job-completion-index",
    "statefulset.kubernetes.io/pod-name",
];

/// Those of [`POD_LABELS`] that some pod's affinity or spread looks at.
pub(super) fn pod_labels(objects: &Objects) -> BTreeSet<&'static str> {
    let pods = objects.pods.iter().filter_map(|pod| pod.object.spec.as_ref());
    let daemons = objects
        .daemon_sets
        .iter()
        .filter_map(|set| set.object.spec.as_ref()?.template.spec.as_ref());
    let mut selected = BTreeSet::new();
    for spec in pods.chain(daemons) {
        selected.extend(POD_LABELS.iter().filter(|label| looks_at(spec, label)));
    }
    selected
}

fn looks_at(spec: &PodSpec, label: &str) -> bool {
    let spread = spec.topology_spread_constraints.iter().flatten().any(|constraint| {
        names(constraint.label_selector.as_ref(), label)
            || contains(constraint.match_label_keys.as_ref(), label)
    });
    spread
        || spec.affinity.as_ref().is_some_and(|affinity| {
            all_terms(affinity).any(|term| {
                names(term.label_selector.as_ref(), label)
                    || contains(term.match_label_keys.as_ref(), label)
                    || contains(term.mismatch_label_keys.as_ref(), label)
            })
        })
}

fn all_terms(affinity: &Affinity) -> impl Iterator<Item = &PodAffinityTerm> {
    let near = affinity.pod_affinity.iter().flat_map(|near| {
        let preferred = &near.preferred_during_scheduling_ignored_during_execution;
        let preferred = preferred.iter().flatten().map(|one| &one.pod_affinity_term);
        let required = &near.required_during_scheduling_ignored_during_execution;
        required.iter().flatten().chain(preferred)
    });
    let apart = affinity.pod_anti_affinity.iter().flat_map(|apart| {
        let preferred = &apart.preferred_during_scheduling_ignored_during_execution;
        let preferred = preferred.iter().flatten().map(|one| &one.pod_affinity_term);
        let required = &apart.required_during_scheduling_ignored_during_execution;
        required.iter().flatten().chain(preferred)
    });
    near.chain(apart)
}

fn names(selector: Option<&LabelSelector>, label: &str) -> bool {
    selector.is_some_and(|selector| {
        selector.match_labels.as_ref().is_some_and(|labels| labels.contains_key(label))
            || selector.match_expressions.iter().flatten().any(|e| e.key == label)
    })
}

fn contains(keys: Option<&Vec<String>>, label: &str) -> bool {
    keys.into_iter().flatten().any(|key| key == label)
}
