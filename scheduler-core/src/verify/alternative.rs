//! The other offerings that a launch leaves to EC2: each must do as well as the chosen one.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::face::{Faces, Verdict};
use super::launch::{first_exceeding, pods_at};
use super::selection::Selections;
use super::supply::{Names, first_wrong_label, labels_of, offering, open_labels};
use super::violation::{AlternativeFault, Violation};
use super::world::World;
use crate::engine::MinValuesPolicy;
use crate::model::well_known::{CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE, ZONE};
use crate::model::{
    CapacityType, InstanceType, Labels, NodePool, Offering, OfferingKey, Price, Resources,
};
use crate::plan::{Alternative, PlannedNode};

/// A launch with what it names.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chosen<'a> {
    pub(super) pool: &'a NodePool,
    pub(super) node: &'a PlannedNode,
    pub(super) instance_type: &'a InstanceType,
    pub(super) offering: &'a Offering,
}

/// What is known about alternatives; launches share most of theirs.
#[derive(Debug)]
pub(super) struct Alternatives<'a> {
    /// By spec: topology keys on which its pods, or pods that look at them, depend.
    ties: Vec<BTreeSet<&'a str>>,
    /// Sets of open labels, numbered.
    open: BTreeMap<Labels, usize>,
    /// By pool, open labels and offering.
    known: BTreeMap<(*const NodePool, usize, *const Offering), Known>,
    /// Launches with nothing wrong: many are alike in all that is looked at here.
    right: BTreeSet<Launch>,
}

/// What the judgement of a launch depends on: face, chosen offering, pods by spec, alternatives by
/// address, what is said about `minValues`.
type Launch = (usize, *const Offering, Vec<(usize, i64)>, usize, bool);

/// An offering as a pool would run it.
#[derive(Clone, Debug)]
struct Known {
    face: usize,
    labels: Labels,
    /// Allocatable less the daemons.
    room: Resources,
    fault: Option<AlternativeFault>,
}

impl<'a> Alternatives<'a> {
    pub(super) fn new(world: &World<'a>, selections: &mut Selections<'a>) -> Self {
        let ties = ties(world, selections);
        Self { ties, open: BTreeMap::new(), known: BTreeMap::new(), right: BTreeSet::new() }
    }

    /// Checks the alternatives of one launch.
    pub(super) fn check(
        &mut self,
        world: &World<'a>,
        site: usize,
        chosen: Chosen<'a>,
        names: &mut Names<'a>,
        faces: &mut Faces<'a>,
        found: &mut Vec<Violation>,
    ) {
        let node = chosen.node;
        let face = faces.of_node(node);
        let pods = world.groups_at(site).iter().map(|group| (group.spec, group.placed)).collect();
        let launch = (
            face,
            std::ptr::from_ref(chosen.offering),
            pods,
            Arc::as_ptr(&node.alternatives).addr(),
            node.min_values_relaxed,
        );
        if self.right.contains(&launch) {
            return;
        }
        let before = found.len();
        self.check_fresh(world, site, chosen, names, faces, found);
        if found.len() == before {
            self.right.insert(launch);
        }
    }

    fn check_fresh(
        &mut self,
        world: &World<'a>,
        site: usize,
        chosen: Chosen<'a>,
        names: &mut Names<'a>,
        faces: &mut Faces<'a>,
        found: &mut Vec<Violation>,
    ) {
        let node = chosen.node;
        check_min_values(world, site, chosen, names, found);
        if node.alternatives.is_empty() {
            return;
        }
        let open = open_labels(chosen.pool, chosen.instance_type, &node.labels);
        let fresh = self.open.len();
        let open_number = *self.open.entry(open.clone()).or_insert(fresh);
        let ceiling = ceiling(world, chosen);
        let pods = pods_at(world, site);
        let groups = world.groups_at(site);
        let tied: BTreeSet<&str> =
            groups.iter().flat_map(|group| self.ties[group.spec].iter().copied()).collect();
        for (index, alternative) in node.alternatives.iter().enumerate() {
            let mut judge = || {
                if is_chosen(node, alternative) {
                    return Some(AlternativeFault::Chosen);
                }
                if index > 0 && node.alternatives[index - 1] >= *alternative {
                    return Some(AlternativeFault::OutOfOrder);
                }
                let Some(listed) = names.instance_type(chosen.pool, &alternative.instance_type)
                else {
                    return Some(AlternativeFault::Unknown);
                };
                let (kind, allocatable) = (listed.instance_type, &listed.allocatable);
                if alternative.capacity_type == CapacityType::Reserved {
                    return Some(AlternativeFault::Reserved);
                }
                let sold = offering(kind, &alternative.zone, alternative.capacity_type, None);
                let Some(sold) = sold else {
                    return Some(AlternativeFault::Unknown);
                };
                if sold.price != alternative.price {
                    return Some(AlternativeFault::Price(sold.price));
                }
                let risk_price = sold.risk_price(world.interruption_cost);
                if risk_price != alternative.risk_price {
                    return Some(AlternativeFault::RiskPrice(risk_price));
                }
                if risk_price > ceiling {
                    return Some(AlternativeFault::AboveCeiling);
                }
                let key = (std::ptr::from_ref(chosen.pool), open_number, std::ptr::from_ref(sold));
                #[expect(
                    clippy::map_entry,
                    reason = "the closure of an entry would borrow `names`"
                )]
                if !self.known.contains_key(&key) {
                    let mut room = allocatable.clone();
                    let labels = labels_of(chosen.pool, kind, sold, &open);
                    let face = faces.number(Cow::Owned(labels.clone()), &chosen.pool.taints);
                    room.subtract(&faces.get(face).daemons);
                    let fault = fault(chosen.pool, kind, sold, &labels, names);
                    self.known.insert(key, Known { face, labels, room, fault });
                }
                let known = &self.known[&key];
                known
                    .fault
                    .clone()
                    .or_else(|| judge_pods(world, site, known, chosen.pool, &tied, &pods, faces))
            };
            if let Some(fault) = judge() {
                let offering = OfferingKey {
                    instance_type: alternative.instance_type.clone(),
                    zone: alternative.zone.clone(),
                    capacity_type: alternative.capacity_type,
                    reservation: None,
                };
                let place = world.sites[site].place();
                found.push(Violation::Alternative { place, offering, fault });
            }
        }
    }
}

/// The most that an alternative may cost. A pool that asks for several values of a label needs
/// dearer ones too.
fn ceiling(world: &World<'_>, chosen: Chosen<'_>) -> Price {
    if chosen.pool.requirements.iter().any(|(_, one)| one.min_values.is_some()) {
        return Price::from_micro_usd(i64::MAX);
    }
    let price = chosen.offering.risk_price(world.interruption_cost).micro_usd();
    let most = i128::from(price) * i128::from(world.ceiling_percent) / 100;
    Price::from_micro_usd(most.min(i64::MAX.into()) as i64)
}

fn is_chosen(node: &PlannedNode, alternative: &Alternative) -> bool {
    node.instance_type == alternative.instance_type
        && node.zone == alternative.zone
        && node.capacity_type == alternative.capacity_type
}

/// What is wrong with an offering whatever the pods are.
fn fault(
    pool: &NodePool,
    instance_type: &InstanceType,
    offering: &Offering,
    labels: &Labels,
    names: &Names<'_>,
) -> Option<AlternativeFault> {
    if !names.on_sale(instance_type, offering) {
        return Some(AlternativeFault::Unavailable);
    }
    let wrong = first_wrong_label(pool, instance_type, offering, labels);
    wrong.map(|key| AlternativeFault::Pool { key: key.to_owned() })
}

/// What is wrong with an offering for these pods.
fn judge_pods<'a>(
    world: &World<'a>,
    site: usize,
    known: &Known,
    pool: &'a NodePool,
    tied: &BTreeSet<&str>,
    pods: &Resources,
    faces: &mut Faces<'a>,
) -> Option<AlternativeFault> {
    if let Some((resource, _)) = first_exceeding(pods, &known.room) {
        return Some(AlternativeFault::TooSmall { resource });
    }
    let planned = world.sites[site].labels();
    if let Some(key) = tied.iter().find(|key| planned.get(**key) != known.labels.get(**key)) {
        return Some(AlternativeFault::Topology { key: (*key).to_owned() });
    }
    let groups = world.groups_at(site);
    let refused = groups.iter().find(|group| {
        let spec = (group.spec, world.specs[group.spec]);
        faces.verdict(known.face, spec, &known.labels, &pool.taints) != Verdict::Admitted
    });
    if let Some(group) = refused {
        return group.first.map(|pod| AlternativeFault::Pod(pod.clone()));
    }
    let mut ports = groups.iter().flat_map(|group| &world.specs[group.spec].host_ports);
    let daemons = &faces.get(known.face).daemon_ports;
    let clash = ports.find(|port| daemons.iter().any(|daemon| daemon.conflicts(port)));
    clash.map(|port| AlternativeFault::HostPort(port.port))
}

/// The pool's `minValues` against the chosen offering and the alternatives together.
fn check_min_values<'a>(
    world: &World<'a>,
    site: usize,
    chosen: Chosen<'a>,
    names: &mut Names<'a>,
    found: &mut Vec<Violation>,
) {
    let mut relaxed = false;
    for (key, requirement) in chosen.pool.requirements.iter() {
        let Some(wanted) = requirement.min_values else {
            continue;
        };
        let mut values: BTreeSet<String> = BTreeSet::new();
        values.extend(chosen.node.labels.get(key).cloned());
        for alternative in chosen.node.alternatives.iter() {
            match key {
                ZONE => values.extend([alternative.zone.clone()]),
                CAPACITY_TYPE => values.extend([alternative.capacity_type.as_str().to_owned()]),
                INSTANCE_TYPE => values.extend([alternative.instance_type.clone()]),
                other => {
                    let listed = names.instance_type(chosen.pool, &alternative.instance_type);
                    let labels = listed.and_then(|one| one.instance_type.requirements.get(other));
                    let finite = labels.and_then(|one| one.finite_values());
                    values.extend(finite.into_iter().flatten().cloned());
                }
            }
        }
        let short = values.len() < wanted as usize;
        relaxed |= short;
        if short && world.min_values_policy == MinValuesPolicy::Strict {
            found.push(Violation::MinValues {
                place: world.sites[site].place(),
                key: key.to_owned(),
                wanted,
                found: values.len(),
            });
        }
    }
    let told = chosen.node.min_values_relaxed;
    // Under the strict policy a lack has been reported as such.
    if told && !relaxed || !told && relaxed && world.min_values_policy != MinValuesPolicy::Strict {
        found.push(Violation::WrongRelaxation { place: world.sites[site].place(), told });
    }
}

/// By spec: topology keys of the constraints of its pods, and of constraints of other pods that
/// are about them. A node may only be exchanged for one with the same values of these labels.
fn ties<'a>(world: &World<'a>, selections: &mut Selections<'a>) -> Vec<BTreeSet<&'a str>> {
    let mut ties: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); world.specs.len()];
    for (index, spec) in world.specs.iter().enumerate() {
        let placed = world.by_spec[index].iter().any(|group| world.groups[*group].placed > 0);
        let spreads = spec.topology_spread.iter().filter(|one| one.required && placed);
        for spread in spreads.filter(|one| one.topology_key != HOSTNAME) {
            ties[index].insert(&spread.topology_key);
            let selected = selections.of_spread(world, &spec.namespace, &spread.selector);
            selected.iter().for_each(|other| {
                ties[*other].insert(&spread.topology_key);
            });
        }
        for term in spec.pod_anti_affinity.iter().filter(|term| term.topology_key != HOSTNAME) {
            ties[index].insert(&term.topology_key);
            selections.of_term(world, term).iter().for_each(|other| {
                ties[*other].insert(&term.topology_key);
            });
        }
        // The anti-affinity of bound pods concerns new ones; their affinity is past. It is about
        // pods that all of its terms select.
        let terms = &spec.pod_affinity;
        let selected: Vec<Arc<Vec<usize>>> =
            terms.iter().map(|term| selections.of_term(world, term)).collect();
        let by_all = |other: &usize| selected.iter().all(|one| one.binary_search(other).is_ok());
        let near = (0..world.specs.len()).filter(|other| *other == index || by_all(other));
        for other in near.filter(|_| placed && !terms.is_empty()) {
            let keys = terms.iter().map(|term| term.topology_key.as_str());
            ties[other].extend(keys.filter(|key| *key != HOSTNAME));
        }
    }
    ties
}
