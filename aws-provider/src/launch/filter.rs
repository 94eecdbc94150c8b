//! Which offerings of a wish are asked for. Each step sees what the one before has left.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use scheduler_core::MinValuesPolicy;
use scheduler_core::model::{
    CapacityType, InstanceType, Offering, Price, Requirements, ReservationKind, well_known,
};

use super::{LaunchWish, ReservedCapacity, market};

/// So many types at most are named in a launch: EC2 looks at each of their pools.
const TYPES_MAX: usize = 60;

/// Resources that few pods ask for and that make a machine dear.
const EXOTIC: [&str; 5] = [
    "aws.amazon.com/neuron",
    "aws.amazon.com/neuroncore",
    "amd.com/gpu",
    "nvidia.com/gpu",
    "habana.ai/gaudi",
];

/// An instance type with those of its offerings that may be asked for; there is at least one.
#[derive(Clone, Debug)]
pub(super) struct Candidate<'a> {
    pub(super) kind: &'a InstanceType,
    pub(super) offerings: Vec<&'a Offering>,
}

impl<'a> Candidate<'a> {
    /// The price of its cheapest offering.
    fn price(&self) -> Price {
        self.offerings.iter().map(|one| one.price).min().unwrap_or_default()
    }

    /// The candidate with fewer offerings; `None` with none.
    fn keep(mut self, is_kept: impl Fn(&'a Offering) -> bool) -> Option<Self> {
        self.offerings.retain(|one| is_kept(one));
        (!self.offerings.is_empty()).then_some(self)
    }
}

/// The candidates of a wish, the cheapest first.
///
/// # Errors
/// What has excluded the last of them, in words.
pub(super) fn candidates(
    wish: &LaunchWish,
    is_on_sale: impl Fn(&InstanceType, &Offering) -> bool,
) -> Result<Vec<Candidate<'_>>, String> {
    let mut left = compatible(wish)?;
    left = left
        .into_iter()
        .filter_map(|one| one.clone().keep(|offering| is_on_sale(one.kind, offering)))
        .collect();
    if left.is_empty() {
        return Err("all that would suit has failed or run out a moment ago".to_owned());
    }
    let has_min_values = wish.requirements.iter().any(|(_, one)| one.min_values.is_some());
    left = one_reservation_kind(left);
    left = one_capacity_block(left);
    left = one_reservation_a_pool(left);
    if !has_min_values {
        left = ordinary(left);
        left = spot_below_on_demand(left);
    }
    left.sort_by(|a, b| (a.price(), &a.kind.name).cmp(&(b.price(), &b.kind.name)));
    left.truncate(TYPES_MAX);
    match unmet_min_values(&wish.requirements, &left) {
        Some(unmet) if wish.min_values == MinValuesPolicy::Strict => Err(unmet),
        _ => Ok(left),
    }
}

/// Types that suit the claims and hold what is requested, with their offerings that suit and are
/// available.
fn compatible(wish: &LaunchWish) -> Result<Vec<Candidate<'_>>, String> {
    let mut conflict = None;
    let suits = |one: &InstanceType| match of_type(&wish.requirements, one) {
        Some(key) => Err(format!("requirement {key} excludes {}", one.name)),
        None if !wish.requests.fits(&one.allocatable()) => {
            Err(format!("{} is too small for what is requested", one.name))
        }
        None => Ok(()),
    };
    let mut left = Vec::new();
    for kind in wish.types.iter() {
        if let Err(why) = suits(kind) {
            conflict.get_or_insert(why);
            continue;
        }
        let offerings = kind.offerings.iter();
        let offerings: Vec<&Offering> = offerings.filter(|one| is_admitted(wish, one)).collect();
        if offerings.is_empty() {
            conflict.get_or_insert(format!(
                "no offering of {} that is available is in a zone and of a capacity type that the \
                 requirements admit",
                kind.name
            ));
        } else {
            left.push(Candidate { kind, offerings });
        }
    }
    if left.is_empty() {
        return Err(conflict.unwrap_or_else(|| "the plan names no offering".to_owned()));
    }
    Ok(left)
}

/// Whether an offering is to be had, and has the labels that are required.
fn is_admitted(wish: &LaunchWish, offering: &Offering) -> bool {
    let is_used = offering.capacity_type != CapacityType::Reserved
        || wish.reserved_capacity == ReservedCapacity::Enabled;
    is_used
        && offering.is_on_sale()
        && well_known::OF_OFFERING.iter().all(|key| {
            let required = wish.requirements.get(key);
            required.is_none_or(|one| one.admits(offering.label(key)))
        })
}

/// The first key on which a type conflicts.
fn of_type<'a>(requirements: &'a Requirements, kind: &InstanceType) -> Option<&'a str> {
    requirements.first_conflict(&kind.requirements).map(|(key, _)| key)
}

/// Reservations of several kinds cannot be launched into at once: the kind with the cheapest
/// offering is kept, and nothing beside it.
fn one_reservation_kind(candidates: Vec<Candidate<'_>>) -> Vec<Candidate<'_>> {
    let kind = |offering: &Offering| offering.reservation.as_ref().map(market);
    let offerings = candidates.iter().flat_map(|one| &one.offerings);
    let cheapest = offerings.filter_map(|one| Some((one.price, kind(one)?))).min();
    let Some((_, chosen)) = cheapest else { return candidates };
    let is_kept = |offering: &Offering| kind(offering) == Some(chosen);
    candidates.into_iter().filter_map(|one| one.keep(is_kept)).collect()
}

/// A fleet takes a single capacity block: the cheapest.
fn one_capacity_block(candidates: Vec<Candidate<'_>>) -> Vec<Candidate<'_>> {
    let is_block = |offering: &Offering| {
        let reservation = offering.reservation.as_ref();
        reservation.is_some_and(|one| one.kind == ReservationKind::CapacityBlock)
    };
    let blocks = candidates.iter().flat_map(|one| {
        one.offerings.iter().map(|offering| (offering.price, &one.kind.name, *offering))
    });
    let cheapest = blocks
        .filter(|(_, _, offering)| is_block(offering))
        .min_by_key(|(price, name, offering)| (*price, *name, offering.reservation_id()));
    let Some((_, name, block)) = cheapest else { return candidates };
    let name = name.clone();
    let of_type = candidates.into_iter().filter(|one| one.kind.name == name);
    of_type.filter_map(|one| one.keep(|offering| std::ptr::eq(offering, block))).collect()
}

/// Of the reservations of a type in a zone, the one that has most left; nothing beside it.
fn one_reservation_a_pool(candidates: Vec<Candidate<'_>>) -> Vec<Candidate<'_>> {
    let is_reserved = |one: &Offering| one.capacity_type == CapacityType::Reserved;
    let left = |one: &Offering| one.reservation.as_ref().map_or(0, |it| it.remaining);
    if !candidates.iter().any(|one| one.offerings.iter().any(|offering| is_reserved(offering))) {
        return candidates;
    }
    let of_types = candidates.into_iter().map(|mut one| {
        one.offerings.retain(|offering| is_reserved(offering));
        one.offerings.sort_by_key(|offering| (offering.zone.clone(), Reverse(left(offering))));
        one.offerings.dedup_by(|next, first| next.zone == first.zone);
        one
    });
    of_types.filter(|one| !one.offerings.is_empty()).collect()
}

/// No bare metal and no accelerators, unless there is nothing else.
fn ordinary(candidates: Vec<Candidate<'_>>) -> Vec<Candidate<'_>> {
    let is_exotic = |one: &Candidate<'_>| {
        let size = one.kind.name.split_once('.').map_or("", |(_, size)| size);
        size.contains("metal") || EXOTIC.iter().any(|name| one.kind.capacity.get(name) > 0)
    };
    if candidates.iter().all(is_exotic) {
        return candidates;
    }
    candidates.into_iter().filter(|one| !is_exotic(one)).collect()
}

/// No Spot that is dearer than the cheapest on-demand, where there are both.
fn spot_below_on_demand(candidates: Vec<Candidate<'_>>) -> Vec<Candidate<'_>> {
    let is = |offering: &Offering, capacity_type| offering.capacity_type == capacity_type;
    let offerings = || candidates.iter().flat_map(|one| &one.offerings);
    let on_demand = offerings().filter(|one| is(one, CapacityType::OnDemand));
    let Some(ceiling) = on_demand.map(|one| one.price).min() else { return candidates };
    let is_kept =
        |offering: &Offering| !is(offering, CapacityType::Spot) || offering.price <= ceiling;
    candidates.into_iter().filter_map(|one| one.keep(is_kept)).collect()
}

/// The first key that has fewer values among the candidates than it is to have, in words.
fn unmet_min_values(requirements: &Requirements, candidates: &[Candidate<'_>]) -> Option<String> {
    requirements.iter().find_map(|(key, requirement)| {
        let wanted = requirement.min_values? as usize;
        let values: BTreeSet<&str> =
            candidates.iter().flat_map(|one| values_of(one, key)).collect();
        let found = values.iter().filter(|value| requirement.has(value)).count();
        (found < wanted).then(|| {
            format!("minValues of {key} asks for {wanted} values and only {found} are left")
        })
    })
}

fn values_of<'a>(candidate: &Candidate<'a>, key: &str) -> Vec<&'a str> {
    if well_known::is_of_offering(key) {
        return candidate.offerings.iter().filter_map(|one| one.label(key)).collect();
    }
    let requirement = candidate.kind.requirements.get(key);
    requirement.map_or_else(Vec::new, |one| one.named_values().collect())
}
