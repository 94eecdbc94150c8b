//! Filling one node: which pods go together on a shape.
//!
//! Pods are taken one after the other, the one first whose requests point where the room still
//! is: the sum over resources of (value of the request × share of the room that is left), a
//! dot product as in Panigrahy et al., "Heuristics for vector bin packing" (2011). Alike parts are
//! kept in buckets, so that the work does not grow with the number of different pods.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::pack::candidates::Candidate;
use crate::pack::greedy::Part;
use crate::pack::topology::allowance;
use crate::problem::Problem;
use crate::problem::dims::{fits, take, times_fitting};
use crate::solution::{Content, add_content};

/// Pods for one node.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filling {
    /// Numbers of pods by part, ascending.
    pub(crate) contents: Vec<Content>,
    /// What they are worth, in 2⁻¹⁶ micro-dollars an hour.
    pub(crate) value: i128,
}

/// Parts in buckets of similar pods, with what filling needs to know of them side by side.
#[derive(Debug)]
pub(crate) struct Buckets {
    all: Vec<Bucket>,
    dims: usize,
    /// By part: requests.
    requests: Vec<i64>,
    /// By part: value by resource.
    values: Vec<i64>,
    /// By part: value.
    totals: Vec<i64>,
    /// By part: group of shapes.
    group_of: Vec<usize>,
    /// By part: whether rules or host ports limit how many pods go on one node.
    limited: Vec<bool>,
}

#[derive(Debug)]
struct Bucket {
    group: usize,
    /// The least request of any part, by resource.
    least: Vec<i64>,
    /// Parts, most valuable first.
    parts: Vec<usize>,
    /// Parts before this one have no pods left.
    head: usize,
}

/// With so few parts each has a bucket of its own.
const OWN_BUCKET_MAX: usize = 96;

/// A value above this is cut: scores must fit into 63 bits.
const VALUE_MAX: i64 = 1 << 48;

impl Buckets {
    /// Buckets of the parts that fit somewhere. `values` are by part, then resource.
    pub(crate) fn new(
        problem: &Problem<'_>,
        parts: &[Part],
        fitting: &[usize],
        group_of: Vec<usize>,
        values: &[Vec<i64>],
    ) -> Self {
        let dims = problem.dims.len();
        let mut buckets = Self {
            all: Vec::new(),
            dims,
            requests: vec![0; parts.len() * dims],
            values: vec![0; parts.len() * dims],
            totals: vec![0; parts.len()],
            group_of,
            limited: vec![false; parts.len()],
        };
        for part in fitting {
            let range = part * dims..(part + 1) * dims;
            let class = &problem.classes[parts[*part].class];
            buckets.requests[range.clone()].copy_from_slice(&class.request);
            for (own, value) in buckets.values[range.clone()].iter_mut().zip(&values[*part]) {
                *own = (*value).min(VALUE_MAX);
            }
            // A pod that asks for nothing that has a price is still worth placing.
            if buckets.values[range.clone()].iter().all(|value| *value == 0) {
                buckets.values[range.start] = 1;
            }
            buckets.totals[*part] = buckets.values[range].iter().sum();
            buckets.limited[*part] = !class.spec.host_ports.is_empty()
                || !problem.rules.of_class[parts[*part].class].is_empty();
        }
        buckets.sort_in(fitting);
        buckets
    }

    fn sort_in(&mut self, fitting: &[usize]) {
        let mut by_size: BTreeMap<(usize, Vec<u32>, usize), Vec<usize>> = BTreeMap::new();
        for part in fitting {
            let own = if fitting.len() <= OWN_BUCKET_MAX { *part } else { 0 };
            let sizes = self.request(*part).iter().map(|amount| half_octave(*amount)).collect();
            by_size.entry((self.group_of[*part], sizes, own)).or_default().push(*part);
        }
        for ((group, ..), mut parts) in by_size {
            parts.sort_by_key(|part| (Reverse(self.totals[*part]), *part));
            let mut least = self.request(parts[0]).to_vec();
            for part in &parts {
                let amounts = least.iter_mut().zip(self.request(*part));
                amounts.for_each(|(least, amount)| *least = (*least).min(*amount));
            }
            self.all.push(Bucket { group, least, parts, head: 0 });
        }
    }

    /// Passes over parts that have no pods left.
    pub(crate) fn advance(&mut self, parts: &[Part]) {
        for bucket in &mut self.all {
            while bucket.parts.get(bucket.head).is_some_and(|part| parts[*part].left == 0) {
                bucket.head += 1;
            }
        }
    }

    /// The group of shapes of a part.
    pub(crate) fn group(&self, part: usize) -> usize {
        self.group_of[part]
    }

    fn request(&self, part: usize) -> &[i64] {
        &self.requests[part * self.dims..(part + 1) * self.dims]
    }

    /// How well a part's requests point where the room is.
    fn score(&self, part: usize, left: &[i64]) -> i64 {
        let values = &self.values[part * self.dims..(part + 1) * self.dims];
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

/// Fills one node of a candidate from what the parts have left. `used` has a zero for every part,
/// and has again in the end.
pub(crate) fn fill(
    problem: &Problem<'_>,
    parts: &[Part],
    buckets: &Buckets,
    used: &mut [i64],
    candidate: &Candidate,
) -> Filling {
    let room = problem.room(candidate.shape);
    let mut free = room.to_vec();
    let mut filling = Filling::default();
    let mut classes: Vec<Content> = Vec::new();
    let mut cursors = cursors(buckets, candidate);
    let mut left = vec![0; room.len()];
    loop {
        for ((left, free), room) in left.iter_mut().zip(&free).zip(room) {
            *left = if *room > 0 { (free << 10) / room } else { 0 };
        }
        let mut best: Option<(i64, usize)> = None;
        cursors.retain_mut(|cursor| {
            let bucket = &buckets.all[cursor.bucket];
            if !fits(&bucket.least, &free) {
                return false;
            }
            while let Some(part) = bucket.parts.get(cursor.at).copied() {
                let some_left = parts[part].left > used[part];
                if some_left
                    && fits(buckets.request(part), &free)
                    && (!buckets.limited[part]
                        || allowance(problem, parts[part].class, &classes) > 0)
                {
                    let score = buckets.score(part, &left);
                    if best.is_none_or(|(best, _)| score > best) {
                        best = Some((score, part));
                    }
                    return true;
                }
                cursor.at += 1;
            }
            false
        });
        let Some((_, part)) = best else { break };
        let left = parts[part].left - used[part];
        let pods = handful(problem, buckets, (part, parts[part].class, left), (&free, &classes));
        take(&mut free, buckets.request(part), pods);
        used[part] += pods;
        add_content(&mut filling.contents, part, pods);
        add_content(&mut classes, parts[part].class, pods);
        filling.value += i128::from(buckets.totals[part]) * i128::from(pods);
    }
    for (part, _) in &filling.contents {
        used[*part] = 0;
    }
    filling
}

fn cursors(buckets: &Buckets, candidate: &Candidate) -> Vec<Cursor> {
    let open = buckets.all.iter().enumerate().filter(|(_, bucket)| {
        bucket.head < bucket.parts.len() && candidate.groups.contains(bucket.group)
    });
    open.map(|(bucket, one)| Cursor { bucket, at: one.head }).collect()
}

/// How many pods of a part are taken at once: many small ones by the handful, so that the balance
/// is looked at in between.
fn handful(
    problem: &Problem<'_>,
    buckets: &Buckets,
    (part, class, left): (usize, usize, i64),
    (free, classes): (&[i64], &[Content]),
) -> i64 {
    let mut most = times_fitting(buckets.request(part), free).min(left);
    if buckets.limited[part] {
        most = most.min(allowance(problem, class, classes));
    }
    (most / 16).max(1)
}
