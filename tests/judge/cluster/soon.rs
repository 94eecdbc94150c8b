//! The cluster as a plan reckons that it will be: machines on their way have joined, and nodes that
//! go away have lost their pods.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::{Node, Pod, PodSpec};
use kube::ResourceExt as _;
use plimsoll_api::crd::NodeClaim;
use scheduler_core::model::well_known::{HOSTNAME, INITIALIZED, NODE_POOL, REGISTERED};
use serde_json::json;

use super::{Cluster, object};
use crate::daemon;

/// Taint of a node that is being drained.
pub(crate) const DISRUPTED: &str = "karpenter.sh/disrupted";
/// Taint of a node whose kubelet has not reported yet.
pub(crate) const NOT_READY: &str = "node.kubernetes.io/not-ready";
/// Startup taint of pools.
pub(crate) const STARTING: &str = "example.com/starting";

impl Cluster {
    /// Nodes once they have started, those in flight among them.
    pub(crate) fn nodes_soon(&self) -> Vec<Node> {
        let joined = self.nodes.iter().cloned().map(started);
        joined.chain(self.in_flight().map(arrived)).collect()
    }

    /// Pods that stay where they are, and the daemons that are still to come.
    pub(crate) fn running_soon(&self) -> Vec<Pod> {
        let leaving = self.leaving();
        let mut running: Vec<Pod> =
            self.bound.iter().filter(|pod| !is_displaced(pod, &leaving)).cloned().collect();
        let known: BTreeSet<String> = running.iter().map(kube::ResourceExt::name_any).collect();
        let is_new = |node: &Node| !self.nodes.iter().any(|old| old == node);
        for node in self.nodes_soon().iter().filter(|node| is_new(node)) {
            let daemons = daemon::pods_of(&self.daemon_sets, node);
            running.extend(daemons.into_iter().filter(|pod| !known.contains(&pod.name_any())));
        }
        running
    }

    /// Pods that need a node: those that wait, and those that will lose theirs.
    pub(crate) fn waiting_soon(&self) -> Vec<Pod> {
        let leaving = self.leaving();
        let displaced = self.bound.iter().filter(|pod| is_displaced(pod, &leaving)).cloned();
        let displaced = displaced.map(|mut pod| {
            pod.spec.get_or_insert_default().node_name = None;
            pod
        });
        self.pending.iter().cloned().chain(displaced).collect()
    }

    /// Nodes that are going away.
    pub(crate) fn leaving(&self) -> BTreeSet<String> {
        let deleted =
            self.node_claims.iter().filter(|one| one.metadata.deletion_timestamp.is_some());
        let by_claim = deleted.filter_map(|one| one.status.as_ref()?.node_name.clone());
        let is_disrupted = |node: &&Node| {
            let taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten());
            taints.into_iter().any(|taint| taint.key == DISRUPTED)
        };
        let by_taint = self.nodes.iter().filter(is_disrupted).map(kube::ResourceExt::name_any);
        by_claim.chain(by_taint).collect()
    }

    /// Claims whose machine has not joined.
    pub(crate) fn in_flight(&self) -> impl Iterator<Item = &NodeClaim> {
        let joined =
            |one: &&NodeClaim| one.status.as_ref().is_some_and(|status| status.node_name.is_some());
        self.node_claims.iter().filter(move |one| !joined(one))
    }
}

fn is_displaced(pod: &Pod, leaving: &BTreeSet<String>) -> bool {
    let node = pod.spec.as_ref().and_then(|spec: &PodSpec| spec.node_name.as_ref());
    let of_set = pod.metadata.owner_references.iter().flatten().any(|one| one.kind == "DaemonSet");
    !of_set && node.is_some_and(|node| leaving.contains(node))
}

/// A managed node without the taints that only a starting one has.
fn started(mut node: Node) -> Node {
    let labels = node.labels_mut();
    if labels.contains_key(NODE_POOL) && !labels.contains_key(INITIALIZED) {
        labels.extend([REGISTERED, INITIALIZED].map(|label| (label.to_owned(), "true".to_owned())));
        let taints = node.spec.get_or_insert_default().taints.get_or_insert_default();
        taints.retain(|taint| ![NOT_READY, STARTING].contains(&taint.key.as_str()));
    }
    node
}

/// The node of a claim.
fn arrived(claim: &NodeClaim) -> Node {
    let name = claim.name_any();
    let mut labels = claim.labels().clone();
    for requirement in &claim.spec.requirements {
        if let (true, Some([value])) = (requirement.operator == "In", requirement.values.as_deref())
        {
            labels.insert(requirement.key.clone(), value.clone());
        }
    }
    labels.insert(HOSTNAME.to_owned(), name.clone());
    labels.extend([REGISTERED, INITIALIZED].map(|label| (label.to_owned(), "true".to_owned())));
    let status = claim.status.clone().unwrap_or_default();
    object(json!({
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": claim.spec.taints},
        "status": {"capacity": status.capacity, "allocatable": status.allocatable},
    }))
}
