//! From a converted cluster to a snapshot.

use std::sync::Arc;

use jiff::Timestamp;
use scheduler_core::model::{InstanceType, NodeClass};
use scheduler_core::{ClusterSnapshot, Refusal, SnapshotBuilder, SupplyBuilder};

use super::Cluster;

impl Cluster {
    /// The snapshot of this cluster at an instant, and what the core refused. `catalog` gives the
    /// instance types of a class; it is asked once for each.
    pub fn snapshot(
        &self,
        now: Timestamp,
        mut catalog: impl FnMut(&NodeClass) -> Arc<Vec<InstanceType>>,
    ) -> (ClusterSnapshot, Vec<Refusal>) {
        let mut supply = SupplyBuilder::new();
        for class in &self.node_classes {
            supply = supply.catalog(&class.name, catalog(class));
        }
        for pool in &self.node_pools {
            supply = supply.node_pool(pool.clone());
        }
        for overlay in &self.node_overlays {
            supply = supply.node_overlay(overlay.clone());
        }
        for daemon_set in &self.daemon_sets {
            supply = supply.daemon_set(daemon_set.clone());
        }
        let (supply, mut refusals) = supply.build();
        let (snapshot, refused) = SnapshotBuilder::new(now, supply)
            .nodes(self.nodes.iter().cloned())
            .pending_pods(self.pending.iter().cloned())
            .build();
        refusals.extend(refused);
        (snapshot, refusals)
    }
}
