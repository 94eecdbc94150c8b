//! Every chore of this repository: `cargo xtask --help` lists them.
//!
//! `cargo xtask ci` is what CI runs and what you run; `cargo xtask test` runs all tests. A chore is a
//! list of steps ([`chore`]); a step is a cargo command ([`cargo`]) or a check of our own
//! ([`direction`], [`compatibility`]). Each says its name and how long it took.

mod cargo;
mod chore;
mod compatibility;
mod deny;
mod direction;
mod step;
mod tool;

use clap::Parser as _;

fn main() -> anyhow::Result<()> {
    chore::Cli::parse().run()
}
