//! The vocabulary of the core: plain data and its algebra, in Karpenter's words.
//!
//! Everything here is already parsed and checked; no Kubernetes or AWS type enters.

pub mod attachment;
pub mod id;
pub mod instance_type;
pub mod label;
pub mod node;
pub mod node_class;
pub mod node_overlay;
pub mod node_pool;
pub mod pod;
pub mod price;
pub mod requirement;
pub mod resources;
pub mod taint;
pub mod topology;

pub use id::{NodeName, NodePoolName, ObjectRef, PodId};
pub use instance_type::{
    CapacityType, InstanceType, Offering, OfferingKey, Reservation, ReservationKind,
};
pub use label::{Labels, well_known};
pub use node::{Node, NodeStage};
pub use node_class::{
    ClassReservation, EfaOnlyInterfaces, EvictionThreshold, ImageFamily, KubeletSettings, NodeClass,
};
pub use node_overlay::{NodeOverlay, PriceOverlay};
pub use node_pool::{Budget, BudgetLimit, ConsolidationPolicy, Disruption, Limits, NodePool};
pub use pod::{DaemonSet, HostPort, Pod, PodSpec, PreferredTerm, Protocol, Unsupported};
pub use price::Price;
pub use requirement::{Operator, Requirement, RequirementError, Requirements};
pub use resources::Resources;
pub use taint::{Taint, TaintEffect, Toleration, TolerationOperator};
pub use topology::{
    Attraction, LabelSelector, NamespaceScope, PodAffinityTerm, PreferredPodTerm, SpreadPolicy,
    TopologySpread,
};
