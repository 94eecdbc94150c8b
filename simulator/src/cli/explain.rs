//! `plimsoll explain pod NS/NAME FILE…`, `plimsoll explain node NODE FILE…` and `plimsoll explain CODE`.

use anyhow::bail;
use clap::{Args, Subcommand};
use scheduler_core::model::PodId;
use scheduler_core::plan::ReasonCode;

use super::Status;
use super::output::{self, Format};
use super::planning::{PlannedCluster, PlanningArgs};
use crate::explain::{self, Explanation, Fate, NodeExplanation, similar};

/// Say why a pod waits or where it goes, why a node is what it is, or what a reason code means
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
        planning: PlanningArgs,
        /// Form of the explanation on standard output
        #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
        output: Format,
    },
    /// A node of the plan: what it is for, its price and what it wastes; or a node of a cluster
    /// file: its room and the pods it gets
    Node {
        /// Number of a node in the plan, from 1, or name of a node that exists
        #[arg(value_name = "NODE")]
        node: String,
        #[command(flatten)]
        planning: PlanningArgs,
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
            Some(What::Pod { pod, planning, output }) => {
                explain_pod(&PodId::from(pod), &planning, output)
            }
            Some(What::Node { node, planning, output }) => explain_node(&node, &planning, output),
            None => Ok(Status::Done),
        }
    }
}

fn code(text: &str) -> Result<ReasonCode, String> {
    ReasonCode::parse(&text.to_ascii_uppercase()).ok_or_else(|| {
        let [first, .., last] = ReasonCode::ALL;
        format!("it is neither \"pod\", \"node\" nor a reason code; codes are {first} to {last}")
    })
}

fn explain_pod(pod: &PodId, planning: &PlanningArgs, output: Format) -> anyhow::Result<Status> {
    let PlannedCluster { planned, .. } = planning.plan()?;
    let Some(explanation) = Explanation::new(&planned, pod) else {
        let similar: Vec<_> = similar(&planned, pod).iter().map(ToString::to_string).collect();
        let hint = match similar.as_slice() {
            [] => "name it as namespace/name".to_owned(),
            similar => format!("did you mean {}?", similar.join(", ")),
        };
        bail!("there is no pod {pod} that waits or runs in the cluster files; {hint}");
    };
    output::print(&output::prose(&explanation, explanation.text(), output)?)?;
    let waits = matches!(explanation.fate, Fate::Unschedulable { .. });
    Ok(if waits { Status::Findings } else { Status::Done })
}

fn explain_node(node: &str, planning: &PlanningArgs, output: Format) -> anyhow::Result<Status> {
    let PlannedCluster { planned, .. } = planning.plan()?;
    let Some(explanation) = NodeExplanation::new(&planned, node) else {
        let hint = match planned.plan.launches().count() {
            0 => "the plan has no new nodes, so name one that exists".to_owned(),
            1 => "use 1 for the new node, or the name of one that exists".to_owned(),
            last => format!("use 1 to {last} for new nodes, or the name of one that exists"),
        };
        bail!("there is no node {node} in the plan or the cluster files; {hint}");
    };
    output::print(&output::prose(&explanation, explanation.text(), output)?)?;
    Ok(Status::Done)
}
