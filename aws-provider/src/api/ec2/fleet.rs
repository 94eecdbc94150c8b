//! Launching.

use scheduler_core::model::Price;

use super::super::Tags;
use super::NetworkInterface;

/// `CreateFleet` of type `instant`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateFleet {
    /// Makes the call idempotent; at most 64 ASCII characters.
    pub client_token: String,
    /// How many instances.
    pub count: u32,
    /// How they are bought.
    pub target: FleetTarget,
    /// Which pool is tried first; not set for capacity blocks.
    pub strategy: Option<AllocationStrategy>,
    /// Templates, each with the pools that it may be launched into.
    pub templates: Vec<FleetTemplate>,
    /// Tags of instances, volumes and fleet.
    pub tags: Tags,
    /// Reserved for AWS (`spec.context`).
    pub context: Option<String>,
}

/// `DefaultTargetCapacityType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FleetTarget {
    /// `spot`
    Spot,
    /// `on-demand`, also for ordinary capacity reservations.
    OnDemand,
    /// `capacity-block`
    CapacityBlock,
    /// `reserved-capacity`, for interruptible reservations.
    InterruptibleReservation,
}

/// Which of the named pools is tried first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AllocationStrategy {
    /// On-demand: the cheapest.
    LowestPrice,
    /// On-demand: the lowest priority number.
    Prioritized,
    /// Spot: few interruptions expected, at a low price.
    PriceCapacityOptimized,
    /// Spot: few interruptions expected, by priority number where that makes no difference.
    CapacityOptimizedPrioritized,
}

/// A template with the pools that it may be launched into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetTemplate {
    /// Its name; the latest version is meant.
    pub name: String,
    /// Pools.
    pub overrides: Vec<FleetOverride>,
}

/// A pool: a type in a subnet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FleetOverride {
    /// Instance type.
    pub instance_type: String,
    /// Subnet.
    pub subnet: String,
    /// The subnet's zone, by which errors are told apart.
    pub zone: String,
    /// Image.
    pub image: String,
    /// Priority, which is the price: lower comes first.
    pub priority: Price,
}

/// What became of a fleet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fleet {
    /// Id of the fleet.
    pub id: String,
    /// What was launched, possibly less than asked for.
    pub instances: Vec<FleetInstances>,
    /// Pools that gave nothing; there may be some although instances were launched.
    pub errors: Vec<FleetError>,
}

/// Instances of one pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetInstances {
    /// Their ids.
    pub ids: Vec<String>,
    /// Their type.
    pub instance_type: String,
    /// Whether they are Spot instances.
    pub is_spot: bool,
    /// Name of their template.
    pub template: Option<String>,
    /// Their subnet, as named in the override.
    pub subnet: Option<String>,
    /// Their zone, as named in the override.
    pub zone: Option<String>,
    /// Their image, as named in the override.
    pub image: Option<String>,
}

/// A pool that gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetError {
    /// Error code.
    pub code: String,
    /// Message.
    pub message: String,
    /// Type of the pool, if it was a pool that failed.
    pub instance_type: Option<String>,
    /// Zone of the pool.
    pub zone: Option<String>,
    /// Subnet of the pool.
    pub subnet: Option<String>,
}

/// `RunInstances` of one instance, for dry runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunInstances {
    /// Template; its latest version is meant.
    pub template: String,
    /// Instance type.
    pub instance_type: String,
    /// Subnet of every interface.
    pub subnet: String,
    /// Interfaces: those of the class, or none for a single first one.
    pub network_interfaces: Vec<NetworkInterface>,
    /// Tags of instance, volumes and network interfaces.
    pub tags: Tags,
}
