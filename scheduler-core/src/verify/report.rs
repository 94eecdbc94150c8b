//! The figures of the report against the plan.

use super::violation::Violation;
use super::world::World;
use crate::model::Price;
use crate::plan::Plan;

/// Checks what the report says about the plan.
pub(super) fn check(world: &World<'_>, plan: &Plan, found: &mut Vec<Violation>) {
    let report = &plan.report;
    let mut wrong = |field: &str, reported: i64, actual: i64| {
        found.push(Violation::WrongReport { field: field.to_owned(), reported, actual });
    };
    let launches = plan.launches().count();
    let pending = world.snapshot.pending.len();
    // With an open batch window the report is about no pods, and then nothing is launched.
    if (report.pods > 0 || launches > 0) && report.pods != pending {
        wrong("pods", report.pods as i64, pending as i64);
    }
    if report.pods > 0 && report.placed != world.placed {
        wrong("placed", report.placed as i64, world.placed as i64);
    }
    let price: Price = plan.launches().map(|node| node.price).sum();
    if report.price != price {
        wrong("price", report.price.micro_usd(), price.micro_usd());
    }
}

/// Checks the reported bound against the proven one, and the shares of what is between it and the
/// price.
pub(super) fn check_bound(plan: &Plan, proven: Price, found: &mut Vec<Violation>) {
    let reported = plan.report.lower_bound;
    if reported != proven {
        found.push(Violation::WrongReport {
            field: "lower_bound".to_owned(),
            reported: reported.micro_usd(),
            actual: proven.micro_usd(),
        });
    }
    let difference = plan.report.price.micro_usd() - proven.micro_usd();
    let shares: i64 = plan.report.gap.iter().map(|share| share.price.micro_usd()).sum();
    if plan.report.pods > 0 && shares != difference {
        found.push(Violation::WrongReport {
            field: "gap".to_owned(),
            reported: shares,
            actual: difference,
        });
    }
}
