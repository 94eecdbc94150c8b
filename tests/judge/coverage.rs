//! Which kinds of rules a cluster has.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{
    Affinity, Node, NodeAffinity, PersistentVolume, Pod, PodAffinityTerm, PodSpec,
    TopologySpreadConstraint, Volume,
};
use kube::ResourceExt as _;
use scheduler_core::model::well_known::{HOSTNAME, INITIALIZED, NODE_POOL, ZONE};
use serde_json::json;

use crate::cluster::shared::{ARM_SANDBOX, LIMITED_NAMESPACE, WAITING_CLASSES};
use crate::cluster::{Cluster, claims_of};

/// In how many clusters each kind of rule appeared.
#[derive(Debug, Default)]
pub(crate) struct Coverage(BTreeMap<&'static str, usize>);

impl Coverage {
    pub(crate) fn add(&mut self, cluster: &Cluster) {
        let specs: Vec<&PodSpec> =
            cluster.pending.iter().filter_map(|pod| pod.spec.as_ref()).collect();
        for (kind, applies) in POD_KINDS {
            if specs.iter().any(|spec| applies(spec)) {
                *self.0.entry(kind).or_default() += 1;
            }
        }
        for (kind, applies) in CLUSTER_KINDS {
            if applies(cluster) {
                *self.0.entry(kind).or_default() += 1;
            }
        }
    }

    /// `kind number`, comma by comma.
    pub(crate) fn text(&self) -> String {
        let kinds = POD_KINDS.iter().map(|(kind, _)| kind);
        let kinds = kinds.chain(CLUSTER_KINDS.iter().map(|(kind, _)| kind));
        let one = |kind: &&'static str| format!("{kind} {}", self.0.get(*kind).unwrap_or(&0));
        kinds.map(one).collect::<Vec<_>>().join(", ")
    }
}

type PodKind = (&'static str, fn(&PodSpec) -> bool);
type ClusterKind = (&'static str, fn(&Cluster) -> bool);

const POD_KINDS: [PodKind; 38] = [
    ("node selector", |spec| spec.node_selector.is_some()),
    ("node affinity", |spec| node_terms(spec) > 0),
    ("OR terms", |spec| node_terms(spec) > 1),
    ("preferred node affinity", |spec| {
        node_affinity(spec)
            .is_some_and(|one| one.preferred_during_scheduling_ignored_during_execution.is_some())
    }),
    ("tolerations", |spec| spec.tolerations.is_some()),
    ("zone spread", |spec| required_spread(spec, |one| one.topology_key == ZONE)),
    ("hostname spread", |spec| required_spread(spec, |one| one.topology_key == HOSTNAME)),
    ("spread by another key", |spec| required_spread(spec, |one| is_other(&one.topology_key))),
    ("ScheduleAnyway", |spec| spread(spec, |one| one.when_unsatisfiable == "ScheduleAnyway")),
    ("minDomains", |spec| spread(spec, |one| one.min_domains.is_some())),
    ("nodeAffinityPolicy", |spec| spread(spec, |one| one.node_affinity_policy.is_some())),
    ("nodeTaintsPolicy", |spec| spread(spec, |one| one.node_taints_policy.is_some())),
    ("spread matchLabelKeys", |spec| spread(spec, |one| one.match_label_keys.is_some())),
    ("zone affinity", |spec| near(spec, |one| one.topology_key == ZONE)),
    ("hostname affinity", |spec| near(spec, |one| one.topology_key == HOSTNAME)),
    ("affinity by another key", |spec| near(spec, |one| is_other(&one.topology_key))),
    ("zone anti-affinity", |spec| away(spec, |one| one.topology_key == ZONE)),
    ("hostname anti-affinity", |spec| away(spec, |one| one.topology_key == HOSTNAME)),
    ("anti-affinity by another key", |spec| away(spec, |one| is_other(&one.topology_key))),
    ("namespaces", |spec| any_term(spec, |one| one.namespaces.is_some())),
    ("namespaceSelector", |spec| any_term(spec, |one| one.namespace_selector.is_some())),
    ("affinity matchLabelKeys", |spec| {
        any_term(spec, |one| one.match_label_keys.is_some() || one.mismatch_label_keys.is_some())
    }),
    ("preferred pod affinity", prefers_pods),
    ("host ports", |spec| {
        let ports = spec.containers.iter().flat_map(|one| one.ports.iter().flatten());
        ports.into_iter().any(|port| port.host_port.is_some())
    }),
    ("init containers", |spec| init(spec, None)),
    ("sidecars", |spec| init(spec, Some("Always"))),
    ("graphics cards", |spec| requests(spec, "nvidia.com/gpu")),
    ("ephemeral storage", |spec| requests(spec, "ephemeral-storage")),
    ("priorities", |spec| spec.priority_class_name.is_some()),
    ("Gt and Lt", |spec| {
        json!(spec.affinity).to_string().contains("\"operator\":\"Gt\"")
            || json!(spec.affinity).to_string().contains("\"operator\":\"Lt\"")
    }),
    ("several containers", |spec| spec.containers.len() > 1),
    ("sidecars with init containers", |spec| init(spec, None) && init(spec, Some("Always"))),
    ("pod-level resources", |spec| spec.resources.is_some()),
    ("RuntimeClass overhead", |spec| spec.runtime_class_name.is_some()),
    ("RuntimeClass scheduling", |spec| spec.runtime_class_name.as_deref() == Some(ARM_SANDBOX)),
    ("claims", |spec| volumes(spec, |one| one.persistent_volume_claim.is_some())),
    ("ephemeral volumes", |spec| volumes(spec, |one| one.ephemeral.is_some())),
    ("several volumes", |spec| spec.volumes.as_ref().is_some_and(|all| all.len() > 1)),
];

const CLUSTER_KINDS: [ClusterKind; 19] = [
    ("existing nodes", |cluster| !cluster.nodes.is_empty()),
    ("pods on them", |cluster| {
        cluster.bound.iter().any(|pod| pod.metadata.owner_references.is_none())
    }),
    ("daemons", |cluster| !cluster.daemon_sets.is_empty()),
    ("several pools", |cluster| cluster.pools.len() > 1),
    ("tainted pools", |cluster| {
        cluster.pools.iter().any(|pool| pool.spec.template.spec.taints.is_some())
    }),
    ("weights", |cluster| cluster.pools.iter().any(|pool| pool.spec.weight.is_some())),
    ("limits", |cluster| cluster.pools.iter().any(|pool| pool.spec.limits.is_some())),
    ("priorities with limits", |cluster| {
        let classes = |pod: &Pod| pod.spec.as_ref()?.priority_class_name.clone();
        cluster.pools.iter().any(|pool| pool.spec.limits.is_some())
            && cluster.pending.iter().any(|pod| classes(pod).is_some())
    }),
    ("minValues", |cluster| {
        let wanted = cluster.pools.iter().flat_map(|pool| &pool.spec.template.spec.requirements);
        wanted.into_iter().any(|one| one.min_values.is_some())
    }),
    ("static pools", |cluster| cluster.pools.iter().any(|pool| pool.spec.replicas.is_some())),
    ("nodes going away", |cluster| !cluster.leaving().is_empty()),
    ("pods of nodes going away", |cluster| cluster.waiting_soon().len() > cluster.pending.len()),
    ("machines in flight", |cluster| cluster.in_flight().next().is_some()),
    ("nodes starting", |cluster| cluster.nodes.iter().any(is_starting)),
    ("LimitRange", |cluster| {
        cluster.pending.iter().any(|pod| pod.namespace().as_deref() == Some(LIMITED_NAMESPACE))
    }),
    ("volumes in zones", |cluster| cluster.volumes.iter().any(is_somewhere)),
    ("allowedTopologies", |cluster| {
        let own = cluster.claims.iter().filter_map(|claim| claim.spec.as_ref());
        own.into_iter().any(|spec| chooses_zones(spec.storage_class_name.as_deref()))
    }),
    ("attach limits", |cluster| !cluster.csi_nodes.is_empty()),
    ("shared claims", |cluster| {
        let names = cluster.pending.iter().flat_map(claims_of).collect::<Vec<_>>();
        names.iter().any(|one| names.iter().filter(|other| other == &one).count() > 1)
    }),
];

fn is_starting(node: &Node) -> bool {
    node.labels().contains_key(NODE_POOL) && !node.labels().contains_key(INITIALIZED)
}

fn is_somewhere(volume: &PersistentVolume) -> bool {
    volume.labels().contains_key(ZONE)
        || volume.spec.as_ref().is_some_and(|spec| spec.node_affinity.is_some())
}

fn chooses_zones(class: Option<&str>) -> bool {
    WAITING_CLASSES[1..].iter().any(|one| Some(*one) == class)
}

fn volumes(spec: &PodSpec, is: impl Fn(&Volume) -> bool) -> bool {
    spec.volumes.iter().flatten().any(is)
}

fn is_other(key: &str) -> bool {
    ![ZONE, HOSTNAME].contains(&key)
}

fn affinity(spec: &PodSpec) -> Option<&Affinity> {
    spec.affinity.as_ref()
}

fn node_affinity(spec: &PodSpec) -> Option<&NodeAffinity> {
    affinity(spec)?.node_affinity.as_ref()
}

fn node_terms(spec: &PodSpec) -> usize {
    let required = node_affinity(spec)
        .and_then(|one| one.required_during_scheduling_ignored_during_execution.as_ref());
    required.map_or(0, |one| one.node_selector_terms.len())
}

fn spread(spec: &PodSpec, is: impl Fn(&TopologySpreadConstraint) -> bool) -> bool {
    spec.topology_spread_constraints.iter().flatten().any(is)
}

fn required_spread(spec: &PodSpec, is: impl Fn(&TopologySpreadConstraint) -> bool) -> bool {
    spread(spec, |one| one.when_unsatisfiable == "DoNotSchedule" && is(one))
}

fn near(spec: &PodSpec, is: impl Fn(&PodAffinityTerm) -> bool) -> bool {
    let near = affinity(spec).and_then(|one| one.pod_affinity.as_ref());
    let terms =
        near.and_then(|one| one.required_during_scheduling_ignored_during_execution.as_ref());
    terms.into_iter().flatten().any(is)
}

fn away(spec: &PodSpec, is: impl Fn(&PodAffinityTerm) -> bool) -> bool {
    let away = affinity(spec).and_then(|one| one.pod_anti_affinity.as_ref());
    let terms =
        away.and_then(|one| one.required_during_scheduling_ignored_during_execution.as_ref());
    terms.into_iter().flatten().any(is)
}

fn any_term(spec: &PodSpec, is: impl Fn(&PodAffinityTerm) -> bool) -> bool {
    near(spec, &is) || away(spec, &is)
}

fn prefers_pods(spec: &PodSpec) -> bool {
    affinity(spec).is_some_and(|one| {
        let near = one.pod_affinity.as_ref();
        let away = one.pod_anti_affinity.as_ref();
        near.is_some_and(|one| one.preferred_during_scheduling_ignored_during_execution.is_some())
            || away.is_some_and(|one| {
                one.preferred_during_scheduling_ignored_during_execution.is_some()
            })
    })
}

fn init(spec: &PodSpec, policy: Option<&str>) -> bool {
    spec.init_containers.iter().flatten().any(|one| one.restart_policy.as_deref() == policy)
}

fn requests(spec: &PodSpec, name: &str) -> bool {
    let resources = spec.containers.iter().filter_map(|one| one.resources.as_ref());
    resources.into_iter().any(|one| one.requests.as_ref().is_some_and(|all| all.contains_key(name)))
}
