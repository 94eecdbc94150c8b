//! From a converted cluster to a snapshot.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use scheduler_core::model::{InstanceType, Node, NodeClass, well_known};
use scheduler_core::{ClusterSnapshot, NodeWithPods, Refusal, SnapshotBuilder, SupplyBuilder};

use super::Cluster;
use super::volume::attachment::{asked, complete_limits, with_limits};

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
        let volumes = asked(pods.chain(self.daemon_sets.iter().map(|daemon_set| &daemon_set.spec)));
        let mut catalogs = BTreeMap::new();
        for class in &self.node_classes {
            let of_class = self.nodes.iter().map(|node| &node.node);
            let of_class = of_class.filter(|node| self.class_of(node) == Some(&class.name));
            let types = with_limits(catalog(class), of_class, &volumes);
            supply = supply.catalog(&class.name, Arc::clone(&types));
            catalogs.insert(&class.name, types);
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
            .nodes(self.nodes.iter().map(|node| self.with_limits(node, &catalogs, &volumes)))
            .pending_pods(self.pending.iter().cloned())
            .build();
        refusals.extend(refused);
        (snapshot, refusals)
    }

    /// The class of a node's pool.
    fn class_of(&self, node: &Node) -> Option<&String> {
        let name = node.node_pool.as_ref()?;
        let pool = self.node_pools.iter().find(|pool| pool.name == *name)?;
        Some(&pool.node_class)
    }

    /// A node that says of every resource which counts volumes how many it can take.
    fn with_limits(
        &self,
        node: &Arc<NodeWithPods>,
        catalogs: &BTreeMap<&String, Arc<Vec<InstanceType>>>,
        volumes: &BTreeSet<String>,
    ) -> Arc<NodeWithPods> {
        let known = &node.node.allocatable.extended;
        if volumes.iter().all(|resource| known.contains_key(resource)) {
            return Arc::clone(node);
        }
        let types = self.class_of(&node.node).and_then(|class| catalogs.get(class));
        let name = node.node.labels.get(well_known::INSTANCE_TYPE);
        let instance_type = types.zip(name).and_then(|(types, name)| {
            types.iter().find(|instance_type| instance_type.name == *name)
        });
        let mut node = NodeWithPods::clone(node);
        complete_limits(&mut node.node, instance_type, volumes);
        Arc::new(node)
    }
}
