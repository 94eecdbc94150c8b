//! What the free room of existing nodes, and of reserved ones, can take.

use std::collections::BTreeMap;

use super::kinds::Kinds;
use super::knapsack::upper_bound;
use super::offered::reserved;
use super::simplex::{Node, Simplex};
use crate::snapshot::NodeWithPods;
use crate::verify::face::first_untolerated;
use crate::verify::node::missing_daemons;
use crate::verify::world::{Site, SiteKind, World, admitted};

/// No placing of the pods puts more value than this on nodes that are paid for already: those that
/// exist and are not going away, and those that are reserved.
pub(super) fn value_on_paid(world: &World<'_>, kinds: &Kinds<'_>) -> i128 {
    let mut rooms = rooms(world, kinds);
    for one in reserved(&world.snapshot.supply, kinds) {
        *rooms.entry((one.room, one.admitted)).or_default() += i128::from(one.nodes);
    }
    let mut largest = vec![0; kinds.resources.len()];
    for (room, _) in rooms.keys() {
        largest.iter_mut().zip(room).for_each(|(most, room)| *most = (*most).max(*room));
    }
    let mut simplex = Simplex::new(&kinds.items, &largest);
    let lower = vec![0; kinds.items.len()];
    let mut total: i128 = 0;
    for ((room, admitted), nodes) in &rooms {
        let most = |kind: usize| kinds.most(kind, room, admitted);
        let upper: Vec<i64> = (0..kinds.items.len()).map(most).collect();
        if upper.iter().any(|pods| *pods > 0) {
            let node = Node { room, lower: &lower, upper: &upper };
            let multipliers = simplex.solve(node).multipliers;
            let most = upper_bound(&kinds.items, &multipliers, node);
            total = total.saturating_add(most.saturating_mul(*nodes));
        }
    }
    total
}

/// Free room and the asks that are admitted there, with the number of such nodes. Nodes on which
/// nothing fits are left out.
fn rooms(world: &World<'_>, kinds: &Kinds<'_>) -> BTreeMap<(Vec<i64>, Vec<bool>), i128> {
    let requests: Vec<Vec<i64>> =
        world.specs.iter().map(|spec| kinds.room(&spec.requests)).collect();
    let least = least_requests(kinds);
    let too_small = |room: &[i64]| room.iter().zip(&least).any(|(there, asked)| there < asked);
    let mut rooms = BTreeMap::new();
    for (index, site) in world.sites.iter().enumerate() {
        let SiteKind::Existing(node) = site.kind else {
            continue;
        };
        if node.node.deleting {
            continue;
        }
        let mut room = kinds.room(&node.node.allocatable);
        for group in world.groups_at(index).iter().filter(|group| group.bound > 0) {
            let asked = room.iter_mut().zip(&requests[group.spec]);
            asked.for_each(|(there, asked)| *there -= asked * group.bound);
        }
        if too_small(&room) {
            continue;
        }
        for daemon in missing_daemons(world, node) {
            let asked = room.iter_mut().zip(kinds.room(&daemon.requests));
            asked.for_each(|(there, asked)| *there -= asked);
        }
        if too_small(&room) {
            continue;
        }
        for there in &mut room {
            *there = (*there).max(0);
        }
        *rooms.entry((room, asks_of(kinds, site, node))).or_default() += 1;
    }
    rooms
}

/// The least that any pod asks for, of each resource: less room than that is none. A resource
/// that some kind does not ask for shuts nobody out.
fn least_requests(kinds: &Kinds<'_>) -> Vec<i64> {
    let least = |resource: usize| {
        let asked = (0..kinds.items.len()).map(|kind| kinds.items.request(kind)[resource]);
        asked.min().filter(|least| *least > 0).unwrap_or(i64::MIN)
    };
    (0..kinds.resources.len()).map(least).collect()
}

fn asks_of(kinds: &Kinds<'_>, site: &Site<'_>, node: &NodeWithPods) -> Vec<bool> {
    let asks = kinds.asks.iter().map(|ask| {
        first_untolerated(ask.tolerations, &node.node.taints).is_none()
            && admitted(ask.alternatives, |key| site.label(key))
    });
    asks.collect()
}
