//! `plimsoll explain pod NS/NAME FILE…` and `plimsoll explain CODE`.

use anyhow::bail;
use clap::{Args, Subcommand};
use scheduler_core::model::PodId;
use scheduler_core::plan::ReasonCode;

use super::Status;
use super::cluster::{ClusterArgs, PlannedCluster};
use super::output::{self, Format};
use crate::explain::{self, Explanation, Fate, similar};

/// Say why a pod waits, or where it goes and why; or what a reason code means
#[derive(Args, Debug)]
#[command(
    args_conflicts_with_subcommands = true,
    arg_required_else_help = true,
    after_help = "Examples:
  plimsoll explain pod shop/web-6c9d8f7b54-2xkq7 docs/examples/web.yaml
  plimsoll explain PLM-1004"
)]
pub(super) struct Explain {
    /// A reason code, such as PLM-1004
    #[arg(required = true, value_parser = code)]
    code: Option<ReasonCode>,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// A pod of a cluster file: why it is pending, or its node, the price and the alternatives
    Pod {
        /// Namespace and name of the pod
        #[arg(value_name = "NS/NAME")]
        pod: String,
        #[command(flatten)]
        cluster: ClusterArgs,
        /// Form of the explanation on standard output
        #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
        output: Format,
    },
}

impl Explain {
    pub(super) fn run(self) -> anyhow::Result<Status> {
        let Self { code, what } = self;
        if let Some(code) = code {
            output::print(&explain::page(code))?;
        }
        match what {
            Some(What::Pod { pod, cluster, output }) => {
                explain_pod(&PodId::from(pod), &cluster, output)
            }
            None => Ok(Status::Done),
        }
    }
}

fn code(text: &str) -> Result<ReasonCode, String> {
    ReasonCode::parse(&text.to_ascii_uppercase()).ok_or_else(|| {
        let [first, .., last] = ReasonCode::ALL;
        format!("it is neither \"pod\" nor a reason code; codes are {first} to {last}")
    })
}

fn explain_pod(pod: &PodId, cluster: &ClusterArgs, output: Format) -> anyhow::Result<Status> {
    let PlannedCluster { planned, .. } = cluster.plan()?;
    let Some(explanation) = Explanation::new(&planned, pod) else {
        let similar: Vec<_> = similar(&planned, pod).iter().map(ToString::to_string).collect();
        let hint = match similar.as_slice() {
            [] => "name it as namespace/name".to_owned(),
            similar => format!("did you mean {}?", similar.join(", ")),
        };
        bail!("there is no pod {pod} that waits or runs in the cluster files; {hint}");
    };
    output::print(&match output {
        Format::Table => explanation.text(),
        Format::Json => output::json(&explanation)?,
        Format::Yaml => output::yaml(&explanation)?,
        Format::Md => format!("```\n{}```\n", explanation.text()),
    })?;
    let waits = matches!(explanation.fate, Fate::Unschedulable { .. });
    Ok(if waits { Status::Findings } else { Status::Done })
}
