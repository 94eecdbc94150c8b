//! What EC2's answer to a launch means.

use std::collections::BTreeSet;

use jiff::Timestamp;
use scheduler_core::model::{CapacityType, OfferingKey};

use super::fleet::{FleetPlan, group};
use super::{LaunchWish, Launched, Refusal};
use crate::api::ec2::{Fleet, FleetError, FleetInstances};
use crate::api::{ApiError, Fault, Service};
use crate::error::{CloudError, NO_SPOT_ROLE, Reason, Refused, SUBNET_FULL, Shortage, is_capacity};
use crate::unavailable::PoolKey;

/// What follows from an answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Instances, in the order in which they came.
    pub(crate) launched: Vec<Launched>,
    /// Pools that were refused, for counters.
    pub(crate) refusals: Vec<Refusal>,
    /// What not to ask for again for a while.
    pub(crate) findings: Vec<Finding>,
    /// Why there are not more instances.
    pub(crate) error: CloudError,
}

/// Something that cannot be had now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// A pool.
    Pool(PoolKey),
    /// A capacity type as a whole.
    CapacityType(CapacityType),
    /// Addresses of a subnet.
    Subnet(String),
    /// More vCPUs of a type's bucket.
    Quota { instance_type: String, capacity_type: CapacityType, message: String },
    /// A reservation.
    Reservation(String),
}

/// A spread placement group that holds no more takes no instance of any type.
const SPREAD_FULL: &str = "limit of instances in this spread placement group";
/// Codes of quotas.
const QUOTA: [&str; 2] = ["VcpuLimitExceeded", "MaxSpotInstanceCountExceeded"];
/// Too many fleets.
const FLEETS: &str = "MaxFleetCountExceeded";

/// Reads an answer. Errors count although there may be instances.
pub(crate) fn judge(fleet: &Fleet, plan: &FleetPlan, wish: &LaunchWish, now: Timestamp) -> Answer {
    let launched = fleet.instances.iter().flat_map(|pool| instances(pool, plan, wish, now));
    Answer {
        launched: launched.collect(),
        refusals: fleet.errors.iter().map(|error| refusal(error, plan, wish)).collect(),
        findings: fleet.errors.iter().flat_map(|error| findings(error, plan, wish)).collect(),
        error: why(&fleet.errors, plan),
    }
}

fn instances(
    pool: &FleetInstances,
    plan: &FleetPlan,
    wish: &LaunchWish,
    now: Timestamp,
) -> Vec<Launched> {
    let overrides = || plan.templates.iter().flat_map(|(_, overrides)| overrides);
    let of_type = || overrides().find(|one| one.instance_type == pool.instance_type);
    let by_subnet = || {
        let subnet = pool.subnet.as_ref()?;
        wish.spec.subnets.iter().find(|one| one.id == *subnet).map(|one| one.zone.clone())
    };
    let zone = pool.zone.clone().or_else(by_subnet).or_else(|| Some(of_type()?.zone.clone()));
    let zone = zone.unwrap_or_default();
    let image = pool.image.clone().or_else(|| Some(of_type()?.image.clone())).unwrap_or_default();
    let bought = plan.pools.get(&(pool.instance_type.clone(), zone.clone()));
    let launched = |id: &String| Launched {
        id: id.clone(),
        instance_type: pool.instance_type.clone(),
        zone: zone.clone(),
        zone_id: zone_id(wish, &zone),
        capacity_type: if pool.is_spot { CapacityType::Spot } else { plan.capacity_type },
        reservation: bought.and_then(|(_, reservation)| reservation.clone()),
        image: image.clone(),
        price: bought.map(|(price, _)| *price),
        launched: now,
    };
    pool.ids.iter().map(launched).collect()
}

/// The id of a zone, if the class has a subnet there.
pub(crate) fn zone_id(wish: &LaunchWish, zone: &str) -> Option<String> {
    wish.spec.subnets.iter().find(|one| one.zone == zone).map(|one| one.zone_id.clone())
}

fn refusal(error: &FleetError, plan: &FleetPlan, wish: &LaunchWish) -> Refusal {
    let zone_id = error.zone.as_ref().and_then(|zone| zone_id(wish, zone));
    Refusal {
        capacity_type: plan.capacity_type,
        instance_type: error.instance_type.clone(),
        zone: error.zone.clone(),
        zone_id: zone_id.unwrap_or_default(),
        reason: Reason::of(&error.code, &error.message),
    }
}

fn findings(error: &FleetError, plan: &FleetPlan, wish: &LaunchWish) -> Vec<Finding> {
    if error.code == NO_SPOT_ROLE {
        return vec![Finding::CapacityType(CapacityType::Spot)];
    }
    let group = group(&wish.spec);
    let pool = |instance_type: &str, zone: &str| {
        Finding::Pool(PoolKey::new(plan.capacity_type, instance_type, zone).within(group.clone()))
    };
    let (Some(instance_type), Some(zone)) = (&error.instance_type, &error.zone) else {
        return Vec::new();
    };
    if error.message.contains(SPREAD_FULL) {
        let of_zone = plan.pools.keys().filter(|(_, other)| other == zone);
        return of_zone.map(|(instance_type, zone)| pool(instance_type, zone)).collect();
    }
    if !is_capacity(&error.code) {
        return Vec::new();
    }
    if plan.capacity_type == CapacityType::Reserved {
        let bought = plan.pools.get(&(instance_type.clone(), zone.clone()));
        let reservation = bought.and_then(|(_, reservation)| reservation.as_ref());
        return reservation.map(|one| Finding::Reservation(one.id.clone())).into_iter().collect();
    }
    match (error.code.as_str(), &error.subnet) {
        // Another subnet of the zone may have addresses, so the pool itself stays.
        (SUBNET_FULL, Some(subnet)) => vec![Finding::Subnet(subnet.clone())],
        (code, _) if QUOTA.contains(&code) => vec![
            pool(instance_type, zone),
            Finding::Quota {
                instance_type: instance_type.clone(),
                capacity_type: plan.capacity_type,
                message: error.message.clone(),
            },
        ],
        _ => vec![pool(instance_type, zone)],
    }
}

/// Why there are not as many instances as were asked for.
fn why(errors: &[FleetError], plan: &FleetPlan) -> CloudError {
    let other = errors.iter().find(|one| !is_capacity(&one.code) && one.code != NO_SPOT_ROLE);
    if let Some(other) = other {
        return failure(other, errors).into();
    }
    CloudError::InsufficientCapacity(shortage(errors, plan))
}

/// The error of a fleet as that of a call, with all messages, each once.
fn failure(first: &FleetError, errors: &[FleetError]) -> ApiError {
    let mut messages: Vec<String> = Vec::new();
    for error in errors {
        let message = format!("{}: {}", error.code, error.message);
        if !messages.contains(&message) {
            messages.push(message);
        }
    }
    ApiError {
        service: Service::Ec2,
        operation: "CreateFleet",
        fault: Fault::Service { code: first.code.clone(), message: messages.join("; "), status: 0 },
        request_id: None,
    }
}

/// The shortage whose fix is nearest: one that somebody can mend before one that has to pass.
fn shortage(errors: &[FleetError], plan: &FleetPlan) -> Shortage {
    let has = |code: &str| errors.iter().any(|one| one.code == code);
    let refused = refused(errors, plan);
    if has(NO_SPOT_ROLE) {
        Shortage::SpotRole
    } else if has(FLEETS) {
        Shortage::Fleets
    } else if QUOTA.iter().any(|code| has(code)) {
        let told = errors.iter().find_map(|one| crate::quota::limit_in(&one.message));
        Shortage::Quota { capacity_type: plan.capacity_type, limit_vcpus: told, refused }
    } else if has(SUBNET_FULL) {
        let full = errors.iter().filter(|one| one.code == SUBNET_FULL);
        let subnets: BTreeSet<String> = full.filter_map(|one| one.subnet.clone()).collect();
        Shortage::Addresses { subnets: subnets.into_iter().collect(), refused }
    } else if errors.is_empty() {
        let because = "EC2 launched fewer than it was asked for and does not say why".to_owned();
        Shortage::NoOffering { because }
    } else {
        Shortage::Capacity { refused }
    }
}

fn refused(errors: &[FleetError], plan: &FleetPlan) -> Vec<Refused> {
    let of_error = |error: &FleetError| {
        let (instance_type, zone) = (error.instance_type.clone()?, error.zone.clone()?);
        let bought = plan.pools.get(&(instance_type.clone(), zone.clone()));
        let reservation = bought.and_then(|(_, one)| Some(one.as_ref()?.id.clone()));
        let capacity_type = plan.capacity_type;
        let offering = OfferingKey { instance_type, zone, capacity_type, reservation };
        Some(Refused { offering, code: error.code.clone() })
    };
    let refused: BTreeSet<Refused> = errors.iter().filter_map(of_error).collect();
    refused.into_iter().collect()
}
