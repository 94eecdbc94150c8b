//! From a converted cluster to a snapshot.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use scheduler_core::model::{InstanceType, NodeClass, PodSpec};
use scheduler_core::{ClusterSnapshot, Refusal, SnapshotBuilder, SupplyBuilder};

use super::Cluster;
use super::volume::attachment::{asked, without_limit};

impl Cluster {
    /// The snapshot of this cluster at an instant, and what the core refused. `catalog` gives the
    /// instance types of a class; it is asked once for each.
    pub fn snapshot(
        &self,
        now: Timestamp,
        mut catalog: impl FnMut(&NodeClass) -> Arc<Vec<InstanceType>>,
    ) -> (ClusterSnapshot, Vec<Refusal>) {
        let mut supply = SupplyBuilder::new();
        let bound = self.nodes.iter().flat_map(|node| &node.pods);
        let pods = bound.chain(&self.pending).map(|pod| pod.spec.as_ref());
        let volumes = self.asked_volumes(pods);
        for class in &self.node_classes {
            supply = supply.catalog(&class.name, without_limit(catalog(class), &volumes));
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

    /// Resources that count volumes and that these pods or daemons ask for.
    pub(super) fn asked_volumes<'a>(
        &'a self,
        pods: impl Iterator<Item = &'a PodSpec>,
    ) -> BTreeSet<String> {
        asked(pods.chain(self.daemon_sets.iter().map(|daemon_set| &daemon_set.spec)))
    }
}
