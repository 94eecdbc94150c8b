//! Existing nodes as bins that cost nothing more.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::shapes::tolerates_taints;
use crate::model::attachment::{SharedVolume, places};
use crate::model::well_known::HOSTNAME;
use crate::model::{HostPort, PodSpec, Resources};
use crate::snapshot::{NodeWithPods, Supply};

/// What a node's pods amount to. Depends on the node and the supply's daemons only.
#[derive(Debug)]
pub(crate) struct SiteSummary {
    /// Allocatable less bound pods and daemons that are still to come; may be negative.
    pub(crate) free: Resources,
    /// Volumes that bound pods share with each other or with others, taken off what is free.
    pub(crate) attached: BTreeSet<SharedVolume>,
    /// Host ports of bound pods and of daemons that are still to come.
    pub(crate) ports: Vec<HostPort>,
    /// Distinct specs of bound pods, daemons included, with their numbers.
    pub(crate) bound: Vec<(Arc<PodSpec>, i64)>,
}

/// An existing node of one problem.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) summary: Arc<SiteSummary>,
    /// Free amounts of the problem's resources.
    pub(crate) free: Vec<i64>,
    /// Whether pods may be placed here: the node is not going away.
    pub(crate) open: bool,
}

/// Summaries of nodes that have not changed since the last step, by address.
#[derive(Debug, Default)]
pub(crate) struct Summaries {
    by_node: BTreeMap<usize, (Arc<NodeWithPods>, Arc<SiteSummary>)>,
}

// The addresses are keys only; the nodes behind them are kept alive and never changed.
impl Summaries {
    /// The summaries of these nodes, in order.
    pub(crate) fn of(
        &mut self,
        supply: &Supply,
        nodes: &[Arc<NodeWithPods>],
    ) -> Vec<Arc<SiteSummary>> {
        let mut old = std::mem::take(&mut self.by_node);
        let summaries = nodes.iter().map(|node| {
            let address = Arc::as_ptr(node).addr();
            let known = old.remove(&address);
            let entry = known.unwrap_or_else(|| (node.clone(), Arc::new(summary(supply, node))));
            let summary = entry.1.clone();
            self.by_node.insert(address, entry);
            summary
        });
        summaries.collect()
    }
}

/// The value of a node's label; a node without a hostname label counts under its name.
pub(crate) fn site_label<'a>(node: &'a NodeWithPods, key: &str) -> Option<&'a str> {
    let label = node.node.labels.get(key).map(String::as_str);
    if key == HOSTNAME { label.or(Some(&node.node.name)) } else { label }
}

/// Whether the node's labels and taints admit a pod.
pub(crate) fn site_admits(node: &NodeWithPods, spec: &PodSpec) -> bool {
    tolerates_taints(&spec.tolerations, &node.node.taints)
        && spec.node_alternatives.iter().any(|alternative| {
            alternative.iter().all(|(key, wanted)| wanted.admits(site_label(node, key)))
        })
}

fn summary(supply: &Supply, node: &NodeWithPods) -> SiteSummary {
    let mut free = node.node.allocatable.clone();
    let mut attached = BTreeSet::new();
    let mut ports = Vec::new();
    let mut bound: Vec<(Arc<PodSpec>, i64)> = Vec::new();
    for pod in &node.pods {
        free.subtract(&pod.spec.requests);
        attached.extend(pod.spec.shared_volumes.iter().cloned());
        ports.extend(pod.spec.host_ports.iter().cloned());
        match bound.iter_mut().find(|(spec, _)| Arc::ptr_eq(spec, &pod.spec)) {
            Some((_, count)) => *count += 1,
            None => bound.push((pod.spec.clone(), 1)),
        }
    }
    for daemon_set in &supply.daemon_sets {
        let present = node.pods.iter().any(|pod| {
            pod.spec.namespace == daemon_set.id.namespace
                && pod.spec.daemon_set.as_deref() == Some(&daemon_set.id.name)
        });
        if !present && site_admits(node, &daemon_set.spec) {
            free.subtract(&daemon_set.spec.requests);
            ports.extend(daemon_set.spec.host_ports.iter().cloned());
        }
    }
    free.subtract(&places(&attached));
    SiteSummary { free, attached, ports, bound }
}
