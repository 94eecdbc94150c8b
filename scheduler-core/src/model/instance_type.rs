//! Instance types and their offerings.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::price::Price;
use super::requirement::Requirements;
use super::resources::Resources;

/// How capacity is bought. Orders as Karpenter prefers: reserved, spot, on-demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CapacityType {
    /// Paid for in advance.
    Reserved,
    /// Spare capacity that can be reclaimed with two minutes' notice.
    Spot,
    /// By the hour at the list price.
    OnDemand,
}

impl CapacityType {
    /// The value of label `karpenter.sh/capacity-type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Spot => "spot",
            Self::OnDemand => "on-demand",
        }
    }

    /// The capacity type of a label value.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Reserved, Self::Spot, Self::OnDemand].into_iter().find(|one| one.as_str() == text)
    }
}

impl fmt::Display for CapacityType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// An EC2 instance type as a `NodeClass` would run it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceType {
    /// EC2 name (`m7g.large`); unique within a catalogue.
    pub name: String,
    /// Labels that every node of this type carries, zone and capacity type left out, as `In` or
    /// `DoesNotExist` requirements (`aws-provider.md` §2.3).
    pub requirements: Requirements,
    /// Capacity of a node.
    pub capacity: Resources,
    /// Reserved for kubelet, system and eviction.
    pub overhead: Resources,
    /// Where and how it can be bought, in order of zone, then capacity type.
    pub offerings: Vec<Offering>,
}

impl InstanceType {
    /// What pods can use: capacity less overhead, never below zero. Memory is further reduced by
    /// huge pages.
    pub fn allocatable(&self) -> Resources {
        let mut allocatable = self.capacity.clone();
        allocatable.subtract(&self.overhead);
        let huge_pages: i64 = allocatable
            .extended
            .iter()
            .filter(|(name, _)| name.starts_with("hugepages-"))
            .map(|(_, amount)| *amount)
            .sum();
        allocatable.memory_bytes -= huge_pages;
        allocatable.cpu_milli = allocatable.cpu_milli.max(0);
        allocatable.memory_bytes = allocatable.memory_bytes.max(0);
        allocatable.pods = allocatable.pods.max(0);
        allocatable.ephemeral_bytes = allocatable.ephemeral_bytes.max(0);
        allocatable
    }
}

/// One way to buy an instance type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offering {
    /// Availability zone.
    pub zone: String,
    /// Capacity type.
    pub capacity_type: CapacityType,
    /// Price.
    pub price: Price,
    /// Whether it can be bought now: price known, offered in a usable subnet.
    pub available: bool,
    /// Expected share of such instances that is reclaimed in a month, in thousandths; 0 for
    /// on-demand. From the Spot Advisor's interruption band.
    #[serde(default)]
    pub interruptions_permille_month: u32,
}

/// Hours in a month, as prices per month are counted.
const HOURS_PER_MONTH: i64 = 730;

impl Offering {
    /// The price plus the expected cost of interruptions per hour, when one costs so much.
    pub fn risk_price(&self, interruption_cost: Price) -> Price {
        let permille_month = i64::from(self.interruptions_permille_month);
        self.price + interruption_cost.scaled(permille_month, 1000 * HOURS_PER_MONTH)
    }
}

/// Names an offering across catalogues: type, zone, capacity type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OfferingKey {
    /// Instance type.
    pub instance_type: String,
    /// Zone.
    pub zone: String,
    /// Capacity type.
    pub capacity_type: CapacityType,
}
