//! Decides which nodes to launch and which to give up.
pub mod bound;
pub mod engine;
pub mod model;
pub mod plan;
pub mod snapshot;
pub mod verify;

pub use engine::{Engine, Observation, Packer, Settings};
pub use plan::{Action, Plan, PlanReport, PlannedNode};
pub use snapshot::{
    ClusterSnapshot, NodeWithPods, Refusal, SnapshotBuilder, Supply, SupplyBuilder,
};
