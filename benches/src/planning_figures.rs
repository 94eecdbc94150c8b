//! Prints planning speed and cost as one table each.
//!
//! The first table has the batches for which a time is promised, planned by a new engine (`first`)
//! and by one that knows the supply (`again`), with pods per CPU second of the former and the peak
//! memory so far; the second compares both packers with the lower bound on the prices and node sizes on
//! which the peer itself was measured.

use std::io::{Write, stdout};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use comfy_table::{Cell, CellAlignment, Table};
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use plimsoll_benches::{batch, everything, on_demand_up_to_32_vcpus};
use scheduler_core::testkit::Variety;
use scheduler_core::verify::verify;
use scheduler_core::{ClusterSnapshot, Engine, Packer, Plan, Settings, Supply};

/// Batches with a promised time: pods, variety, milliseconds from snapshot to verified plan.
const CASES: [(usize, Variety, Option<u64>); 5] = [
    (1_000, Variety::Deployments(50), None),
    (1_000, Variety::AllDifferent, None),
    (10_000, Variety::Deployments(50), Some(50)),
    (10_000, Variety::AllDifferent, Some(500)),
    (100_000, Variety::Deployments(500), Some(1_000)),
];
/// Batch sizes of the comparison, those on which the peer was measured.
const COMPARED: [usize; 4] = [100, 500, 1_000, 2_000];
/// Seeds of the comparison; each gives one batch of deployments and one of different pods.
const SEEDS: [u64; 3] = [1, 2, 3];
/// A deployment of the comparison has so many pods.
const REPLICAS: usize = 10;
/// Times are the median of so many runs.
const RUNS: usize = 5;

fn main() -> Result<()> {
    let mut out = stdout().lock();
    let all = everything()?;
    writeln!(out, "From snapshot to verified plan, every type of us-east-1, on demand and Spot:")?;
    writeln!(out, "{}", speed_table(&all)?)?;
    let capped = on_demand_up_to_32_vcpus()?;
    writeln!(out, "\nPrice over the lower bound, on demand, arm64 c/m/r up to 32 vCPUs:")?;
    writeln!(out, "{}", cost_table(&capped)?)?;
    Ok(())
}

fn speed_table(supply: &Arc<Supply>) -> Result<Table> {
    let mut table = table(&[
        "pods",
        "classes",
        "shapes",
        "first ms",
        "again ms",
        "promised",
        "verify ms",
        "pods/CPU s",
        "$/h",
        "bound $/h",
        "gap %",
        "peak MiB",
    ]);
    for (pods, variety, promised) in CASES {
        let snapshot = batch(supply, 1, pods, variety);
        let (_, first) = median(|| plan(Packer::DualGreedy, &snapshot))?;
        // The controller's engine has lowered its supply long before; this batch is new to it.
        let mut engine = Engine::new(Settings::default());
        engine.plan_now(&batch(supply, 2, 1, Variety::AllDifferent));
        let (plan, again) = median(|| engine.plan_now(&snapshot))?;
        check(&snapshot, &plan)?;
        let (_, verified) = median(|| verify(&snapshot, &plan))?;
        let report = &plan.report;
        let cpu_secs = first.cpu.as_secs_f64();
        let gap = report.gap_ppm().map(|ppm| format!("{:.2}", ppm as f64 / 1e4));
        table.add_row(cells([
            pods.to_string(),
            report.stats.classes.to_string(),
            report.stats.shapes.to_string(),
            millis(first.wall),
            millis(again.wall),
            promised.map_or_else(String::new, |promised| format!("< {promised}")),
            millis(verified.wall),
            format!("{:.0}", pods as f64 / cpu_secs),
            format!("{:.4}", report.price.usd()),
            format!("{:.4}", report.lower_bound.usd()),
            gap.unwrap_or_default(),
            (usage()?.max_rss() >> 10).to_string(),
        ]));
    }
    Ok(table)
}

fn cost_table(supply: &Arc<Supply>) -> Result<Table> {
    let mut table = table(&["pods", "packer", "min", "median", "max", "median plan ms"]);
    for pods in COMPARED {
        let varieties = [Variety::Deployments(pods / REPLICAS), Variety::AllDifferent];
        let problems = SEEDS.iter().flat_map(|seed| varieties.map(|variety| (*seed, variety)));
        let snapshots: Vec<ClusterSnapshot> =
            problems.map(|(seed, variety)| batch(supply, seed, pods, variety)).collect();
        for (name, packer) in
            [("plimsoll", Packer::DualGreedy), ("ffd", Packer::FirstFitDecreasing)]
        {
            let mut ratios = Vec::new();
            let mut walls = Vec::new();
            for snapshot in &snapshots {
                let (plan, spent) = measure(|| plan(packer, snapshot))?;
                check(snapshot, &plan)?;
                ratios.push(plan.report.price.usd() / plan.report.lower_bound.usd());
                walls.push(spent.wall);
            }
            ratios.sort_by(f64::total_cmp);
            walls.sort();
            table.add_row(cells([
                pods.to_string(),
                name.to_owned(),
                format!("{:.3}", ratios[0]),
                format!("{:.3}", ratios[ratios.len() / 2]),
                format!("{:.3}", ratios[ratios.len() - 1]),
                millis(walls[walls.len() / 2]),
            ]));
        }
    }
    Ok(table)
}

fn plan(packer: Packer, snapshot: &ClusterSnapshot) -> Plan {
    Engine::new(Settings { packer, ..Settings::default() }).plan_now(snapshot)
}

/// A figure of a wrong plan is worth nothing.
fn check(snapshot: &ClusterSnapshot, plan: &Plan) -> Result<()> {
    let found = verify(snapshot, plan);
    ensure!(found.is_empty(), "the plan is wrong: {}", found[0]);
    let (placed, waiting) = (plan.report.placed, snapshot.pending.len());
    ensure!(placed == waiting, "{placed} of {waiting} pods have a place");
    Ok(())
}

/// Time spent on one piece of work.
#[derive(Clone, Copy, Debug)]
struct Spent {
    wall: Duration,
    /// Of all threads.
    cpu: Duration,
}

/// The result of the last run, and the median of the times of all runs.
fn median<T>(mut work: impl FnMut() -> T) -> Result<(T, Spent)> {
    let (mut result, spent) = measure(&mut work)?;
    let mut runs = vec![spent];
    while runs.len() < RUNS {
        let (next, spent) = measure(&mut work)?;
        result = next;
        runs.push(spent);
    }
    let middle = |of: fn(&Spent) -> Duration| {
        let mut times: Vec<Duration> = runs.iter().map(of).collect();
        times.sort();
        times[times.len() / 2]
    };
    let spent = Spent { wall: middle(|run| run.wall), cpu: middle(|run| run.cpu) };
    Ok((result, spent))
}

fn measure<T>(work: impl FnOnce() -> T) -> Result<(T, Spent)> {
    let (start, cpu_start) = (Instant::now(), cpu_time()?);
    let result = work();
    let wall = start.elapsed();
    Ok((result, Spent { wall, cpu: cpu_time()?.saturating_sub(cpu_start) }))
}

fn cpu_time() -> Result<Duration> {
    let usage = usage()?;
    let micros = (usage.user_time() + usage.system_time()).num_microseconds();
    Ok(Duration::from_micros(micros.try_into()?))
}

fn usage() -> Result<Usage> {
    getrusage(UsageWho::RUSAGE_SELF).context("reading the resource usage of this process")
}

fn millis(duration: Duration) -> String {
    format!("{:.1}", duration.as_secs_f64() * 1e3)
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(header.iter().map(right));
    table
}

fn cells<const N: usize>(texts: [String; N]) -> [Cell; N] {
    texts.map(right)
}

fn right(text: impl ToString) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}
