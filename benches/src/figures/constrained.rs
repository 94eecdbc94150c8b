//! Time with constraints between pods, beside Karpenter's own scheduler.

use std::io::Write;

use anyhow::Result;
use comfy_table::Cell;
use plimsoll_benches::{Answer, Market, Mix, check, median, warm};
use scheduler_core::{ClusterSnapshot, Settings};

use crate::cli::Extent;
use crate::speed::gap;
use crate::table::{cells, millis, table};

/// Pods, and how many of them Karpenter's scheduler places in a second of CPU time: its own
/// benchmark, 400 instance types, one worker (`solver.md` §6).
const CASES: [(usize, f64); 4] = [(500, 402.0), (2_000, 311.0), (5_000, 315.0), (10_000, 232.0)];

/// Types that the peer's benchmark chooses among; `None` is all there are.
const TYPES: [Option<usize>; 2] = [Some(400), None];

/// Prints the table. Times depend on the machine and are not judged.
pub(crate) fn print(extent: &Extent, out: &mut impl Write) -> Result<()> {
    writeln!(
        out,
        "\nThe mixture of Karpenter's own benchmark: a fifth each of free pods, spread over zones, \
         spread over nodes, in one\nzone with their like, on no node with their like. Types of \
         us-east-1, on demand and Spot, default settings, an engine that\nknows the supply, plans \
         verified and with their bound; the peer has 400 types and does neither. Median of {}:",
        extent.runs
    )?;
    let mut table = table(&[
        "pods",
        "classes",
        "shapes",
        "placed",
        "first ms",
        "final ms",
        "gap %",
        "pods/CPU s",
        "its peer's",
        "times its peer",
        "promised",
    ]);
    for types in TYPES {
        let supply = match types {
            None => Market::everything()?,
            Some(types) => Market::sample(types)?,
        };
        for (pods, peer) in CASES.into_iter().filter(|case| case.0 <= extent.pods_max) {
            let seed = extent.seeds.first().copied().unwrap_or_default();
            let snapshot = Mix::Constrained.batch(&supply, seed, pods)?;
            table.add_row(row(extent, &snapshot, peer)?);
        }
    }
    writeln!(out, "{table}")?;
    Ok(())
}

fn row(extent: &Extent, snapshot: &ClusterSnapshot, peer: f64) -> Result<Vec<Cell>> {
    let interruption_cost = Settings::default().interruption_cost;
    let mut engine = warm(&Answer::First.settings(interruption_cost), snapshot)?;
    let (quick, spent) = median(extent.runs, || engine.plan_now(snapshot))?;
    let mut engine = warm(&Answer::Final.settings(interruption_cost), snapshot)?;
    let (good, good_spent) = median(1, || engine.plan_now(snapshot))?;
    check(snapshot, &quick)?;
    check(snapshot, &good)?;
    let rate = snapshot.pending.len() as f64 / spent.cpu.as_secs_f64();
    Ok(cells([
        snapshot.pending.len().to_string(),
        good.report.stats.classes.to_string(),
        good.report.stats.shapes.to_string(),
        quick.report.placed.to_string(),
        format!("{:.1}", millis(spent.wall)),
        format!("{:.1}", millis(good_spent.wall)),
        gap(&good.report),
        format!("{rate:.0}"),
        format!("{peer:.0}"),
        format!("{:.0}", rate / peer),
        "≥ 100".to_owned(),
    ]))
}
