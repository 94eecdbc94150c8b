//! Time with constraints between pods, beside Karpenter's own scheduler.

use std::io::Write;

use anyhow::Result;
use plimsoll_benches::{Answer, Market, Mix, check, median, plan};
use scheduler_core::Settings;

use crate::cli::Extent;
use crate::table::{cells, millis, table};

/// Pods, and how many of them Karpenter's scheduler places in a second of CPU time: its own
/// benchmark, 400 instance types, one worker (`solver.md` §6).
const CASES: [(usize, f64); 4] = [(500, 402.0), (2_000, 311.0), (5_000, 315.0), (10_000, 232.0)];

/// Prints the table. Times depend on the machine and are not judged.
pub(crate) fn print(extent: &Extent, out: &mut impl Write) -> Result<()> {
    writeln!(
        out,
        "\nThe mixture of Karpenter's own benchmark: a fifth each of free pods, spread over zones, \
         spread over nodes, in one\nzone with their like, on no node with their like. Every type of \
         us-east-1, on demand and Spot, default settings, median of {}:",
        extent.runs
    )?;
    let mut table = table(&[
        "pods",
        "classes",
        "placed",
        "first ms",
        "final ms",
        "pods/CPU s",
        "its peer's",
        "times its peer",
        "promised",
    ]);
    let supply = Market::everything()?;
    let interruption_cost = Settings::default().interruption_cost;
    let first = Answer::First.settings(interruption_cost);
    let last = Answer::Final.settings(interruption_cost);
    for (pods, peer) in CASES.into_iter().filter(|case| case.0 <= extent.pods_max) {
        let seed = extent.seeds.first().copied().unwrap_or_default();
        let snapshot = Mix::Constrained.batch(&supply, seed, pods)?;
        let (quick, spent) = median(extent.runs, || plan(&first, &snapshot))?;
        let (good, good_spent) = median(1, || plan(&last, &snapshot))?;
        check(&snapshot, &quick)?;
        check(&snapshot, &good)?;
        let rate = pods as f64 / spent.cpu.as_secs_f64();
        table.add_row(cells([
            pods.to_string(),
            good.report.stats.classes.to_string(),
            quick.report.placed.to_string(),
            format!("{:.1}", millis(spent.wall)),
            format!("{:.1}", millis(good_spent.wall)),
            format!("{rate:.0}"),
            format!("{peer:.0}"),
            format!("{:.0}", rate / peer),
            "≥ 100".to_owned(),
        ]));
    }
    writeln!(out, "{table}")?;
    Ok(())
}
