//! The result as data: what to do, and what is known about it.

pub(crate) mod build;
pub(crate) mod diagnose;
pub mod explain;
pub mod reason;
pub(crate) mod split;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::engine::MinValuesPolicy;
use crate::model::{CapacityType, Labels, NodeName, NodePoolName, PodId, Price, Resources, Taint};
use crate::snapshot::ClusterSnapshot;
pub use reason::{Blocker, ReasonCode, Unschedulable};

/// What the engine decided at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What to do, in order.
    pub actions: Vec<Action>,
    /// When to ask again, if nothing happens before.
    pub wake_at: Option<Timestamp>,
    /// What is known about the plan.
    pub report: PlanReport,
}

impl Plan {
    /// Nodes to launch for pods.
    pub fn launches(&self) -> impl Iterator<Item = &PlannedNode> {
        self.actions.iter().filter_map(|action| match action {
            Action::Launch(node) => Some(node.as_ref()),
            Action::LaunchStatic(_)
            | Action::Nominate { .. }
            | Action::Hold { .. }
            | Action::Terminate { .. } => None,
        })
    }

    /// Nodes to launch for static pools, whatever pods there are.
    pub fn static_launches(&self) -> impl Iterator<Item = &PlannedNode> {
        self.actions.iter().filter_map(|action| match action {
            Action::LaunchStatic(node) => Some(node.as_ref()),
            Action::Launch(_)
            | Action::Nominate { .. }
            | Action::Hold { .. }
            | Action::Terminate { .. } => None,
        })
    }

    /// Nodes to launch, for pods and for static pools.
    pub fn all_launches(&self) -> impl Iterator<Item = &PlannedNode> {
        self.launches().chain(self.static_launches())
    }

    /// Pods that go to nodes which exist or are in flight.
    pub fn nominations(&self) -> impl Iterator<Item = (&PodId, &NodeName)> {
        self.actions.iter().filter_map(|action| match action {
            Action::Nominate { pod, node } => Some((pod, node)),
            Action::Launch(_)
            | Action::LaunchStatic(_)
            | Action::Hold { .. }
            | Action::Terminate { .. } => None,
        })
    }

    /// Chunks of capacity buffers that nodes which exist or are in flight have room for.
    pub fn holds(&self) -> impl Iterator<Item = (&PodId, &NodeName)> {
        self.actions.iter().filter_map(|action| match action {
            Action::Hold { chunk, node } => Some((chunk, node)),
            Action::Launch(_)
            | Action::LaunchStatic(_)
            | Action::Nominate { .. }
            | Action::Terminate { .. } => None,
        })
    }
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Launch a node; its pods are nominated to it.
    Launch(Box<PlannedNode>),
    /// Launch a node of a static pool, which is for no pod in particular. It does not enter the
    /// plan's price, which is for pods.
    LaunchStatic(Box<PlannedNode>),
    /// Expect the pod on a node that exists or is in flight.
    Nominate {
        /// The pod.
        pod: PodId,
        /// The node, or the claim in flight.
        node: NodeName,
    },
    /// Keep room for a chunk of a capacity buffer on a node: it is not given up as empty. There is
    /// nothing to do for it, and whatever pod needs the room gets it.
    Hold {
        /// The chunk.
        chunk: PodId,
        /// The node, or the claim in flight.
        node: NodeName,
    },
    /// Drain and terminate a node.
    Terminate {
        /// The node, or the claim in flight.
        node: NodeName,
        /// Why.
        reason: DisruptionReason,
    },
}

impl Action {
    /// Expects a waiting pod on a node, or keeps room there for what is no pod but a chunk of a
    /// buffer.
    pub fn expect(snapshot: &ClusterSnapshot, pod: PodId, node: NodeName) -> Self {
        if snapshot.is_chunk(&pod) {
            Self::Hold { chunk: pod, node }
        } else {
            Self::Nominate { pod, node }
        }
    }
}

/// Why a node is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DisruptionReason {
    /// No pod but daemons for `consolidateAfter`.
    Empty,
    /// A static pool has more nodes than `replicas`.
    ScaledDown,
}

/// A node to launch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedNode {
    /// Pool that it belongs to.
    pub node_pool: NodePoolName,
    /// Chosen instance type.
    pub instance_type: String,
    /// Chosen zone.
    pub zone: String,
    /// Chosen capacity type.
    pub capacity_type: CapacityType,
    /// Id of the reservation that it is launched into, for capacity type `reserved`.
    #[serde(default)]
    pub reservation: Option<String>,
    /// Price of that offering.
    pub price: Price,
    /// Labels that the node will have, the hostname left out. Alike nodes share them.
    pub labels: Arc<Labels>,
    /// Taints that the node will keep.
    pub taints: Vec<Taint>,
    /// Capacity of the type.
    pub capacity: Resources,
    /// What pods and daemons can use.
    pub allocatable: Resources,
    /// Requests of the daemons that will run on it.
    pub daemons: Resources,
    /// Requests of the pods and the daemons together.
    pub requests: Resources,
    /// Pods that it is for, by id. Chunks of capacity buffers are among them, for which nobody is
    /// nominated.
    pub pods: Vec<PodId>,
    /// What its pods are worth at the prices behind the lower bound, by resource. A node that is
    /// full in everything that is scarce is worth its price. Alike nodes share it.
    pub worth: Arc<BTreeMap<String, Price>>,
    /// Other offerings of the same pool that hold its pods, the chosen one left out: by price with
    /// the expected cost of interruptions, up to a ceiling. Reserved capacity is never among them:
    /// it is promised to one node. Alike nodes share them.
    pub alternatives: Arc<Vec<Alternative>>,
    /// The offerings named are fewer than `minValues` of the pool asks for.
    #[serde(default)]
    pub min_values_relaxed: bool,
}

/// An offering that would do as well.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Alternative {
    /// Price plus expected cost of interruptions.
    pub risk_price: Price,
    /// Price.
    pub price: Price,
    /// Instance type.
    pub instance_type: String,
    /// Zone.
    pub zone: String,
    /// Capacity type.
    pub capacity_type: CapacityType,
}

/// What is known about a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanReport {
    /// Pending pods that were looked at; 0 while a batch window is open.
    pub pods: usize,
    /// Pods that got a place, on old and new nodes.
    pub placed: usize,
    /// Price of the new nodes.
    pub price: Price,
    /// No plan that places the same pods can cost less.
    pub lower_bound: Price,
    /// How the bound was found: `fluid`, `largest-pod` or `columns`.
    pub bound_method: String,
    /// What proves the bound.
    pub certificate: Certificate,
    /// What the plan costs over the bound, by reason; together the difference.
    pub gap: Vec<GapShare>,
    /// What losing a node to an interruption was taken to cost.
    pub interruption_cost: Price,
    /// Alternatives are listed up to so many per cent of the chosen offering's price, both with
    /// the expected cost of interruptions.
    pub alternatives_ceiling_percent: u32,
    /// Whether fewer values than `minValues` will do.
    #[serde(default)]
    pub min_values_policy: MinValuesPolicy,
    /// Pods that cannot be placed, by id.
    pub unschedulable: Vec<Unschedulable>,
    /// Chunks of capacity buffers for which there is no room, by id. No pod waits for it.
    #[serde(default)]
    pub buffers_short: Vec<Unschedulable>,
    /// What the verifier found; a plan with findings carries no actions.
    pub violations: Vec<crate::verify::Violation>,
    /// Sizes of the problem and work spent.
    pub stats: PlanStats,
}

impl PlanReport {
    /// The [`Self::bound_method`] of the fluid relaxation.
    pub const FLUID: &'static str = "fluid";

    /// `price / lower_bound − 1` in millionths; 0 if both are zero, `None` if only the bound is.
    pub fn gap_ppm(&self) -> Option<i64> {
        match (self.price.micro_usd(), self.lower_bound.micro_usd()) {
            (0, _) => Some(0),
            (_, 0) => None,
            (price, bound) => {
                Some((i128::from(price - bound) * 1_000_000 / i128::from(bound)) as i64)
            }
        }
    }
}

/// Part of what a plan costs over its lower bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GapShare {
    /// Where it comes from.
    pub reason: GapReason,
    /// How much it is.
    pub price: Price,
}

/// Where a plan's price over the lower bound comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GapReason {
    /// Nodes come whole, and no set of pods fills them exactly.
    WholeNodes,
    /// Nodes hold pods that rules keep together or apart.
    Rules,
    /// Limits of pools left less choice.
    Limits,
    /// Pools of higher weight come first, whatever they cost.
    Weights,
    /// The bound counts free room of existing and reserved nodes that pods cannot use to the full.
    ExistingNodes,
    /// A safer offering was chosen than the cheapest.
    Interruptions,
}

/// Proof of a lower bound: what a pod of each kind is worth (Farley 1990).
///
/// Whoever has the snapshot can check it: for every offering, no filling of a node may be worth
/// more than θ times the offering's price; then no plan that places these pods costs less than
/// what they are worth together, less what the free room of existing nodes can take of it, over θ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Kinds of pods that the plan places, by the id of the first pod.
    pub kinds: Vec<PodKind>,
    /// Sum over the kinds of pods times value, in 2⁻¹⁶ micro-dollars an hour.
    pub worth: i64,
}

/// Pending pods that are alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodKind {
    /// The first of all pending pods of the kind, by id.
    pub first: PodId,
    /// How many of them the plan places, on old and new nodes.
    pub placed: i64,
    /// What one of them is worth, in 2⁻¹⁶ micro-dollars an hour.
    pub value: i64,
}

/// Sizes of the problem and work spent, in steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanStats {
    /// Pod classes.
    pub classes: usize,
    /// Shapes: instance type × zone × capacity type × pool.
    pub shapes: usize,
    /// Shapes that are not dominated by another.
    pub candidates: usize,
    /// Patterns (fillings of a shape) that were built.
    pub patterns: usize,
    /// Soft constraints between pods, by class.
    #[serde(default)]
    pub wishes: usize,
    /// How many of them the plan keeps.
    #[serde(default)]
    pub granted: usize,
}
