//! `plimsoll plan FILE…`.

use clap::Args;

use super::output::{self, Format};
use super::planning::{PlannedCluster, PlanningArgs};
use super::{Status, say, values};

/// Show what would be launched for the pending pods of a cluster, and at what price
///
/// Exits with 2 if a pod has no place or an object was refused.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  plimsoll plan docs/examples/web.yaml --expand
  plimsoll plan docs/examples/platform.yaml -o json")]
pub(super) struct PlanArgs {
    #[command(flatten)]
    planning: PlanningArgs,
    /// Form of the plan on standard output
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
    /// Exit with 3 if the plan costs more than so many percent above its proven lower bound
    #[arg(long, value_name = "PERCENT", value_parser = values::amount)]
    max_gap: Option<f64>,
}

impl PlanArgs {
    pub(super) fn run(self) -> anyhow::Result<Status> {
        let Self { planning, output, max_gap } = self;
        let PlannedCluster { planned, refused } = planning.plan()?;
        output::print(&match output {
            Format::Table => planned.table(),
            Format::Json => output::json(&planned.document())?,
            Format::Yaml => output::yaml(&planned.document())?,
            Format::Md => planned.markdown(),
        })?;
        let report = &planned.plan.report;
        if let Some(limit) = max_gap {
            // A price without a bound is infinitely far above it.
            let gap = report.gap_ppm().map_or(f64::INFINITY, |ppm| ppm as f64 / 1e4);
            if gap > limit {
                say(&format!("limit exceeded: the gap is {gap} %, more than --max-gap {limit}"));
                return Ok(Status::LimitExceeded);
            }
        }
        let incomplete = refused || !report.unschedulable.is_empty();
        Ok(if incomplete { Status::Findings } else { Status::Done })
    }
}
