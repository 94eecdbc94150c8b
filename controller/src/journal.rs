//! What happened, as log lines in Karpenter's words. Whatever was logged before is not repeated.

use std::collections::BTreeSet;

use scheduler_core::plan::{Action, PlannedNode, Unschedulable, explain};
use scheduler_core::{ClusterSnapshot, Plan};
use sha2::{Digest as _, Sha256};
use tracing::{debug, error, info, warn};

use crate::driver::Journal;

/// Lines of one kind that a single plan may log; the counts are in its summary.
const LINES_MAX: usize = 500;

/// Bytes of the snapshot's hash that name a plan: enough for a billion plans.
const PLAN_ID_BYTES: usize = 8;

/// Logs through `tracing`.
#[derive(Default)]
pub(crate) struct LogJournal {
    warnings: BTreeSet<String>,
    unreadable: Option<String>,
    decision: Option<Plan>,
}

impl Journal for LogJournal {
    fn read(&mut self, warnings: &[String]) {
        if self.unreadable.take().is_some() {
            info!("the cluster can be read again");
        }
        let warnings: BTreeSet<String> = warnings.iter().cloned().collect();
        for warning in warnings.difference(&self.warnings).take(LINES_MAX) {
            warn!(finding = warning, "found a fault in the cluster files");
        }
        self.warnings = warnings;
    }

    fn unreadable(&mut self, error: &anyhow::Error) {
        let chain = format!("{error:#}");
        if self.unreadable.as_ref() != Some(&chain) {
            error!(
                error = chain,
                "cannot read the cluster; the last snapshot, if there is one, stays in force"
            );
            self.unreadable = Some(chain);
        }
    }

    fn decided(&mut self, snapshot: &ClusterSnapshot, plan: &Plan) {
        // While a batch window is open, and when nothing is new, the engine does not look at pods.
        let looked_away = plan.report.pods == 0 && !snapshot.pending.is_empty();
        if looked_away && plan.actions.is_empty() {
            let wake_at = plan.wake_at.map(|wake_at| wake_at.to_string());
            debug!(pending = snapshot.pending.len(), wake_at, "no new decision");
            return;
        }
        let plan = match &self.decision {
            Some(last) if looked_away => with_terminations_of(last, plan),
            _ => plan.clone(),
        };
        if !self.decision.as_ref().is_some_and(|last| same_decision(last, &plan)) {
            log_decision(snapshot, &plan);
            self.decision = Some(plan);
        }
    }
}

/// What was decided about pods earlier, with the nodes that are given up now.
fn with_terminations_of(last: &Plan, plan: &Plan) -> Plan {
    let is_termination = |action: &&Action| matches!(action, Action::Terminate { .. });
    let about_pods = last.actions.iter().filter(|action| !is_termination(action));
    let actions = about_pods.chain(plan.actions.iter().filter(is_termination)).cloned().collect();
    Plan { actions, wake_at: plan.wake_at, report: last.report.clone() }
}

/// Whether two plans say the same; when to look again and the work spent do not count.
fn same_decision(a: &Plan, b: &Plan) -> bool {
    a.actions == b.actions
        && a.report.unschedulable == b.report.unschedulable
        && a.report.buffers_short == b.report.buffers_short
        && a.report.violations == b.report.violations
        && (a.report.pods, a.report.placed) == (b.report.pods, b.report.placed)
        && (a.report.price, a.report.lower_bound) == (b.report.price, b.report.lower_bound)
}

fn log_decision(snapshot: &ClusterSnapshot, plan: &Plan) {
    let plan_id = plan_id(snapshot);
    let plan_id = plan_id.as_str();
    let report = &plan.report;
    info!(
        plan_id,
        nodes = snapshot.nodes.len(),
        pods = report.pods,
        placed = report.placed,
        unschedulable = report.unschedulable.len(),
        launches = plan.launches().count(),
        nominations = plan.nominations().count(),
        terminations = terminations(plan).count(),
        price_per_hour = report.price.usd(),
        lower_bound_per_hour = report.lower_bound.usd(),
        bound_method = report.bound_method,
        gap = report.gap_ppm().map(|ppm| ppm as f64 / 1e6),
        "computed plan"
    );
    for violation in report.violations.iter().take(LINES_MAX) {
        error!(plan_id, violation = ?violation, "refused own plan");
    }
    for node in plan.launches().take(LINES_MAX) {
        log_launch(plan_id, node);
    }
    for (node, reason) in terminations(plan).take(LINES_MAX) {
        info!(plan_id, node, reason, "would disrupt node");
    }
    for pod in report.unschedulable.iter().take(LINES_MAX) {
        log_unschedulable(plan_id, pod);
    }
}

fn log_launch(plan_id: &str, node: &PlannedNode) {
    info!(
        plan_id,
        nodepool = node.node_pool,
        instance_type = node.instance_type,
        zone = node.zone,
        capacity_type = node.capacity_type.as_str(),
        price_per_hour = node.price.usd(),
        pods = node.pods.len(),
        requests = %node.requests,
        alternatives = node.alternatives.len(),
        "would launch node"
    );
}

fn log_unschedulable(plan_id: &str, unschedulable: &Unschedulable) {
    error!(
        plan_id,
        pod = %unschedulable.pod,
        reason_code = unschedulable.code.as_str(),
        error = explain::message(unschedulable),
        fix = explain::fix(unschedulable),
        "could not schedule pod"
    );
}

/// Nodes that the plan gives up, and why.
fn terminations(plan: &Plan) -> impl Iterator<Item = (&str, String)> {
    plan.actions.iter().filter_map(|action| match action {
        Action::Terminate { node, reason } => Some((node.as_str(), format!("{reason:?}"))),
        Action::Launch(_)
        | Action::LaunchStatic(_)
        | Action::Nominate { .. }
        | Action::Hold { .. } => None,
    })
}

/// Names a plan by what it was made from: the same cluster has the same id at any time.
fn plan_id(snapshot: &ClusterSnapshot) -> String {
    let made_from = (&snapshot.supply, &snapshot.nodes, &snapshot.pending);
    match serde_json::to_vec(&made_from) {
        Ok(bytes) => {
            let hash = Sha256::digest(&bytes);
            let first = hash.iter().take(PLAN_ID_BYTES);
            format!("{:016x}", first.fold(0_u64, |id, byte| id << 8 | u64::from(*byte)))
        }
        Err(error) => format!("unknown: {error}"),
    }
}

#[cfg(test)]
mod tests;
