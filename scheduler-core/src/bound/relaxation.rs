//! The fluid relaxation of some items over some candidates.

use std::collections::BTreeMap;

use crate::bound::fluid::{Fluid, FluidShape};
use crate::pack::candidates::Candidate;
use crate::problem::dims::fits;
use crate::problem::{BitSet, Problem};

/// Identical pods as the relaxation sees them.
pub(crate) struct Item<'a> {
    pub(crate) request: &'a [i64],
    pub(crate) pods: i64,
    /// Group of shapes that admit it.
    pub(crate) group: usize,
}

/// Most groups that the relaxation tells apart. More make it tighter and slower.
const FLUID_GROUPS_MAX: usize = 12;

/// The fluid relaxation of some items over these candidates: the relaxation, with a shape for each
/// of them, its demand by group, and the group of each item. Items are grouped by the candidates
/// that can hold one of them; where there are too many groups, neighbours in size share one that
/// admits what any of them does, which keeps the bound valid.
pub(crate) fn relaxation(
    problem: &Problem<'_>,
    candidates: &[Candidate],
    items: &[Item<'_>],
) -> (Fluid, Vec<Vec<i64>>, Vec<usize>) {
    let mut by_holders: BTreeMap<(usize, BitSet), Vec<usize>> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        let mut holders = BitSet::new(candidates.len());
        for (number, one) in candidates.iter().enumerate() {
            if one.groups.contains(item.group) && fits(item.request, problem.room(one.shape)) {
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
    (Fluid::new(shapes.collect(), dims), demand, group_of)
}
