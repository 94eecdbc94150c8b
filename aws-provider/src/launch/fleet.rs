//! From a wish to the call of EC2.

use std::collections::BTreeMap;

use jiff::Timestamp;
use scheduler_core::model::well_known::CAPACITY_TYPE;
use scheduler_core::model::{CapacityType, InstanceType, Offering, Price, Reservation};

use super::filter::{Candidate, candidates};
use super::{LaunchOrder, LaunchWish, PriceSource, market};
use crate::api::ec2::{
    AllocationStrategy, CreateFleet, FleetOverride, FleetTarget, FleetTemplate, MarketType,
};
use crate::error::Shortage;
use crate::launch_spec::{Boot, LaunchSpec, LaunchSubnet};
use crate::launch_template::Template;
use crate::quota::{Quotas, VcpusInUse, vcpus};
use crate::reservation::ReservationCounts;
use crate::subnet::FreeAddresses;
use crate::tags;
use crate::unavailable::{GroupKey, PoolKey, Unavailable};

mod data;

/// With fewer types than this an on-demand launch that could have been Spot is worth a warning:
/// there was little to choose from.
const FLEXIBLE_FROM: usize = 5;

/// An offering with its instance type.
type Pool<'a> = (&'a InstanceType, &'a Offering);

/// What is known at the moment of a launch.
pub(crate) struct Market<'a> {
    pub(crate) unavailable: &'a Unavailable,
    pub(crate) quotas: &'a Quotas,
    pub(crate) in_use: &'a VcpusInUse,
    pub(crate) subnets: &'a FreeAddresses,
    pub(crate) reservations: &'a ReservationCounts,
    pub(crate) now: Timestamp,
}

/// All of a launch but the names of its templates, which may have to be made first.
#[derive(Clone, Debug)]
pub(crate) struct FleetPlan {
    pub(crate) capacity_type: CapacityType,
    pub(crate) target: FleetTarget,
    pub(crate) strategy: Option<AllocationStrategy>,
    pub(crate) templates: Vec<(Template, Vec<FleetOverride>)>,
    /// What each pool costs and is part of, by type and zone.
    pub(crate) pools: BTreeMap<(String, String), (Price, Option<Reservation>)>,
    /// Addresses that one instance takes, by subnet.
    pub(crate) addresses: BTreeMap<String, i64>,
    pub(crate) too_few_for_spot: Option<usize>,
}

/// What to ask EC2 for.
///
/// # Errors
/// If no offering is left to ask for.
pub(crate) fn plan(wish: &LaunchWish, known: &Market<'_>) -> Result<FleetPlan, Shortage> {
    let mut subnets: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for subnet in &wish.spec.subnets {
        subnets.entry(&subnet.zone).or_default().push(subnet.id.clone());
    }
    let group = group(&wish.spec);
    let is_on_sale = |kind: &InstanceType, offering: &Offering| {
        let in_zone = subnets.get(offering.zone.as_str());
        in_zone.is_some_and(|in_zone| known.sells((kind, offering), in_zone, group.as_ref()))
    };
    let candidates =
        candidates(wish, is_on_sale).map_err(|because| Shortage::NoOffering { because })?;
    let capacity_type = capacity_type(&candidates);
    let bought = bought(&candidates, capacity_type);
    let subnets = known.subnets.choose(&wish.spec.subnets, known.now);
    let templates = templates(wish, capacity_type, &bought, &subnets);
    if templates.is_empty() {
        let because = "no image and subnet of the EC2NodeClass suit what would".to_owned();
        return Err(Shortage::NoOffering { because });
    }
    let kinds = candidates.len();
    let admits_spot = wish.requirements.get(CAPACITY_TYPE);
    let could_be_spot = admits_spot.is_none_or(|one| one.has(CapacityType::Spot.as_str()));
    let is_inflexible =
        capacity_type == CapacityType::OnDemand && could_be_spot && kinds < FLEXIBLE_FROM;
    Ok(FleetPlan {
        capacity_type,
        target: target(capacity_type, &bought),
        strategy: strategy(capacity_type, &bought, wish.prices),
        pools: bought
            .iter()
            .map(|(kind, one)| {
                let pool = (kind.name.clone(), one.zone.clone());
                (pool, (one.price, one.reservation.clone()))
            })
            .collect(),
        addresses: addresses(&bought, &subnets),
        templates,
        too_few_for_spot: is_inflexible.then_some(kinds),
    })
}

impl FleetPlan {
    /// The call, with the names of the templates.
    pub(crate) fn request(&self, names: &[String], order: &LaunchOrder) -> CreateFleet {
        let spec = &order.wish.spec;
        let mut tags = spec.tags.clone();
        tags.insert(tags::LAUNCH.to_owned(), order.token.as_str().to_owned());
        let templates = names.iter().zip(&self.templates).map(|(name, (_, overrides))| {
            FleetTemplate { name: name.clone(), overrides: overrides.clone() }
        });
        CreateFleet {
            client_token: order.token.as_str().to_owned(),
            count: order.size,
            target: self.target,
            strategy: self.strategy,
            templates: templates.collect(),
            tags,
            context: spec.context.clone(),
        }
    }
}

impl Market<'_> {
    /// Whether an offering can be had for all that is known.
    fn sells(
        &self,
        (kind, offering): Pool<'_>,
        subnets: &[String],
        group: Option<&GroupKey>,
    ) -> bool {
        if let Some(reservation) = &offering.reservation {
            return self.reservations.may_have(&reservation.id, self.now);
        }
        let pool =
            PoolKey::new(offering.capacity_type, &kind.name, &offering.zone).within(group.cloned());
        let left =
            self.quotas.left_vcpus(&kind.name, offering.capacity_type, self.in_use, self.now);
        self.unavailable.is_available(&pool, subnets, self.now)
            && left.is_none_or(|left| vcpus(kind) <= left)
    }
}

/// The placement group of a launch, as marks of capacity name it.
pub(crate) fn group(spec: &LaunchSpec) -> Option<GroupKey> {
    let placement = spec.placement_group.as_ref()?;
    Some(GroupKey { id: placement.group.clone(), partition: placement.partition })
}

/// Reserved before Spot before on-demand, whichever is offered.
fn capacity_type(candidates: &[Candidate<'_>]) -> CapacityType {
    let offered = candidates.iter().flat_map(|one| &one.offerings).map(|one| one.capacity_type);
    offered.min().unwrap_or(CapacityType::OnDemand)
}

/// Offerings of one capacity type with their instance types.
fn bought<'a>(candidates: &[Candidate<'a>], capacity_type: CapacityType) -> Vec<Pool<'a>> {
    let all = candidates
        .iter()
        .flat_map(|one| one.offerings.iter().map(|offering| (one.kind, *offering)));
    all.filter(|(_, offering)| offering.capacity_type == capacity_type).collect()
}

/// What the reservations of a launch are; they are all of one kind.
fn reservation<'a>(bought: &[(&InstanceType, &'a Offering)]) -> Option<&'a Reservation> {
    bought.iter().find_map(|(_, offering)| offering.reservation.as_ref())
}

fn target(capacity_type: CapacityType, bought: &[Pool<'_>]) -> FleetTarget {
    match (capacity_type, reservation(bought).and_then(market)) {
        (CapacityType::Spot, _) => FleetTarget::Spot,
        (_, Some(MarketType::CapacityBlock)) => FleetTarget::CapacityBlock,
        (_, Some(MarketType::InterruptibleReservation)) => FleetTarget::InterruptibleReservation,
        (_, None) => FleetTarget::OnDemand,
    }
}

/// By price, or in the order of an overlay's prices, which EC2 does not know.
fn strategy(
    capacity_type: CapacityType,
    bought: &[Pool<'_>],
    prices: PriceSource,
) -> Option<AllocationStrategy> {
    match (target(capacity_type, bought), prices) {
        (FleetTarget::Spot, PriceSource::Market) => {
            Some(AllocationStrategy::PriceCapacityOptimized)
        }
        (FleetTarget::Spot, PriceSource::Overlay) => {
            Some(AllocationStrategy::CapacityOptimizedPrioritized)
        }
        (FleetTarget::OnDemand, PriceSource::Market) => Some(AllocationStrategy::LowestPrice),
        (FleetTarget::OnDemand, PriceSource::Overlay) => Some(AllocationStrategy::Prioritized),
        (FleetTarget::CapacityBlock | FleetTarget::InterruptibleReservation, _) => None,
    }
}

/// A template for each boot, and for each reservation of its own, with its pools.
fn templates(
    wish: &LaunchWish,
    capacity_type: CapacityType,
    bought: &[Pool<'_>],
    subnets: &BTreeMap<&str, &LaunchSubnet>,
) -> Vec<(Template, Vec<FleetOverride>)> {
    let mut groups: BTreeMap<(usize, Option<&str>), Vec<Pool<'_>>> = BTreeMap::new();
    for (kind, offering) in bought {
        let boot = wish.spec.boots.iter().position(|one| one.instance_types.contains(&kind.name));
        if let Some(boot) = boot {
            groups.entry((boot, offering.reservation_id())).or_default().push((kind, offering));
        }
    }
    let of_group = |((boot, _), pools): ((usize, Option<&str>), Vec<Pool<'_>>)| {
        let boot = &wish.spec.boots[boot];
        let overrides = overrides(&pools, boot, subnets);
        let reservation = reservation(&pools);
        let data = data::of(wish, boot, capacity_type, reservation);
        (!overrides.is_empty())
            .then(|| (Template { tags: wish.spec.tags.clone(), data }, overrides))
    };
    groups.into_iter().filter_map(of_group).collect()
}

/// The pools of one template, each once.
fn overrides(
    pools: &[Pool<'_>],
    boot: &Boot,
    subnets: &BTreeMap<&str, &LaunchSubnet>,
) -> Vec<FleetOverride> {
    let of_pool = |(kind, offering): &Pool<'_>| {
        let subnet = subnets.get(offering.zone.as_str())?;
        Some(FleetOverride {
            instance_type: kind.name.clone(),
            subnet: subnet.id.clone(),
            zone: offering.zone.clone(),
            image: boot.image.clone(),
            priority: offering.price,
        })
    };
    let mut overrides: Vec<FleetOverride> = pools.iter().filter_map(of_pool).collect();
    overrides.sort();
    overrides.dedup_by(|a, b| (&a.instance_type, &a.zone) == (&b.instance_type, &b.zone));
    overrides
}

/// Addresses that an instance takes at least of each subnet: one for each pod of the smallest type.
fn addresses(
    bought: &[Pool<'_>],
    subnets: &BTreeMap<&str, &LaunchSubnet>,
) -> BTreeMap<String, i64> {
    let mut least: BTreeMap<String, i64> = BTreeMap::new();
    for (kind, offering) in bought {
        if let Some(subnet) = subnets.get(offering.zone.as_str()) {
            let pods = kind.capacity.pods;
            least.entry(subnet.id.clone()).and_modify(|one| *one = pods.min(*one)).or_insert(pods);
        }
    }
    least
}
