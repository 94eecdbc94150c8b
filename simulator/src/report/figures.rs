//! The figures of every strategy as two grids: what it costs, and what pods go through.

use super::format::{count, dollars, percent, whole_percent};
use super::grid::{Align, Grid};
use crate::outcome::{Comparison, Outcome};

/// Mark of figures that compare the cost of less work with that of all of it.
pub(super) const LESS_WORK: &str = "*";

/// What each strategy costs and how full its nodes are.
pub(super) fn cost(comparison: &Comparison) -> Grid {
    let mut grid = Grid::new([
        ("\nstrategy", Align::Left),
        ("$ over\nthe trace", Align::Right),
        ("$ a\nmonth", Align::Right),
        ("\nsaving", Align::Right),
        ("over\nbound", Align::Right),
        ("node-\nhours", Align::Right),
        ("Spot\nshare", Align::Right),
        ("fill\nCPU/mem", Align::Right),
    ]);
    for (index, outcome) in comparison.outcomes.iter().enumerate() {
        let figures = &outcome.figures;
        let mark = mark(outcome);
        grid.row(vec![
            outcome.strategy.clone(),
            dollars(figures.dollars),
            dollars(figures.dollars_per_month),
            if index == 0 { "–".to_owned() } else { percent(figures.saving) + mark },
            percent(figures.over_bound) + mark,
            count(figures.node_hours.round() as u64),
            whole_percent(figures.spot_share),
            format!("{:.0}/{:.0} %", figures.cpu_fill * 100.0, figures.memory_fill * 100.0),
        ]);
    }
    grid
}

/// [`LESS_WORK`] for a strategy that left pods without a place: they cost it nothing.
pub(super) fn mark(outcome: &Outcome) -> &'static str {
    if outcome.figures.never_placed > 0 { LESS_WORK } else { "" }
}

/// How long pods wait, how often they are moved, and how much work the engine has.
pub(super) fn service(comparison: &Comparison) -> Grid {
    let mut grid = Grid::new([
        ("\nstrategy", Align::Left),
        ("pods wait, s\np50/p95/p99/max", Align::Right),
        ("never\nplaced", Align::Right),
        ("evicted/\npod-day", Align::Right),
        ("lost to\nSpot", Align::Right),
        ("nodes\nlaunched", Align::Right),
        ("decision\np50/p99 ms", Align::Right),
    ]);
    for outcome in &comparison.outcomes {
        let figures = &outcome.figures;
        grid.row(vec![
            outcome.strategy.clone(),
            waits(outcome).map(|wait| count(wait.round() as u64)).join("/"),
            count(figures.never_placed),
            rate(figures.evictions_per_pod_day),
            count(figures.interruptions),
            count(figures.launches),
            format!("{}/{}", millis(figures.decision_p50_ms), millis(figures.decision_p99_ms)),
        ]);
    }
    grid
}

/// Waiting times in seconds: median, 95th and 99th percentile, longest.
fn waits(outcome: &Outcome) -> [f64; 4] {
    let figures = &outcome.figures;
    [
        figures.wait_p50_seconds,
        figures.wait_p95_seconds,
        figures.wait_p99_seconds,
        figures.wait_max_seconds,
    ]
}

fn rate(rate: f64) -> String {
    if rate == 0.0 { "0".to_owned() } else { format!("{rate:.3}") }
}

fn millis(millis: f64) -> String {
    if millis < 10.0 { format!("{millis:.1}") } else { format!("{millis:.0}") }
}
