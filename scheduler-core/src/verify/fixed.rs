//! Pools with a fixed number of nodes: what is launched for them, and what is given up.

use std::collections::BTreeMap;

use super::face::Faces;
use super::launch::{check_offering, same_taints, wrong_label};
use super::supply::Names;
use super::violation::{Place, Violation};
use super::world::World;
use crate::plan::{Action, DisruptionReason, Plan};

/// Checks launches for static pools one by one, and how many nodes every static pool has then.
pub(super) fn check<'a>(
    world: &World<'a>,
    plan: &'a Plan,
    faces: &mut Faces<'a>,
    found: &mut Vec<Violation>,
) {
    let supply = &world.snapshot.supply;
    let mut names = Names::new(supply);
    let mut launched: BTreeMap<&str, i64> = BTreeMap::new();
    for (index, node) in plan.static_launches().enumerate() {
        let place = || Place::Static {
            index,
            node_pool: node.node_pool.clone(),
            instance_type: node.instance_type.clone(),
        };
        *launched.entry(&node.node_pool).or_default() += 1;
        let Some((pool, chosen)) = check_offering(&place, node, &mut names, found) else {
            continue;
        };
        if pool.replicas.is_none() || !node.pods.is_empty() {
            let (place, node_pool) = (place(), node.node_pool.clone());
            found.push(Violation::NotStatic { place, node_pool });
        }
        found.extend(wrong_label(&place, chosen));
        if !same_taints(&node.taints, &pool.taints) {
            found.push(Violation::WrongTaints { place: place() });
        }
        let face = faces.of_node(node);
        let actual = &faces.get(face).daemons;
        if !actual.fits(&node.daemons) {
            let (planned, actual) = (node.daemons.clone(), actual.clone());
            found.push(Violation::WrongDaemons { place: place(), planned, actual });
        }
    }
    for pool in &supply.node_pools {
        let Some(replicas) = pool.replicas.map(i64::from) else { continue };
        let of_pool = || {
            let nodes = world.snapshot.nodes.iter().map(|node| &node.node);
            nodes.filter(|node| node.node_pool.as_ref() == Some(&pool.name))
        };
        let launched = launched.get(pool.name.as_str()).copied().unwrap_or(0);
        let given_up = plan.actions.iter().filter(|action| {
            matches!(action, Action::Terminate { node, reason: DisruptionReason::ScaledDown }
                if of_pool().any(|one| one.name == *node))
        });
        let given_up = given_up.count() as i64;
        let running = of_pool().filter(|node| !node.deleting).count() as i64;
        let (then, present) = (running + launched - given_up, of_pool().count() as i64);
        let over = pool.limits.0.get("nodes").filter(|limit| present + launched > **limit);
        if let Some(limit) = over.filter(|_| launched > 0) {
            found.push(Violation::LimitExceeded {
                node_pool: pool.name.clone(),
                resource: "nodes".to_owned(),
                limit: *limit,
                total: present + launched,
            });
        }
        if (launched > 0 && then > replicas) || (given_up > 0 && then < replicas) {
            found.push(Violation::Replicas { node_pool: pool.name.clone(), replicas, then });
        }
    }
}
