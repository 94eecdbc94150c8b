//! Why a pod waits, or where it goes and why; why a node is what it is.
//!
//! Every sentence about an obstacle is the core's ([`scheduler_core::plan::explain`]); here they are
//! put together with what the plan says about the node.

mod node;
mod text;

use scheduler_core::model::PodId;
use scheduler_core::plan::{Blocker, ReasonCode, Unschedulable, explain, reason::Nearest};
use scheduler_core::{NodeWithPods, PlannedNode};
use serde::Serialize;

pub use node::{NewNode, NodeExplanation, StandingNode, WorkloadPods};

use crate::plan::{Planned, PlannedNodeDocument, UnschedulableDocument};
use crate::report::grid::paragraphs;

/// What is to be said about one pod.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The pod.
    pub pod: PodId,
    /// What it asks for.
    pub requests: String,
    /// What becomes of it.
    #[serde(flatten)]
    pub fate: Fate,
}

/// What becomes of a pod.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Fate {
    /// It is bound already.
    Bound {
        /// Name of its node.
        node: String,
        /// Workload pods that share the node.
        neighbours: Vec<PodId>,
    },
    /// It goes to a node that exists or is in flight.
    ExistingNode {
        /// Name of the node.
        node: String,
        /// Pods that share the node, those that come with it included.
        neighbours: Vec<PodId>,
    },
    /// It goes to a node that is launched for it and others.
    NewNode {
        /// The node.
        node: Box<PlannedNodeDocument>,
        /// Offerings that were compared.
        shapes: usize,
    },
    /// It has no place.
    Unschedulable {
        /// The reason in words.
        #[serde(flatten)]
        reason: UnschedulableDocument,
        /// A smallest set of obstacles on the candidate that comes nearest.
        blockers: Vec<Blocker>,
        /// That candidate.
        nearest: Option<Nearest>,
    },
}

impl Explanation {
    /// What is to be said about a pod; `None` if the cluster has no such pod.
    pub fn new(planned: &Planned, pod: &PodId) -> Option<Self> {
        if let Some((node, requests)) = bound(planned, pod) {
            let fate = Fate::Bound { node: node.node.name.clone(), neighbours: others(node, pod) };
            return Some(Self { pod: pod.clone(), requests, fate });
        }
        let pending = planned.snapshot.pending.iter().find(|one| one.id == *pod)?;
        let plan = &planned.plan;
        let unschedulable = plan.report.unschedulable.iter().find(|one| one.pod == *pod);
        let nomination = plan.nominations().find(|(one, _)| *one == pod);
        let fate = if let Some(unschedulable) = unschedulable {
            no_place(unschedulable)
        } else if let Some((_, node)) = nomination {
            Fate::ExistingNode { node: node.clone(), neighbours: neighbours(planned, node, pod) }
        } else {
            let node = plan.launches().find(|node| node.pods.contains(pod))?;
            new_node(planned, node)
        };
        Some(Self { pod: pod.clone(), requests: pending.spec.requests.to_string(), fate })
    }

    /// The explanation for a terminal.
    pub fn text(&self) -> String {
        text::text(self)
    }
}

/// The page of a reason code for a terminal.
pub fn page(code: ReasonCode) -> String {
    let page = format!("{code}: {}", explain::page(code));
    paragraphs(page.lines().map(|line| [line.to_owned()]))
}

/// Pods of any namespace whose name starts with that of `pod`, for a "did you mean".
pub fn similar(planned: &Planned, pod: &PodId) -> Vec<PodId> {
    const SHOWN: usize = 5;
    let snapshot = &planned.snapshot;
    let bound = snapshot.nodes.iter().flat_map(|node| node.workload_pods());
    let all = snapshot.pending.iter().chain(bound);
    let alike = |id: &PodId| id.name == pod.name || id.name.starts_with(&pod.name);
    all.map(|pod| &pod.id).filter(|id| alike(id)).take(SHOWN).cloned().collect()
}

fn bound<'a>(planned: &'a Planned, pod: &PodId) -> Option<(&'a NodeWithPods, String)> {
    planned.snapshot.nodes.iter().find_map(|node| {
        let found = node.pods.iter().find(|one| one.id == *pod)?;
        Some((node.as_ref(), found.spec.requests.to_string()))
    })
}

fn others(node: &NodeWithPods, pod: &PodId) -> Vec<PodId> {
    node.workload_pods().map(|other| &other.id).filter(|id| *id != pod).cloned().collect()
}

fn neighbours(planned: &Planned, node: &str, pod: &PodId) -> Vec<PodId> {
    let there = planned.snapshot.node(node).map(|node| others(node, pod)).unwrap_or_default();
    let coming = planned.plan.nominations().filter(|(one, to)| *to == node && *one != pod);
    there.into_iter().chain(coming.map(|(one, _)| one.clone())).collect()
}

fn new_node(planned: &Planned, node: &PlannedNode) -> Fate {
    Fate::NewNode {
        node: Box::new(PlannedNodeDocument::new(node)),
        shapes: planned.plan.report.stats.shapes,
    }
}

fn no_place(unschedulable: &Unschedulable) -> Fate {
    Fate::Unschedulable {
        reason: UnschedulableDocument::new(unschedulable),
        blockers: unschedulable.blockers.clone(),
        nearest: unschedulable.nearest.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture::planned;

    fn text(pod: &str) -> String {
        let pod = PodId::from(pod.to_owned());
        Explanation::new(&planned(), &pod).unwrap().text()
    }

    #[test]
    fn a_pod_on_a_new_node_reads_as_recorded() {
        insta::assert_snapshot!(text("shop/web-a"));
    }

    #[test]
    fn a_pod_on_an_existing_node_reads_as_recorded() {
        insta::assert_snapshot!(text("shop/web-c"));
    }

    #[test]
    fn a_pod_without_a_place_reads_as_recorded() {
        insta::assert_snapshot!(text("batch/train"));
    }

    #[test]
    fn a_pod_that_is_not_there_has_no_explanation_but_neighbours_in_name() {
        let wanted = PodId::new("other", "web");
        assert_eq!(Explanation::new(&planned(), &wanted), None);
        assert_eq!(similar(&planned(), &wanted).len(), 3);
    }
}
