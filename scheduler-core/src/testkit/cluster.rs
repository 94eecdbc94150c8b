//! The whole cluster.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::instance_type::{InstanceTypeBuilder, Sale, instance_type};
use super::node::NodeBuilder;
use super::overlay::OverlayBuilder;
use super::pod::PodBuilder;
use super::pool::{PoolBuilder, pool};
use super::random::Random;
use crate::model::{
    CapacityType, DaemonSet, InstanceType, NodeOverlay, NodePool, OfferingKey, Pod,
};
use crate::snapshot::{ClusterSnapshot, SnapshotBuilder, Supply, SupplyBuilder};

/// The instant at which every test cluster starts.
pub const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

/// The `NodeClass` of every pool of the testkit.
pub const NODE_CLASS: &str = "default";

/// The pool that a cluster has if none is given.
pub(super) const DEFAULT_POOL: &str = "default";

/// Builds a [`ClusterSnapshot`].
#[derive(Clone, Debug, Default)]
pub struct ClusterBuilder {
    millis: i64,
    instance_types: Vec<InstanceTypeBuilder>,
    node_pools: Vec<NodePool>,
    node_overlays: Vec<NodeOverlay>,
    daemon_sets: Vec<DaemonSet>,
    unavailable: Vec<OfferingKey>,
    nodes: Vec<NodeBuilder>,
    pending: Vec<Arc<Pod>>,
}

/// An empty cluster at [`NOW`] with nothing on sale. Without a pool it gets one named `default`
/// that may launch anything.
pub fn cluster() -> ClusterBuilder {
    ClusterBuilder::default()
}

impl ClusterBuilder {
    /// Moves the present to so many milliseconds after [`NOW`].
    #[must_use]
    pub fn at_millis(mut self, millis: i64) -> Self {
        self.millis = millis;
        self
    }

    /// Sells a type of known size in a zone.
    #[must_use]
    pub fn offering(mut self, name: &str, zone: &str, sale: Sale) -> Self {
        let position = self.instance_types.iter().position(|one| one.name() == name);
        let known = match position {
            Some(position) => self.instance_types.swap_remove(position),
            None => instance_type(name),
        };
        self.instance_types.push(known.offering(zone, sale));
        self
    }

    /// Adds a type.
    #[must_use]
    pub fn instance_type(mut self, instance_type: InstanceTypeBuilder) -> Self {
        self.instance_types.push(instance_type);
        self
    }

    /// Marks an on-demand offering as one that recently failed.
    #[must_use]
    pub fn unavailable(mut self, instance_type: &str, zone: &str) -> Self {
        self.unavailable.push(OfferingKey {
            instance_type: instance_type.to_owned(),
            zone: zone.to_owned(),
            capacity_type: CapacityType::OnDemand,
            reservation: None,
        });
        self
    }

    /// Adds a pool.
    #[must_use]
    pub fn node_pool(mut self, pool: PoolBuilder) -> Self {
        self.node_pools.push(pool.build());
        self
    }

    /// Adds an overlay.
    #[must_use]
    pub fn node_overlay(mut self, overlay: OverlayBuilder) -> Self {
        self.node_overlays.push(overlay.build());
        self
    }

    /// Adds a `DaemonSet` with this pod.
    #[must_use]
    pub fn daemon_set(mut self, pod: PodBuilder) -> Self {
        self.daemon_sets.push(pod.build_daemon_set());
        self
    }

    /// Adds a node.
    #[must_use]
    pub fn node(mut self, node: NodeBuilder) -> Self {
        self.nodes.push(node);
        self
    }

    /// Adds waiting pods.
    #[must_use]
    pub fn pod(mut self, pod: PodBuilder) -> Self {
        self.pending.extend(pod.build());
        self
    }

    /// The same cluster, told in another order, with nothing shared between like pods.
    #[must_use]
    pub fn shuffled(mut self, seed: u64) -> Self {
        let mut random = Random::new(seed);
        random.shuffle(&mut self.instance_types);
        random.shuffle(&mut self.node_pools);
        random.shuffle(&mut self.node_overlays);
        random.shuffle(&mut self.daemon_sets);
        random.shuffle(&mut self.nodes);
        random.shuffle(&mut self.pending);
        let bound = self.nodes.iter_mut().map(|node| &mut node.pods);
        bound.for_each(|pods| random.shuffle(pods));
        for pod in &mut self.pending {
            let spec = Arc::new(pod.spec.as_ref().clone());
            *pod = Arc::new(Pod { spec, ..pod.as_ref().clone() });
        }
        self
    }

    /// The snapshot. Panics if anything is refused or a node is of an unknown type.
    pub fn build(self) -> ClusterSnapshot {
        let instance_types: Vec<InstanceType> =
            self.instance_types.into_iter().map(InstanceTypeBuilder::build).collect();
        let instance_types = Arc::new(instance_types);
        let mut supply = SupplyBuilder::new().catalog(NODE_CLASS, Arc::clone(&instance_types));
        if self.node_pools.is_empty() {
            supply = supply.node_pool(pool(DEFAULT_POOL).build());
        }
        supply = self.node_pools.into_iter().fold(supply, SupplyBuilder::node_pool);
        supply = self.node_overlays.into_iter().fold(supply, SupplyBuilder::node_overlay);
        supply = self.daemon_sets.into_iter().fold(supply, SupplyBuilder::daemon_set);
        supply = self.unavailable.into_iter().fold(supply, SupplyBuilder::unavailable);
        let (supply, refusals) = supply.build();
        assert!(refusals.is_empty(), "the supply is refused: {refusals:?}");
        let nodes = self.nodes.into_iter().map(|node| build_node(node, &supply, &instance_types));
        let now = NOW + SignedDuration::from_millis(self.millis);
        let (snapshot, refusals) = SnapshotBuilder::new(now, Arc::clone(&supply))
            .nodes(nodes.collect::<Vec<_>>())
            .pending_pods(self.pending)
            .build();
        assert!(refusals.is_empty(), "the cluster is refused: {refusals:?}");
        snapshot
    }
}

/// What these pools can launch from a catalogue. Panics if a pool is refused.
pub fn supply(
    pools: impl IntoIterator<Item = PoolBuilder>,
    instance_types: &Arc<Vec<InstanceType>>,
) -> Arc<Supply> {
    let mut supply = SupplyBuilder::new().catalog(NODE_CLASS, Arc::clone(instance_types));
    for pool in pools {
        supply = supply.node_pool(pool.build());
    }
    let (supply, refusals) = supply.build();
    assert!(refusals.is_empty(), "the supply is refused: {refusals:?}");
    supply
}

/// A cluster without nodes at [`NOW`] in which these pods wait. Panics if one is refused.
pub fn waiting(supply: &Arc<Supply>, pods: Vec<Arc<Pod>>) -> ClusterSnapshot {
    let (snapshot, refusals) =
        SnapshotBuilder::new(NOW, Arc::clone(supply)).pending_pods(pods).build();
    assert!(refusals.is_empty(), "the pods are refused: {refusals:?}");
    snapshot
}

/// A node whose type is not on sale is of a type that used to be.
fn build_node(
    node: NodeBuilder,
    supply: &Supply,
    instance_types: &[InstanceType],
) -> Arc<crate::snapshot::NodeWithPods> {
    let on_sale = instance_types.iter().find(|one| one.name == node.instance_type());
    let retired = instance_type(node.instance_type()).build();
    Arc::new(node.build(supply, on_sale.unwrap_or(&retired)))
}
