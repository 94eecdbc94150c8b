//! Launching: what is asked for, and what came of it.
//!
//! ```text
//! LaunchWish ──► filter ──► fleet ──► CreateFleet ──► answer ──► LaunchReport
//! many alike claims make one LaunchOrder with one client token
//! ```
//!
//! [`crate::instance::Instances::launch`] carries an order out.

mod answer;
mod filter;
mod fleet;
mod labels;
mod token;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use scheduler_core::MinValuesPolicy;
use scheduler_core::model::{
    CapacityType, InstanceType, Labels, Price, Requirements, Reservation, ReservationKind,
    Resources,
};

pub(crate) use answer::{Answer, Finding, judge, zone_id};
pub(crate) use fleet::{FleetPlan, Market, group, plan};
pub use token::LaunchToken;

use crate::api::ec2::MarketType;
use crate::error::{CloudError, Reason};
use crate::launch_spec::LaunchSpec;

/// So many instances at most are asked for in one call.
const ORDER_MAX: usize = 1000;

/// What is wanted, shared by all claims that are alike but for their names.
#[derive(Clone, Debug, PartialEq)]
pub struct LaunchWish {
    /// Pool of the claims.
    pub node_pool: String,
    /// Their resolved class.
    pub spec: LaunchSpec,
    /// What the claims require of their node.
    pub requirements: Requirements,
    /// What the node has to hold.
    pub requests: Resources,
    /// Instance types with the offerings that the plan names: the chosen one and its alternatives.
    pub types: Arc<Vec<InstanceType>>,
    /// Whether fewer values than `minValues` will do.
    pub min_values: MinValuesPolicy,
    /// Where prices come from.
    pub prices: PriceSource,
    /// Whether reserved capacity may be used at all.
    pub reserved_capacity: ReservedCapacity,
}

/// Where the prices of a wish come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PriceSource {
    /// From AWS: it knows them as well, and is asked for the cheapest.
    #[default]
    Market,
    /// From a `NodeOverlay`: AWS is told the order.
    Overlay,
}

/// Feature gate `ReservedCapacity`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReservedCapacity {
    /// Reservations are used when asked for, and not touched otherwise.
    #[default]
    Enabled,
    /// EC2 places instances into open reservations as it does by itself.
    Disabled,
}

/// Whether the order was sent before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Certainly not.
    First,
    /// Perhaps: its answer was lost, or we were restarted. What it launched is looked for first.
    Again,
}

/// Claims that are launched together.
///
/// Before an order is carried out its token is to be written to its claims. After a restart, claims
/// without an instance that share a token make the order again, and no instance is launched twice.
#[derive(Clone, Debug, PartialEq)]
pub struct LaunchOrder {
    /// Identifies the call.
    pub token: LaunchToken,
    /// Whether it was sent before.
    pub attempt: Attempt,
    /// How many instances were asked for when it was sent first.
    pub size: u32,
    /// Claims that have no instance yet, in order.
    pub claims: Vec<String>,
    /// Instances of the same call that other claims have got.
    pub taken: BTreeSet<String>,
    /// What is wanted.
    pub wish: Arc<LaunchWish>,
}

impl LaunchOrder {
    /// A new order. Claims are named by what is never used again, such as their UID.
    pub fn new(mut claims: Vec<String>, wish: Arc<LaunchWish>) -> Self {
        claims.sort_unstable();
        Self {
            token: LaunchToken::new(&claims),
            attempt: Attempt::First,
            size: claims.len() as u32,
            claims,
            taken: BTreeSet::new(),
            wish,
        }
    }
}

/// Joins claims that want the same, so that EC2 is called once for all of them.
pub fn orders(claims: impl IntoIterator<Item = (String, Arc<LaunchWish>)>) -> Vec<LaunchOrder> {
    let mut groups: Vec<(Arc<LaunchWish>, Vec<String>)> = Vec::new();
    for (claim, wish) in claims {
        let is_alike = |other: &Arc<LaunchWish>| Arc::ptr_eq(other, &wish) || **other == *wish;
        match groups.iter_mut().find(|(other, _)| is_alike(other)) {
            Some((_, members)) => members.push(claim),
            None => groups.push((wish, vec![claim])),
        }
    }
    let split = |(wish, members): (Arc<LaunchWish>, Vec<String>)| {
        let parts: Vec<Vec<String>> = members.chunks(ORDER_MAX).map(<[_]>::to_vec).collect();
        parts.into_iter().map(move |part| LaunchOrder::new(part, wish.clone()))
    };
    groups.into_iter().flat_map(split).collect()
}

/// An instance that was launched for a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launched {
    /// Id (`i-…`).
    pub id: String,
    /// Instance type.
    pub instance_type: String,
    /// Zone by name.
    pub zone: String,
    /// Zone by id, if the class knows the zone.
    pub zone_id: Option<String>,
    /// How it was bought.
    pub capacity_type: CapacityType,
    /// What it was launched into, for capacity type `reserved`.
    pub reservation: Option<Reservation>,
    /// Image.
    pub image: String,
    /// Price that its offering had when it was bought; `None` for one that was found again and is
    /// no longer on offer.
    pub price: Option<Price>,
    /// When it was launched.
    pub launched: Timestamp,
}

impl Launched {
    /// The id that its node will carry.
    pub fn provider_id(&self) -> String {
        crate::instance::provider_id(&self.zone, &self.id)
    }

    /// Labels of its claim.
    pub fn labels(&self, wish: &LaunchWish) -> Labels {
        labels::of(self, wish)
    }
}

/// What came of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaunchReport {
    /// Claims that have got an instance.
    pub launched: Vec<(String, Launched)>,
    /// Claims that have got none.
    pub without: Vec<String>,
    /// Why; set if there are any.
    pub error: Option<CloudError>,
    /// Pools that were refused, although others may have served: for counters.
    pub refusals: Vec<Refusal>,
    /// Instances that nobody asked for. They are collected as leaked.
    pub surplus: Vec<String>,
    /// So few instance types were left for an on-demand launch that was to prefer Spot. Worth a
    /// warning.
    pub too_few_for_spot: Option<usize>,
}

/// A pool that was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// How capacity was to be bought.
    pub capacity_type: CapacityType,
    /// Instance type, if the error names one.
    pub instance_type: Option<String>,
    /// Zone by name, if the error names one.
    pub zone: Option<String>,
    /// Zone by id; empty if unknown.
    pub zone_id: String,
    /// Why.
    pub reason: Reason,
}

/// How instances of a reservation are bought, if that is special.
fn market(reservation: &Reservation) -> Option<MarketType> {
    match (reservation.kind, reservation.interruptible) {
        (ReservationKind::CapacityBlock, _) => Some(MarketType::CapacityBlock),
        (ReservationKind::Default, true) => Some(MarketType::InterruptibleReservation),
        (ReservationKind::Default, false) => None,
    }
}

#[cfg(test)]
mod tests;
