//! Time from a parsed snapshot to a verified plan, and memory.

use std::io::Write;

use anyhow::Result;
use plimsoll_benches::{Answer, Market, Mix, check_whole, median, peak_mib, plan, warm};
use scheduler_core::testkit::Variety;
use scheduler_core::verify::verify;
use scheduler_core::{PlanReport, Settings};

use crate::cli::Extent;
use crate::table::{cells, millis, table};

/// Batches with a promised time, the largest last so that the peak of memory is theirs.
const CASES: [(usize, Variety, &str); 7] = [
    (1_000, Variety::Deployments(50), ""),
    (1_000, Variety::AllDifferent, ""),
    (10_000, Variety::Deployments(50), "< 50"),
    (10_000, Variety::Deployments(300), "< 250"),
    (10_000, Variety::AllDifferent, "first < 500"),
    (100_000, Variety::Deployments(500), "first < 1000"),
    (100_000, Variety::Deployments(600), "first < 1000, final < 5000"),
];

/// Prints the table. Times depend on the machine and are not judged.
pub(crate) fn print(extent: &Extent, out: &mut impl Write) -> Result<()> {
    writeln!(
        out,
        "\nFrom snapshot to verified plan with its bound: mixed pods, every type of us-east-1, on demand \
         and Spot, default settings.\nMedian of {}. `first` and `final` are by a new engine, `again` is \
         the first answer of one that knows the supply.\nPods per CPU second are of the first answer, \
         memory is the peak so far:",
        extent.runs
    )?;
    let mut table = table(&[
        "pods",
        "classes",
        "shapes",
        "first ms",
        "again ms",
        "final ms",
        "promised ms",
        "verify ms",
        "pods/CPU s",
        "first gap %",
        "final gap %",
        "bound by",
        "peak MiB",
    ]);
    let supply = Market::everything()?;
    let interruption_cost = Settings::default().interruption_cost;
    let first = Answer::First.settings(interruption_cost);
    let last = Answer::Final.settings(interruption_cost);
    for (pods, variety, promised) in CASES.into_iter().filter(|case| case.0 <= extent.pods_max) {
        let seed = extent.seeds.first().copied().unwrap_or_default();
        let snapshot = Mix::Mixed(variety).batch(&supply, seed, pods)?;
        let (quick, quick_spent) = median(extent.runs, || plan(&first, &snapshot))?;
        let mut engine = warm(&first, &snapshot)?;
        let (_, again) = median(extent.runs, || engine.plan_now(&snapshot))?;
        let (good, good_spent) = median(extent.runs, || plan(&last, &snapshot))?;
        check_whole(&snapshot, &quick)?;
        check_whole(&snapshot, &good)?;
        let (_, verified) = median(extent.runs, || verify(&snapshot, &good))?;
        let ms = |duration| format!("{:.1}", millis(duration));
        table.add_row(cells([
            pods.to_string(),
            good.report.stats.classes.to_string(),
            good.report.stats.shapes.to_string(),
            ms(quick_spent.wall),
            ms(again.wall),
            ms(good_spent.wall),
            promised.to_owned(),
            ms(verified.wall),
            format!("{:.0}", pods as f64 / quick_spent.cpu.as_secs_f64()),
            gap(&quick.report),
            gap(&good.report),
            good.report.bound_method,
            peak_mib()?.to_string(),
        ]));
    }
    writeln!(out, "{table}")?;
    Ok(())
}

pub(crate) fn gap(report: &PlanReport) -> String {
    report.gap_ppm().map_or_else(String::new, |ppm| format!("{:.2}", ppm as f64 / 1e4))
}
