//! Wires everything, top to bottom.
//!
//! ```text
//! cluster files ──► ClusterFiles ──► ClusterSnapshot ──► Engine::step ──► Plan ──► log lines
//!                        ▲                                                 │
//!                        └──────── Driver: wait for wake_at or interval ◄──┘
//! ```

use std::io;

use anyhow::Context as _;
use aws_provider::Catalog;
use scheduler_core::Engine;
use tokio::signal::unix::{SignalKind, signal};
use tracing::info;

use crate::args::{Args, Settings};
use crate::clock::WallClock;
use crate::driver::Driver;
use crate::journal::LogJournal;
use crate::source::ClusterFiles;
use crate::telemetry;

/// Runs the controller until it is told to stop. `environment` is the only way to the environment.
///
/// # Errors
/// If the settings or the catalogue are wrong, or if a single round fails.
pub(crate) fn run(args: Args, environment: impl Fn(&str) -> Option<String>) -> anyhow::Result<()> {
    let Settings {
        cluster_files,
        catalog,
        catalog_options,
        engine,
        default_spread,
        interval,
        rounds,
        log_level,
    } = args.settings(environment)?;
    tracing::subscriber::set_global_default(telemetry::subscriber(log_level, io::stdout))?;
    let catalog = match catalog {
        Some(path) => Catalog::read(&path)?,
        None => Catalog::embedded()?,
    };
    info!(
        region = catalog.region(),
        catalog_sha256 = catalog.sha256(),
        prices_as_of = catalog.as_of().on_demand_price,
        "starting; advice only, nothing is written to the cluster"
    );
    let driver = Driver {
        clock: WallClock,
        source: ClusterFiles::new(cluster_files, (catalog, catalog_options), default_spread),
        planner: Engine::new(engine),
        journal: LogJournal::default(),
        interval,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")?;
    runtime.block_on(async {
        let stop = stop_signal().context("cannot listen for signals")?;
        driver.run(rounds, stop).await
    })
}

/// Completes at the first SIGTERM or SIGINT. Listens from the moment it is made.
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let signal = tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = interrupt.recv() => "SIGINT",
        };
        info!(signal, "stopping");
    })
}
