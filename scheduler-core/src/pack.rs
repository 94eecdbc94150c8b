//! `pack(&Problem) -> Solution`: existing nodes first, then the cheapest new ones.
//!
//! 1. Pods keep the node that an earlier plan chose for them, if it still suits.
//! 2. Classes that rules tie to domains are put into domains, pod by pod ([`tied`]).
//! 3. All others fill the free room of existing nodes ([`existing`]).
//! 4. What is left is packed into new nodes ([`open`]): for each weight of pools ([`tier`]) greedily
//!    by dual value ([`greedy`]), then better in as many steps as are wanted ([`improve`]).
//! 5. Pods that must be on a node with others follow ([`follow`]).
//! 6. Whatever a rule does not allow in the end is taken out again ([`repair`]).
//!
//! Soft constraints between pods are tried as rules before all that ([`grant`]). What has no place
//! in the end is offered every other one ([`complete`]).
//!
//! [`ffd`] is the baseline in the peer's manner.

pub(crate) mod candidates;
pub(crate) mod existing;
pub(crate) mod ffd;
pub(crate) mod fill;
pub(crate) mod follow;
pub(crate) mod grant;
pub(crate) mod greedy;
pub(crate) mod improve;
pub(crate) mod limits;
pub(crate) mod open;
pub(crate) mod parts;
pub(crate) mod random;
pub(crate) mod region;
pub(crate) mod repair;
pub(crate) mod round;
pub(crate) mod state;
pub(crate) mod tied;
pub(crate) mod tier;
pub(crate) mod topology;

use std::collections::BTreeSet;

use crate::problem::Problem;
use crate::solution::{Setback, Solution};
use existing::Order;
use state::State;

/// Packs all pending pods; where limits of pools bind, the pods of higher priority go first.
///
/// On a few nodes luck decides between good packers, and [`ffd`] may have it: where there is time
/// to improve and the pods are few, its packing is tried as well.
pub(crate) fn pack(problem: &Problem<'_>, steps: u32) -> Solution {
    if steps == 0 || problem.snapshot.pending.len() > BASELINE_PODS_MAX {
        return by_value(problem, steps);
    }
    let (ours, baseline) = rayon::join(|| by_value(problem, steps), || ffd::pack(problem));
    if baseline.rank(problem) < ours.rank(problem) {
        return Solution { hints: ours.hints, ..baseline };
    }
    ours
}

/// Pods up to which the baseline is tried: it takes the square of their number, and on more nodes
/// luck evens out.
const BASELINE_PODS_MAX: usize = 1_000;

/// Packs by dual value. Free room of existing nodes is filled in two ways, and the better first
/// answer improved.
fn by_value(problem: &Problem<'_>, steps: u32) -> Solution {
    if !problem.sites.iter().any(|site| site.open) {
        return attempt(problem, Order::Size, steps).into_solution();
    }
    let by_size = attempt(problem, Order::Size, 0);
    let by_saving = attempt(problem, Order::Saving, 0);
    let best = if by_saving.rank() < by_size.rank() { by_saving } else { by_size };
    if steps == 0 || best.nodes.is_empty() {
        return best.into_solution();
    }
    attempt(problem, best.order, steps).into_solution()
}

/// Gives pods without a place what can still be had: wishes that were granted to others no longer
/// stand in the way, and a domain where one could buy but does not is none, as for kube-scheduler.
pub(crate) fn complete(problem: &Problem<'_>, solution: Solution) -> Solution {
    if solution.left() == 0 {
        return solution;
    }
    let all: Vec<usize> = (0..problem.classes.len()).collect();
    let mut state = State::resume(problem, solution);
    state.counts.close_domains(problem, &state.nodes);
    follow::place(&mut state, &all);
    repair_and_follow(&mut state, &all);
    state.into_solution()
}

fn attempt<'p>(problem: &'p Problem<'p>, order: Order, steps: u32) -> State<'p> {
    let all: Vec<usize> = (0..problem.classes.len()).collect();
    let priority = |class: usize| problem.classes[class].spec.priority;
    let priorities: BTreeSet<i32> = all.iter().map(|class| priority(*class)).collect();
    let mut state = State::new(problem, order, steps);
    existing::keep_nominated(&mut state, &all);
    let kept = state.clone();
    pack_classes(&mut state, &all);
    let limited = all.iter().any(|class| {
        state.remaining[*class] > 0 && matches!(state.setbacks[*class], Some(Setback::Limit(_)))
    });
    if limited && priorities.len() > 1 {
        state = kept;
        for level in priorities.into_iter().rev() {
            let classes: Vec<usize> =
                all.iter().copied().filter(|class| priority(*class) == level).collect();
            pack_classes(&mut state, &classes);
        }
        // Some wanted to be near pods of lower priority.
        follow::place(&mut state, &all);
    }
    repair_and_follow(&mut state, &all);
    state
}

/// Rounds in which pods that lost their place are offered another one.
const REPAIRS_MAX: usize = 4;

fn repair_and_follow(state: &mut State<'_>, all: &[usize]) {
    for _ in 0..REPAIRS_MAX {
        if !repair::repair(state) {
            break;
        }
        follow::place(state, all);
    }
    repair::repair(state);
}

fn pack_classes(state: &mut State<'_>, classes: &[usize]) {
    let problem = state.problem;
    let (followers, others): (Vec<usize>, Vec<usize>) =
        classes.iter().partition(|class| problem.rules.is_follower(**class));
    let (tied, free): (Vec<usize>, Vec<usize>) =
        others.into_iter().partition(|class| problem.rules.is_tied(*class));
    let mut parts = tied::divide(state, &tied);
    existing::fill(state, &free);
    parts.extend(parts::parts(state, &free));
    open::open_nodes(state, parts);
    follow::place(state, &followers);
    // Where limits stand in the way of new nodes, the room that is left on those already chosen
    // still takes some.
    follow::place(state, classes);
}
