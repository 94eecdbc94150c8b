//! Plans as short stable text.

use super::cluster::{ClusterBuilder, DEFAULT_POOL};
use crate::engine::{Engine, Settings};
use crate::model::{CapacityType, PodId};
use crate::plan::{Action, Plan, PlannedNode};
use crate::verify::verify;

/// One line for each action, each pod without a place and each finding, in order; `nothing` if
/// there is none.
///
/// `launch m7g.large in b for web`, `launch m7g.large spot in b from general for web-1, web-2`,
/// `nominate web to n1`, `hold spare-1 on n1`, `terminate n1 as Empty`, `unschedulable web:
/// PLM-1004`, `no room for spare-1: PLM-1006`.
pub fn describe(plan: &Plan) -> String {
    let actions = plan.actions.iter().map(describe_action);
    let unschedulable = plan.report.unschedulable.iter();
    let unschedulable =
        unschedulable.map(|one| format!("unschedulable {}: {}", short(&one.pod), one.code));
    let short_of = plan.report.buffers_short.iter();
    let short_of = short_of.map(|one| format!("no room for {}: {}", short(&one.pod), one.code));
    let violations = plan.report.violations.iter().map(|one| format!("violation: {one}"));
    let mut lines: Vec<String> =
        actions.chain(unschedulable).chain(short_of).chain(violations).collect();
    if lines.is_empty() {
        return "nothing".to_owned();
    }
    lines.sort();
    lines.join("\n")
}

/// Plans all waiting pods with the default settings and compares the text of the plan, the order of
/// lines and indentation left out. The plan must pass the verifier.
#[track_caller]
pub fn check(cluster: ClusterBuilder, expected: &str) {
    let snapshot = cluster.build();
    let plan = Engine::new(Settings::default()).plan_now(&snapshot);
    let mut expected: Vec<&str> =
        expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    expected.sort_unstable();
    assert_eq!(describe(&plan), expected.join("\n"));
    assert_eq!(verify(&snapshot, &plan), []);
}

fn describe_action(action: &Action) -> String {
    match action {
        Action::Launch(node) => describe_launch(node),
        Action::LaunchStatic(node) => {
            let (pool, kind, zone) = (&node.node_pool, &node.instance_type, &node.zone);
            format!("launch {kind} in {zone} for static {pool}")
        }
        Action::Nominate { pod, node } => format!("nominate {} to {node}", short(pod)),
        Action::Hold { chunk, node } => format!("hold {} on {node}", short(chunk)),
        Action::Terminate { node, reason } => format!("terminate {node} as {reason:?}"),
    }
}

fn describe_launch(node: &PlannedNode) -> String {
    let capacity_type = match node.capacity_type {
        CapacityType::OnDemand => String::new(),
        other @ (CapacityType::Spot | CapacityType::Reserved) => format!(" {other}"),
    };
    let pool = if node.node_pool == DEFAULT_POOL {
        String::new()
    } else {
        format!(" from {}", node.node_pool)
    };
    let pods: Vec<String> = node.pods.iter().map(short).collect();
    let (instance_type, zone, pods) = (&node.instance_type, &node.zone, pods.join(", "));
    format!("launch {instance_type}{capacity_type} in {zone}{pool} for {pods}")
}

fn short(pod: &PodId) -> String {
    if pod.namespace == "default" { pod.name.clone() } else { pod.to_string() }
}
