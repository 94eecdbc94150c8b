//! Nodes that exist or are in flight.

use std::sync::Arc;

use jiff::SignedDuration;

use super::carry_out::daemons_of;
use super::cluster::{DEFAULT_POOL, NOW};
use super::pod::PodBuilder;
use crate::model::well_known::{CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE, ZONE};
use crate::model::{CapacityType, InstanceType, Labels, Node, NodeStage, Pod, Taint, TaintEffect};
use crate::snapshot::{NodeWithPods, Supply};

/// Builds a node.
#[derive(Clone, Debug)]
pub struct NodeBuilder {
    name: String,
    node_pool: Option<String>,
    instance_type: String,
    zone: String,
    capacity_type: CapacityType,
    stage: NodeStage,
    deleting: bool,
    do_not_disrupt: bool,
    labels: Labels,
    taints: Vec<Taint>,
    last_pod_event: Option<i64>,
    pub(super) pods: Vec<Arc<Pod>>,
}

/// An on-demand `m7g.large` in zone `a` that was initialized at [`NOW`] and has its daemons.
pub fn node(name: &str) -> NodeBuilder {
    NodeBuilder {
        name: name.to_owned(),
        node_pool: Some(DEFAULT_POOL.to_owned()),
        instance_type: "m7g.large".to_owned(),
        zone: "a".to_owned(),
        capacity_type: CapacityType::OnDemand,
        stage: NodeStage::Initialized,
        deleting: false,
        do_not_disrupt: false,
        labels: Labels::new(),
        taints: Vec::new(),
        last_pod_event: None,
        pods: Vec::new(),
    }
}

impl NodeBuilder {
    /// Its type and zone.
    #[must_use]
    pub fn of(mut self, instance_type: &str, zone: &str) -> Self {
        instance_type.clone_into(&mut self.instance_type);
        zone.clone_into(&mut self.zone);
        self
    }

    /// Its pool.
    #[must_use]
    pub fn pool(mut self, name: &str) -> Self {
        self.node_pool = Some(name.to_owned());
        self
    }

    /// Not managed by any pool.
    #[must_use]
    pub fn unmanaged(mut self) -> Self {
        self.node_pool = None;
        self
    }

    /// A Spot instance.
    #[must_use]
    pub fn spot(mut self) -> Self {
        self.capacity_type = CapacityType::Spot;
        self
    }

    /// How far it has come; a claim in flight has no daemons yet.
    #[must_use]
    pub fn stage(mut self, stage: NodeStage) -> Self {
        self.stage = stage;
        self
    }

    /// Going away.
    #[must_use]
    pub fn deleting(mut self) -> Self {
        self.deleting = true;
        self
    }

    /// Must not be disrupted.
    #[must_use]
    pub fn do_not_disrupt(mut self) -> Self {
        self.do_not_disrupt = true;
        self
    }

    /// A label besides those of pool and type.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    /// A `NoSchedule` taint besides those of the pool.
    #[must_use]
    pub fn taint(mut self, key: &str, value: &str) -> Self {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.taints.push(Taint { key, value, effect: TaintEffect::NoSchedule });
        self
    }

    /// The last pod came or went so many seconds after [`NOW`].
    #[must_use]
    pub fn last_pod_event(mut self, seconds: i64) -> Self {
        self.last_pod_event = Some(seconds);
        self
    }

    /// A pod on it.
    #[must_use]
    pub fn pod(mut self, pod: PodBuilder) -> Self {
        self.pods.extend(pod.build());
        self
    }

    /// The node, with labels, taints and sizes from its pool and type.
    pub(super) fn build(self, supply: &Supply, instance_type: &InstanceType) -> NodeWithPods {
        let mut labels = self.labels;
        let mut taints = self.taints;
        if let Some(pool) = self.node_pool.as_deref().and_then(|name| supply.node_pool(name)) {
            labels.extend(pool.labels.clone());
            taints.extend(pool.taints.clone());
        }
        for (key, requirement) in instance_type.requirements.iter() {
            let value = requirement.finite_values().and_then(|values| values.first());
            labels.extend(value.map(|value| (key.to_owned(), value.clone())));
        }
        labels.insert(INSTANCE_TYPE.to_owned(), self.instance_type);
        labels.insert(ZONE.to_owned(), self.zone);
        labels.insert(CAPACITY_TYPE.to_owned(), self.capacity_type.as_str().to_owned());
        labels.insert(HOSTNAME.to_owned(), self.name.clone());
        let mut pods = self.pods;
        if self.stage != NodeStage::Launched {
            pods.extend(daemons_of(supply, &self.name, &labels, &taints));
        }
        let seconds = |seconds: i64| NOW + SignedDuration::from_secs(seconds);
        let node = Node {
            name: self.name,
            node_pool: self.node_pool,
            labels,
            taints,
            capacity: instance_type.capacity.clone(),
            allocatable: instance_type.allocatable(),
            stage: self.stage,
            deleting: self.deleting,
            do_not_disrupt: self.do_not_disrupt,
            created: NOW,
            initialized: (self.stage == NodeStage::Initialized).then_some(NOW),
            last_pod_event: self.last_pod_event.map(seconds),
        };
        NodeWithPods { node, pods }
    }

    /// The name of its type.
    pub(super) fn instance_type(&self) -> &str {
        &self.instance_type
    }
}
