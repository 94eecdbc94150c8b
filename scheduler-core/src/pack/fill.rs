//! Filling one node: which pods go together on a shape.
//!
//! Pods are taken one after the other, the one first whose requests point where the room still
//! is: the sum over resources of (value of the request × share of the room that is left), a
//! dot product as in Panigrahy et al., "Heuristics for vector bin packing" (2011). Alike items are
//! kept in buckets, so that the work does not grow with the number of different pods.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::pack::candidates::Candidate;
use crate::pack::tier::Tier;
use crate::pack::topology::{allowance, next_to};
use crate::problem::Problem;
use crate::problem::dims::{fits, take, times_fitting};
use crate::solution::{Content, add_content};

/// Pods for one node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filling {
    /// Numbers of pods by item, ascending.
    pub(crate) contents: Vec<Content>,
    /// What they are worth, in 2⁻¹⁶ micro-dollars an hour.
    pub(crate) value: i128,
}

/// Items in buckets of similar pods, with what filling needs to know of them side by side.
#[derive(Debug)]
pub(crate) struct Buckets {
    all: Vec<Bucket>,
    dims: usize,
    /// By item: requests.
    requests: Vec<i64>,
    /// By item: value by resource.
    values: Vec<i64>,
    /// By item: value.
    totals: Vec<i64>,
    /// By item: its class.
    class_of: Vec<usize>,
    /// By item: group of shapes.
    group_of: Vec<usize>,
    /// By item: rules that limit how many pods go on one node.
    rules_of: Vec<Vec<usize>>,
    /// By item: whether something else does.
    limited: Vec<bool>,
}

/// What is known of the node that is being filled. It is empty before and after.
#[derive(Debug)]
pub(crate) struct Desk {
    /// By item: pods on the node.
    used: Vec<i64>,
    /// By rule about single nodes: owners and selected pods on the node.
    counts: Vec<(i64, i64)>,
}

impl Desk {
    pub(crate) fn new(tier: &Tier<'_, '_>) -> Self {
        let rules = tier.problem.rules.all.len();
        Self { used: vec![0; tier.class_of.len()], counts: vec![(0, 0); rules] }
    }

    fn add(&mut self, problem: &Problem<'_>, buckets: &Buckets, (item, pods): Content) {
        let class = buckets.class_of[item];
        self.used[item] += pods;
        for number in &buckets.rules_of[item] {
            let rule = &problem.rules.all[*number];
            let (owners, selected) = &mut self.counts[*number];
            *owners += if rule.owner[class] { pods } else { 0 };
            *selected += if rule.selected[class] { pods } else { 0 };
        }
    }

    /// How many more pods of an item go on the node, its room left aside.
    fn allowance(
        &self,
        problem: &Problem<'_>,
        buckets: &Buckets,
        (item, contents): (usize, &[Content]),
    ) -> i64 {
        let class = buckets.class_of[item];
        if buckets.limited[item] {
            let classes = contents.iter().map(|(item, pods)| (buckets.class_of[*item], *pods));
            return allowance(problem, class, classes);
        }
        let rules = buckets.rules_of[item].iter();
        let allowed =
            rules.map(|rule| next_to(&problem.rules.all[*rule], class, self.counts[*rule]));
        allowed.min().unwrap_or(i64::MAX).max(0)
    }
}

#[derive(Debug)]
struct Bucket {
    group: usize,
    /// The least request of any item, by resource.
    least: Vec<i64>,
    /// Items, most valuable first.
    items: Vec<usize>,
    /// Items before this one have no pods left.
    head: usize,
}

/// With so few items each has a bucket of its own.
const OWN_BUCKET_MAX: usize = 96;

/// So many handfuls of like pods fill a node.
const HANDFULS: i64 = 16;

/// A value above this is cut: scores must fit into 63 bits.
const VALUE_MAX: i64 = 1 << 48;

impl Buckets {
    /// Buckets of a tier's items. `values` are by item, then resource.
    pub(crate) fn new(tier: &Tier<'_, '_>, values: &[Vec<i64>]) -> Self {
        let dims = tier.problem.dims.len();
        let items = tier.class_of.len();
        let mut buckets = Self {
            all: Vec::new(),
            dims,
            requests: vec![0; items * dims],
            values: vec![0; items * dims],
            totals: vec![0; items],
            class_of: tier.class_of.clone(),
            group_of: tier.group_of.clone(),
            rules_of: tier
                .class_of
                .iter()
                .map(|one| tier.problem.host_rules(*one).collect())
                .collect(),
            limited: tier
                .class_of
                .iter()
                .map(|one| tier.problem.is_limited_by_itself(*one))
                .collect(),
        };
        for (item, class) in tier.class_of.iter().enumerate() {
            let range = item * dims..(item + 1) * dims;
            buckets.requests[range.clone()].copy_from_slice(&tier.problem.classes[*class].request);
            for (own, value) in buckets.values[range.clone()].iter_mut().zip(&values[item]) {
                *own = (*value).min(VALUE_MAX);
            }
            // A pod that asks for nothing that has a price is still worth placing.
            if buckets.values[range.clone()].iter().all(|value| *value == 0) {
                buckets.values[range.start] = 1;
            }
            buckets.totals[item] = buckets.values[range].iter().sum();
        }
        buckets.sort_in();
        buckets
    }

    fn sort_in(&mut self) {
        let mut by_size: BTreeMap<(usize, Vec<u32>, usize), Vec<usize>> = BTreeMap::new();
        let items = self.class_of.len();
        for item in 0..items {
            let own = if items <= OWN_BUCKET_MAX { item } else { 0 };
            let sizes = self.request(item).iter().map(|amount| half_octave(*amount)).collect();
            by_size.entry((self.group_of[item], sizes, own)).or_default().push(item);
        }
        for ((group, ..), mut items) in by_size {
            items.sort_by_key(|item| (Reverse(self.totals[*item]), *item));
            let mut least = self.request(items[0]).to_vec();
            for item in &items {
                let amounts = least.iter_mut().zip(self.request(*item));
                amounts.for_each(|(least, amount)| *least = (*least).min(*amount));
            }
            self.all.push(Bucket { group, least, items, head: 0 });
        }
    }

    /// Passes over items that have no pods left.
    pub(crate) fn advance(&mut self, left: &[i64]) {
        for bucket in &mut self.all {
            while bucket.items.get(bucket.head).is_some_and(|item| left[*item] == 0) {
                bucket.head += 1;
            }
        }
    }

    fn request(&self, item: usize) -> &[i64] {
        &self.requests[item * self.dims..(item + 1) * self.dims]
    }

    /// How well a item's requests point where the room is.
    fn score(&self, item: usize, left: &[i64]) -> i64 {
        let values = &self.values[item * self.dims..(item + 1) * self.dims];
        values.iter().zip(left).map(|(value, left)| value * left).sum()
    }
}

/// The half octave in which an amount lies, so that pods in one bucket differ by a factor of
/// three halves at most.
fn half_octave(amount: i64) -> u32 {
    if amount <= 0 {
        return 0;
    }
    let octave = 63 - amount.leading_zeros();
    let upper_half = octave > 0 && amount >> (octave - 1) & 1 == 1;
    2 * octave + 1 + u32::from(upper_half)
}

/// Where a bucket stands while one node is being filled.
struct Cursor {
    bucket: usize,
    at: usize,
}

/// Fills one node of a candidate from what the items have left.
pub(crate) fn fill(
    problem: &Problem<'_>,
    buckets: &Buckets,
    (waiting, desk): (&[i64], &mut Desk),
    candidate: &Candidate,
) -> Filling {
    let room = problem.room(candidate.shape);
    let mut free = room.to_vec();
    let mut filling = Filling::default();
    let mut cursors = cursors(buckets, candidate);
    let mut left = vec![0; room.len()];
    loop {
        for ((left, free), room) in left.iter_mut().zip(&free).zip(room) {
            *left = if *room > 0 { (free << 10) / room } else { 0 };
        }
        let mut best: Option<(i64, usize, usize)> = None;
        cursors.retain_mut(|cursor| {
            let bucket = &buckets.all[cursor.bucket];
            if !fits(&bucket.least, &free) {
                return false;
            }
            while let Some(item) = bucket.items.get(cursor.at).copied() {
                let some_left = waiting[item] > desk.used[item];
                if some_left
                    && fits(buckets.request(item), &free)
                    && desk.allowance(problem, buckets, (item, &filling.contents)) > 0
                {
                    let score = buckets.score(item, &left);
                    if best.is_none_or(|(best, ..)| score > best) {
                        best = Some((score, cursor.bucket, cursor.at));
                    }
                    return true;
                }
                cursor.at += 1;
            }
            false
        });
        let Some((_, bucket, at)) = best else { break };
        let alike = &buckets.all[bucket].items[at..];
        // Many small pods are taken by the handful, so that the balance is looked at in between.
        let mut handful = (times_fitting(buckets.request(alike[0]), &free) / HANDFULS).max(1);
        for item in alike.iter().copied() {
            let most = (waiting[item] - desk.used[item]).min(handful);
            let most = most.min(times_fitting(buckets.request(item), &free));
            let pods = most.min(desk.allowance(problem, buckets, (item, &filling.contents)));
            if pods > 0 {
                take(&mut free, buckets.request(item), pods);
                desk.add(problem, buckets, (item, pods));
                add_content(&mut filling.contents, item, pods);
                filling.value += i128::from(buckets.totals[item]) * i128::from(pods);
                handful -= pods;
            }
            if handful == 0 {
                break;
            }
        }
    }
    for (item, pods) in &filling.contents {
        desk.add(problem, buckets, (*item, -pods));
    }
    filling
}

fn cursors(buckets: &Buckets, candidate: &Candidate) -> Vec<Cursor> {
    let open = buckets.all.iter().enumerate().filter(|(_, bucket)| {
        bucket.head < bucket.items.len() && candidate.groups.contains(bucket.group)
    });
    open.map(|(bucket, one)| Cursor { bucket, at: one.head }).collect()
}
