//! Advises on the nodes of a cluster: files in, log lines out. Start reading at `run.rs`.

mod args;
mod clock;
mod driver;
mod journal;
mod run;
mod source;
mod telemetry;

fn main() -> anyhow::Result<()> {
    run::run(clap::Parser::parse(), |name| std::env::var(name).ok())
}
