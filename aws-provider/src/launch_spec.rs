//! What a launch needs to know of its `EC2NodeClass`, once that is resolved.

use std::collections::BTreeSet;

use crate::api::Tags;
use crate::api::ec2::{BlockDeviceMapping, ConnectionTracking, MetadataOptions, Switch};

/// What a launch needs of a resolved `EC2NodeClass` for one `NodeClaim`, and for all that are like
/// it but for their names.
///
/// Everything is as EC2 takes it: selectors are resolved, defaults filled in, user data rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaunchSpec {
    /// Name of the class.
    pub node_class: String,
    /// Subnets of its status, in the order given there.
    pub subnets: Vec<LaunchSubnet>,
    /// Ids of the security groups of its status.
    pub security_groups: Vec<String>,
    /// Name of the instance profile.
    pub instance_profile: String,
    /// What is booted, and on which types: each type is in at most one boot.
    pub boots: Vec<Boot>,
    /// Volumes, family defaults filled in; empty leaves them to the image.
    pub block_devices: Vec<BlockDeviceMapping>,
    /// Access to the instance metadata service.
    pub metadata: MetadataOptions,
    /// How instances are attached to the network.
    pub network: LaunchNetwork,
    /// Whether metrics come every minute.
    pub detailed_monitoring: bool,
    /// Whether instances may run virtual machines of their own; unset leaves it to EC2.
    pub nested_virtualization: Option<Switch>,
    /// Whether the claim asks for Nitro Enclaves (`eks.amazonaws.com/nitro-sandbox`).
    pub enclaves: bool,
    /// Whether the claim admits dedicated tenancy only.
    pub dedicated: bool,
    /// Placement group of the class.
    pub placement_group: Option<LaunchPlacement>,
    /// Tags of all that is created: those of the class under those that the product sets
    /// ([`crate::tags::for_launch`]).
    pub tags: Tags,
    /// Passed on to EC2 (`spec.context`).
    pub context: Option<String>,
}

impl LaunchSpec {
    /// The tenancy, as EC2 and the label name it.
    pub const fn tenancy(&self) -> &'static str {
        if self.dedicated { "dedicated" } else { "default" }
    }
}

/// A subnet of the class's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchSubnet {
    /// Id.
    pub id: String,
    /// Zone by name.
    pub zone: String,
    /// Zone by id.
    pub zone_id: String,
}

/// An image with its user data, for the types that are started with exactly these.
///
/// Types differ in their boot by architecture, accelerators, and whatever user data says of their
/// size: pods, reserved resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Boot {
    /// Image.
    pub image: String,
    /// User data as the instance reads it, not in base64.
    pub user_data: String,
    /// Interfaces of type `efa`, one a card, for a claim that asks for EFA while the class names no
    /// interfaces; 0 for a single ordinary one.
    pub efa_interfaces: u32,
    /// Instance types.
    pub instance_types: BTreeSet<String>,
}

/// How instances are attached to the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaunchNetwork {
    /// `networkInterfaces` of the class; empty for one interface, or what [`Boot`] says.
    pub interfaces: Vec<LaunchInterface>,
    /// Whether instances get a public address; unset leaves it to the subnet.
    pub public_ip: Option<bool>,
    /// Prefixes put on each interface; unset leaves it to EC2.
    pub prefixes: Option<u32>,
    /// Whether the cluster is one of IPv6.
    pub ip_family: IpFamily,
    /// Time-outs of tracked connections.
    pub connection_tracking: Option<ConnectionTracking>,
}

/// An entry of `networkInterfaces`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaunchInterface {
    /// Network card.
    pub card: u32,
    /// Device on the card.
    pub device: u32,
    /// Kind.
    pub kind: InterfaceKind,
}

/// Kinds of `networkInterfaces`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterfaceKind {
    /// `interface`
    Interface,
    /// `efa-only`
    EfaOnly,
}

/// What addresses a cluster's pods have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpFamily {
    /// IPv4.
    #[default]
    V4,
    /// IPv6.
    V6,
}

/// The placement group of a launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchPlacement {
    /// Id of the group.
    pub group: String,
    /// Partition that the claim asks for.
    pub partition: Option<u32>,
}
