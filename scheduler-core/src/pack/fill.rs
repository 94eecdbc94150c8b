//! Filling one node: which pods go together on a shape.
//!
//! Pods are taken one after the other, the one first whose requests point where the room still
//! is: the sum over resources of (value of the request × share of the room that is left), a
//! dot product as in Panigrahy et al., "Heuristics for vector bin packing" (2011). Alike parts are
//! kept in buckets, so that the work does not grow with the number of different pods.

use std::collections::BTreeMap;

use crate::pack::candidates::Candidate;
use crate::pack::greedy::Part;
use crate::pack::state::State;
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

/// Parts in buckets of similar pods.
#[derive(Debug)]
pub(crate) struct Buckets {
    all: Vec<Bucket>,
    /// By part: value by resource.
    values: Vec<Vec<i64>>,
    /// By part: group of shapes.
    group_of: Vec<usize>,
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

impl Buckets {
    pub(crate) fn new(
        problem: &Problem<'_>,
        parts: &[Part],
        fitting: &[usize],
        group_of: &[usize],
        mut values: Vec<Vec<i64>>,
    ) -> Self {
        for part in fitting {
            // A pod that asks for nothing that has a price is still worth placing.
            if values[*part].iter().all(|value| *value == 0) {
                values[*part][0] = 1;
            }
        }
        let total = |part: usize| values[part].iter().map(|value| i128::from(*value)).sum::<i128>();
        let mut by_size: BTreeMap<(usize, Vec<u32>, usize), Vec<usize>> = BTreeMap::new();
        for part in fitting {
            let request = &problem.classes[parts[*part].class].request;
            let own = if fitting.len() <= OWN_BUCKET_MAX { *part } else { 0 };
            let sizes = request.iter().map(|amount| half_octave(*amount)).collect();
            by_size.entry((group_of[*part], sizes, own)).or_default().push(*part);
        }
        let buckets = by_size.into_iter().map(|((group, ..), mut members)| {
            members.sort_by_key(|part| (std::cmp::Reverse(total(*part)), *part));
            let request = |part: &usize| &problem.classes[parts[*part].class].request;
            let mut least = request(&members[0]).clone();
            for member in &members {
                let amounts = least.iter_mut().zip(request(member));
                amounts.for_each(|(least, amount)| *least = (*least).min(*amount));
            }
            Bucket { group, least, parts: members, head: 0 }
        });
        Self { all: buckets.collect(), values, group_of: group_of.to_vec() }
    }

    /// The group of shapes of a part.
    pub(crate) fn group(&self, part: usize) -> usize {
        self.group_of[part]
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

/// Fills one node of a candidate from what the parts have left.
pub(crate) fn fill(
    state: &State<'_>,
    parts: &[Part],
    buckets: &mut Buckets,
    candidate: &Candidate,
) -> Filling {
    let problem = state.problem;
    let room = problem.room(candidate.shape);
    let mut free = room.to_vec();
    let mut filling = Filling::default();
    let mut classes: Vec<Content> = Vec::new();
    let mut cursors = Vec::new();
    for (number, bucket) in buckets.all.iter_mut().enumerate() {
        while bucket.parts.get(bucket.head).is_some_and(|part| parts[*part].left == 0) {
            bucket.head += 1;
        }
        if bucket.head < bucket.parts.len() && candidate.groups.contains(bucket.group) {
            cursors.push(Cursor { bucket: number, at: bucket.head });
        }
    }
    let used = |filling: &Filling, part: usize| {
        let found = filling.contents.binary_search_by_key(&part, |(part, _)| *part);
        found.map_or(0, |at| filling.contents[at].1)
    };
    loop {
        let left: Vec<i64> = free
            .iter()
            .zip(room)
            .map(|(free, room)| if *room > 0 { (free << 10) / room } else { 0 })
            .collect();
        let mut best: Option<(i128, usize, i64)> = None;
        cursors.retain_mut(|cursor| {
            let bucket = &buckets.all[cursor.bucket];
            if !fits(&bucket.least, &free) {
                return false;
            }
            while let Some(part) = bucket.parts.get(cursor.at) {
                let class = parts[*part].class;
                let request = &problem.classes[class].request;
                let most = parts[*part].left - used(&filling, *part);
                let most = if most > 0 && fits(request, &free) {
                    let tied = !problem.rules.of_class[class].is_empty()
                        || !problem.classes[class].spec.host_ports.is_empty();
                    let rules = if tied { allowance(problem, class, &classes) } else { i64::MAX };
                    most.min(times_fitting(request, &free)).min(rules)
                } else {
                    0
                };
                if most > 0 {
                    let score = buckets.values[*part].iter().zip(&left);
                    let score =
                        score.map(|(value, left)| i128::from(*value) * i128::from(*left)).sum();
                    if best.is_none_or(|(best, ..)| score > best) {
                        best = Some((score, *part, most));
                    }
                    return true;
                }
                cursor.at += 1;
            }
            false
        });
        let Some((_, part, most)) = best else { break };
        // Many small pods are taken by the handful; the balance is looked at in between.
        let pods = (most / 16).max(1);
        let class = parts[part].class;
        take(&mut free, &problem.classes[class].request, pods);
        add_content(&mut filling.contents, part, pods);
        add_content(&mut classes, class, pods);
        let value: i128 = buckets.values[part].iter().map(|value| i128::from(*value)).sum();
        filling.value += value * i128::from(pods);
    }
    filling
}
