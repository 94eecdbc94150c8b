//! Each launch against its pool, type and offering.

use std::collections::BTreeSet;

use super::alternative::{Alternatives, Chosen};
use super::face::Faces;
use super::selection::Selections;
use super::supply::{Names, first_wrong_label, offering};
use super::violation::{Place, Violation};
use super::world::{SiteKind, World};
use crate::model::attachment::places;
use crate::model::{NodePool, Offering, Resources, Taint};
use crate::plan::PlannedNode;

/// Checks every launch, its pods and taints left out.
pub(super) fn check<'a>(
    world: &World<'a>,
    faces: &mut Faces<'a>,
    selections: &mut Selections<'a>,
    found: &mut Vec<Violation>,
) {
    if !world.sites.iter().any(|site| matches!(site.kind, SiteKind::Planned(..))) {
        return;
    }
    let mut names = Names::new(&world.snapshot.supply);
    let mut alternatives = Alternatives::new(world, selections);
    let mut well_labelled = BTreeSet::new();
    for (index, site) in world.sites.iter().enumerate() {
        let SiteKind::Planned(_, node) = site.kind else {
            continue;
        };
        let face = faces.of_node(node);
        check_load(world, index, faces, face, found);
        let place = || site.place();
        let Some((pool, chosen)) = check_offering(&place, node, &mut names, found) else {
            continue;
        };
        if pool.replicas.is_some() {
            let node_pool = node.node_pool.clone();
            found.push(Violation::StaticPool { place: place(), node_pool });
        }
        // Many launches are alike; their labels are gone through once.
        if !well_labelled.contains(&(face, std::ptr::from_ref(chosen.offering))) {
            match wrong_label(&place, chosen) {
                Some(wrong) => found.push(wrong),
                None => {
                    well_labelled.insert((face, std::ptr::from_ref(chosen.offering)));
                }
            }
        }
        if !same_taints(&node.taints, &pool.taints) {
            found.push(Violation::WrongTaints { place: place() });
        }
        alternatives.check(world, index, chosen, &mut names, faces, found);
    }
}

/// The pool and the offering, if both are real.
pub(super) fn check_offering<'a>(
    place: &impl Fn() -> Place,
    node: &'a PlannedNode,
    names: &mut Names<'a>,
    found: &mut Vec<Violation>,
) -> Option<(&'a NodePool, Chosen<'a>)> {
    let Some(pool) = names.pool(&node.node_pool) else {
        let node_pool = node.node_pool.clone();
        found.push(Violation::UnknownPool { place: place(), node_pool });
        return None;
    };
    let Some(listed) = names.instance_type(pool, &node.instance_type) else {
        found.push(Violation::UnknownInstanceType { place: place() });
        return None;
    };
    let instance_type = listed.instance_type;
    if node.allocatable != listed.allocatable {
        found.push(Violation::WrongAllocatable { place: place() });
    }
    if node.capacity != instance_type.capacity {
        found.push(Violation::WrongCapacity { place: place() });
    }
    let reservation = node.reservation.as_deref();
    let sold: Option<&Offering> =
        offering(instance_type, &node.zone, node.capacity_type, reservation);
    let Some(offering) = sold else {
        found.push(Violation::UnknownOffering { place: place() });
        return None;
    };
    if !names.on_sale(instance_type, offering) {
        found.push(Violation::UnavailableOffering { place: place() });
    }
    if node.price != offering.price {
        let (planned, actual) = (node.price, offering.price);
        found.push(Violation::WrongPrice { place: place(), planned, actual });
    }
    Some((pool, Chosen { pool, node, instance_type, offering }))
}

/// A label that a node of the offering will not have as planned.
pub(super) fn wrong_label(place: &impl Fn() -> Place, chosen: Chosen<'_>) -> Option<Violation> {
    let Chosen { pool, node, instance_type, offering } = chosen;
    let key = first_wrong_label(pool, instance_type, offering, &node.labels)?;
    let planned = node.labels.get(key).cloned();
    Some(Violation::WrongLabel { place: place(), key: key.to_owned(), planned })
}

/// Daemons, pods and their sum.
fn check_load(
    world: &World<'_>,
    index: usize,
    faces: &Faces<'_>,
    face: usize,
    found: &mut Vec<Violation>,
) {
    let site = &world.sites[index];
    let SiteKind::Planned(_, node) = site.kind else {
        return;
    };
    if node.pods.is_empty() {
        found.push(Violation::EmptyLaunch { place: site.place() });
    }
    let face = faces.get(face);
    let enough = face.daemons.fits(&node.daemons);
    if !enough || !node.daemons.fits(&face.daemons_anywhere) {
        found.push(Violation::WrongDaemons {
            place: site.place(),
            planned: node.daemons.clone(),
            actual: face.daemons.clone(),
        });
    }
    let mut load = node.daemons.clone();
    load.add(&pods_at(world, index));
    if !(load.fits(&node.requests) && node.requests.fits(&load)) {
        found.push(Violation::WrongRequests {
            place: site.place(),
            planned: node.requests.clone(),
            actual: load.clone(),
        });
    }
    if let Some((resource, wanted)) = first_exceeding(&load, &node.allocatable) {
        found.push(Violation::Overfull {
            place: site.place(),
            available: node.allocatable.get(&resource),
            resource,
            wanted,
        });
    }
}

/// Requests of the pods that the plan places on a new node; volumes that they share count once.
pub(super) fn pods_at(world: &World<'_>, site: usize) -> Resources {
    let mut load = Resources::default();
    let mut mounted = BTreeSet::new();
    for group in world.groups_at(site) {
        let spec = world.specs[group.spec];
        load.add_times(&spec.requests, group.placed);
        mounted.extend(&spec.shared_volumes);
    }
    load.add(&places(mounted));
    load
}

/// The first resource of which more is asked for than there is.
pub(super) fn first_exceeding(load: &Resources, room: &Resources) -> Option<(String, i64)> {
    let mut over = load.iter().filter(|(name, amount)| *amount > room.get(name));
    over.next().map(|(name, amount)| (name.to_owned(), amount))
}

pub(super) fn same_taints(planned: &[Taint], pool: &[Taint]) -> bool {
    planned == pool || BTreeSet::from_iter(planned) == BTreeSet::from_iter(pool)
}
