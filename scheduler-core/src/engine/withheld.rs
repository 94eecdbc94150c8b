//! Pods for which a plan was made that the engine's own check refused.
//!
//! A fault of the packer must not keep all pods waiting: those that the check names are left out,
//! all of their kind with them, and the others are planned anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{PodId, PodSpec};
use crate::plan::{Action, Blocker, Plan, PlanReport, ReasonCode, Unschedulable};
use crate::snapshot::ClusterSnapshot;
use crate::verify::{Place, Subject, Violation};

/// Times that the others are planned anew. Each costs a whole plan; whoever meets more faults than
/// that has met one that leaving pods out does not mend.
pub(super) const RETRIES: usize = 3;

/// Kinds of pods that are left out, with the first fault of each.
#[derive(Debug, Default)]
pub(super) struct Withheld {
    kinds: BTreeMap<Arc<PodSpec>, Violation>,
}

impl Withheld {
    /// The snapshot without the pods that are left out.
    pub(super) fn rest(&self, snapshot: &ClusterSnapshot) -> ClusterSnapshot {
        let mut rest = snapshot.clone();
        rest.pending.retain(|pod| !self.kinds.contains_key(&pod.spec));
        rest
    }

    /// Leaves out the pods that faults of the plan are about, and tells whether there are any.
    pub(super) fn add(
        &mut self,
        snapshot: &ClusterSnapshot,
        plan: &Plan,
        violations: &[Violation],
    ) -> bool {
        let before = self.kinds.len();
        for violation in violations {
            for pod in named(plan, violation) {
                let found = snapshot.pending.binary_search_by(|one| one.id.cmp(pod));
                if let Ok(at) = found {
                    let spec = Arc::clone(&snapshot.pending[at].spec);
                    self.kinds.entry(spec).or_insert_with(|| violation.clone());
                }
            }
        }
        self.kinds.len() > before
    }

    /// Tells of the pods that are left out in the report on the others.
    pub(super) fn report(&self, snapshot: &ClusterSnapshot, report: &mut PlanReport) {
        if self.kinds.is_empty() {
            return;
        }
        for pod in &snapshot.pending {
            let Some(violation) = self.kinds.get(&pod.spec) else { continue };
            let list =
                if pod.is_chunk() { &mut report.buffers_short } else { &mut report.unschedulable };
            list.push(Unschedulable {
                pod: pod.id.clone(),
                code: ReasonCode::Internal,
                blockers: vec![Blocker::Refused { violation: Box::new(violation.clone()) }],
                nearest: None,
            });
        }
        report.unschedulable.sort_by(|a, b| a.pod.cmp(&b.pod));
        report.buffers_short.sort_by(|a, b| a.pod.cmp(&b.pod));
        report.pods = snapshot.pending.len();
    }
}

/// The pod that a violation names, or all those that the plan puts on the node it is about.
fn named<'a>(plan: &'a Plan, violation: &'a Violation) -> Vec<&'a PodId> {
    match violation.subject() {
        Subject::Pod(pod) => vec![pod],
        Subject::Node(Place::New { index, .. }) => {
            plan.launches().nth(*index).into_iter().flat_map(|node| &node.pods).collect()
        }
        Subject::Node(Place::Existing(name)) => {
            let expected = plan.actions.iter().filter_map(|action| match action {
                Action::Nominate { pod, node } | Action::Hold { chunk: pod, node } => {
                    (node == name).then_some(pod)
                }
                Action::Launch(_) | Action::LaunchStatic(_) | Action::Terminate { .. } => None,
            });
            expected.collect()
        }
        Subject::Node(Place::Static { .. }) | Subject::Other => Vec::new(),
    }
}
