//! What can be rented.

use jiff::Timestamp;

/// What `DescribeInstanceTypes` says of a type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InstanceTypeInfo {
    /// Name.
    pub name: String,
    /// Architectures, the first of which counts.
    pub architectures: Vec<String>,
    /// `spot`, `on-demand`, `capacity-block`.
    pub usage_classes: Vec<String>,
    /// `nitro`, `xen`, or empty on bare metal.
    pub hypervisor: String,
    /// Virtual processors.
    pub vcpus: u32,
    /// Memory.
    pub memory_mib: u64,
    /// Maker of the processor.
    pub cpu_manufacturer: String,
    /// Sustained clock speed in megahertz.
    pub clock_mhz: Option<u32>,
    /// What the processor can do (`nested-virtualization`).
    pub cpu_features: Vec<String>,
    /// Bandwidth to volumes, if volumes have their own by default.
    pub ebs_bandwidth_mbps: Option<u32>,
    /// Volumes that can be attached.
    pub max_ebs_attachments: Option<u32>,
    /// Local disks together, if they are `NVMe`.
    pub local_nvme_gb: Option<u64>,
    /// Local disks together, of whatever kind.
    pub local_storage_gb: Option<u64>,
    /// Addresses of each interface.
    pub ipv4_per_interface: u32,
    /// Index of the card that interfaces are attached to by default.
    pub default_card: u32,
    /// Network cards.
    pub cards: Vec<NetworkCard>,
    /// Whether there is an Elastic Network Adapter.
    pub ena: bool,
    /// EFA interfaces at most.
    pub efa_max: Option<u32>,
    /// Whether traffic between instances is encrypted.
    pub encryption_in_transit: bool,
    /// Whether Nitro Enclaves can be started.
    pub enclaves: bool,
    /// GPUs by kind.
    pub gpus: Vec<Gpu>,
    /// Inference accelerators by kind.
    pub inference: Vec<Accelerator>,
    /// Neuron devices by kind.
    pub neuron: Vec<Accelerator>,
    /// Strategies of placement groups.
    pub placement_strategies: Vec<String>,
}

/// A network card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NetworkCard {
    /// Index.
    pub index: u32,
    /// Interfaces at most.
    pub interfaces_max: u32,
    /// Bandwidth that is always there.
    pub baseline_mbps: Option<u32>,
}

/// GPUs of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gpu {
    /// Name.
    pub name: String,
    /// Maker.
    pub manufacturer: String,
    /// How many.
    pub count: u32,
    /// Memory of one.
    pub memory_mib: u32,
}

/// Accelerators of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accelerator {
    /// Name.
    pub name: String,
    /// Maker; Neuron devices have none named.
    pub manufacturer: String,
    /// How many.
    pub count: u32,
    /// Cores of one; 0 if unknown.
    pub cores: u32,
}

/// A type in a zone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TypeOffering {
    /// Instance type.
    pub instance_type: String,
    /// Zone.
    pub zone: String,
}

/// A Spot price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpotPrice {
    /// Instance type.
    pub instance_type: String,
    /// Zone.
    pub zone: String,
    /// Dollars an hour, as written.
    pub price: String,
    /// Since when.
    pub since: Option<Timestamp>,
}
