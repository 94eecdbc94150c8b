//! Nodes that are given up, as empty or as surplus (`karpenter-core.md` §5.7, §6.2, §6.5).

use std::collections::{BTreeMap, BTreeSet};

use super::violation::{TerminationFault, Violation};
use super::world::World;
use crate::model::{NodePool, NodeStage};
use crate::plan::{Action, DisruptionReason, Plan};
use crate::snapshot::{ClusterSnapshot, NodeWithPods};

/// Checks every termination of the plan.
pub(super) fn check(world: &World<'_>, plan: &Plan, found: &mut Vec<Violation>) {
    let wanted = plan.nominations().chain(plan.holds());
    let expected: BTreeSet<&str> = wanted.map(|(_, node)| node.as_str()).collect();
    let mut terminated: BTreeMap<&str, u32> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for action in &plan.actions {
        let (name, reason) = match action {
            Action::Terminate { node, reason } => (node, *reason),
            Action::Launch(_)
            | Action::LaunchStatic(_)
            | Action::Nominate { .. }
            | Action::Hold { .. } => continue,
        };
        let fault = if seen.insert(name) {
            let node = world.snapshot.nodes.iter().find(|one| one.node.name == *name);
            match node {
                None => Some(TerminationFault::UnknownNode),
                Some(node) if reason == DisruptionReason::ScaledDown => {
                    surplus_fault(world.snapshot, node, expected.contains(name.as_str()))
                }
                Some(node) => first_fault(world.snapshot, node, expected.contains(name.as_str()))
                    .or_else(|| over_budget(world.snapshot, node, &mut terminated)),
            }
        } else {
            Some(TerminationFault::Repeated)
        };
        if let Some(fault) = fault {
            found.push(Violation::Termination { node: name.clone(), fault });
        }
    }
}

fn pool_of<'a>(snapshot: &'a ClusterSnapshot, node: &NodeWithPods) -> Option<&'a NodePool> {
    let pool = snapshot.supply.node_pool(node.node.node_pool.as_deref()?)?;
    pool.replicas.is_none().then_some(pool)
}

/// How many nodes a static pool may give up is looked at for the pool as a whole.
fn surplus_fault(
    snapshot: &ClusterSnapshot,
    candidate: &NodeWithPods,
    expects_pods: bool,
) -> Option<TerminationFault> {
    let node = &candidate.node;
    let pool = node.node_pool.as_deref().and_then(|name| snapshot.supply.node_pool(name));
    if pool.is_none_or(|pool| pool.replicas.is_none()) {
        Some(TerminationFault::NoPool)
    } else if node.deleting {
        Some(TerminationFault::Deleting)
    } else {
        expects_pods.then_some(TerminationFault::HasNominations)
    }
}

fn first_fault(
    snapshot: &ClusterSnapshot,
    candidate: &NodeWithPods,
    expects_pods: bool,
) -> Option<TerminationFault> {
    let node = &candidate.node;
    let Some(pool) = pool_of(snapshot, candidate) else {
        return Some(TerminationFault::NoPool);
    };
    if node.deleting {
        return Some(TerminationFault::Deleting);
    }
    // A pod that must not be disrupted protects its node, be it a daemon's.
    if node.do_not_disrupt || candidate.pods.iter().any(|pod| pod.spec.do_not_disrupt) {
        return Some(TerminationFault::DoNotDisrupt);
    }
    if candidate.workload_pods().next().is_some() {
        return Some(TerminationFault::HasPods);
    }
    if expects_pods {
        return Some(TerminationFault::HasNominations);
    }
    if node.stage != NodeStage::Initialized {
        return Some(TerminationFault::NotInitialized);
    }
    let quiet_since = node.last_pod_event.or(node.initialized);
    let quiet = pool.disruption.consolidate_after.is_some_and(|wait| {
        quiet_since.is_some_and(|since| snapshot.now.duration_since(since) >= wait)
    });
    (!quiet).then_some(TerminationFault::TooEarly)
}

/// Counts one more termination against the pool's budgets.
fn over_budget<'a>(
    snapshot: &'a ClusterSnapshot,
    candidate: &NodeWithPods,
    terminated: &mut BTreeMap<&'a str, u32>,
) -> Option<TerminationFault> {
    let pool = pool_of(snapshot, candidate)?;
    let count = terminated.entry(&pool.name).or_default();
    *count += 1;
    let belongs = |one: &&NodeWithPods| {
        one.node.node_pool.as_ref() == Some(&pool.name) && one.node.stage == NodeStage::Initialized
    };
    let nodes: Vec<&NodeWithPods> =
        snapshot.nodes.iter().map(AsRef::as_ref).filter(belongs).collect();
    let leaving = nodes.iter().filter(|one| one.node.deleting).count() as u32;
    let about_empty =
        |reasons: &[String]| reasons.is_empty() || reasons.iter().any(|one| one == "Empty");
    let budgets = pool.disruption.budgets.iter().filter(|one| about_empty(&one.reasons));
    let allowed = budgets.map(|one| one.nodes.of(nodes.len() as u32)).min();
    let over = allowed.is_some_and(|allowed| *count + leaving > allowed);
    over.then_some(TerminationFault::Budget)
}
