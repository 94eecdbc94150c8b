//! Greedy by dual value: again and again the filling that is worth most per dollar.
//!
//! The fluid relaxation, or column generation, prices resources; a pod is worth what its requests
//! cost at these prices. A node that is full in everything that has a price is worth its own
//! price; the greedy looks for fillings that come near to it. Values only fall as demand is used
//! up, so a shape is looked at again only when it seems to be the best (lazy greedy, Minoux 1978).

use rayon::prelude::*;

use crate::pack::candidates::Candidate;
use crate::pack::fill::{Buckets, Filling, fill};
use crate::pack::improve::Bin;
use crate::pack::limits::Limits;
use crate::pack::tier::Tier;
use crate::problem::dims::fits;

/// A candidate with the best filling known for it.
struct Offer {
    filling: Filling,
    /// Cheapest candidate that holds the filling.
    cheapest: usize,
    /// How many times nodes had been bought when it was made.
    made_at: usize,
}

/// Buys nodes for what is left of each item, within limits, and counts the fillings built.
pub(crate) fn buy(
    tier: &Tier<'_, '_>,
    mut buckets: Buckets,
    mut left: Vec<i64>,
    mut limits: Limits,
) -> (Vec<Bin>, usize) {
    let candidates = &tier.candidates;
    buckets.advance(&left);
    let mut used = vec![0; left.len()];
    let mut offers = first_offers(tier, &buckets, &left, &limits);
    let mut patterns = offers.iter().flatten().count();
    let mut bins = Vec::new();
    let mut bought = 0;
    while let Some(at) = best(&offers, candidates) {
        let Some(present) = &offers[at] else { break };
        if present.made_at != bought {
            let fresh = offer(tier, &buckets, (&left, &mut used), &limits, at);
            offers[at] = fresh.map(|fresh| Offer { made_at: bought, ..fresh });
            patterns += 1;
            continue;
        }
        let chosen = present.cheapest;
        let shape = candidates[chosen].shape;
        let contents = &present.filling.contents;
        let times = contents.iter().map(|(item, pods)| left[*item] / pods).min().unwrap_or(0);
        let times = times.min(limits.nodes_within(tier.problem, shape));
        if times <= 0 {
            offers[at] = None;
            continue;
        }
        let pods: Vec<(u32, i64)> =
            contents.iter().map(|(item, pods)| (*item as u32, *pods)).collect();
        for (item, pods) in contents {
            left[*item] -= pods * times;
        }
        for _ in 0..times {
            limits.take(tier.problem, &[shape]);
            bins.push(Bin { shape: chosen, pods: pods.clone() });
        }
        buckets.advance(&left);
        bought += 1;
    }
    (bins, patterns)
}

/// An offer of every candidate, made on all cores; they do not depend on each other.
fn first_offers(
    tier: &Tier<'_, '_>,
    buckets: &Buckets,
    left: &[i64],
    limits: &Limits,
) -> Vec<Option<Offer>> {
    let nothing_used = || vec![0; left.len()];
    let make = |used: &mut Vec<i64>, at: usize| offer(tier, buckets, (left, used), limits, at);
    (0..tier.candidates.len()).into_par_iter().map_init(nothing_used, make).collect()
}

/// The best filling of a candidate; `None` if limits do not allow another node of it.
fn offer(
    tier: &Tier<'_, '_>,
    buckets: &Buckets,
    (left, used): (&[i64], &mut [i64]),
    limits: &Limits,
    at: usize,
) -> Option<Offer> {
    let candidate = &tier.candidates[at];
    if !limits.allow(tier.problem, candidate.shape) {
        return None;
    }
    let filling = fill(tier.problem, buckets, (left, used), candidate);
    let cheapest = cheapest_holding(tier, limits, &filling);
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
fn cheapest_holding(tier: &Tier<'_, '_>, limits: &Limits, filling: &Filling) -> Option<usize> {
    let problem = tier.problem;
    let mut asked = vec![0; problem.dims.len()];
    for (item, pods) in &filling.contents {
        let request = &problem.classes[tier.class_of[*item]].request;
        asked.iter_mut().zip(request).for_each(|(sum, one)| *sum += one * pods);
    }
    (0..tier.candidates.len()).find(|at| {
        let one = &tier.candidates[*at];
        fits(&asked, problem.room(one.shape))
            && filling.contents.iter().all(|(item, _)| one.groups.contains(tier.group_of[*item]))
            && limits.allow(problem, one.shape)
    })
}
