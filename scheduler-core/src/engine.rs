//! `observe` and `step`: the only place where decisions are made.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::model::Price;
use crate::plan::Plan;
use crate::snapshot::ClusterSnapshot;

/// How the engine decides. The defaults are Karpenter's where it has the setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// A batch closes when no new pod has come for so long.
    pub batch_idle: SignedDuration,
    /// A batch closes at the latest so long after its first pod.
    pub batch_max: SignedDuration,
    /// Which packer fills new nodes.
    pub packer: Packer,
    /// What losing a node to a Spot interruption costs, in dollars' millionths. Times the expected
    /// interruptions per hour it is added to a Spot price when offerings are compared.
    pub interruption_cost: Price,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch_idle: SignedDuration::from_secs(1),
            batch_max: SignedDuration::from_secs(10),
            packer: Packer::DualGreedy,
            interruption_cost: Price::from_micro_usd(1_000_000),
        }
    }
}

/// A way to fill new nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Packer {
    /// Greedy by dual value (`solver.md` §2).
    DualGreedy,
    /// Karpenter's manner: per-pod first-fit decreasing, node = set of types. The baseline.
    FirstFitDecreasing,
}

/// What a shell tells the engine about the world between steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Observation {
    /// A launch failed; its pods wait again and do not wait for a batch window.
    LaunchFailed,
}

/// The engine: settings, and what is remembered between steps.
#[derive(Debug)]
pub struct Engine {
    settings: Settings,
}

impl Engine {
    /// An engine that has seen nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Notes what happened between steps.
    pub fn observe(&mut self, _observation: &Observation) {}

    /// Decides what to do now. While a batch window is open the plan has no launches and `wake_at`
    /// says when it closes.
    pub fn step(&mut self, _snapshot: &ClusterSnapshot) -> Plan {
        let _ = &self.settings;
        Plan::default()
    }

    /// Plans all pending pods at once, without waiting for a batch window.
    pub fn plan_now(&mut self, _snapshot: &ClusterSnapshot) -> Plan {
        Plan::default()
    }
}
