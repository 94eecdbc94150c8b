//! A node of the simulated cluster, and what happens to nodes.

use std::sync::Arc;

use scheduler_core::model::{Node, NodeStage, Pod, PodId, well_known};

use super::event::Event;
use super::pod::PodKey;
use super::view::View;
use super::{INTERRUPTION_NOTICE, NODE_TRIED, World};
use crate::binder::NodeId;
use crate::clock;
use crate::figures::NodeFacts;

/// A node that was launched and not terminated yet.
#[derive(Debug)]
pub(super) struct SimNode {
    pub(super) node: Node,
    pub(super) facts: NodeFacts,
    /// Daemons on it.
    pub(super) daemons: Vec<Arc<Pod>>,
    /// Pods bound to it, in order of binding.
    pub(super) pods: Vec<PodKey>,
    /// What the planner sees; `None` since something changed.
    pub(super) view: Option<View>,
}

impl SimNode {
    pub(super) fn new(node: Node, facts: NodeFacts) -> Self {
        Self { node, facts, daemons: Vec::new(), pods: Vec::new(), view: None }
    }
}

impl World {
    /// Puts a node into the cluster, paid for from now on.
    pub(super) fn insert_node(&mut self, node: SimNode) -> NodeId {
        let id = NodeId(self.nodes_made);
        self.nodes_made += 1;
        self.recorder.node_launched(&node.facts);
        self.node_ids.insert(node.node.name.clone(), id);
        self.nodes.insert(id, node);
        self.changed = true;
        id
    }

    /// The name of the next node; names sort in order of launch.
    pub(super) fn next_node_name(&self) -> String {
        format!("node-{:06}", self.nodes_made)
    }

    /// A launched node is up: daemons start, and pods can be bound.
    pub(super) fn node_joins(&mut self, id: NodeId) {
        let now = self.now();
        let Some(node) = self.nodes.get_mut(&id).filter(|node| !node.node.deleting) else {
            return;
        };
        node.node.stage = NodeStage::Initialized;
        node.node.initialized = Some(now);
        node.view = None;
        self.binder.add_node(
            id,
            node.node.labels.clone(),
            node.node.taints.clone(),
            node.node.allocatable.clone(),
        );
        for (daemon, spec, spec_id) in &self.daemons {
            if !self.binder.accepts_daemon(*spec_id, id) {
                continue;
            }
            self.binder.place(*spec_id, id);
            let name = format!("{}-{}", daemon.name, node.node.name);
            node.daemons.push(Arc::new(Pod {
                id: PodId::new(&daemon.namespace, name),
                spec: Arc::clone(spec),
                nominated: None,
                created: now,
            }));
        }
        self.queue.push(clock::later(now, NODE_TRIED), Event::NominationsLapse(id));
        self.room_changed = true;
        self.changed = true;
    }

    /// Pods that were expected on a node and are not there by now have lost their room to others,
    /// or kube-scheduler would not put them there.
    pub(super) fn nominations_lapse(&mut self, id: NodeId) {
        if let Some(name) = self.nodes.get(&id).map(|node| node.node.name.clone()) {
            self.withdraw_nominations(&name);
        }
    }

    /// A Spot node gets notice: nothing is placed on it any more.
    pub(super) fn node_warned(&mut self, id: NodeId) {
        let now = self.now();
        let Some(node) = self.nodes.get_mut(&id) else {
            return;
        };
        node.node.deleting = true;
        node.view = None;
        let name = node.node.name.clone();
        self.binder.cordon(id);
        self.withdraw_nominations(&name);
        let end = clock::later(now, INTERRUPTION_NOTICE);
        self.queue.push(end, Event::NodeReclaimed(id));
        self.changed = true;
    }

    /// A Spot node is taken away with everything on it.
    pub(super) fn node_reclaimed(&mut self, id: NodeId) {
        if self.nodes.contains_key(&id) {
            self.recorder.counts.interruptions += 1;
            self.remove_node(id);
        }
    }

    /// The node is gone; its pods come back as waiting. Returns how many.
    pub(super) fn remove_node(&mut self, id: NodeId) -> u64 {
        let Some(pods) = self.nodes.get(&id).map(|node| node.pods.clone()) else {
            return 0;
        };
        for pod in &pods {
            self.evict(*pod);
        }
        self.binder.remove_node(id);
        if let Some(node) = self.nodes.remove(&id) {
            self.node_ids.remove(&node.node.name);
            self.recorder.node_terminated(&node.facts, self.clock.now());
            self.withdraw_nominations(&node.node.name);
            if let Some(id) = node.node.labels.get(well_known::CAPACITY_RESERVATION_ID) {
                Arc::make_mut(&mut self.supply).give_back_reserved(id);
            }
        }
        self.changed = true;
        pods.len() as u64
    }

    /// No waiting pod is expected on this node any more.
    fn withdraw_nominations(&mut self, name: &str) {
        for place in &self.waiting {
            if let Some(pod) = self.pods.get_mut(&place.key)
                && pod.shown.nominated.as_deref() == Some(name)
            {
                pod.nominate(None);
                self.changed = true;
            }
        }
    }

    /// The zone of a node.
    pub(super) fn zone_of(&self, id: NodeId) -> Option<&str> {
        self.nodes.get(&id)?.node.labels.get(well_known::ZONE).map(String::as_str)
    }
}
