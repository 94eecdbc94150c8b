//! Instance types and their offerings.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::label::well_known::{
    CAPACITY_RESERVATION_ID, CAPACITY_RESERVATION_INTERRUPTIBLE, CAPACITY_RESERVATION_TYPE,
    CAPACITY_TYPE, OF_OFFERING, ZONE,
};
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
    /// Labels that every node of this type carries, those that offerings decide left out, as `In`
    /// or `DoesNotExist` requirements (`aws-provider.md` §2.3).
    pub requirements: Requirements,
    /// Capacity of a node.
    pub capacity: Resources,
    /// Reserved for kubelet, system and eviction.
    pub overhead: Resources,
    /// Where and how it can be bought, in order of zone, then capacity type, then reservation.
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
    /// What the capacity is part of, for capacity type `reserved`.
    #[serde(default)]
    pub reservation: Option<Reservation>,
}

/// Capacity that is paid for whether it runs or not, in instances of one type in one zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// EC2 id (`cr-…`). Wherever it appears it is the same reservation.
    pub id: String,
    /// How it was made.
    pub kind: ReservationKind,
    /// Whether its owner may take the capacity back.
    #[serde(default)]
    pub interruptible: bool,
    /// Instances that can still be launched into it. Of several counts for one id the least holds.
    pub remaining: u32,
}

/// How reserved capacity was bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReservationKind {
    /// An On-Demand Capacity Reservation.
    Default,
    /// A Capacity Block: it ends at a fixed time.
    CapacityBlock,
}

impl ReservationKind {
    /// The value of label `karpenter.k8s.aws/capacity-reservation-type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::CapacityBlock => "capacity-block",
        }
    }
}

impl Reservation {
    /// The price of an offering of reserved capacity: a ten-millionth of the on-demand price,
    /// rounded up to whole micro-dollars, and at least one. The money is spent already; what
    /// remains is an order among reservations, and a price that is not zero.
    pub fn price(on_demand: Price) -> Price {
        const SHARE: i64 = 10_000_000;
        Price::from_micro_usd(((on_demand.micro_usd() + SHARE - 1) / SHARE).max(1))
    }
}

/// Hours in a month, as prices per month are counted.
const HOURS_PER_MONTH: i64 = 730;

impl Offering {
    /// The price plus the expected cost of interruptions per hour, when one costs so much.
    pub fn risk_price(&self, interruption_cost: Price) -> Price {
        let permille_month = i64::from(self.interruptions_permille_month);
        self.price + interruption_cost.scaled(permille_month, 1000 * HOURS_PER_MONTH)
    }

    /// Whether it can be bought now, as far as the catalogue knows: a reservation has something
    /// left.
    pub fn is_on_sale(&self) -> bool {
        self.available && self.reservation.as_ref().is_none_or(|one| one.remaining > 0)
    }

    /// The value of a label that offerings decide; `None` if nodes do not have it.
    pub fn label(&self, key: &str) -> Option<&str> {
        let reservation = self.reservation.as_ref();
        match key {
            ZONE => Some(&self.zone),
            CAPACITY_TYPE => Some(self.capacity_type.as_str()),
            CAPACITY_RESERVATION_ID => reservation.map(|one| one.id.as_str()),
            CAPACITY_RESERVATION_TYPE => reservation.map(|one| one.kind.as_str()),
            CAPACITY_RESERVATION_INTERRUPTIBLE => {
                reservation.map(|one| if one.interruptible { "true" } else { "false" })
            }
            _ => None,
        }
    }

    /// The labels that the offering decides.
    pub fn labels(&self) -> impl Iterator<Item = (&'static str, &str)> {
        OF_OFFERING.into_iter().filter_map(|key| Some((key, self.label(key)?)))
    }

    /// The id of its reservation.
    pub fn reservation_id(&self) -> Option<&str> {
        self.reservation.as_ref().map(|one| one.id.as_str())
    }

    /// Its name across catalogues.
    pub fn key(&self, instance_type: &str) -> OfferingKey {
        OfferingKey {
            instance_type: instance_type.to_owned(),
            zone: self.zone.clone(),
            capacity_type: self.capacity_type,
            reservation: self.reservation_id().map(str::to_owned),
        }
    }
}

/// Names an offering across catalogues: type, zone, capacity type, reservation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OfferingKey {
    /// Instance type.
    pub instance_type: String,
    /// Zone.
    pub zone: String,
    /// Capacity type.
    pub capacity_type: CapacityType,
    /// Id of the reservation, for capacity type `reserved`.
    #[serde(default)]
    pub reservation: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_capacity_costs_next_to_nothing_and_never_nothing() {
        let price = |micro_usd| Reservation::price(Price::from_micro_usd(micro_usd)).micro_usd();
        assert_eq!([price(0), price(81_600), price(98_320_000)], [1, 1, 10]);
    }
}
