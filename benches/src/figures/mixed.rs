//! Cost of mixed batches, the problems on which the peer and the prototype were measured.

use std::io::Write;
use std::sync::Arc;

use anyhow::Result;
use plimsoll_benches::{Buys, Market, Mix, REPLICAS};
use scheduler_core::model::Price;
use scheduler_core::testkit::Variety;
use scheduler_core::{Settings, Supply};

use crate::cli::Extent;
use crate::solved::{COLUMNS, Promise, Solved, columns};
use crate::table::{Range, cells, range, show, table};

/// Most vCPUs of a node where node size is capped.
const VCPUS_MAX: u32 = 32;
/// From so many pods on a distance from the bound is promised.
const PROMISED_PODS_MIN: usize = 500;
const ON_DEMAND_PERMILLE: i64 = 20;
const SPOT_PERMILLE: i64 = 30;

/// The prototype's figures are rounded by so much.
const ROUNDED: f64 = 0.0005;

/// Two rows, node size capped and not, with what the prototype had: cost of the peer's manner and
/// of the first answer in each, time of the first answer and cost after a second in both together.
struct Prototype {
    pods: usize,
    buys: Buys,
    peer: [Range; 2],
    first: [Range; 2],
    first_ms: Range,
    second: Range,
}

/// The table of `solver.md` §7.
const PROTOTYPE: [Prototype; 6] = [
    Prototype {
        pods: 100,
        buys: Buys::OnDemand,
        peer: [(1.09, 1.15), (1.17, 1.80)],
        first: [(1.06, 1.16), (1.03, 1.10)],
        first_ms: (0.1, 0.7),
        second: (1.005, 1.014),
    },
    Prototype {
        pods: 500,
        buys: Buys::OnDemand,
        peer: [(1.11, 1.19), (1.32, 1.47)],
        first: [(1.05, 1.10), (1.01, 1.04)],
        first_ms: (0.3, 1.4),
        second: (1.002, 1.005),
    },
    Prototype {
        pods: 2_000,
        buys: Buys::OnDemand,
        peer: [(1.11, 1.17), (1.31, 1.42)],
        first: [(1.05, 1.07), (1.02, 1.06)],
        first_ms: (0.9, 5.2),
        second: (1.004, 1.009),
    },
    Prototype {
        pods: 100,
        buys: Buys::Both,
        peer: [(1.10, 1.29), (1.68, 2.42)],
        first: [(1.05, 1.13), (1.02, 1.10)],
        first_ms: (0.1, 1.0),
        second: (1.00, 1.06),
    },
    Prototype {
        pods: 500,
        buys: Buys::Both,
        peer: [(1.09, 1.27), (1.64, 1.83)],
        first: [(1.06, 1.15), (1.04, 1.10)],
        first_ms: (0.2, 1.3),
        second: (1.01, 1.06),
    },
    Prototype {
        pods: 2_000,
        buys: Buys::Both,
        peer: [(1.19, 1.28), (1.67, 1.85)],
        first: [(1.09, 1.14), (1.04, 1.10)],
        first_ms: (0.7, 4.6),
        second: (1.01, 1.07),
    },
];

/// Prints the table; returns the promises that were missed.
pub(crate) fn print(extent: &Extent, out: &mut impl Write) -> Result<Vec<String>> {
    writeln!(
        out,
        "\nMixed pods, arm64 c/m/r, as deployments of {REPLICAS} and all different: price over the best \
         bound, and times of an engine that knows the supply.\nRanges over the problems of a row; \
         promised for {PROMISED_PODS_MIN} pods and more: {:.2} on demand, {:.2} with Spot. The \
         prototype beside it:",
        1.0 + ON_DEMAND_PERMILLE as f64 / 1e3,
        1.0 + SPOT_PERMILLE as f64 / 1e3
    )?;
    let head = ["pods", "capacity", "vCPUs", "problems"];
    let theirs = ["its peer", "its first", "its first ms", "its 1 s"];
    let mut table = table(&[&head[..], &COLUMNS[..], &theirs[..]].concat());
    let mut missed = Vec::new();
    let mut behind = Vec::new();
    for row in &PROTOTYPE {
        for (index, vcpus_max) in [Some(VCPUS_MAX), None].into_iter().enumerate() {
            let market = Market::arm64(row.buys, vcpus_max);
            let solved = solve(extent, &market, row.pods, Price::ZERO)?;
            let promise = match row.buys {
                _ if row.pods < PROMISED_PODS_MIN => Promise::NeverDearer,
                Buys::OnDemand => Promise::WithinPermille(ON_DEMAND_PERMILLE),
                Buys::Spot | Buys::Both => Promise::WithinPermille(SPOT_PERMILLE),
            };
            missed.extend(solved.iter().flat_map(|one| one.missed(promise)));
            if range(solved.iter().map(Solved::final_over)).1 > row.second.1 + ROUNDED {
                behind.push(format!("{} pods, {market}", row.pods));
            }
            let ours = columns(&solved);
            let theirs = [
                show(row.peer[index], 2),
                show(row.first[index], 2),
                show(row.first_ms, 1),
                show(row.second, 3),
            ];
            let head = [
                row.pods.to_string(),
                row.buys.to_string(),
                vcpus_max.map_or_else(|| "any".to_owned(), |most| format!("≤ {most}")),
                solved.len().to_string(),
            ];
            table.add_row(cells(head.into_iter().chain(ours).chain(theirs)));
        }
    }
    writeln!(out, "{table}")?;
    let behind =
        if behind.is_empty() { "none".to_owned() } else { format!("\n{}", behind.join("\n")) };
    writeln!(out, "Rows whose dearest problem is above the prototype's after 1 s: {behind}")?;
    print_default(extent, out)?;
    Ok(missed)
}

/// One row as the product is set up, where the risk of an interruption counts: an offering that is
/// often interrupted must then be cheaper to be chosen, so that the list price is above the bound.
fn print_default(extent: &Extent, out: &mut impl Write) -> Result<()> {
    let market = Market::arm64(Buys::Both, Some(VCPUS_MAX));
    let cost = Settings::default().interruption_cost;
    let solved = solve(extent, &market, PROMISED_PODS_MIN, cost)?;
    writeln!(
        out,
        "With the default cost of an interruption, {cost}, {PROMISED_PODS_MIN} pods, {market}:"
    )?;
    let mut table = table(&COLUMNS);
    table.add_row(cells(columns(&solved)));
    writeln!(out, "{table}")?;
    Ok(())
}

fn solve(
    extent: &Extent,
    market: &Market,
    pods: usize,
    interruption_cost: Price,
) -> Result<Vec<Solved>> {
    let supply: Arc<Supply> = market.supply()?;
    let varieties = [Variety::Deployments(pods / REPLICAS), Variety::AllDifferent];
    let problems = extent.seeds.iter().flat_map(|seed| varieties.map(|variety| (*seed, variety)));
    problems
        .map(|(seed, variety)| {
            let mix = Mix::Mixed(variety);
            let name = format!("{pods} pods, {mix}, {market}, seed {seed}");
            Solved::new(name, &mix.batch(&supply, seed, pods)?, interruption_cost)
        })
        .collect()
}
