//! The command line.

use std::io::Write;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use plimsoll_benches::{Answer, check, plan};
use rayon::prelude::*;
use scheduler_core::model::Price;

use crate::instance::Instance;

/// Plans random instances in our manner and in the peer's; fails if ours is dearer or wrong
///
/// Prices are as on the list, with nothing added for the risk of an interruption.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask compare", max_term_width = 100)]
pub(crate) struct Cli {
    /// How many instances
    #[arg(long, default_value_t = 2_000)]
    instances: u64,
    /// Seed of the first instance; the others follow
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Steps of work on each
    #[arg(long, default_value_t = 2_000)]
    steps: u32,
}

/// What an instance came to.
enum Outcome {
    /// Ours is dearer or a plan is wrong.
    Broken(String),
    /// No pod has a place.
    Nothing,
    /// Prices for the same pods.
    Priced {
        /// The peer's manner over ours.
        saving: f64,
        /// Ours over the bound.
        over: f64,
    },
}

impl Cli {
    /// Compares and prints how prices are distributed.
    pub(crate) fn run(self, out: &mut impl Write) -> Result<()> {
        let seeds: Vec<u64> = (0..self.instances).map(|index| self.seed + index).collect();
        let outcomes: Vec<Outcome> =
            seeds.par_iter().map(|seed| self.compare(*seed)).collect::<Result<_>>()?;
        let (mut savings, mut overs, mut broken) = (Vec::new(), Vec::new(), Vec::new());
        for outcome in outcomes {
            match outcome {
                Outcome::Broken(what) => broken.push(what),
                Outcome::Nothing => {}
                Outcome::Priced { saving, over } => {
                    savings.push(saving);
                    overs.push(over);
                }
            }
        }
        let (count, first) = (self.instances, self.seed);
        writeln!(out, "{count} instances from seed {first}, {} priced:", savings.len())?;
        writeln!(out, "ffd / plimsoll    {}", distribution(savings))?;
        writeln!(out, "plimsoll / bound  {}", distribution(overs))?;
        ensure!(
            broken.is_empty(),
            "{} instances broke the promise; run one again with \
             `cargo xtask compare --instances 1 --steps {} --seed SEED`\n{}",
            broken.len(),
            self.steps,
            broken.join("\n")
        );
        Ok(())
    }

    fn compare(&self, seed: u64) -> Result<Outcome> {
        let instance = Instance::new(seed);
        let snapshot = instance.snapshot().with_context(|| instance.to_string())?;
        let answer = |answer: Answer| plan(&answer.settings(Price::ZERO), &snapshot);
        let ours = answer(Answer::Improved { steps: self.steps });
        let theirs = answer(Answer::Peer);
        for (whose, plan) in [("our", &ours), ("the peer's", &theirs)] {
            if let Err(error) = check(&snapshot, plan) {
                return Ok(Outcome::Broken(format!("{instance}: {whose} manner: {error}")));
            }
        }
        let (ours, theirs) = (ours.report, theirs.report);
        let left = [&ours, &theirs]
            .map(|report| report.unschedulable.iter().map(|one| &one.pod).collect::<Vec<_>>());
        if left[0] != left[1] {
            let [ours, theirs] = left.map(|pods| pods.len());
            let what = format!("{instance}: {ours} pods without a place, not the {theirs} of ffd");
            return Ok(Outcome::Broken(what));
        }
        if ours.price > theirs.price {
            let what = format!("{instance}: {} is dearer than {}", ours.price, theirs.price);
            return Ok(Outcome::Broken(what));
        }
        if ours.price == Price::ZERO {
            return Ok(Outcome::Nothing);
        }
        let price = ours.price.usd();
        let (saving, over) = (theirs.price.usd() / price, price / ours.lower_bound.usd());
        Ok(Outcome::Priced { saving, over })
    }
}

fn distribution(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    let at = |percent: usize| values.get(values.len().saturating_sub(1) * percent / 100);
    let names = [(0, "min"), (5, "p5"), (50, "median"), (95, "p95"), (100, "max")];
    let shown = names.map(|(percent, name)| {
        let value = at(percent).copied().unwrap_or_default();
        format!("{name} {value:.3}")
    });
    shown.join("  ")
}
