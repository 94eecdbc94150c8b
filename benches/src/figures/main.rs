//! Prints planning speed and cost, side by side with the peer's manner and the bounds.

mod cli;
mod constrained;
mod mixed;
mod real;
mod solved;
mod speed;
mod table;

use std::io::stdout;

use clap::Parser as _;

fn main() -> anyhow::Result<()> {
    cli::Cli::parse().run(&mut stdout().lock())
}
