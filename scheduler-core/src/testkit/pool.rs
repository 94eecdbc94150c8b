//! `NodePool`s.

use jiff::SignedDuration;

use super::cluster::NODE_CLASS;
use super::quantity::{cpu, memory};
use crate::model::well_known::{CAPACITY_TYPE, EC2_NODE_CLASS, NODE_POOL, ZONE};
use crate::model::{
    Budget, BudgetLimit, CapacityType, ConsolidationPolicy, Disruption, Labels, Limits, NodePool,
    Requirement, Requirements, Taint, TaintEffect,
};

/// Builds a [`NodePool`].
#[derive(Clone, Debug)]
pub struct PoolBuilder(NodePool);

/// A pool that may launch anything and never gives up a node.
pub fn pool(name: &str) -> PoolBuilder {
    let labels = [(NODE_POOL, name), (EC2_NODE_CLASS, NODE_CLASS)];
    let labels: Labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
    PoolBuilder(NodePool {
        name: name.to_owned(),
        node_class: NODE_CLASS.to_owned(),
        weight: 0,
        requirements: Requirements::new(),
        labels,
        taints: Vec::new(),
        limits: Limits::default(),
        disruption: Disruption {
            policy: ConsolidationPolicy::WhenEmpty,
            consolidate_after: None,
            budgets: Vec::new(),
        },
        replicas: None,
    })
}

impl PoolBuilder {
    /// Its weight.
    #[must_use]
    pub fn weight(mut self, weight: u32) -> Self {
        self.0.weight = weight;
        self
    }

    /// A requirement that a label has one of these values.
    #[must_use]
    pub fn requires<'a>(self, key: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        self.requirement(key, Requirement::any_of(values))
    }

    /// Any requirement on a label.
    #[must_use]
    pub fn requirement(mut self, key: &str, requirement: Requirement) -> Self {
        self.0.requirements.add(key, requirement);
        self
    }

    /// Only these zones.
    #[must_use]
    pub fn zones<'a>(self, zones: impl IntoIterator<Item = &'a str>) -> Self {
        self.requires(ZONE, zones)
    }

    /// Only this capacity type.
    #[must_use]
    pub fn capacity_type(self, capacity_type: CapacityType) -> Self {
        self.requires(CAPACITY_TYPE, [capacity_type.as_str()])
    }

    /// A label of its nodes.
    #[must_use]
    pub fn label(mut self, key: &str, value: &str) -> Self {
        self.0.labels.insert(key.to_owned(), value.to_owned());
        self
    }

    /// A `NoSchedule` taint of its nodes.
    #[must_use]
    pub fn taint(mut self, key: &str, value: &str) -> Self {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.0.taints.push(Taint { key, value, effect: TaintEffect::NoSchedule });
        self
    }

    /// A `PreferNoSchedule` taint of its nodes.
    #[must_use]
    pub fn soft_taint(mut self, key: &str) -> Self {
        let (key, value) = (key.to_owned(), String::new());
        self.0.taints.push(Taint { key, value, effect: TaintEffect::PreferNoSchedule });
        self
    }

    /// A limit: `cpu` and `memory` as quantities, anything else as a number.
    #[must_use]
    pub fn limit(mut self, resource: &str, amount: &str) -> Self {
        let amount = if resource == "cpu" { cpu(amount) } else { memory(amount) };
        self.0.limits.0.insert(resource.to_owned(), amount);
        self
    }

    /// Empty nodes go after so many quiet seconds.
    #[must_use]
    pub fn consolidate_after(mut self, seconds: i64) -> Self {
        self.0.disruption.consolidate_after = Some(SignedDuration::from_secs(seconds));
        self
    }

    /// At most so many nodes are disrupted at a time.
    #[must_use]
    pub fn budget(mut self, nodes: BudgetLimit) -> Self {
        self.0.disruption.budgets.push(Budget { nodes, reasons: Vec::new(), schedule: None });
        self
    }

    /// A pool with a fixed number of nodes.
    #[must_use]
    pub fn replicas(mut self, replicas: u32) -> Self {
        self.0.replicas = Some(replicas);
        self
    }

    /// The pool.
    pub fn build(self) -> NodePool {
        self.0
    }
}

impl From<NodePool> for PoolBuilder {
    /// Goes on with a pool for which the builder has no word.
    fn from(pool: NodePool) -> Self {
        Self(pool)
    }
}
