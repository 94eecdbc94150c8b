//! Greedy by dual value: again and again the filling that is worth most per dollar.
//!
//! The fluid relaxation, or column generation, prices resources; a pod is worth what its requests
//! cost at these prices. A node that is full in everything that has a price is worth its own
//! price; the greedy looks for fillings that come near to it. Values only fall as demand is used
//! up, so a shape is looked at again only when it seems to be the best (lazy greedy, Minoux 1978).

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use rayon::prelude::*;

use crate::pack::fill::{Buckets, Desk, Filling, fill};
use crate::pack::improve::Bin;
use crate::pack::limits::Limits;
use crate::pack::tier::{Tier, Worth};
use crate::problem::dims::fits;

/// What a candidate is thought to be worth.
#[derive(Clone, Debug)]
struct Offer {
    at: usize,
    /// What its pods are worth: at most, if it is not fresh.
    value: i128,
    /// Cheapest candidate that holds the pods, and its cost.
    cheapest: usize,
    cost: i128,
    /// How many times nodes had been bought when it was filled, and with what.
    filled: Option<(usize, Filling)>,
}

/// The one that is worth most per dollar is the greatest, of equal ones the first.
impl Ord for Offer {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_ratio = (self.value * other.cost).cmp(&(other.value * self.cost));
        by_ratio.then(other.at.cmp(&self.at))
    }
}

impl PartialOrd for Offer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Offer {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Offer {}

/// What the greedy starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// What nodes may be worth at most: few candidates are ever filled.
    Guessed,
    /// A filling of every candidate: of those that look worse than they are, some fit a cheaper one.
    Filled,
}

/// Buys nodes for what is left of each item, within limits, and counts the fillings built.
pub(crate) fn buy(
    tier: &Tier<'_, '_>,
    worth: &Worth,
    mut left: Vec<i64>,
    mut limits: Limits,
    start: Start,
) -> (Vec<Bin>, usize) {
    let mut buckets = Buckets::new(tier, &worth.by_resource);
    buckets.advance(&left);
    let mut desk = Desk::new(tier);
    let mut offers = match start {
        Start::Guessed => guessed(tier, worth, &left),
        Start::Filled => filled(tier, &buckets, &left, &limits),
    };
    let mut patterns = if start == Start::Filled { offers.len() } else { 0 };
    let mut bins = Vec::new();
    let mut bought = 0;
    while let Some(Offer { at, cheapest, filled, .. }) = offers.pop() {
        let fresh = filled.filter(|(made_at, _)| *made_at == bought);
        if let Some((_, filling)) = fresh {
            let shape = tier.candidates[cheapest].shape;
            let contents = &filling.contents;
            let times = contents.iter().map(|(item, pods)| left[*item] / pods).min().unwrap_or(0);
            let times = times.min(limits.nodes_within(tier.problem, shape));
            if times <= 0 {
                continue;
            }
            let pods: Vec<(u32, i64)> =
                contents.iter().map(|(item, pods)| (*item as u32, *pods)).collect();
            for (item, pods) in contents {
                left[*item] -= pods * times;
            }
            for _ in 0..times {
                limits.take(tier.problem, &[shape]);
                bins.push(Bin { shape: cheapest, pods: pods.clone() });
            }
            buckets.advance(&left);
            bought += 1;
        }
        offers.extend(offer(tier, &buckets, (&left, &mut desk), &limits, (at, bought)));
        patterns += 1;
    }
    (bins, patterns)
}

/// An offer of every candidate, made on all cores; they do not depend on each other.
fn filled(
    tier: &Tier<'_, '_>,
    buckets: &Buckets,
    left: &[i64],
    limits: &Limits,
) -> BinaryHeap<Offer> {
    let make = |desk: &mut Desk, at: usize| offer(tier, buckets, (left, desk), limits, (at, 0));
    let all = (0..tier.candidates.len()).into_par_iter().map_init(|| Desk::new(tier), make);
    all.collect::<Vec<Option<Offer>>>().into_iter().flatten().collect()
}

/// What candidates may be worth at most.
fn guessed(tier: &Tier<'_, '_>, worth: &Worth, left: &[i64]) -> BinaryHeap<Offer> {
    // A pod that asks for nothing that has a price counts as 1.
    let pods: i64 = left.iter().sum();
    let offer = |(at, most): (usize, &i128)| Offer {
        at,
        value: most + i128::from(pods),
        cheapest: at,
        cost: i128::from(tier.candidates[at].cost),
        filled: None,
    };
    worth.most.iter().enumerate().map(offer).collect()
}

/// The best filling of a candidate, if limits allow another node of it and any pod is left for it.
fn offer(
    tier: &Tier<'_, '_>,
    buckets: &Buckets,
    (left, desk): (&[i64], &mut Desk),
    limits: &Limits,
    (at, bought): (usize, usize),
) -> Option<Offer> {
    let candidate = &tier.candidates[at];
    if !limits.allow(tier.problem, candidate.shape) {
        return None;
    }
    let filling = fill(tier.problem, buckets, (left, desk), candidate);
    if filling.value == 0 {
        return None;
    }
    let cheapest = cheapest_holding(tier, limits, &filling).unwrap_or(at);
    let cost = i128::from(tier.candidates[cheapest].cost);
    Some(Offer { at, value: filling.value, cheapest, cost, filled: Some((bought, filling)) })
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
