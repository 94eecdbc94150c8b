//! Looks for an instance on which the peer's manner is cheaper than ours.

mod cli;
mod instance;

use std::io::stdout;

use clap::Parser as _;

fn main() -> anyhow::Result<()> {
    cli::Cli::parse().run(&mut stdout().lock())
}
