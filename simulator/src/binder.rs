//! Stands in for kube-scheduler: which node a waiting pod is bound to.
//!
//! Written from the constraints, with no code of the core's packer: node selection, taints,
//! resources, host ports, required topology spread, required pod affinity and anti-affinity in both
//! directions. Among the nodes that pass, the score decides, then the older node. Preferences,
//! `ScheduleAnyway` and preemption are left out.
//!
//! Usage per node and pods per domain are kept as pods come and go, so that one decision costs a few
//! comparisons per node.

mod counter;
mod filter;
mod registry;
mod score;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use scheduler_core::model::{HostPort, Labels, PodSpec, Resources, Taint};

use counter::Counter;
pub use score::Scoring;

/// A node, numbered in order of launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) u32);

/// A distinct pod spec that the binder has met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SpecId(usize);

/// What the binder knows of the cluster.
#[derive(Debug)]
pub(crate) struct Binder {
    scoring: Scoring,
    nodes: BTreeMap<NodeId, Host>,
    specs: Vec<SpecEntry>,
    ids: BTreeMap<Arc<PodSpec>, SpecId>,
    counters: Vec<Counter>,
}

/// A node with what is on it.
#[derive(Debug)]
struct Host {
    labels: Labels,
    taints: Vec<Taint>,
    allocatable: Resources,
    used: Resources,
    ports: Vec<HostPort>,
    pods: BTreeMap<SpecId, u32>,
    cordoned: bool,
}

/// A spec, with the counters that it depends on and those that it moves.
#[derive(Debug)]
struct SpecEntry {
    spec: Arc<PodSpec>,
    /// Counters that a pod of this spec counts in.
    counted_by: Vec<usize>,
    /// Spread constraints: the counter, and whether the pod itself counts.
    spreads: Vec<Spread>,
    /// Pods that this one must be near to: the counter, and whether the pod itself counts.
    affinity: Vec<(usize, bool)>,
    /// Pods that this one must be away from.
    anti_affinity: Vec<usize>,
    /// Carriers of terms that want this pod away.
    repelled_by: Vec<usize>,
}

/// A required spread constraint of a spec.
#[derive(Clone, Copy, Debug)]
struct Spread {
    counter: usize,
    max_skew: i64,
    min_domains: usize,
    counts_itself: bool,
}

impl Binder {
    /// No nodes yet.
    pub(crate) fn new(scoring: Scoring) -> Self {
        Self {
            scoring,
            nodes: BTreeMap::new(),
            specs: Vec::new(),
            ids: BTreeMap::new(),
            counters: Vec::new(),
        }
    }

    /// A node has joined.
    pub(crate) fn add_node(
        &mut self,
        id: NodeId,
        labels: Labels,
        taints: Vec<Taint>,
        allocatable: Resources,
    ) {
        let host = Host {
            labels,
            taints,
            allocatable,
            used: Resources::default(),
            ports: Vec::new(),
            pods: BTreeMap::new(),
            cordoned: false,
        };
        for counter in &mut self.counters {
            counter.node_joins(&host.labels, &host.taints);
        }
        self.nodes.insert(id, host);
    }

    /// Nothing more is bound to the node.
    pub(crate) fn cordon(&mut self, id: NodeId) {
        if let Some(host) = self.nodes.get_mut(&id) {
            host.cordoned = true;
        }
    }

    /// The node and everything on it is gone.
    pub(crate) fn remove_node(&mut self, id: NodeId) {
        let Some(host) = self.nodes.remove(&id) else {
            return;
        };
        for (spec, count) in &host.pods {
            for counter in &self.specs[spec.0].counted_by {
                self.counters[*counter].pods_leave(&host.labels, &host.taints, *count);
            }
        }
        for counter in &mut self.counters {
            counter.node_leaves(&host.labels, &host.taints);
        }
    }

    /// A pod of this spec is on the node from now on.
    pub(crate) fn place(&mut self, spec: SpecId, node: NodeId) {
        let Some(host) = self.nodes.get_mut(&node) else {
            return;
        };
        let entry = &self.specs[spec.0];
        host.used.add(&entry.spec.requests);
        host.ports.extend(entry.spec.host_ports.iter().cloned());
        *host.pods.entry(spec).or_default() += 1;
        for counter in &entry.counted_by {
            self.counters[*counter].pods_come(&host.labels, &host.taints, 1);
        }
    }

    /// A pod of this spec has left the node.
    pub(crate) fn remove(&mut self, spec: SpecId, node: NodeId) {
        let Some(host) = self.nodes.get_mut(&node) else {
            return;
        };
        let Some(count) = host.pods.get_mut(&spec).filter(|count| **count > 0) else {
            return;
        };
        *count -= 1;
        if *count == 0 {
            host.pods.remove(&spec);
        }
        let entry = &self.specs[spec.0];
        host.used.subtract(&entry.spec.requests);
        for port in &entry.spec.host_ports {
            if let Some(position) = host.ports.iter().position(|taken| taken == port) {
                host.ports.swap_remove(position);
            }
        }
        for counter in &entry.counted_by {
            self.counters[*counter].pods_leave(&host.labels, &host.taints, 1);
        }
    }

    /// The node that a pod of this spec is bound to, if one passes all filters.
    pub(crate) fn choose(&self, spec: SpecId) -> Option<NodeId> {
        let entry = &self.specs[spec.0];
        let limits = self.topology_limits(entry);
        let mut best: Option<(i64, NodeId)> = None;
        for (id, host) in &self.nodes {
            if !filter::passes(entry, host) || !self.keeps_topology(entry, &limits, host) {
                continue;
            }
            let score = self.scoring.score(&host.used, &entry.spec.requests, &host.allocatable);
            if best.is_none_or(|(highest, _)| score > highest) {
                best = Some((score, *id));
            }
        }
        best.map(|(_, id)| id)
    }

    /// Whether a daemon with this spec belongs on the node and fits.
    pub(crate) fn accepts_daemon(&self, spec: SpecId, node: NodeId) -> bool {
        self.nodes.get(&node).is_some_and(|host| filter::passes(&self.specs[spec.0], host))
    }

    /// Whether a pod of this spec may be bound to the node.
    pub(crate) fn accepts(&self, spec: SpecId, node: NodeId) -> bool {
        let entry = &self.specs[spec.0];
        self.nodes.get(&node).is_some_and(|host| {
            filter::passes(entry, host)
                && self.keeps_topology(entry, &self.topology_limits(entry), host)
        })
    }

    /// Whether binding other pods can make room for a pod of this spec.
    pub(crate) fn depends_on_pods(&self, spec: SpecId) -> bool {
        let entry = &self.specs[spec.0];
        !entry.spreads.is_empty() || !entry.affinity.is_empty()
    }
}
