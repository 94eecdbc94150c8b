//! Why nothing could be had.

use std::fmt;

use scheduler_core::model::{CapacityType, OfferingKey};

use super::Reason;

/// Why nothing that was asked for could be had.
///
/// Displays as one sentence that names the fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// No offering was left to ask for: requirements, or what failed a moment ago, exclude all.
    NoOffering {
        /// What excluded the last of them.
        because: String,
    },
    /// EC2 has none of it now.
    Capacity {
        /// The pools that were refused, each once.
        refused: Vec<Refused>,
    },
    /// A quota of the account is used up.
    Quota {
        /// How the capacity was to be bought.
        capacity_type: CapacityType,
        /// vCPUs that the account may use, if EC2 told.
        limit_vcpus: Option<u32>,
        /// The pools that were refused, each once.
        refused: Vec<Refused>,
    },
    /// The subnets have no free address.
    Addresses {
        /// The subnets, by id.
        subnets: Vec<String>,
        /// The pools that were refused, each once.
        refused: Vec<Refused>,
    },
    /// The account has no service-linked role for Spot, and we may not create it.
    SpotRole,
    /// There are too many fleets.
    Fleets,
}

/// A pool that was refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    /// The offering.
    pub offering: OfferingKey,
    /// EC2's code.
    pub code: String,
}

/// So many pools are named in a message.
const NAMED_MAX: usize = 5;

impl Shortage {
    /// The reason that conditions and counters give.
    pub const fn reason(&self) -> Reason {
        match self {
            Self::NoOffering { .. } | Self::Capacity { .. } => Reason::LaunchFailed,
            Self::Quota { capacity_type: CapacityType::Spot, .. } => Reason::SpotQuotaExceeded,
            Self::Quota { .. } => Reason::VcpuLimitExceeded,
            Self::Addresses { .. } => Reason::InsufficientFreeAddressesInSubnet,
            Self::SpotRole => Reason::SpotSlrCreationFailed,
            Self::Fleets => Reason::FleetQuotaExceeded,
        }
    }

    /// The pools that were refused.
    pub fn refused(&self) -> &[Refused] {
        match self {
            Self::Capacity { refused }
            | Self::Quota { refused, .. }
            | Self::Addresses { refused, .. } => refused,
            Self::NoOffering { .. } | Self::SpotRole | Self::Fleets => &[],
        }
    }
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOffering { because } => write!(
                f,
                "no instance type is left to launch: {because}; allow more instance types, zones \
                 or capacity types in the NodePool"
            ),
            Self::Capacity { refused } => write!(
                f,
                "EC2 has no capacity for {}; allow more instance types, zones or capacity types \
                 in the NodePool",
                Pools(refused)
            ),
            Self::Quota { capacity_type, limit_vcpus, .. } => {
                let limit =
                    limit_vcpus.map_or_else(String::new, |vcpus| format!(" of {vcpus} vCPUs"));
                write!(
                    f,
                    "the account's quota{limit} for {capacity_type} instances is used up; ask for \
                     a higher one in Service Quotas under Amazon EC2, or set limits.cpu of the \
                     NodePool below it"
                )
            }
            Self::Addresses { subnets, .. } => write!(
                f,
                "no free address is left in {}; add larger subnets to subnetSelectorTerms of the \
                 EC2NodeClass, or release addresses there",
                subnets.join(", ")
            ),
            Self::SpotRole => f.write_str(
                "the account has no service-linked role for Spot; create it once with `aws iam \
                 create-service-linked-role --aws-service-name spot.amazonaws.com`, or allow \
                 on-demand in the NodePool",
            ),
            Self::Fleets => f.write_str(
                "the account has too many fleets; delete old ones, or ask for a higher quota in \
                 Service Quotas under EC2 Fleet",
            ),
        }
    }
}

/// Pools by name, the first few of them.
struct Pools<'a>(&'a [Refused]);

impl fmt::Display for Pools<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, refused) in self.0.iter().take(NAMED_MAX).enumerate() {
            let OfferingKey { instance_type, zone, capacity_type, .. } = &refused.offering;
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{instance_type} in {zone} as {capacity_type}")?;
        }
        match self.0.len().saturating_sub(NAMED_MAX) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}
