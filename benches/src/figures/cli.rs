//! The command line.

use std::io::Write;
use std::thread::available_parallelism;

use anyhow::{Result, ensure};
use clap::{Parser, ValueEnum};

use crate::{constrained, mixed, real, speed};

/// Prints planning speed and cost; fails if a promise is missed that does not depend on the machine
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask figures", max_term_width = 100)]
pub(crate) struct Cli {
    /// Seeds of the batches; costs are given as the range over them
    #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
    seeds: Vec<u64>,
    /// The first seed only, one run each, nothing above 10,000 pods
    #[arg(long)]
    quick: bool,
    /// Only this table; all if left out
    #[arg(long, value_enum)]
    table: Option<Name>,
}

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Name {
    /// Time and memory, against every type
    Speed,
    /// Time with constraints between pods, beside Karpenter's own scheduler
    Constrained,
    /// Cost of mixed batches: 72 problems with three seeds
    Mixed,
    /// Cost of batches with the sizes of real pods, and of odd ones
    Real,
}

/// How much to measure.
#[derive(Clone, Debug)]
pub(crate) struct Extent {
    /// Seeds of the batches.
    pub(crate) seeds: Vec<u64>,
    /// Times are the median of so many runs.
    pub(crate) runs: usize,
    /// Most pods of a batch.
    pub(crate) pods_max: usize,
}

/// Runs of which times are the median: enough to shrug off one that was disturbed.
const RUNS: usize = 5;

impl Cli {
    /// Prints the tables that were asked for.
    pub(crate) fn run(self, out: &mut impl Write) -> Result<()> {
        let extent = if self.quick {
            let seeds = self.seeds.into_iter().take(1).collect();
            Extent { seeds, runs: 1, pods_max: 10_000 }
        } else {
            Extent { seeds: self.seeds, runs: RUNS, pods_max: usize::MAX }
        };
        let wanted = |name: Name| self.table.is_none_or(|only| only == name);
        writeln!(out, "On {} cores, seeds {:?}.", available_parallelism()?, extent.seeds)?;
        let mut missed = Vec::new();
        if wanted(Name::Speed) {
            speed::print(&extent, out)?;
        }
        if wanted(Name::Constrained) {
            constrained::print(&extent, out)?;
        }
        if wanted(Name::Mixed) {
            missed.extend(mixed::print(&extent, out)?);
        }
        if wanted(Name::Real) {
            missed.extend(real::print(&extent, out)?);
        }
        ensure!(missed.is_empty(), "promises missed:\n{}", missed.join("\n"));
        Ok(())
    }
}
