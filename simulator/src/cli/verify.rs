//! `plimsoll verify FILE… PLAN`.

use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use super::Status;
use super::cluster::{ClusterArgs, ReadCluster};
use super::output::{self, Format};
use crate::plan::Verdict;

/// Check a plan and its lower bound against the cluster, by code of its own
///
/// Shares nothing with the planner. Exits with 2 if anything in the plan is wrong.
#[derive(Args, Debug)]
#[command(
    long_about = "Check a plan and its lower bound against the cluster, by code of its own

Reads the cluster files as `plan` does, with the same options, and a plan that `plan -o json` \
printed. Every pod, node, price and alternative is checked as kube-scheduler and EC2 would see it, \
and the bound is proven anew from the values in the plan's certificate. Nothing is shared with the \
planner. Exits with 2 if anything in the plan is wrong.",
    after_help = "Examples:
  plimsoll plan docs/examples/web.yaml -o json | plimsoll verify docs/examples/web.yaml -
  plimsoll plan docs/examples/web.yaml -o json | plimsoll verify docs/examples/web.yaml - -o json"
)]
pub(super) struct Verify {
    #[command(flatten)]
    cluster: ClusterArgs,
    /// The plan as `plimsoll plan -o json` printed it; - reads it from standard input
    #[arg(required = true, value_name = "PLAN")]
    plan: PathBuf,
    /// Form of the verdict on standard output
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

impl Verify {
    pub(super) fn run(self) -> anyhow::Result<Status> {
        let Self { cluster, plan, output } = self;
        let text = if plan == Path::new("-") {
            io::read_to_string(io::stdin().lock())
        } else {
            std::fs::read_to_string(&plan)
        };
        let text = text.with_context(|| format!("cannot read the plan {}", plan.display()))?;
        let ReadCluster { snapshot, inputs, .. } = cluster.read()?;
        let verdict = Verdict::of(&text, snapshot, inputs)
            .with_context(|| format!("plan {}", plan.display()))?;
        output::print(&output::prose(&verdict, verdict.text(), output)?)?;
        Ok(if verdict.holds { Status::Done } else { Status::Findings })
    }
}
