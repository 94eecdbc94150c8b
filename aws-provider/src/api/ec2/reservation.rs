//! Capacity reservations and placement groups.

use jiff::Timestamp;

use super::super::{Filter, Tags};

/// `DescribeCapacityReservations`; ids and filters must both hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DescribeReservations {
    /// Ids; empty for all.
    pub ids: Vec<String>,
    /// Filters.
    pub filters: Vec<Filter>,
}

/// A capacity reservation, in EC2's words where we know only some of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapacityReservation {
    /// Id (`cr-…`).
    pub id: String,
    /// Instance type.
    pub instance_type: String,
    /// Zone.
    pub zone: String,
    /// Account that owns it.
    pub owner: String,
    /// `default` or `capacity-block`.
    pub kind: String,
    /// `open` or `targeted`.
    pub match_criteria: String,
    /// `active` and others.
    pub state: String,
    /// Instances that can still be launched into it.
    pub available: u32,
    /// Whether its owner may take the capacity back.
    pub is_interruptible: bool,
    /// When it ends.
    pub ends: Option<Timestamp>,
    /// Tags.
    pub tags: Tags,
}

/// How a placement group is named.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlacementQuery {
    /// By name, even if it looks like an id.
    Name(String),
    /// By id (`pg-…`).
    Id(String),
}

/// A placement group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacementGroup {
    /// Id (`pg-…`).
    pub id: String,
    /// Name.
    pub name: String,
    /// `cluster`, `spread` or `partition`.
    pub strategy: String,
    /// Number of partitions.
    pub partitions: Option<u32>,
    /// Spread over `host` or `rack`.
    pub spread_level: Option<String>,
}
