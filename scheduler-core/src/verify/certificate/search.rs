//! The most that a node can be worth for its price, over everything that can be bought.
//!
//! Best first over all offerings at once: the one that may have the highest ratio is looked at
//! more closely – by the multipliers of another, by its own, by dividing its fillings into two –
//! until that cannot lower the ratio any more, or hardly, or the work is used up. Whenever it stops,
//! what is on top of the queue is a bound.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::fillings::{Fillings, Limit};
use super::kinds::Kinds;
use super::knapsack::upper_bound;
use super::offered::Offered;
use super::simplex::{Node, Simplex};

/// A value for a price, compared as a fraction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ratio {
    /// In 2⁻¹⁶ micro-dollars an hour.
    pub(super) value: i64,
    /// In micro-dollars an hour; above zero.
    pub(super) price: i64,
}

impl Ord for Ratio {
    fn cmp(&self, other: &Self) -> Ordering {
        let cross = |one: &Self, other: &Self| i128::from(one.value) * i128::from(other.price);
        cross(self, other).cmp(&cross(other, self))
    }
}

impl PartialOrd for Ratio {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ratio {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Ratio {}

impl Ratio {
    /// Whether the other is at most one part in so many above this one.
    fn is_within(self, other: Self, parts: i128) -> bool {
        let cross = |one: Self, other: Self| i128::from(one.value) * i128::from(other.price);
        (cross(other, self) - cross(self, other)).saturating_mul(parts) <= cross(other, self)
    }
}

/// A part of the fillings of an offering, and a bound on their ratio. The highest ratio is the
/// greatest; of equal ones the one that was there first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Open {
    ratio: Ratio,
    offered: usize,
    /// The last branch that led here.
    branch: Option<usize>,
    /// Looking closer does not help.
    closed: bool,
}

impl Ord for Open {
    fn cmp(&self, other: &Self) -> Ordering {
        let age = |one: &Self| (one.offered, one.branch);
        self.ratio.cmp(&other.ratio).then_with(|| age(other).cmp(&age(self)))
    }
}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// One of two halves of some fillings.
#[derive(Clone, Copy, Debug)]
struct Branch {
    parent: Option<usize>,
    limit: Limit,
}

/// When a search ends short of the best filling.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Work, in kinds of pods looked at.
    pub(super) work: usize,
    /// Enough is a bound that is at most one part in so many above a filling's ratio.
    pub(super) close_enough: i128,
    /// It has stalled when looking at as many parts again has not lowered the bound by one part in
    /// so many.
    pub(super) stalled: i128,
    /// Parts that are looked at before the search can be said to have stalled.
    pub(super) parts_min: usize,
}

/// The search.
#[derive(Debug)]
pub(super) struct Search<'a> {
    kinds: &'a Kinds<'a>,
    offered: &'a [Offered],
    /// Of the offerings that were looked at closely.
    fillings: Vec<Option<Box<Fillings>>>,
    /// No filling is worth more than all pods together.
    worth: i64,
    /// What may still be done.
    effort: Effort,
    queue: BinaryHeap<Open>,
    branches: Vec<Branch>,
    /// The best filling seen.
    reached: Ratio,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        kinds: &'a Kinds<'a>,
        offered: &'a [Offered],
        worth: i64,
        effort: Effort,
    ) -> Self {
        Self {
            kinds,
            offered,
            fillings: offered.iter().map(|_| None).collect(),
            worth,
            effort,
            queue: BinaryHeap::new(),
            branches: Vec::new(),
            reached: Ratio { value: 0, price: 1 },
        }
    }

    /// No filling of anything offered has a higher ratio. Every price must be above zero.
    pub(super) fn highest(mut self) -> Ratio {
        self.look_at_all();
        let (mut parts, mut checked) = (0_usize, None);
        while let Some(open) = self.queue.pop() {
            if open.ratio <= self.reached {
                break;
            }
            let stalled = parts >= self.effort.parts_min
                && parts.is_power_of_two()
                && checked
                    .replace(open.ratio)
                    .is_some_and(|before| open.ratio.is_within(before, self.effort.stalled));
            let close = self.reached.is_within(open.ratio, self.effort.close_enough);
            if open.closed || self.effort.work == 0 || stalled || close {
                return open.ratio;
            }
            self.look_closer(open);
            parts += 1;
        }
        self.reached
    }

    /// Queues every offering, with its own multipliers where those of the one before do not show
    /// that it is behind another.
    fn look_at_all(&mut self) {
        let Self { kinds, offered, queue, .. } = self;
        let mut largest = vec![0; kinds.resources.len()];
        for one in *offered {
            largest.iter_mut().zip(&one.room).for_each(|(most, room)| *most = (*most).max(*room));
        }
        let mut simplex = Simplex::new(&kinds.items, &largest);
        let mut multipliers = vec![0; kinds.resources.len()];
        let lower = vec![0; kinds.items.len()];
        let mut upper = lower.clone();
        let mut leading = Ratio { value: 0, price: 1 };
        for (index, one) in offered.iter().enumerate() {
            for (kind, upper) in upper.iter_mut().enumerate() {
                *upper = kinds.most(kind, &one.room, &one.admitted);
            }
            let node = Node { room: &one.room, lower: &lower, upper: &upper };
            let by = |multipliers: &[i64]| {
                let bound = upper_bound(&kinds.items, multipliers, node);
                Ratio { value: bound.min(i128::from(self.worth)) as i64, price: one.price }
            };
            let mut ratio = by(&multipliers);
            if ratio > leading {
                multipliers = simplex.solve(node).multipliers;
                ratio = ratio.min(by(&multipliers));
                leading = leading.max(ratio);
            }
            queue.push(Open { ratio, offered: index, branch: None, closed: false });
        }
    }

    fn look_closer(&mut self, open: Open) {
        let Self { kinds, offered, branches, .. } = self;
        let one = &offered[open.offered];
        let fillings =
            self.fillings[open.offered].get_or_insert_with(|| Box::new(Fillings::new(kinds, one)));
        let path = std::iter::successors(open.branch, |branch| branches[*branch].parent);
        let Some(look) = fillings.look(path.map(|branch| branches[branch].limit)) else {
            return;
        };
        self.effort.work = self.effort.work.saturating_sub(look.work);
        self.reached = self.reached.max(Ratio { value: look.reached, price: one.price });
        let value = look.bound.min(i128::from(open.ratio.value)) as i64;
        let ratio = Ratio { value, price: one.price };
        if ratio <= self.reached {
            return;
        }
        let Some(halves) = look.halves else {
            self.queue.push(Open { ratio, closed: true, ..open });
            return;
        };
        for limit in halves {
            self.branches.push(Branch { parent: open.branch, limit });
            let branch = Some(self.branches.len() - 1);
            self.queue.push(Open { ratio, branch, ..open });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::model::{PodSpec, Requirements, Resources};

    /// Value, CPU, memory and most pods of a kind.
    type Draft = (i64, i64, i64, i64);

    /// The highest ratio by the search, for rooms of a price in CPU and memory.
    fn highest(drafts: &[Draft], rooms: &[(i64, i64, i64)], work: usize) -> Ratio {
        let specs: Vec<PodSpec> = drafts.iter().map(spec).collect();
        let kinds = Kinds::new(
            specs.iter().zip(drafts).map(|(spec, (value, _, _, most))| (spec, *most, *value)),
        );
        let offered: Vec<Offered> = rooms
            .iter()
            .map(|(price, cpu, memory)| Offered {
                price: *price,
                room: kinds.room(&Resources::new(*cpu, *memory)),
                admitted: vec![true; kinds.asks.len()],
            })
            .collect();
        let worth = drafts.iter().map(|(value, _, _, most)| value * most).sum();
        let effort = Effort { work, close_enough: i128::MAX, stalled: i128::MAX, parts_min: 128 };
        Search::new(&kinds, &offered, worth, effort).highest()
    }

    fn spec((_, cpu, memory, _): &Draft) -> PodSpec {
        PodSpec {
            requests: Resources::new(*cpu, *memory),
            node_alternatives: vec![Requirements::new()],
            ..PodSpec::default()
        }
    }

    /// The most that pods in a room can be worth, by trying everything.
    fn best(drafts: &[Draft], cpu: i64, memory: i64) -> i64 {
        let Some((&(value, pod_cpu, pod_memory, most), rest)) = drafts.split_first() else {
            return 0;
        };
        let fitting =
            (0..=most).take_while(|pods| pods * pod_cpu <= cpu && pods * pod_memory <= memory).map(
                |pods| pods * value + best(rest, cpu - pods * pod_cpu, memory - pods * pod_memory),
            );
        fitting.max().unwrap_or(0)
    }

    fn best_ratio(drafts: &[Draft], rooms: &[(i64, i64, i64)]) -> Ratio {
        let ratios = rooms.iter().map(|(price, cpu, memory)| Ratio {
            value: best(drafts, *cpu, *memory),
            price: *price,
        });
        ratios.max().expect("there is a room")
    }

    const PLENTY: usize = 1_000_000;

    #[test]
    fn a_knapsack_of_one_resource_is_filled_with_whole_pods() {
        // Two pods of 60 do not fit into 100; the fraction would be worth 50 / 60 of 2 pods.
        let ratio = highest(&[(6_000, 60, 0, 5)], &[(1_000, 100, 0)], PLENTY);
        assert_eq!((ratio.value, ratio.price), (6_000, 1_000));
    }

    #[test]
    fn pods_that_share_two_resources_are_combined() {
        // One of each fills 10 CPU and 10 memory; two of either kind do not fit.
        let drafts = [(500, 7, 3, 4), (400, 3, 7, 4)];
        let ratio = highest(&drafts, &[(100, 10, 10)], PLENTY);
        assert_eq!((ratio.value, ratio.price), (900, 100));
    }

    #[test]
    fn no_more_pods_are_taken_than_there_are() {
        let ratio = highest(&[(10, 1, 1, 3)], &[(5, 100, 100)], PLENTY);
        assert_eq!((ratio.value, ratio.price), (30, 5));
    }

    #[test]
    fn the_offering_with_the_highest_ratio_decides() {
        let ratio = highest(&[(10, 1, 1, 100)], &[(5, 10, 10), (6, 20, 20), (30, 40, 40)], PLENTY);
        assert_eq!((ratio.value, ratio.price), (200, 6));
    }

    #[test]
    fn without_any_work_the_bound_is_that_of_fractions() {
        // The one of 60 and four fifths of one of 50, where two of 50 are the best that is whole.
        let (drafts, rooms) = ([(6_000, 60, 0, 5), (4_000, 50, 0, 5)], [(1_000, 100, 0)]);
        assert_eq!(highest(&drafts, &rooms, 0).value, 9_200);
        assert_eq!(highest(&drafts, &rooms, PLENTY).value, 8_000);
    }

    fn drafts() -> impl Strategy<Value = Vec<Draft>> {
        vec((1..1_000_i64, 0..20_i64, 0..20_i64, 1..5_i64), 1..6)
    }

    fn rooms() -> impl Strategy<Value = Vec<(i64, i64, i64)>> {
        vec((1..500_i64, 0..60_i64, 0..60_i64), 1..5)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_filling_beats_the_bound_however_little_work_goes_in(
            drafts in drafts(), rooms in rooms(), work in 0..200_usize
        ) {
            prop_assert!(best_ratio(&drafts, &rooms) <= highest(&drafts, &rooms, work));
        }

        #[test]
        fn enough_work_finds_the_best_filling(drafts in drafts(), rooms in rooms()) {
            prop_assert_eq!(best_ratio(&drafts, &rooms), highest(&drafts, &rooms, PLENTY));
        }
    }
}
