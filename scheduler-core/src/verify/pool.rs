//! Limits of `NodePool`s, and what reservations have left.

use std::collections::BTreeMap;

use super::violation::Violation;
use super::world::{SiteKind, World};
use crate::model::Resources;
use crate::plan::Plan;

/// Capacity and number of a pool's nodes.
#[derive(Debug, Default)]
struct Usage {
    capacity: Resources,
    nodes: i64,
    launches: i64,
}

/// Checks that no reservation has more nodes launched into it than it has left, which is the least
/// that any catalogue says.
pub(super) fn check_reservations(world: &World<'_>, plan: &Plan, found: &mut Vec<Violation>) {
    let mut launches: BTreeMap<&str, usize> = BTreeMap::new();
    for reservation in plan.all_launches().filter_map(|node| node.reservation.as_deref()) {
        *launches.entry(reservation).or_default() += 1;
    }
    if launches.is_empty() {
        return;
    }
    let mut remaining: BTreeMap<&str, u32> = BTreeMap::new();
    let types = world.snapshot.supply.all_catalogs().flatten();
    for one in types.flat_map(|one| &one.offerings).filter_map(|one| one.reservation.as_ref()) {
        let known = remaining.entry(&one.id).or_insert(one.remaining);
        *known = one.remaining.min(*known);
    }
    for (reservation, launches) in launches {
        let remaining = remaining.get(reservation).copied().unwrap_or(0);
        if launches > remaining as usize {
            let reservation = reservation.to_owned();
            found.push(Violation::ReservationExceeded { reservation, remaining, launches });
        }
    }
}

/// Checks the limits of every pool that the plan launches nodes of. A pool that is over its limit
/// already is not the plan's fault, and a node that the plan gives up still counts: it leaves
/// later than the new ones come.
pub(super) fn check_limits(world: &World<'_>, found: &mut Vec<Violation>) {
    let mut usage: BTreeMap<&str, Usage> = BTreeMap::new();
    for site in &world.sites {
        let (pool, capacity, launches) = match site.kind {
            SiteKind::Existing(node) if node.node.deleting => continue,
            SiteKind::Existing(node) => {
                let Some(pool) = &node.node.node_pool else {
                    continue;
                };
                (pool, &node.node.capacity, 0)
            }
            SiteKind::Planned(_, node) => (&node.node_pool, &node.capacity, 1),
        };
        let usage = usage.entry(pool).or_default();
        usage.capacity.add(capacity);
        usage.nodes += 1;
        usage.launches += launches;
    }
    for pool in &world.snapshot.supply.node_pools {
        let Some(usage) = usage.get(pool.name.as_str()) else {
            continue;
        };
        if usage.launches == 0 {
            continue;
        }
        for (resource, limit) in &pool.limits.0 {
            let total =
                if resource == "nodes" { usage.nodes } else { usage.capacity.get(resource) };
            if total > *limit {
                found.push(Violation::LimitExceeded {
                    node_pool: pool.name.clone(),
                    resource: resource.clone(),
                    limit: *limit,
                    total,
                });
            }
        }
    }
}
