//! Nodes without pods are given up after `consolidateAfter` (`karpenter-core.md` §5.7, §6).

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::{NodeName, NodePool, NodeStage};
use crate::plan::{Action, DisruptionReason};
use crate::snapshot::{ClusterSnapshot, NodeWithPods};

/// Empty nodes to terminate now, and when the next one will be due.
#[derive(Debug, Default)]
pub(super) struct Emptiness {
    pub(super) actions: Vec<Action>,
    pub(super) wake_at: Option<Timestamp>,
}

/// Finds the empty nodes that may be terminated, none of which pods are expected on.
pub(super) fn find(snapshot: &ClusterSnapshot, expected: &BTreeSet<&NodeName>) -> Emptiness {
    let mut found = Emptiness::default();
    let mut due: BTreeMap<&str, Vec<&NodeWithPods>> = BTreeMap::new();
    for node in &snapshot.nodes {
        let Some(pool) = pool_of(snapshot, node) else { continue };
        let Some(at) = empty_at(node, pool).filter(|_| !expected.contains(&node.node.name)) else {
            continue;
        };
        if at <= snapshot.now {
            due.entry(&pool.name).or_default().push(node);
        } else {
            found.wake_at = found.wake_at.map_or(Some(at), |wake| Some(wake.min(at)));
        }
    }
    for (pool, nodes) in due {
        let Some(pool) = snapshot.supply.node_pool(pool) else { continue };
        let allowed = allowed(snapshot, pool);
        for node in nodes.into_iter().take(allowed) {
            let node = node.node.name.clone();
            found.actions.push(Action::Terminate { node, reason: DisruptionReason::Empty });
        }
    }
    found
}

fn pool_of<'a>(snapshot: &'a ClusterSnapshot, node: &NodeWithPods) -> Option<&'a NodePool> {
    let pool = snapshot.supply.node_pool(node.node.node_pool.as_deref()?)?;
    pool.replicas.is_none().then_some(pool)
}

/// When the node will have been empty for long enough; `None` if it is not empty or must stay.
fn empty_at(node: &NodeWithPods, pool: &NodePool) -> Option<Timestamp> {
    let wait = pool.disruption.consolidate_after?;
    let one = &node.node;
    let held = one.deleting
        || one.do_not_disrupt
        || one.stage != NodeStage::Initialized
        || node.pods.iter().any(|pod| pod.spec.do_not_disrupt)
        || node.workload_pods().next().is_some();
    if held {
        return None;
    }
    one.last_pod_event.or(one.initialized)?.checked_add(wait).ok()
}

/// How many more nodes of the pool its budgets allow to be disrupted.
fn allowed(snapshot: &ClusterSnapshot, pool: &NodePool) -> usize {
    let of_pool = || {
        snapshot.nodes.iter().map(|node| &node.node).filter(|node| {
            node.node_pool.as_ref() == Some(&pool.name) && node.stage == NodeStage::Initialized
        })
    };
    let nodes = of_pool().count() as u32;
    let leaving = of_pool().filter(|node| node.deleting).count() as u32;
    let concerns =
        |reasons: &[String]| reasons.is_empty() || reasons.iter().any(|reason| reason == "Empty");
    let budgets = pool.disruption.budgets.iter().filter(|budget| concerns(&budget.reasons));
    let least = budgets.map(|budget| budget.nodes.of(nodes)).min().unwrap_or(u32::MAX);
    least.saturating_sub(leaving) as usize
}
