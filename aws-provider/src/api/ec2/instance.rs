//! Instances.

use jiff::Timestamp;

use super::super::{Filter, Tags};

/// `DescribeInstances`; ids and filters must both hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DescribeInstances {
    /// Ids; empty for all.
    pub ids: Vec<String>,
    /// Filters.
    pub filters: Vec<Filter>,
}

/// An instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Id (`i-…`).
    pub id: String,
    /// Where it is in its life.
    pub state: InstanceState,
    /// When it was launched.
    pub launched: Timestamp,
    /// Type.
    pub instance_type: String,
    /// Zone.
    pub zone: String,
    /// Image.
    pub image: String,
    /// Subnet.
    pub subnet: Option<String>,
    /// Security groups.
    pub security_groups: Vec<String>,
    /// Name in the DNS of the VPC, by which its node is known.
    pub private_dns: Option<String>,
    /// The Spot request that it fulfils.
    pub spot_request: Option<String>,
    /// `spot`, `scheduled`, `capacity-block`, `interruptible-capacity-reservation`, or none.
    pub lifecycle: Option<String>,
    /// The capacity reservation that it runs in, by intent or by chance.
    pub capacity_reservation: Option<String>,
    /// Preference of its capacity reservation specification (`capacity-reservations-only`).
    pub reservation_preference: Option<String>,
    /// Interfaces of type `efa` and `efa-only`.
    pub efa_interfaces: u32,
    /// Tenancy; empty is `default`.
    pub tenancy: String,
    /// Id of its placement group.
    pub placement_group: Option<String>,
    /// Number of its partition, from 1.
    pub partition: Option<u32>,
    /// Tags.
    pub tags: Tags,
}

/// Where an instance is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstanceState {
    /// Starting.
    Pending,
    /// Running.
    Running,
    /// Ending for good.
    ShuttingDown,
    /// Ended for good.
    Terminated,
    /// Stopping; it could be started again.
    Stopping,
    /// Stopped; it could be started again.
    Stopped,
}

impl InstanceState {
    /// All states.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Running,
        Self::ShuttingDown,
        Self::Terminated,
        Self::Stopping,
        Self::Stopped,
    ];

    /// As EC2 writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }

    /// The state that EC2 writes so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

    /// Whether it ends or has ended for good.
    pub const fn is_ending(self) -> bool {
        matches!(self, Self::ShuttingDown | Self::Terminated)
    }
}

/// What became of an instance that was to be terminated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// Id.
    pub id: String,
    /// State after the call.
    pub current: InstanceState,
}

/// How an instance is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceStatus {
    /// Id.
    pub id: String,
    /// Checks of the instance that failed.
    pub instance_checks: Vec<StatusCheck>,
    /// Checks of the machine below it that failed.
    pub system_checks: Vec<StatusCheck>,
    /// What is scheduled for it.
    pub events: Vec<ScheduledEvent>,
}

/// A check that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusCheck {
    /// Name (`reachability`).
    pub name: String,
    /// Since when.
    pub impaired_since: Option<Timestamp>,
}

/// Something that will be done to an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduledEvent {
    /// Code (`instance-retirement`).
    pub code: String,
    /// Text.
    pub description: String,
    /// Not before.
    pub not_before: Option<Timestamp>,
}
