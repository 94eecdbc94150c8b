//! The baseline: first-fit decreasing, pod by pod, in the manner of Karpenter
//! (`karpenter-core.md` §4.4–4.7).
//!
//! Pods go by CPU, then memory. Each takes the first existing node that holds it, then the claim
//! of this pass with the fewest pods that can still take it, then a new claim. A claim is a *set*
//! of shapes that shrinks as pods are added; in the end the cheapest of them is bought, Spot where
//! it is allowed.

use std::cmp::Reverse;
use std::collections::VecDeque;

use jiff::Timestamp;

use crate::engine::MinValuesPolicy;
use crate::model::NodeStage;
use crate::pack::existing::Order;
use crate::pack::repair::repair;
use crate::pack::state::State;
use crate::pack::topology::{Bin, Scope};
use crate::problem::Problem;
use crate::problem::dims::{fits, take};
use crate::solution::{Content, Setback, Solution, add_content};

/// A node to buy, with every shape that it may still become.
struct Claim {
    pool: usize,
    shapes: Vec<usize>,
    contents: Vec<Content>,
    pods: i64,
    /// Requests of its pods.
    asked: Vec<i64>,
    /// The most room of any of its shapes, by resource.
    roomiest: Vec<i64>,
}

/// Packs all pending pods in the peer's manner.
pub(crate) fn pack(problem: &Problem<'_>) -> Solution {
    let mut state = State::new(problem, Order::Size, 0);
    let all: Vec<usize> = (0..problem.classes.len()).collect();
    crate::pack::existing::keep_nominated(&mut state, &all);
    let mut claims: Vec<Claim> = Vec::new();
    let mut queue: VecDeque<(usize, Option<i64>)> = order(&state).into_iter().collect();
    // A class comes back as long as somebody else was placed since it was last tried.
    let mut placed_in_all = 0;
    while let Some((class, tried_at)) = queue.pop_front() {
        if tried_at == Some(placed_in_all) {
            continue;
        }
        while state.remaining[class] > 0 && place(&mut state, &mut claims, class) {
            placed_in_all += 1;
        }
        if state.remaining[class] > 0 {
            queue.push_back((class, Some(placed_in_all)));
        }
    }
    buy(&mut state, claims);
    repair(&mut state);
    state.into_solution()
}

/// Classes in the order in which their pods are tried: the largest first, then the oldest.
fn order(state: &State<'_>) -> Vec<(usize, Option<i64>)> {
    let problem = state.problem;
    let mut classes: Vec<usize> = (0..problem.classes.len()).collect();
    classes.sort_by_cached_key(|class| {
        let one = &problem.classes[*class];
        let pods = one.pods.iter().map(|pod| problem.snapshot.pending[*pod].created);
        let oldest: Option<Timestamp> = pods.min();
        let requests = &one.spec.requests;
        (Reverse((requests.cpu_milli, requests.memory_bytes)), oldest, *class)
    });
    classes.into_iter().map(|class| (class, None)).collect()
}

fn place(state: &mut State<'_>, claims: &mut Vec<Claim>, class: usize) -> bool {
    if state.problem.classes[class].spec.unsupported.is_some() {
        return false;
    }
    let sites = state.sites_admitting(class);
    let ready =
        |site: &usize| state.problem.snapshot.nodes[*site].node.stage == NodeStage::Initialized;
    let mut in_order =
        sites.iter().filter(|site| ready(site)).chain(sites.iter().filter(|site| !ready(site)));
    if let Some(site) = in_order.find(|site| state.site_allows(class, **site)).copied() {
        state.put_on_site(class, site, 1);
        return true;
    }
    join(state, claims, class) || open(state, claims, class)
}

/// Puts a pod on the claim with the fewest pods that can take it.
fn join(state: &mut State<'_>, claims: &mut [Claim], class: usize) -> bool {
    let request = &state.problem.classes[class].request;
    let mut order: Vec<(i64, usize)> = Vec::new();
    for (number, claim) in claims.iter().enumerate() {
        let fits = request.iter().zip(&claim.asked).zip(&claim.roomiest);
        if fits.into_iter().all(|((one, asked), room)| *one == 0 || one + asked <= *room) {
            order.push((claim.pods, number));
        }
    }
    order.sort_unstable();
    for (_, number) in order {
        let claim = &claims[number];
        if state.times_fitting(class, &claim.roomiest, &claim.contents) == 0 {
            continue;
        }
        let shapes = narrowed(state, class, number, claim.pool, &claim.shapes, &claim.asked);
        if !shapes.is_empty() {
            put(state, &mut claims[number], number, class, shapes);
            return true;
        }
    }
    false
}

/// Opens a claim in the first pool that can take the pod.
fn open(state: &mut State<'_>, claims: &mut Vec<Claim>, class: usize) -> bool {
    let problem = state.problem;
    let one = &problem.classes[class];
    let preferred = one.preferred.into_iter().chain([one.admission]);
    let nothing = vec![0; problem.dims.len()];
    for admission in preferred {
        let usable = &problem.admissions[admission].usable;
        for pool in 0..problem.snapshot.supply.node_pools.len() {
            let in_pool: Vec<usize> =
                usable.iter().filter(|shape| problem.table.pool(*shape) == pool).collect();
            let shapes: Vec<usize> =
                in_pool.iter().copied().filter(|shape| state.limits_allow(*shape)).collect();
            let limited = shapes.len() < in_pool.len();
            let number = claims.len();
            let shapes = narrowed(state, class, number, pool, &shapes, &nothing);
            if shapes.is_empty() {
                if limited && state.setbacks[class].is_none() {
                    state.setbacks[class] = Some(Setback::Limit(pool));
                }
                continue;
            }
            // The limits give up what the largest of the shapes would take.
            state.limits.take(problem, &shapes);
            let mut claim = Claim {
                pool,
                shapes: Vec::new(),
                contents: Vec::new(),
                pods: 0,
                asked: nothing.clone(),
                roomiest: nothing.clone(),
            };
            put(state, &mut claim, number, class, shapes);
            claims.push(claim);
            return true;
        }
    }
    false
}

/// Shapes of a claim that can take one more pod; of the domains that rules allow, the one with the
/// fewest pods.
fn narrowed(
    state: &State<'_>,
    class: usize,
    number: usize,
    pool: usize,
    shapes: &[usize],
    asked: &[i64],
) -> Vec<usize> {
    let problem = state.problem;
    let one = &problem.classes[class];
    let mut together = asked.to_vec();
    take(&mut together, &one.request, -1);
    let usable = problem.usable(class);
    let mut shapes: Vec<usize> = shapes
        .iter()
        .copied()
        .filter(|shape| {
            usable.contains(*shape)
                && fits(&together, problem.room(*shape))
                && problem.suits(class, *shape)
        })
        .collect();
    if !problem.rules.of_class[class].is_empty() {
        shapes = in_best_domain(state, class, number, shapes);
    }
    let strict = problem.min_values_policy == MinValuesPolicy::Strict;
    if strict && !problem.min_values_hold(pool, &shapes.iter().copied()) {
        shapes.clear();
    }
    shapes
}

fn in_best_domain(
    state: &State<'_>,
    class: usize,
    number: usize,
    shapes: Vec<usize>,
) -> Vec<usize> {
    let problem = state.problem;
    let rules = &problem.rules;
    let views = rules.views_of([class]);
    let values = |shape: usize| -> Vec<Option<usize>> { views.of(rules, shape).collect() };
    let crowd = |shape: usize| state.counts.crowd(problem, class, Bin::Node(number, shape));
    let mut tuples: Vec<(Vec<Option<usize>>, usize)> = Vec::new();
    for shape in &shapes {
        let tuple = values(*shape);
        if !tuples.iter().any(|(known, _)| *known == tuple) {
            tuples.push((tuple, *shape));
        }
    }
    let allowed = tuples.into_iter().filter(|(_, shape)| {
        state.counts.first_broken(problem, class, Bin::Node(number, *shape)).is_none()
    });
    let Some((tuple, _)) = allowed.min_by_key(|(tuple, shape)| (crowd(*shape), tuple.clone()))
    else {
        return Vec::new();
    };
    shapes.into_iter().filter(|shape| values(*shape) == tuple).collect()
}

fn put(state: &mut State<'_>, claim: &mut Claim, number: usize, class: usize, shapes: Vec<usize>) {
    let problem = state.problem;
    state.counts.record(problem, (class, 1), Bin::Node(number, shapes[0]), Scope::All);
    state.remaining[class] -= 1;
    state.patterns += 1;
    take(&mut claim.asked, &problem.classes[class].request, -1);
    add_content(&mut claim.contents, class, 1);
    claim.pods += 1;
    for (dim, most) in claim.roomiest.iter_mut().enumerate() {
        *most = shapes.iter().map(|shape| problem.room(*shape)[dim]).max().unwrap_or(0);
    }
    claim.shapes = shapes;
}

/// Buys every claim: the cheapest Spot shape, or the cheapest at all.
fn buy(state: &mut State<'_>, claims: Vec<Claim>) {
    let problem = state.problem;
    for claim in claims {
        let key = |shape: &usize| {
            let one = &problem.table.shapes[*shape];
            (one.capacity_type, one.price, *shape)
        };
        let Some(shape) = claim.shapes.iter().copied().min_by_key(key) else { continue };
        state.nodes.push(crate::solution::NewNode { shape, contents: claim.contents });
    }
}
