//! Serves an account until it is told to end.

use std::io::{self, Write as _};
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use plimsoll_fake_aws::{AccountBuilder, Clock, FakeAws, ServeOptions};

/// Serve a fake AWS account on the loopback interface
#[derive(Debug, Parser)]
#[command(version)]
struct Args {
    /// Port; 0 is any that is free
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Name of the EKS cluster
    #[arg(long, default_value = "demo")]
    cluster: String,
    /// Everything that looks random follows from this
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many times as fast as real time the account's time goes
    #[arg(long, default_value_t = 1)]
    speed: u32,
    /// How long every answer takes, in milliseconds of the account
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Args { port, cluster, seed, speed, latency_ms } = Args::parse();
    let builder = AccountBuilder::new(&cluster)?;
    let builder = builder.seed(seed).latency(Duration::from_millis(latency_ms));
    let options = ServeOptions { port, clock: Clock::Times(speed) };
    let aws = FakeAws::start_with(builder, options)
        .with_context(|| format!("cannot serve on port {port}"))?;
    let mut out = io::stdout();
    writeln!(out, "AWS_ENDPOINT_URL={}", aws.endpoint())?;
    tokio::signal::ctrl_c().await?;
    write!(out, "{}", aws.account().counters())?;
    Ok(())
}
