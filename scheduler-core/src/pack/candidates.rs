//! The shapes that are worth looking at.

use crate::problem::shapes::Shape;
use crate::problem::{BitSet, Problem};

/// A shape that no other one replaces.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) shape: usize,
    /// What it is compared by, in micro-dollars an hour; at least 1.
    pub(crate) cost: i64,
    /// Groups that it admits.
    pub(crate) groups: BitSet,
}

/// What shapes are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Worth {
    /// Price with the expected cost of interruptions, limits of pools respected.
    Decision,
    /// List price alone, as a bound needs it.
    Bound,
}

/// Which offerings are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sale {
    /// Capacity that is paid for already.
    Reserved,
    /// Capacity that costs money.
    Open,
}

impl Sale {
    fn offers(self, shape: &Shape) -> bool {
        (self == Self::Reserved) == shape.reservation.is_some()
    }
}

/// Whether pools are held to their `minValues`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flexibility {
    /// They are.
    Kept,
    /// Too few values will do.
    Relaxed,
}

/// Shapes of these pools that admit some group and are not dominated: another is not dearer, has
/// no less room of any kind, and admits at least the same groups.
pub(crate) fn candidates(
    problem: &Problem<'_>,
    groups: &[BitSet],
    worth: Worth,
    (sale, flexibility, pools): (Sale, Flexibility, impl Fn(usize) -> bool),
) -> Vec<Candidate> {
    let table = &problem.table;
    let mut admits: Vec<Option<BitSet>> = vec![None; table.shapes.len()];
    for (group, shapes) in groups.iter().enumerate() {
        for shape in shapes.iter().filter(|shape| pools(table.pool(*shape))) {
            admits[shape].get_or_insert_with(|| BitSet::new(groups.len())).insert(group);
        }
    }
    let price = |shape: &Shape| match worth {
        Worth::Decision => shape.risk_price,
        Worth::Bound => shape.price,
    };
    // Nearly in the order in which they are wanted.
    let mut all: Vec<Candidate> = table
        .by_price
        .iter()
        .filter_map(|shape| {
            let cost = price(&table.shapes[*shape]).micro_usd().max(1);
            admits[*shape].take().map(|groups| Candidate { shape: *shape, cost, groups })
        })
        .collect();
    if worth == Worth::Decision && flexibility == Flexibility::Kept {
        all = keep_flexible(problem, all);
    }
    all.retain(|one| sale.offers(&table.shapes[one.shape]));
    // Of equal price, the roomier first: it may dominate the others.
    all.sort_by(|a, b| {
        let by_room = problem.room(b.shape).cmp(problem.room(a.shape));
        a.cost.cmp(&b.cost).then(by_room).then(a.shape.cmp(&b.shape))
    });
    let mut front: Vec<Candidate> = Vec::new();
    let mut recent: Vec<usize> = Vec::new();
    for one in all {
        let room = problem.room(one.shape);
        let dominates = |other: &usize| {
            let other = &front[*other];
            let roomier = room.iter().zip(problem.room(other.shape)).all(|(mine, its)| mine <= its);
            roomier
                && one.groups.is_subset(&other.groups)
                && (worth == Worth::Bound || replaces(problem, other.shape, one.shape))
        };
        if !any_of_recent(&mut recent, dominates) {
            recent.push(front.len());
            front.push(one);
        }
    }
    front
}

/// Whether something holds for any of these; what it holds for is asked first the next time, since
/// neighbours are mostly dominated by the same.
pub(crate) fn any_of_recent<T>(all: &mut [T], holds: impl Fn(&T) -> bool) -> bool {
    let found = all.iter().position(holds);
    if let Some(at) = found {
        all[..=at].rotate_right(1);
    }
    found.is_some()
}

/// Whether limits leave the dominating shape at least as often as the dominated one.
fn replaces(problem: &Problem<'_>, dominating: usize, dominated: usize) -> bool {
    if problem.reservation(dominating) != problem.reservation(dominated) {
        return false;
    }
    let (pool, capacity) = problem.pool_and_capacity(dominating);
    let limits = &problem.snapshot.supply.node_pools[pool].limits.0;
    if limits.is_empty() {
        return true;
    }
    let (other_pool, other) = problem.pool_and_capacity(dominated);
    let named = limits.keys().filter(|name| *name != "nodes");
    pool == other_pool && named.into_iter().all(|name| capacity.get(name) <= other.get(name))
}

/// Drops shapes of pools with `minValues` that too few others could stand in for: whatever is
/// put on a shape that stays, enough values of every such label hold it.
fn keep_flexible(problem: &Problem<'_>, all: Vec<Candidate>) -> Vec<Candidate> {
    let pools = &problem.snapshot.supply.node_pools;
    let demanding =
        |pool: usize| pools[pool].requirements.iter().any(|(_, one)| one.min_values.is_some());
    if !all.iter().any(|one| demanding(problem.table.pool(one.shape))) {
        return all;
    }
    // Alternatives are never reserved: a reservation is promised to one node.
    let promised = |other: &Candidate, one: &Candidate| {
        other.shape != one.shape && problem.reservation(other.shape).is_some()
    };
    let stands_in = |other: &&Candidate, one: &Candidate| {
        !promised(other, one)
            && problem.table.pool(other.shape) == problem.table.pool(one.shape)
            && one.groups.is_subset(&other.groups)
            && problem.room(one.shape).iter().zip(problem.room(other.shape)).all(|(a, b)| a <= b)
    };
    let flexible = |one: &&Candidate| {
        !demanding(problem.table.pool(one.shape))
            || problem.min_values_hold(
                problem.table.pool(one.shape),
                &all.iter().filter(|other| stands_in(other, one)).map(|other| other.shape),
            )
    };
    all.iter().filter(flexible).cloned().collect()
}
