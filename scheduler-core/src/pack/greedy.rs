//! Greedy by dual value: again and again the filling that is worth most per dollar.
//!
//! The fluid relaxation prices resources (`solver.md` §2, phases 1 and 2); a pod is worth what its
//! requests cost at these prices. A node that is full in everything that has a price is worth its
//! own price; the greedy looks for fillings that come near to it. Values only fall as demand is
//! used up, so a shape is looked at again only when it seems to be the best (lazy greedy,
//! Minoux 1978).

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::bound::fluid::{Fluid, FluidShape};
use crate::pack::candidates::{Candidate, Worth, candidates};
use crate::pack::fill::{Buckets, Filling, fill};
use crate::pack::state::State;
use crate::pack::topology::{Bin, Scope};
use crate::problem::dims::fits;
use crate::problem::{BitSet, Problem};
use crate::solution::{Content, Setback, add_content};

/// Pods of one class that may go to the same shapes.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) class: usize,
    pub(crate) shapes: BitSet,
    /// Pods without a node yet.
    pub(crate) left: i64,
    /// A shape of the domain into which the pods have been put, if they have.
    pub(crate) domain_of: Option<usize>,
}

/// The parts of classes that no rule ties to domains.
pub(crate) fn parts(state: &State<'_>, classes: &[usize]) -> Vec<Part> {
    let problem = state.problem;
    let mut parts = Vec::new();
    for class in classes {
        let one = &problem.classes[*class];
        if state.remaining[*class] == 0 || one.spec.unsupported.is_some() {
            continue;
        }
        let mut shapes = problem.admissions[one.preferred.unwrap_or(one.admission)].usable.clone();
        if !one.spec.host_ports.is_empty() {
            let mut clear = BitSet::new(problem.table.shapes.len());
            let clear_shapes = shapes.iter().filter(|shape| problem.ports_clear(*class, *shape));
            clear_shapes.for_each(|shape| clear.insert(shape));
            shapes = clear;
        }
        parts.push(Part { class: *class, shapes, left: state.remaining[*class], domain_of: None });
    }
    parts
}

/// Buys nodes for these parts, pools of higher weight first. What finds no node is taken out of
/// the counts of its domain again.
pub(crate) fn open_nodes(state: &mut State<'_>, mut parts: Vec<Part>) {
    let problem = state.problem;
    let pools = &problem.snapshot.supply.node_pools;
    let mut weights: Vec<u32> = pools.iter().map(|pool| pool.weight).collect();
    weights.dedup();
    for weight in weights {
        open_tier(state, &mut parts, |pool| pools[pool].weight == weight);
    }
    // Preferences are given up for what found no node.
    for part in parts.iter_mut().filter(|part| part.left > 0 && part.domain_of.is_none()) {
        let class = &problem.classes[part.class];
        if class.preferred.is_some() {
            part.shapes = problem.usable(part.class).clone();
        }
    }
    if parts.iter().any(|part| part.left > 0) {
        open_tier(state, &mut parts, |_| true);
    }
    for part in parts.iter().filter(|part| part.left > 0) {
        if let Some(shape) = part.domain_of {
            let taken = (part.class, -part.left);
            state.counts.record(problem, taken, Bin::Shape(shape), Scope::Keys);
        }
    }
}

fn open_tier(state: &mut State<'_>, parts: &mut [Part], pools: impl Fn(usize) -> bool) {
    let problem = state.problem;
    let waiting: Vec<usize> = (0..parts.len()).filter(|part| parts[*part].left > 0).collect();
    if waiting.is_empty() {
        return;
    }
    let (groups, group_of) = groups(parts, &waiting);
    let candidates = candidates(problem, &groups, Worth::Decision, pools);
    state.candidates = state.candidates.max(candidates.len());
    let holds_some = |part: usize| {
        let request = &problem.classes[parts[part].class].request;
        let group = group_of[part];
        candidates
            .iter()
            .any(|one| one.groups.contains(group) && fits(request, problem.room(one.shape)))
    };
    let fitting: Vec<usize> = waiting.iter().copied().filter(|part| holds_some(*part)).collect();
    let values = values(problem, &candidates, parts, &fitting);
    let buckets = Buckets::new(problem, parts, &fitting, group_of, &values);
    buy(state, parts, &candidates, buckets);
}

/// Distinct sets of shapes, and the set of each part.
fn groups(parts: &[Part], waiting: &[usize]) -> (Vec<BitSet>, Vec<usize>) {
    let mut numbers: BTreeMap<&BitSet, usize> = BTreeMap::new();
    let mut groups = Vec::new();
    let mut group_of = vec![usize::MAX; parts.len()];
    for part in waiting {
        let shapes = &parts[*part].shapes;
        group_of[*part] = *numbers.entry(shapes).or_insert_with(|| {
            groups.push(shapes.clone());
            groups.len() - 1
        });
    }
    (groups, group_of)
}

/// What a pod of each part is worth, by resource.
fn values(
    problem: &Problem<'_>,
    candidates: &[Candidate],
    parts: &[Part],
    fitting: &[usize],
) -> Vec<Vec<i64>> {
    let items: Vec<Item<'_>> = fitting
        .iter()
        .map(|part| {
            let class = parts[*part].class;
            let request = &problem.classes[class].request;
            Item { request, pods: parts[*part].left, shapes: &parts[*part].shapes }
        })
        .collect();
    let (fluid, demand, group_of) = relaxation(problem, candidates, &items);
    let duals = fluid.solve(&demand);
    let mut values = vec![Vec::new(); parts.len()];
    for (item, part) in fitting.iter().enumerate() {
        values[*part] = fluid.value(&duals, group_of[item], items[item].request);
    }
    values
}

/// Identical pods as the relaxation sees them.
pub(crate) struct Item<'a> {
    pub(crate) request: &'a [i64],
    pub(crate) pods: i64,
    pub(crate) shapes: &'a BitSet,
}

/// Most groups that the relaxation tells apart. More make it tighter and slower.
const FLUID_GROUPS_MAX: usize = 12;

/// The fluid relaxation of some items over these candidates: the relaxation, its demand by group,
/// and the group of each item. Items are grouped by the candidates that can hold one of them;
/// where there are too many groups, neighbours in size share one that admits what any of them
/// does, which keeps the bound valid.
pub(crate) fn relaxation(
    problem: &Problem<'_>,
    candidates: &[Candidate],
    items: &[Item<'_>],
) -> (Fluid, Vec<Vec<i64>>, Vec<usize>) {
    let mut by_holders: BTreeMap<(usize, BitSet), Vec<usize>> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        let mut holders = BitSet::new(candidates.len());
        for (number, one) in candidates.iter().enumerate() {
            if item.shapes.contains(one.shape) && fits(item.request, problem.room(one.shape)) {
                holders.insert(number);
            }
        }
        by_holders.entry((holders.iter().count(), holders)).or_default().push(index);
    }
    let per_group = by_holders.len().div_ceil(FLUID_GROUPS_MAX);
    let sets: Vec<((usize, BitSet), Vec<usize>)> = by_holders.into_iter().collect();
    let dims = problem.dims.len();
    let mut group_of = vec![0; items.len()];
    let mut demand = Vec::new();
    let mut admitted: Vec<Vec<usize>> = vec![Vec::new(); candidates.len()];
    for (group, chunk) in sets.chunks(per_group.max(1)).enumerate() {
        let mut amounts = vec![0; dims];
        for ((_, holders), members) in chunk {
            for holder in holders.iter() {
                if admitted[holder].last() != Some(&group) {
                    admitted[holder].push(group);
                }
            }
            for member in members {
                group_of[*member] = group;
                let item = &items[*member];
                let asked = amounts.iter_mut().zip(item.request);
                asked.for_each(|(amount, asked)| *amount += asked * item.pods);
            }
        }
        demand.push(amounts);
    }
    let shapes = candidates.iter().zip(admitted).map(|(one, groups)| FluidShape {
        cost: one.cost,
        room: problem.room(one.shape).to_vec(),
        groups,
    });
    (Fluid::new(shapes.filter(|one| !one.groups.is_empty()).collect(), dims), demand, group_of)
}

/// A candidate with the best filling known for it.
struct Offer {
    filling: Filling,
    /// Cheapest candidate that holds the filling.
    cheapest: usize,
    /// How many times nodes had been bought when it was made.
    made_at: usize,
}

fn buy(state: &mut State<'_>, parts: &mut [Part], candidates: &[Candidate], mut buckets: Buckets) {
    let problem = state.problem;
    let mut used = vec![0; parts.len()];
    let mut offers: Vec<Option<Offer>> = first_offers(state, parts, candidates, &buckets);
    state.patterns += offers.iter().flatten().count();
    let mut bought = 0;
    while let Some(at) = best(&offers, candidates) {
        let Some(present) = &offers[at] else { break };
        if present.made_at != bought {
            let fresh = offer(state, parts, candidates, (&buckets, &mut used), at);
            offers[at] = fresh.map(|fresh| Offer { made_at: bought, ..fresh });
            state.patterns += 1;
            continue;
        }
        let shape = candidates[present.cheapest].shape;
        let contents = present.filling.contents.clone();
        let times = contents.iter().map(|(part, pods)| parts[*part].left / pods).min().unwrap_or(0);
        let times = times.min(state.nodes_within_limits(shape));
        if times <= 0 {
            offers[at] = None;
            continue;
        }
        let scope = (!problem.rules.all.is_empty()).then_some(Scope::Hosts);
        for _ in 0..times {
            state.open(shape, by_class(parts, &contents), scope);
        }
        for (part, pods) in &contents {
            parts[*part].left -= pods * times;
        }
        buckets.advance(parts);
        bought += 1;
    }
    for part in parts.iter().filter(|part| part.left > 0) {
        let request = &problem.classes[part.class].request;
        let limited = candidates.iter().find(|one| {
            part.shapes.contains(one.shape)
                && fits(request, problem.room(one.shape))
                && !state.limits_allow(one.shape)
        });
        let pool = limited.map(|one| Setback::Limit(problem.table.pool(one.shape)));
        state.setbacks[part.class] = state.setbacks[part.class].or(pool);
    }
}

/// An offer of every candidate, made on all cores; they do not depend on each other.
fn first_offers(
    state: &State<'_>,
    parts: &[Part],
    candidates: &[Candidate],
    buckets: &Buckets,
) -> Vec<Option<Offer>> {
    let nothing_used = || vec![0; parts.len()];
    let make =
        |used: &mut Vec<i64>, at: usize| offer(state, parts, candidates, (buckets, used), at);
    (0..candidates.len()).into_par_iter().map_init(nothing_used, make).collect()
}

/// The best filling of a candidate; `None` if limits do not allow another node of it.
fn offer(
    state: &State<'_>,
    parts: &[Part],
    candidates: &[Candidate],
    (buckets, used): (&Buckets, &mut [i64]),
    at: usize,
) -> Option<Offer> {
    if !state.limits_allow(candidates[at].shape) {
        return None;
    }
    let filling = fill(state.problem, parts, buckets, used, &candidates[at]);
    let cheapest = cheapest_holding(state, parts, candidates, buckets, &filling);
    Some(Offer { filling, cheapest: cheapest.unwrap_or(at), made_at: 0 })
}

/// The offer that is worth most per dollar.
fn best(offers: &[Option<Offer>], candidates: &[Candidate]) -> Option<usize> {
    let mut best: Option<(i128, i128, usize)> = None;
    for (at, offer) in offers.iter().enumerate() {
        let Some(offer) = offer.as_ref().filter(|offer| offer.filling.value > 0) else { continue };
        let (value, cost) = (offer.filling.value, i128::from(candidates[offer.cheapest].cost));
        if best.is_none_or(|(best_value, best_cost, _)| value * best_cost > best_value * cost) {
            best = Some((value, cost, at));
        }
    }
    best.map(|(_, _, at)| at)
}

/// The cheapest candidate that holds a filling; candidates are in order of cost.
fn cheapest_holding(
    state: &State<'_>,
    parts: &[Part],
    candidates: &[Candidate],
    buckets: &Buckets,
    filling: &Filling,
) -> Option<usize> {
    let problem = state.problem;
    let mut asked = vec![0; problem.dims.len()];
    for (part, pods) in &filling.contents {
        let request = &problem.classes[parts[*part].class].request;
        asked.iter_mut().zip(request).for_each(|(sum, one)| *sum += one * pods);
    }
    (0..candidates.len()).find(|at| {
        let one = &candidates[*at];
        fits(&asked, problem.room(one.shape))
            && filling.contents.iter().all(|(part, _)| one.groups.contains(buckets.group(*part)))
            && state.limits_allow(one.shape)
    })
}

fn by_class(parts: &[Part], contents: &[Content]) -> Vec<Content> {
    let mut by_class = Vec::with_capacity(contents.len());
    for (part, pods) in contents {
        add_content(&mut by_class, parts[*part].class, *pods);
    }
    by_class
}
