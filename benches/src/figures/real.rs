//! Cost of batches that resemble real clusters, and of those that are hard for a packer.

use std::io::Write;

use anyhow::Result;
use plimsoll_benches::{Buys, Market, Mix};
use scheduler_core::model::Price;

use crate::cli::Extent;
use crate::solved::{COLUMNS, Promise, Solved, columns};
use crate::table::{cells, range, show, table};

const PODS: [usize; 3] = [1_000, 10_000, 100_000];

/// What the prototype had, as `solver.md` §7 gives it: the peer's manner, the first answer, and
/// the answers after 0.1 s and 1 s for each number of pods.
const fn prototype(mix: Mix) -> Option<[&'static str; 4]> {
    match mix {
        Mix::OpenbCpu => Some(["1.34", "1.03", "1.0006 / 1.0001 / 1.0000", "1.000"]),
        Mix::OpenbAll => {
            Some(["1.65–1.67", "1.08", "1.009 / 1.012 / 1.025", "1.006 / 1.007 / 1.014"])
        }
        Mix::Deployments => {
            Some(["1.69–1.87", "1.01–1.04", "1.008 / 1.010 / 1.038", "1.003 / 1.005 / 1.019"])
        }
        Mix::Awkward => {
            Some(["1.64–1.68", "1.055–1.065", "1.001 / 1.000 / 1.000", "1.001 / 1.000 / 1.000"])
        }
        Mix::Mixed(_) | Mix::Few | Mix::Azure | Mix::Constrained => None,
    }
}

/// Prints the table; returns the promises that were missed.
pub(crate) fn print(extent: &Extent, out: &mut impl Write) -> Result<Vec<String>> {
    let market = Market::arm64(Buys::Spot, None);
    writeln!(
        out,
        "\nReal shapes, {market}, c/m/r: price over the best bound, and times of an engine that knows \
         the supply.\nRanges over the seeds; the prototype beside it, for 1,000 / 10,000 / 100,000 \
         pods where that differs:"
    )?;
    let head = ["mix", "pods", "classes"];
    let theirs = ["its peer", "its first", "its 0.1 s", "its 1 s"];
    let mut table = table(&[&head[..], &COLUMNS[..], &theirs[..]].concat());
    let supply = market.supply()?;
    let mut missed = Vec::new();
    for mix in Mix::REAL {
        for pods in PODS.into_iter().filter(|pods| *pods <= extent.pods_max) {
            let solve = |seed: &u64| {
                let name = format!("{pods} pods, {mix}, {market}, seed {seed}");
                Solved::new(name, &mix.batch(&supply, *seed, pods)?, Price::ZERO)
            };
            let solved: Vec<Solved> = extent.seeds.iter().map(solve).collect::<Result<_>>()?;
            missed.extend(solved.iter().flat_map(|one| one.missed(Promise::NeverDearer)));
            let classes = show(range(solved.iter().map(|one| one.classes as f64)), 0);
            let head = [mix.to_string(), pods.to_string(), classes];
            let ours = columns(&solved);
            let theirs = prototype(mix).unwrap_or_default().map(str::to_owned);
            table.add_row(cells(head.into_iter().chain(ours).chain(theirs)));
        }
    }
    writeln!(out, "{table}")?;
    Ok(missed)
}
