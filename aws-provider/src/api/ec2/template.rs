//! Launch templates.

use serde::Serialize;

use super::super::Tags;

/// A launch template that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchTemplate {
    /// Id (`lt-…`).
    pub id: String,
    /// Name.
    pub name: String,
    /// Tags.
    pub tags: Tags,
}

/// What instances of a launch template are made of.
///
/// Its fields are all that goes into the template, so equal data may share one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct LaunchTemplateData {
    /// Image.
    pub image: String,
    /// Name of the instance profile.
    pub instance_profile: String,
    /// User data as the instance reads it; on the wire it is in base64.
    pub user_data: String,
    /// Volumes; empty leaves them to the image.
    pub block_devices: Vec<BlockDeviceMapping>,
    /// Access to the instance metadata service.
    pub metadata: MetadataOptions,
    /// Interfaces, at least one.
    pub network_interfaces: Vec<NetworkInterface>,
    /// Tenancy and placement group.
    pub placement: Placement,
    /// Whether metrics come every minute.
    pub detailed_monitoring: bool,
    /// Whether Nitro Enclaves can be started.
    pub enclaves: bool,
    /// Whether instances may run virtual machines of their own; unset leaves it to EC2.
    pub nested_virtualization: Option<Switch>,
    /// Which capacity reservations it may use; unset leaves it to EC2.
    pub reservation: Option<ReservationTarget>,
    /// How it is bought, if that is special.
    pub market: Option<MarketType>,
    /// Tags of network interfaces.
    pub interface_tags: Tags,
    /// Tags of Spot requests; empty for other capacity.
    pub spot_request_tags: Tags,
}

/// On or off, as EC2 writes it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Switch {
    /// `enabled`
    Enabled,
    /// `disabled`
    #[default]
    Disabled,
}

impl Switch {
    /// As EC2 writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
        }
    }
}

/// A volume.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct BlockDeviceMapping {
    /// Name of the device (`/dev/xvda`).
    pub device: String,
    /// The volume; none leaves it to the image.
    pub ebs: Option<BlockDevice>,
}

/// An EBS volume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct BlockDevice {
    /// Whether it goes with its instance.
    pub delete_on_termination: Option<bool>,
    /// Whether it is encrypted.
    pub encrypted: Option<bool>,
    /// Operations a second.
    pub iops: Option<u32>,
    /// Key that it is encrypted with.
    pub kms_key: Option<String>,
    /// Snapshot that it starts from.
    pub snapshot: Option<String>,
    /// Mebibytes a second.
    pub throughput: Option<u32>,
    /// Mebibytes a second at which the snapshot is loaded.
    pub initialization_rate: Option<u32>,
    /// Size in gibibytes.
    pub size_gib: Option<u32>,
    /// Kind of volume.
    pub kind: Option<VolumeType>,
}

/// Kinds of volumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum VolumeType {
    /// `standard`
    Standard,
    /// `io1`
    Io1,
    /// `io2`
    Io2,
    /// `gp2`
    Gp2,
    /// `gp3`
    Gp3,
    /// `sc1`
    Sc1,
    /// `st1`
    St1,
}

impl VolumeType {
    /// All kinds.
    pub const ALL: [Self; 7] =
        [Self::Standard, Self::Io1, Self::Io2, Self::Gp2, Self::Gp3, Self::Sc1, Self::St1];

    /// As EC2 writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Io1 => "io1",
            Self::Io2 => "io2",
            Self::Gp2 => "gp2",
            Self::Gp3 => "gp3",
            Self::Sc1 => "sc1",
            Self::St1 => "st1",
        }
    }

    /// The kind that EC2 writes so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// Access to the instance metadata service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct MetadataOptions {
    /// Whether there is any.
    pub endpoint: Switch,
    /// Whether it can be reached by IPv6; unset where a region does not know the option.
    pub ipv6: Option<Switch>,
    /// How many hops an answer may take.
    pub hop_limit: u32,
    /// Whether a session token is necessary (`required`) or not (`optional`).
    pub tokens_required: bool,
}

/// A network interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct NetworkInterface {
    /// Network card.
    pub card: u32,
    /// Device on the card.
    pub device: u32,
    /// `interface`, `efa` or `efa-only`; unset leaves it to EC2.
    pub kind: Option<String>,
    /// Security groups.
    pub security_groups: Vec<String>,
    /// Whether it gets a public address; unset leaves it to the subnet.
    pub public_ip: Option<bool>,
    /// Prefixes of IPv4 addresses.
    pub ipv4_prefixes: Option<u32>,
    /// Prefixes of IPv6 addresses.
    pub ipv6_prefixes: Option<u32>,
    /// Addresses of IPv6, the first of which is the primary one.
    pub ipv6_addresses: Option<u32>,
    /// Time-outs of tracked connections.
    pub connection_tracking: Option<ConnectionTracking>,
}

/// Time-outs of tracked connections in seconds; unset leaves them to EC2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ConnectionTracking {
    /// Established TCP connections.
    pub tcp_established_secs: Option<u32>,
    /// UDP with traffic both ways.
    pub udp_stream_secs: Option<u32>,
    /// UDP with traffic one way.
    pub udp_secs: Option<u32>,
}

/// Tenancy and placement group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Placement {
    /// `default` or `dedicated`.
    pub tenancy: String,
    /// Id of a placement group.
    pub group: Option<String>,
    /// Partition of the group.
    pub partition: Option<u32>,
}

/// Which capacity reservations an instance may use.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ReservationTarget {
    /// None, not even an open one.
    None,
    /// This one only.
    Only(String),
}

/// How an instance is bought, if that is special; at the same price the first is preferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum MarketType {
    /// `capacity-block`
    CapacityBlock,
    /// `interruptible-capacity-reservation`
    InterruptibleReservation,
}
