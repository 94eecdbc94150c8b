//! `NodePool`s: what may be launched, how much of it, and when it may be taken away.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::id::NodePoolName;
use super::label::Labels;
use super::requirement::Requirements;
use super::taint::Taint;

/// A `NodePool`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodePool {
    /// Name.
    pub name: NodePoolName,
    /// Catalogue of instance types: the name of the `NodeClass`.
    pub node_class: String,
    /// Higher first; 0 if unset.
    #[serde(default)]
    pub weight: u32,
    /// Requirements of the template, without its labels.
    pub requirements: Requirements,
    /// Labels that every node gets, including the nodepool and nodeclass labels.
    pub labels: Labels,
    /// Taints that pods must tolerate.
    #[serde(default)]
    pub taints: Vec<Taint>,
    /// Caps on the total capacity of the pool's nodes.
    #[serde(default)]
    pub limits: Limits,
    /// When nodes may be taken away.
    pub disruption: Disruption,
    /// A pool with a fixed number of nodes takes no part in pod-driven provisioning.
    #[serde(default)]
    pub replicas: Option<u32>,
}

/// Caps by Kubernetes resource name (`cpu` in milli-cores, `memory` in bytes, `nodes` a count).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Limits(pub BTreeMap<String, i64>);

/// Disruption settings of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disruption {
    /// What may be consolidated.
    pub policy: ConsolidationPolicy,
    /// Quiet time after the last pod event; `None` is `Never`.
    pub consolidate_after: Option<SignedDuration>,
    /// Caps on nodes disrupted at a time.
    pub budgets: Vec<Budget>,
}

/// `consolidationPolicy` of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ConsolidationPolicy {
    /// Only nodes without pods.
    WhenEmpty,
    /// Empty nodes, and nodes whose pods fit elsewhere for less.
    WhenEmptyOrUnderutilized,
    /// As above, weighing savings against disruption.
    Balanced,
}

/// A cap on nodes of the pool that are disrupted at the same time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// The cap.
    pub nodes: BudgetLimit,
    /// Reasons it applies to (`Empty`, `Underutilized`, `Drifted`); empty is all.
    #[serde(default)]
    pub reasons: Vec<String>,
    /// Cron schedule and duration as written. A scheduled budget is held to at all times, which
    /// is never less safe than its schedule.
    #[serde(default)]
    pub schedule: Option<String>,
}

/// Cap of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BudgetLimit {
    /// A number of nodes.
    Count(u32),
    /// A percentage of the pool's nodes, rounded up.
    Percent(u32),
}

impl BudgetLimit {
    /// The cap for a pool of so many nodes.
    pub fn of(self, nodes: u32) -> u32 {
        match self {
            Self::Count(count) => count,
            Self::Percent(percent) => (nodes * percent).div_ceil(100),
        }
    }
}
