//! Why a plan costs more than its bound, and why a node is worth its price.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bound::{FRACTION_BITS, Values};
use crate::model::Price;
use crate::plan::{Action, GapReason, GapShare, Plan, PlanReport, PlannedNode};
use crate::problem::Problem;
use crate::solution::{Content, NewNode, Setback, Solution};

/// Notes on every launch what its pods are worth; launches are in the order of the solution.
pub(crate) fn note_worth(
    problem: &Problem<'_>,
    solution: &Solution,
    values: &Values,
    actions: &mut [Action],
) {
    let mut known: BTreeMap<&Vec<Content>, Arc<BTreeMap<String, Price>>> = BTreeMap::new();
    let launches = actions.iter_mut().filter_map(|action| match action {
        Action::Launch(node) => Some(node),
        Action::LaunchStatic(_)
        | Action::Nominate { .. }
        | Action::Hold { .. }
        | Action::Terminate { .. } => None,
    });
    for (launch, node) in launches.zip(&solution.nodes) {
        let worth = known
            .entry(&node.contents)
            .or_insert_with(|| Arc::new(by_resource(problem, values, &node.contents)));
        launch.worth = worth.clone();
    }
}

fn by_resource(
    problem: &Problem<'_>,
    values: &Values,
    contents: &[Content],
) -> BTreeMap<String, Price> {
    let names = problem.dims.names().iter().enumerate();
    let worth = names.map(|(dim, name)| {
        let parts = contents.iter().map(|(class, pods)| values.part(*class, dim) * pods);
        (name.clone(), Price::from_micro_usd(parts.sum::<i64>() >> FRACTION_BITS))
    });
    worth.filter(|(_, price)| *price > Price::ZERO).collect()
}

/// What each node costs over what its pods are worth, by reason.
pub(crate) fn shares(
    problem: &Problem<'_>,
    solution: &Solution,
    values: &Values,
    plan: &Plan,
) -> Vec<GapShare> {
    let mut shares: BTreeMap<GapReason, i64> = BTreeMap::new();
    // A reserved node is paid for like an existing one: its room enters the bound.
    let bought = plan.launches().zip(&solution.nodes).filter(|(one, _)| one.reservation.is_none());
    for (launch, node) in bought {
        let worths = node.contents.iter().map(|(class, pods)| values.by_class[*class] * pods);
        let over = launch.price.micro_usd() - (worths.sum::<i64>() >> FRACTION_BITS);
        let safer = safety(launch).min(over.max(0));
        *shares.entry(GapReason::Interruptions).or_default() += safer;
        *shares.entry(reason(problem, solution, node)).or_default() += over - safer;
    }
    listed(shares)
}

/// Completes the shares of a plan whose bound has been proven: what remains comes from nodes that
/// are paid for already, if there are any, and else from rounding the values of pods.
pub(crate) fn complete(report: &mut PlanReport, paid: bool) {
    let last = if paid { GapReason::ExistingNodes } else { GapReason::WholeNodes };
    let mut shares: BTreeMap<GapReason, i64> =
        report.gap.iter().map(|share| (share.reason, share.price.micro_usd())).collect();
    let explained: i64 = shares.values().sum();
    let difference = report.price.micro_usd() - report.lower_bound.micro_usd();
    *shares.entry(last).or_default() += difference - explained;
    report.gap = listed(shares);
}

fn listed(shares: BTreeMap<GapReason, i64>) -> Vec<GapShare> {
    let shares = shares.into_iter().filter(|(_, amount)| *amount != 0);
    let share = |(reason, amount)| GapShare { reason, price: Price::from_micro_usd(amount) };
    shares.map(share).collect()
}

/// What the chosen offering costs over the cheapest one that would have done.
fn safety(launch: &PlannedNode) -> i64 {
    let cheapest = launch.alternatives.iter().map(|one| one.price).min();
    cheapest.map_or(0, |price| (launch.price.micro_usd() - price.micro_usd()).max(0))
}

/// The first thing that narrowed the choice for a node.
fn reason(problem: &Problem<'_>, solution: &Solution, node: &NewNode) -> GapReason {
    let pools = &problem.snapshot.supply.node_pools;
    let pool = &pools[problem.table.pool(node.shape)];
    let limited = solution.setbacks.iter().any(|one| matches!(one, Some(Setback::Limit(_))));
    if node.contents.iter().any(|(class, _)| !problem.rules.of_class[*class].is_empty()) {
        GapReason::Rules
    } else if limited {
        GapReason::Limits
    } else if pools.iter().any(|other| other.weight < pool.weight) {
        GapReason::Weights
    } else {
        GapReason::WholeNodes
    }
}
