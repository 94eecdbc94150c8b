//! What can be bought: room for pods, and its price; and what is paid for already.

use std::cmp::Reverse;

use rayon::prelude::*;

use super::kinds::{Ask, Kinds};
use crate::model::well_known::is_of_offering;
use crate::model::{InstanceType, NodePool, Offering, PodSpec};
use crate::snapshot::Supply;
use crate::verify::face::first_untolerated;
use crate::verify::launchable::{Launchable, admits, possible, sells};
use crate::verify::supply::on_sale;

/// Room that can be bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offered {
    /// Micro-dollars an hour.
    pub(super) price: i64,
    /// By resource of the kinds.
    pub(super) room: Vec<i64>,
    /// By ask: whether such pods may run there. Too many are said to rather than too few.
    pub(super) admitted: Vec<bool>,
}

impl Offered {
    /// Whether this one does for every filling of the other, and costs no more.
    fn dominates(&self, other: &Self) -> bool {
        self.price <= other.price
            && self.room.iter().zip(&other.room).all(|(own, needed)| own >= needed)
            && self.admitted.iter().zip(&other.admitted).all(|(own, needed)| *own || !needed)
    }
}

/// Everything that can be bought and that is not dominated by something else. Reserved capacity
/// is not bought but used up: see [`reserved`].
pub(super) fn offered(supply: &Supply, kinds: &Kinds<'_>) -> Vec<Offered> {
    let daemons: Vec<&PodSpec> = supply.daemon_sets.iter().map(|one| &one.spec).collect();
    let mut all = Vec::new();
    for pool in supply.node_pools.iter().filter(|pool| pool.replicas.is_none()) {
        let shop = Shop::new(supply, pool, kinds, &daemons);
        if shop.asks.iter().any(|one| *one != Answer::No) {
            let types: Vec<Vec<Offered>> =
                supply.catalog(pool).par_iter().map(|one| shop.of_type(one)).collect();
            all.extend(types.into_iter().flatten());
        }
    }
    without_dominated(all)
}

/// Nodes that are paid for and not launched yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Paid {
    /// By resource of the kinds.
    pub(super) room: Vec<i64>,
    /// By ask: whether such pods may run there. Too many are said to rather than too few.
    pub(super) admitted: Vec<bool>,
    /// How many there are.
    pub(super) nodes: u32,
}

/// Everything that is reserved. What two pools offer is counted for both.
pub(super) fn reserved(supply: &Supply, kinds: &Kinds<'_>) -> Vec<Paid> {
    let daemons: Vec<&PodSpec> = supply.daemon_sets.iter().map(|one| &one.spec).collect();
    let dynamic = supply.node_pools.iter().filter(|pool| pool.replicas.is_none());
    let paid = dynamic.flat_map(|pool| {
        let shop = Shop::new(supply, pool, kinds, &daemons);
        let types = supply.catalog(pool).iter();
        types.flat_map(|one| shop.reserved_of_type(one)).collect::<Vec<Paid>>()
    });
    paid.collect()
}

fn without_dominated(mut all: Vec<Offered>) -> Vec<Offered> {
    // Whatever dominates another comes before it.
    all.sort_by(|a, b| {
        let place = |one: &Offered| {
            (one.price, Reverse(one.room.iter().map(|room| i128::from(*room)).sum::<i128>()))
        };
        let width = |one: &Offered| Reverse(one.admitted.iter().filter(|ask| **ask).count());
        place(a)
            .cmp(&place(b))
            .then_with(|| width(a).cmp(&width(b)))
            .then_with(|| (&a.room, &a.admitted).cmp(&(&b.room, &b.admitted)))
    });
    let mut kept: Vec<Offered> = Vec::new();
    for one in all {
        // Large rooms come late and dominate most.
        if !kept.iter().any(|other| other.dominates(&one)) {
            kept.push(one);
        }
    }
    kept
}

/// What is known about pods on the nodes of a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// They do not tolerate its taints.
    No,
    /// The type decides.
    ByType,
    /// Zone, capacity type or reservation have a say.
    ByOffering,
}

/// A pool with what is the same for all of its types.
#[derive(Debug)]
struct Shop<'a> {
    supply: &'a Supply,
    pool: &'a NodePool,
    kinds: &'a Kinds<'a>,
    asks: Vec<Answer>,
    daemons: Vec<(&'a PodSpec, Answer)>,
}

impl<'a> Shop<'a> {
    fn new(
        supply: &'a Supply,
        pool: &'a NodePool,
        kinds: &'a Kinds<'a>,
        daemons: &[&'a PodSpec],
    ) -> Self {
        let answer = |ask: Ask<'_>| {
            if first_untolerated(ask.tolerations, &pool.taints).is_some() {
                Answer::No
            } else if names_offering(ask) {
                Answer::ByOffering
            } else {
                Answer::ByType
            }
        };
        let asks = kinds.asks.iter().map(|ask| answer(*ask)).collect();
        let daemons = daemons.iter().map(|spec| (*spec, answer(Ask::of(spec)))).collect();
        Self { supply, pool, kinds, asks, daemons }
    }

    fn sells(&self, instance_type: &InstanceType, offering: &Offering) -> bool {
        sells(self.pool, offering) && on_sale(self.supply, instance_type, offering)
    }

    /// Reserved offerings of a type, with what each has left.
    fn reserved_of_type(&self, instance_type: &InstanceType) -> Vec<Paid> {
        let mut all = Vec::new();
        for offering in &instance_type.offerings {
            let Some(reservation) = &offering.reservation else { continue };
            if !self.sells(instance_type, offering) || !admits(self.pool, instance_type) {
                continue;
            }
            let node = (self.pool, instance_type, offering);
            let mut room = instance_type.allocatable();
            let running = self
                .daemons
                .iter()
                .filter(|(spec, answer)| *answer != Answer::No && must_run(node, Ask::of(spec)));
            running.for_each(|(spec, _)| room.subtract(&spec.requests));
            let asks = self.asks.iter().zip(&self.kinds.asks);
            let admitted = asks.map(|(answer, ask)| *answer != Answer::No && may_run(node, *ask));
            all.push(Paid {
                room: self.kinds.room(&room),
                admitted: admitted.collect(),
                nodes: reservation.remaining,
            });
        }
        all
    }

    /// The offerings of a type, of those that are alike the cheapest.
    fn of_type(&self, instance_type: &InstanceType) -> Vec<Offered> {
        if !admits(self.pool, instance_type) {
            return Vec::new();
        }
        let sold = instance_type
            .offerings
            .iter()
            .filter(|one| one.reservation.is_none() && self.sells(instance_type, one));
        let mut known: Option<(Vec<bool>, Vec<bool>)> = None;
        let mut groups: Vec<(Vec<bool>, Vec<bool>, i64)> = Vec::new();
        for offering in sold {
            let node = (self.pool, instance_type, offering);
            let (mut admitted, mut daemons) = match &known {
                Some(known) => known.clone(),
                None => known
                    .insert((
                        self.asks
                            .iter()
                            .zip(&self.kinds.asks)
                            .map(|(answer, ask)| *answer == Answer::ByType && may_run(node, *ask))
                            .collect(),
                        self.daemons
                            .iter()
                            .map(|(spec, answer)| {
                                *answer == Answer::ByType && must_run(node, Ask::of(spec))
                            })
                            .collect(),
                    ))
                    .clone(),
            };
            for (index, answer) in self.asks.iter().enumerate() {
                if *answer == Answer::ByOffering {
                    admitted[index] = may_run(node, self.kinds.asks[index]);
                }
            }
            for (index, (spec, answer)) in self.daemons.iter().enumerate() {
                if *answer == Answer::ByOffering {
                    daemons[index] = must_run(node, Ask::of(spec));
                }
            }
            let price = offering.price.micro_usd();
            let alike = groups.iter_mut().find(|one| one.0 == admitted && one.1 == daemons);
            match alike {
                Some(group) => group.2 = group.2.min(price),
                None => groups.push((admitted, daemons, price)),
            }
        }
        if groups.is_empty() {
            return Vec::new();
        }
        let allocatable = instance_type.allocatable();
        let groups = groups.into_iter().filter(|(admitted, ..)| admitted.contains(&true));
        let offered = groups.map(|(admitted, daemons, price)| {
            let mut room = allocatable.clone();
            let running = self.daemons.iter().zip(daemons).filter(|(_, runs)| *runs);
            running.for_each(|((spec, _), _)| room.subtract(&spec.requests));
            Offered { price, room: self.kinds.room(&room), admitted }
        });
        offered.collect()
    }
}

fn names_offering(ask: Ask<'_>) -> bool {
    ask.alternatives.iter().any(|one| one.iter().any(|(key, _)| is_of_offering(key)))
}

/// Whether a pod with this ask may run on such a node, whatever its open labels are.
fn may_run(node: Launchable<'_>, ask: Ask<'_>) -> bool {
    ask.alternatives
        .iter()
        .any(|one| one.iter().all(|(key, wanted)| possible(node, key).may_satisfy(wanted)))
}

/// Whether a pod with this ask runs on every such node.
fn must_run(node: Launchable<'_>, ask: Ask<'_>) -> bool {
    ask.alternatives
        .iter()
        .any(|one| one.iter().all(|(key, wanted)| possible(node, key).must_satisfy(wanted)))
}
