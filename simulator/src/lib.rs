//! Replays traces of pods through the engine, and answers questions about cluster files.
//!
//! ```text
//! trace ──► World ──► ClusterSnapshot ──► Engine::step ──► Plan ──► World ──► …
//!             └──► Recorder ──► Comparison ──► table, Markdown, JSON, HTML
//! ```
//!
//! - [`trace`] and [`embedded`]: which pods came when; rows stream.
//! - [`replay`]: the loop, every [`strategy`] side by side on the same trace with the same seed.
//! - `world`, [`cloud`], [`binder`], `clock`: the simulated cluster, its machines, kube-scheduler's
//!   stand-in, virtual time. They carry out what the engine decides and decide nothing.
//! - `figures`: what is measured; [`outcome`] is the result as plain data.
//! - [`report`]: shows a result. [`plan`] and [`explain`]: one decision on cluster files.
//! - [`cli`]: the command line.
//!
//! What the simulation leaves out: preemption and preferences of kube-scheduler, image pulls,
//! disruption budgets and grace periods of pods, data transfer and disks on the bill.
//!
//! ```
//! use aws_provider::Catalog;
//! use plimsoll::replay::{CompareOptions, Quiet, compare};
//! use plimsoll::strategy::Strategy;
//! use plimsoll::trace::TraceSource;
//!
//! let options =
//!     CompareOptions { until: Some(1800), ..CompareOptions::new(TraceSource::named("idp-week")) };
//! let strategies = ["on-demand", "plimsoll"].map(|name| Strategy::builtin(name).expect("built in"));
//! let comparison = compare(&options, &Catalog::embedded()?, &strategies, &Quiet)?;
//! let [on_demand, plimsoll] = [0, 1].map(|index| comparison.outcomes[index].figures.dollars);
//! assert!(plimsoll < on_demand);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod binder;
pub mod cli;
mod clock;
pub mod cloud;
pub mod embedded;
pub mod explain;
mod figures;
pub mod outcome;
pub mod plan;
pub mod replay;
pub mod report;
pub mod strategy;
pub mod trace;
mod world;

#[cfg(test)]
mod testkit;
