//! The world after a plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::well_known::HOSTNAME;
use crate::model::{Labels, Node, NodeStage, Pod, PodId, Taint};
use crate::plan::{Action, Plan, PlannedNode};
use crate::snapshot::{ClusterSnapshot, NodeWithPods, SnapshotBuilder, Supply};

/// The cluster at the same instant with the plan carried out: launched nodes are initialized and
/// have their daemons, placed pods are bound, terminated nodes are gone. Pods without a place still
/// wait.
pub fn carry_out(snapshot: &ClusterSnapshot, plan: &Plan) -> ClusterSnapshot {
    apply(snapshot, plan, NodeStage::Initialized)
}

/// The cluster just after the plan's calls were made: launched nodes are claims without a Node, and
/// placed pods wait for the node that the plan chose.
pub fn in_flight(snapshot: &ClusterSnapshot, plan: &Plan) -> ClusterSnapshot {
    apply(snapshot, plan, NodeStage::Launched)
}

fn apply(snapshot: &ClusterSnapshot, plan: &Plan, stage: NodeStage) -> ClusterSnapshot {
    let mut nodes: BTreeMap<String, NodeWithPods> =
        snapshot.nodes.iter().map(|node| (node.node.name.clone(), node.as_ref().clone())).collect();
    let mut places: BTreeMap<&PodId, String> = BTreeMap::new();
    for action in &plan.actions {
        match action {
            Action::Launch(planned) | Action::LaunchStatic(planned) => {
                let free = (1..).map(|number| format!("{}-{number}", planned.node_pool));
                let name = free.into_iter().find(|name| !nodes.contains_key(name));
                let name = name.expect("there is always a free number");
                let joined = join(snapshot, planned, &name, stage);
                nodes.insert(name.clone(), joined);
                let real = planned.pods.iter().filter(|pod| !snapshot.is_chunk(pod));
                places.extend(real.map(|pod| (pod, name.clone())));
            }
            // A chunk is never bound: it goes on asking for its room.
            Action::Hold { .. } => {}
            Action::Nominate { pod, node } => {
                places.insert(pod, node.clone());
            }
            Action::Terminate { node, .. } => {
                nodes.remove(node);
            }
        }
    }
    let mut pending = Vec::new();
    for pod in &snapshot.pending {
        let Some(name) = places.get(&pod.id) else {
            pending.push(Arc::clone(pod));
            continue;
        };
        if stage == NodeStage::Launched {
            let nominated = Some(name.clone());
            pending.push(Arc::new(Pod { nominated, ..pod.as_ref().clone() }));
            continue;
        }
        let node = nodes.get_mut(name).expect("the plan places pods on nodes that exist");
        node.node.last_pod_event = Some(snapshot.now);
        node.pods.push(Arc::clone(pod));
    }
    let (next, refusals) = SnapshotBuilder::new(snapshot.now, Arc::clone(&snapshot.supply))
        .nodes(nodes.into_values().map(Arc::new))
        .pending_pods(pending)
        .build();
    assert!(refusals.is_empty(), "the carried-out cluster is refused: {refusals:?}");
    next
}

fn join(
    snapshot: &ClusterSnapshot,
    planned: &PlannedNode,
    name: &str,
    stage: NodeStage,
) -> NodeWithPods {
    let mut labels = planned.labels.as_ref().clone();
    labels.insert(HOSTNAME.to_owned(), name.to_owned());
    let joined = stage == NodeStage::Initialized;
    let pods = if joined {
        daemons_of(&snapshot.supply, name, &labels, &planned.taints)
    } else {
        Vec::new()
    };
    let node = Node {
        name: name.to_owned(),
        node_pool: Some(planned.node_pool.clone()),
        labels,
        taints: planned.taints.clone(),
        capacity: planned.capacity.clone(),
        allocatable: planned.allocatable.clone(),
        stage,
        deleting: false,
        do_not_disrupt: false,
        created: snapshot.now,
        initialized: joined.then_some(snapshot.now),
        last_pod_event: None,
    };
    NodeWithPods { node, pods }
}

/// The daemons that run on a node with these labels and taints.
pub(super) fn daemons_of(
    supply: &Supply,
    node: &str,
    labels: &Labels,
    taints: &[Taint],
) -> Vec<Arc<Pod>> {
    let tolerated = |taint: &Taint, daemon: &&crate::model::DaemonSet| {
        !taint.is_hard() || daemon.spec.tolerations.iter().any(|one| one.tolerates(taint))
    };
    let belong = supply.daemon_sets.iter().filter(|daemon| {
        daemon.spec.node_alternatives.iter().any(|one| one.admit(labels))
            && taints.iter().all(|taint| tolerated(taint, daemon))
    });
    let bind = |daemon: &crate::model::DaemonSet| {
        Arc::new(Pod {
            id: PodId::new(&daemon.id.namespace, format!("{}-{node}", daemon.id.name)),
            spec: Arc::new(daemon.spec.clone()),
            nominated: Some(node.to_owned()),
            created: super::NOW,
        })
    };
    belong.map(bind).collect()
}
