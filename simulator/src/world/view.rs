//! The cluster as a planner sees it. Only nodes that changed are built anew.

use std::sync::Arc;

use scheduler_core::model::Pod;
use scheduler_core::{ClusterSnapshot, NodeWithPods, Refusal, SnapshotBuilder};

use super::World;

/// A node as it is shown, with the workloads of its pods.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// Daemons first, then pods in order of binding.
    pub(super) shown: Arc<NodeWithPods>,
    /// Workloads of the pods behind the daemons.
    pub(super) groups: Arc<Vec<Arc<str>>>,
}

impl World {
    /// The cluster at this instant, and what its builder refused.
    pub(crate) fn snapshot(&mut self) -> (ClusterSnapshot, Vec<Refusal>) {
        let nodes = self.views().into_iter().map(|view| view.shown);
        let nodes: Vec<Arc<NodeWithPods>> = nodes.collect();
        let waiting = self.waiting_ids.values().filter_map(|key| self.pods.get(key));
        let pending: Vec<Arc<Pod>> = waiting.map(|pod| Arc::clone(&pod.shown)).collect();
        SnapshotBuilder::new(self.now(), Arc::clone(&self.supply))
            .nodes(nodes)
            .pending_pods(pending)
            .build()
    }

    /// Every node, by name.
    pub(super) fn views(&mut self) -> Vec<View> {
        let Self { nodes, pods, .. } = self;
        let views = nodes.values_mut().map(|node| {
            if let Some(view) = &node.view {
                return view.clone();
            }
            let bound = || node.pods.iter().filter_map(|key| pods.get(key));
            let shown = node.daemons.iter().chain(bound().map(|pod| &pod.shown));
            let view = View {
                shown: Arc::new(NodeWithPods {
                    node: node.node.clone(),
                    pods: shown.cloned().collect(),
                }),
                groups: Arc::new(bound().map(|pod| Arc::clone(&pod.template.group)).collect()),
            };
            node.view = Some(view.clone());
            view
        });
        views.collect()
    }
}
