//! Pools with a fixed number of nodes (`karpenter-core.md` §4.12).
//!
//! Pods have no say in how many nodes there are: missing ones are launched, and surplus ones given
//! up whatever runs on them. Budgets do not apply.

use std::sync::Arc;

use crate::engine::{Settings, expecting};
use crate::model::{NodeName, NodePool, NodeStage};
use crate::plan::{Action, DisruptionReason, Plan, build};
use crate::problem::Lowering;
use crate::snapshot::{ClusterSnapshot, NodeWithPods, Supply};

/// Adds to a plan what brings static pools to their number of nodes.
pub(super) fn balance(snapshot: &ClusterSnapshot, settings: &Settings, plan: &mut Plan) {
    for pool in &snapshot.supply.node_pools {
        let Some(replicas) = pool.replicas else { continue };
        let nodes = snapshot.nodes.iter().map(AsRef::as_ref);
        let (leaving, running): (Vec<&NodeWithPods>, Vec<&NodeWithPods>) = nodes
            .filter(|node| node.node.node_pool.as_ref() == Some(&pool.name))
            .partition(|node| node.node.deleting);
        let replicas = replicas as usize;
        if running.len() < replicas {
            // Nodes that are still leaving count against the limit, or it would be exceeded.
            let present = (running.len() + leaving.len()) as i64;
            let limit = pool.limits.0.get("nodes").map_or(i64::MAX, |most| most - present);
            let missing = replicas - running.len();
            let count = missing.min(usize::try_from(limit).unwrap_or(0));
            launch(snapshot, settings, (pool, count), plan);
        } else {
            let surplus = running.len() - replicas;
            give_up(snapshot, running, surplus, plan);
        }
    }
}

fn launch(
    snapshot: &ClusterSnapshot,
    settings: &Settings,
    (pool, count): (&NodePool, usize),
    plan: &mut Plan,
) {
    if count == 0 {
        return;
    }
    // The pool alone, as one that launches for pods: what it can buy is found in the same way.
    let mut supply = Supply {
        node_pools: vec![NodePool { replicas: None, ..pool.clone() }],
        ..snapshot.supply.as_ref().clone()
    };
    let reserved: Vec<String> =
        plan.all_launches().filter_map(|node| node.reservation.clone()).collect();
    for id in &reserved {
        supply.take_reserved(id);
    }
    let supply = Arc::new(supply);
    let alone = ClusterSnapshot {
        now: snapshot.now,
        supply: Arc::clone(&supply),
        nodes: Vec::new(),
        pending: Vec::new(),
    };
    let mut lowering = Lowering::new(supply, settings.clone());
    let problem = lowering.problem(&alone);
    let nodes = build::bare_nodes(&problem, count, settings.alternatives_ceiling_percent);
    plan.actions.extend(nodes.into_iter().map(|node| Action::LaunchStatic(Box::new(node))));
}

/// Gives up so many nodes: those that have not joined, then those without pods, then those with
/// the fewest; protected ones last. A node on which pods are expected waits until they are bound.
fn give_up(
    snapshot: &ClusterSnapshot,
    mut nodes: Vec<&NodeWithPods>,
    surplus: usize,
    plan: &mut Plan,
) {
    let expected = expecting(snapshot, plan);
    nodes.sort_by_cached_key(|node| rank(node));
    let chosen = nodes.into_iter().take(surplus).map(|node| &node.node.name);
    let reason = DisruptionReason::ScaledDown;
    let leaving = chosen.filter(|name| !expected.contains(name));
    let leaving: Vec<Action> =
        leaving.map(|node| Action::Terminate { node: node.clone(), reason }).collect();
    plan.actions.extend(leaving);
}

/// Lower goes first.
fn rank(node: &NodeWithPods) -> (bool, bool, usize, NodeName) {
    let one = &node.node;
    let protected = one.do_not_disrupt || node.pods.iter().any(|pod| pod.spec.do_not_disrupt);
    let joined = one.stage != NodeStage::Launched;
    (protected, joined, node.workload_pods().count(), one.name.clone())
}
