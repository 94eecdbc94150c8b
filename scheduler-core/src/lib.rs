//! Decides which nodes to launch and which to give up.
pub mod bound;
pub mod engine;
pub mod model;
mod pack;
pub mod plan;
mod problem;
pub mod snapshot;
mod solution;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
pub mod verify;

pub use engine::{Engine, Observation, Packer, Settings};
pub use plan::{Action, Plan, PlanReport, PlannedNode};
pub use snapshot::{
    ClusterSnapshot, NodeWithPods, Refusal, SnapshotBuilder, Supply, SupplyBuilder,
};
