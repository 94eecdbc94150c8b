//! May every pod go to its planned node?

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use scheduler_core::model::well_known::ZONE;

use super::{Case, Disagreement, Kind, Outcome, id};
use crate::stage::{Actor, Stage, Verdict};

/// Puts the cluster and its planned nodes on the stage, and every pod on its planned node.
///
/// Pods come one after the other, as the scheduler takes them. One that may not go to its node yet
/// – the pod that it wants to be near to comes later – is tried again as long as others still move.
pub(super) async fn ask(
    stage: &Stage,
    case: &Case<'_>,
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    let nodes = [case.old_nodes.as_slice(), &case.nodes].concat();
    let bound = [case.running.as_slice(), &case.daemons].concat();
    stage.add_storage(case.cluster).await?;
    stage.add_nodes(&nodes, &bound).await?;
    let placed = in_order(case);
    let mut actors = Vec::new();
    for (pod, node) in &placed {
        actors.push(stage.add_planned((*pod).clone(), node).await?);
    }
    let mut verdicts = stage.verdicts(&actors).await?;
    while retry(stage, &placed, &mut actors, &mut verdicts).await? {}
    outcome.placements += placed.len();
    for ((pod, node), verdict) in placed.iter().zip(verdicts) {
        let scheduler = match verdict {
            Verdict::Bound(other) if other == *node => continue,
            Verdict::Bound(other) => format!("bound to {other}"),
            Verdict::Refused(reason) => reason,
        };
        outcome.disagreements.push(Disagreement {
            kind: Kind::Placement,
            pod: id(pod).to_string(),
            plan: format!("on {node}"),
            scheduler,
        });
    }
    Ok(())
}

/// Tries every pod that was refused once more; tells whether some are bound now, others not.
async fn retry(
    stage: &Stage,
    placed: &[(&Pod, &str)],
    actors: &mut [Actor],
    verdicts: &mut [Verdict],
) -> anyhow::Result<bool> {
    let (mut moved, mut left) = (false, false);
    for (index, (pod, node)) in placed.iter().enumerate() {
        if matches!(verdicts[index], Verdict::Bound(_)) {
            continue;
        }
        stage.remove(pod, &actors[index]).await?;
        actors[index] = stage.add_planned((*pod).clone(), node).await?;
        verdicts[index] = stage.verdicts(&actors[index..=index]).await?.swap_remove(0);
        match verdicts[index] {
            Verdict::Bound(_) => moved = true,
            Verdict::Refused(_) => left = true,
        }
    }
    Ok(moved && left)
}

/// Placed pods in an order that keeps spread as even as it gets: of each workload the first pod in
/// each zone, then the second in each, and within a zone those on different nodes first.
fn in_order<'a>(case: &'a Case<'_>) -> Vec<(&'a Pod, &'a str)> {
    let nodes = case.old_nodes.iter().chain(&case.nodes);
    let zones: BTreeMap<String, Option<&String>> =
        nodes.map(|node| (node.name_any(), node.labels().get(ZONE))).collect();
    let mut on_node = BTreeMap::new();
    let mut placed: Vec<(usize, &Pod, &str)> = Vec::new();
    for (pod, node) in case.placed() {
        let before = on_node.entry((pod.labels().get("app"), node)).or_insert(0);
        placed.push((*before, pod, node));
        *before += 1;
    }
    placed.sort_by_key(|(before, ..)| *before);
    let mut in_zone = BTreeMap::new();
    for (rank, pod, node) in &mut placed {
        let before = in_zone.entry((pod.labels().get("app"), zones.get(*node))).or_insert(0);
        *rank = *before;
        *before += 1;
    }
    placed.sort_by_key(|(rank, ..)| *rank);
    placed.into_iter().map(|(_, pod, node)| (pod, node)).collect()
}
