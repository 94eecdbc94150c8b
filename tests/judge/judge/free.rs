//! Do all placed pods come to run when kube-scheduler chooses the nodes itself?

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Node, Pod};
use scheduler_core::model::PodId;

use super::{Case, Disagreement, Kind, Outcome, id};
use crate::cluster::Cluster;
use crate::daemon;
use crate::stage::{Actor, Stage, Verdict};

/// Plans after the first, at most, until all pods run that can.
const ROUNDS_MAX: usize = 3;

/// Creates planned nodes and all pods at once, and plans again for those that the scheduler's own
/// choices left without a place, until it has bound them all.
pub(super) async fn ask(
    stage: &Stage,
    case: &Case<'_>,
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    outcome.free_clusters += 1;
    let nodes = [case.old_nodes.as_slice(), &case.nodes].concat();
    let bound = [case.running.as_slice(), &case.daemons].concat();
    let (nodes, bound) = with_static(case, 0, nodes, bound);
    stage.add_storage(case.cluster).await?;
    stage.add_nodes(&nodes, &bound).await?;
    let mut waiting: BTreeMap<PodId, (&Pod, Actor)> = BTreeMap::new();
    for pod in &case.pending {
        waiting.insert(id(pod), (pod, stage.add(pod.clone()).await?));
    }
    let mut now = Cluster { nodes, bound, pending: case.pending.clone(), ..case.cluster.clone() };
    // All machines have joined. A node whose claim is being deleted stays until its pods are gone.
    now.node_claims.retain(|claim| claim.metadata.deletion_timestamp.is_some());
    for round in 1..=ROUNDS_MAX {
        let refused = watch(stage, &mut waiting, &mut now).await?;
        now.pending.retain(|pod| waiting.contains_key(&id(pod)));
        (now.claims, now.volumes) = stage.storage().await?;
        let left: Vec<&PodId> =
            waiting.keys().filter(|pod| case.places.contains_key(*pod)).collect();
        if left.is_empty() {
            return Ok(());
        }
        let again = match Case::new(&now, round) {
            Ok(again) => again,
            Err(disagreement) => {
                outcome.disagreements.push(disagreement);
                return Ok(());
            }
        };
        if !left.iter().any(|pod| again.places.contains_key(*pod)) {
            // No node would help any more: the pods that the scheduler placed stand in the way.
            outcome.overtaken += left.len();
            return Ok(());
        }
        if again.nodes.is_empty() || round == ROUNDS_MAX {
            let pods = left.iter().filter(|pod| again.places.contains_key(**pod));
            outcome.disagreements.extend(pods.map(|pod| Disagreement {
                kind: Kind::Free,
                pod: pod.to_string(),
                plan: format!("on {} in round {round}", again.places[*pod]),
                scheduler: refused.get(*pod).cloned().unwrap_or_default(),
            }));
            return Ok(());
        }
        outcome.extra_rounds += 1;
        let (nodes, daemons) =
            with_static(&again, round, again.nodes.clone(), again.daemons.clone());
        stage.add_nodes(&nodes, &daemons).await?;
        now.nodes.extend(nodes);
        now.bound.extend(daemons);
    }
    Ok(())
}

/// Adds nodes of static pools, with their daemons: they come whatever pods there are.
fn with_static(
    case: &Case<'_>,
    round: usize,
    mut nodes: Vec<Node>,
    mut bound: Vec<Pod>,
) -> (Vec<Node>, Vec<Pod>) {
    let fixed = case.static_nodes(round);
    let sets = &case.cluster.daemon_sets;
    bound.extend(fixed.iter().flat_map(|node| daemon::pods_of(sets, node)));
    nodes.extend(fixed);
    (nodes, bound)
}

/// Waits for the scheduler. Bound pods become part of the cluster; the others are returned with the
/// scheduler's reason.
async fn watch(
    stage: &Stage,
    waiting: &mut BTreeMap<PodId, (&Pod, Actor)>,
    now: &mut Cluster,
) -> anyhow::Result<BTreeMap<PodId, String>> {
    let actors: Vec<Actor> = waiting.values().map(|(_, actor)| actor.clone()).collect();
    let verdicts = stage.verdicts(&actors).await?;
    let mut refused = BTreeMap::new();
    let ids: Vec<PodId> = waiting.keys().cloned().collect();
    for (pod, verdict) in ids.into_iter().zip(verdicts) {
        match verdict {
            Verdict::Refused(reason) => {
                refused.insert(pod, reason);
            }
            Verdict::Bound(node) => {
                if let Some((object, _)) = waiting.remove(&pod) {
                    let mut object = object.clone();
                    object.spec.get_or_insert_default().node_name = Some(node);
                    now.bound.push(object);
                }
            }
        }
    }
    Ok(refused)
}
