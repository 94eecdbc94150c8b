//! What nodes are attached to and boot from.

use jiff::Timestamp;

use super::super::{Filter, Tags};

/// A subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// Id (`subnet-…`).
    pub id: String,
    /// Zone by name, which differs between accounts.
    pub zone: String,
    /// Zone by id, which does not.
    pub zone_id: String,
    /// Free addresses.
    pub free_addresses: u32,
    /// VPC.
    pub vpc: String,
    /// Tags.
    pub tags: Tags,
}

/// A security group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityGroup {
    /// Id (`sg-…`).
    pub id: String,
    /// Name.
    pub name: String,
    /// Tags.
    pub tags: Tags,
}

/// `DescribeImages`; ids, owners and filters must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DescribeImages {
    /// Owners (`self`, `amazon`, account ids); empty for any.
    pub owners: Vec<String>,
    /// Filters.
    pub filters: Vec<Filter>,
}

/// A machine image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Id (`ami-…`).
    pub id: String,
    /// Name.
    pub name: String,
    /// Architecture as EC2 writes it (`x86_64`).
    pub architecture: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// From when on it is deprecated.
    pub deprecated: Option<Timestamp>,
    /// State (`available`).
    pub state: String,
    /// Tags.
    pub tags: Tags,
}
