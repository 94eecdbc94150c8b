//! The platform before autoscaling: a fleet of one type, as large as the peak needs, around the
//! clock.
//!
//! For each type that the strategy's pools allow, the trace is replayed on a cluster that gets one
//! more node whenever the binder finds no place for a pod. The type whose fleet costs least is
//! taken; then the trace is replayed with the whole fleet standing from the start, which scatters
//! pods differently, until it needs no more nodes. What is recorded is the last of these replays:
//! no pod waits, and every node is paid for from the first second to the last.

use std::ops::ControlFlow;

use jiff::Timestamp;
use scheduler_core::model::{
    CapacityType, InstanceType, NodePool, Offering, Resources, well_known,
};

use super::drive::{Driver, drive};
use super::{Contestant, Course, ReplayError, outcome};
use crate::outcome::Outcome;
use crate::world::{StandingFleet, World};

/// Most replays until the fleet suffices; what waits after the last one is shown as waiting.
const ROUNDS_MAX: usize = 8;

pub(super) fn run(course: &Course<'_>, contestant: &Contestant) -> Result<Outcome, ReplayError> {
    let strategy = &contestant.strategy;
    let candidates = candidates(course, contestant);
    let mut best: Option<(i64, StandingFleet<'_>)> = None;
    for candidate in candidates {
        // Candidates come by the least that they can cost.
        if best.as_ref().is_some_and(|(cost, _)| candidate.least_cost >= *cost) {
            break;
        }
        let price = candidate.price.max(1);
        let most = best.as_ref().map_or(usize::MAX, |(cost, _)| ((cost - 1) / price) as usize);
        let grown = grow(course, contestant, candidate.fleet, most)?;
        if grown.taken.len() <= most {
            best = Some((price * grown.taken.len() as i64, grown));
        }
    }
    let Some((_, mut fleet)) = best else {
        return Err(ReplayError::NoFleet { strategy: strategy.name.clone() });
    };
    for _ in 0..ROUNDS_MAX {
        let nodes = fleet.taken.len();
        fleet = grow(course, contestant, fleet, usize::MAX)?;
        if fleet.taken.len() == nodes {
            break;
        }
    }
    let mut world = standing_world(course, contestant, &fleet);
    course.drive(&mut world, &mut Unattended, &strategy.name)?;
    let description =
        format!("{}: {} × {}", strategy.description, fleet.taken.len(), fleet.instance_type.name);
    Ok(outcome(strategy, description, world, Vec::new()))
}

/// A type that the fleet could be of.
#[derive(Debug)]
struct Candidate<'a> {
    /// What the fleet costs if nothing is lost between pods and nodes.
    least_cost: i64,
    /// A node's price, in micro-dollars an hour.
    price: i64,
    fleet: StandingFleet<'a>,
}

/// Types that hold the largest pods, by the least that their fleet can cost, then by name.
fn candidates<'a>(course: &Course<'_>, contestant: &'a Contestant) -> Vec<Candidate<'a>> {
    let supply = &contestant.supply;
    let mut daemons = Resources::default();
    for daemon_set in &supply.daemon_sets {
        daemons.add(&daemon_set.spec.requests);
    }
    let mut candidates: Vec<Candidate<'a>> = Vec::new();
    for pool in &supply.node_pools {
        for instance_type in supply.catalog(pool) {
            let offerings = offerings(pool, instance_type);
            let mut room = instance_type.allocatable();
            room.subtract(&daemons);
            let nodes = least_nodes(course, &room);
            let price = offerings.iter().map(|offering| offering.price.micro_usd()).max();
            if let (Some(nodes), Some(price)) = (nodes, price) {
                let fleet = StandingFleet { pool, instance_type, offerings, taken: Vec::new() };
                candidates.push(Candidate { least_cost: nodes * price, price, fleet });
            }
        }
    }
    candidates.sort_by(|a, b| {
        (a.least_cost, &a.fleet.instance_type.name)
            .cmp(&(b.least_cost, &b.fleet.instance_type.name))
    });
    candidates
}

/// On-demand offerings of a type that the pool admits.
fn offerings(pool: &NodePool, instance_type: &InstanceType) -> Vec<Offering> {
    let admits =
        |key: &str, value: &str| pool.requirements.get(key).is_none_or(|wanted| wanted.has(value));
    let suits = pool.requirements.first_conflict(&instance_type.requirements).is_none()
        && admits(well_known::INSTANCE_TYPE, &instance_type.name);
    let sold = instance_type.offerings.iter().filter(|offering| {
        suits
            && offering.available
            && offering.capacity_type == CapacityType::OnDemand
            && admits(well_known::CAPACITY_TYPE, offering.capacity_type.as_str())
            && admits(well_known::ZONE, &offering.zone)
    });
    sold.cloned().collect()
}

/// Nodes without which the peak cannot be held; `None` if some pod is too large for any of them.
fn least_nodes(course: &Course<'_>, room: &Resources) -> Option<i64> {
    let divisor = i64::from(course.options.divide_requests.max(1));
    let scan = &course.scan;
    let memory = |mib: i64| (mib << 20) / divisor;
    let cpu_fits = scan.largest_cpu_milli / divisor <= room.cpu_milli;
    let memory_fits = memory(scan.largest_memory_mib) <= room.memory_bytes;
    if !cpu_fits || !memory_fits || room.cpu_milli <= 0 || room.memory_bytes <= 0 {
        return None;
    }
    let by_cpu = ceiling(scan.peak_cpu_milli / divisor, room.cpu_milli);
    Some(by_cpu.max(ceiling(memory(scan.peak_memory_mib), room.memory_bytes)).max(1))
}

fn ceiling(amount: i64, of: i64) -> i64 {
    amount.div_euclid(of) + i64::from(amount.rem_euclid(of) > 0)
}

/// The fleet after a replay that adds nodes where pods find no place; given up beyond `most`.
fn grow<'a>(
    course: &Course<'_>,
    contestant: &Contestant,
    fleet: StandingFleet<'a>,
    most: usize,
) -> Result<StandingFleet<'a>, ReplayError> {
    let mut world = standing_world(course, contestant, &fleet);
    let mut driver = Growing { fleet, most };
    drive(&mut world, &course.options.trace, &mut driver, &|_| {})?;
    Ok(driver.fleet)
}

fn standing_world(
    course: &Course<'_>,
    contestant: &Contestant,
    fleet: &StandingFleet<'_>,
) -> World {
    let mut world = course.world(contestant);
    for position in &fleet.taken {
        world.add_standing_node(fleet.pool, fleet.instance_type, &fleet.offerings[*position]);
    }
    world
}

/// Adds nodes where pods find no place.
#[derive(Debug)]
struct Growing<'a> {
    fleet: StandingFleet<'a>,
    most: usize,
}

impl Driver for Growing<'_> {
    fn answer(&mut self, world: &mut World) -> ControlFlow<(), Option<Timestamp>> {
        world.grow(&mut self.fleet, self.most);
        if self.fleet.taken.len() > self.most {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(None)
        }
    }
}

/// Does nothing.
#[derive(Clone, Copy, Debug)]
struct Unattended;

impl Driver for Unattended {
    fn answer(&mut self, world: &mut World) -> ControlFlow<(), Option<Timestamp>> {
        world.blame_size();
        ControlFlow::Continue(None)
    }
}
