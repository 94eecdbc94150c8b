//! Which nodes have the room that capacity buffers ask for.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{NodeName, PodId};
use crate::plan::Plan;
use crate::snapshot::{ClusterSnapshot, NodeWithPods};

/// The nodes on which the last plan holds room for chunks of capacity buffers.
///
/// A chunk is never bound, so a node that has nothing but room for chunks looks empty for ever.
#[derive(Debug, Default)]
pub(super) struct Holders {
    nodes: BTreeSet<NodeName>,
    /// The chunks and nodes that it was found out for, kept alive so that sameness of nodes is told
    /// by address.
    found_for: Option<(Vec<PodId>, Vec<Arc<NodeWithPods>>)>,
}

impl Holders {
    /// Takes over what a plan says, and tells whether the holders are known for this snapshot. They
    /// are if nothing is to be held, or nothing has changed since pods were last planned.
    pub(super) fn know(&mut self, snapshot: &ClusterSnapshot, plan: &Plan) -> bool {
        if !snapshot.has_chunks() {
            *self = Self::default();
            return true;
        }
        let chunks = snapshot.pending.iter().filter(|pod| pod.is_chunk());
        let chunks: Vec<PodId> = chunks.map(|pod| pod.id.clone()).collect();
        if plan.report.pods > 0 {
            self.nodes = plan.holds().map(|(_, node)| node.clone()).collect();
            self.found_for = Some((chunks, snapshot.nodes.clone()));
            return true;
        }
        self.found_for.as_ref().is_some_and(|(known, nodes)| {
            *known == chunks
                && nodes.len() == snapshot.nodes.len()
                && nodes.iter().zip(&snapshot.nodes).all(|(old, new)| Arc::ptr_eq(old, new))
        })
    }

    /// Nodes that hold room.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &NodeName> {
        self.nodes.iter()
    }
}
