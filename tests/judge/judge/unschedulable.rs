//! Is there really no node for a pod that the plan calls unschedulable?

use k8s_openapi::api::core::v1::{Node, Pod};
use scheduler_core::plan::{ReasonCode, Unschedulable};

use super::{Case, Disagreement, Kind, Outcome, choices, id};
use crate::stage::{Stage, Verdict};

/// Reasons about nodes alone, which the scheduler sees as well.
const ABOUT_NODES: [ReasonCode; 5] = [
    ReasonCode::Requirements,
    ReasonCode::Taints,
    ReasonCode::TooLarge,
    ReasonCode::HostPort,
    // Nothing is drawn that the scheduler would have a node for.
    ReasonCode::Unsupported,
];
/// Reasons about other pods.
const ABOUT_PODS: [ReasonCode; 3] =
    [ReasonCode::TopologySpread, ReasonCode::PodAffinity, ReasonCode::PodAntiAffinity];

/// With the placed pods on the stage, adds a node of everything that can be launched. No pod that
/// the plan calls unschedulable may be bound.
pub(super) async fn ask(
    stage: &Stage,
    case: &Case<'_>,
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    let all = &case.plan.report.unschedulable;
    let judged: Vec<&Unschedulable> = all.iter().filter(|one| is_judged(case, one)).collect();
    outcome.unschedulable += judged.len();
    outcome.not_judged += all.len() - judged.len();
    if judged.is_empty() {
        return Ok(());
    }
    let object = |one: &&Unschedulable| {
        let pod = case.pending.iter().find(|pod| id(pod) == one.pod);
        pod.expect("the plan speaks of pods that are there")
    };
    let pods: Vec<&Pod> = judged.iter().map(object).collect();
    let (nodes, daemons) = choices::all(case, &pods);
    stage.add_nodes(&nodes, &daemons).await?;
    let mut actors = Vec::new();
    for pod in pods {
        actors.push(stage.add(pod.clone()).await?);
    }
    let verdicts = stage.verdicts(&actors).await?;
    let leaving = case.cluster.leaving();
    for (one, verdict) in judged.iter().zip(verdicts) {
        let Verdict::Bound(node) = verdict else { continue };
        // The scheduler does not know that a node is going away until it is tainted.
        if leaving.contains(&node) {
            continue;
        }
        outcome.disagreements.push(Disagreement {
            kind: Kind::Unschedulable,
            pod: one.pod.to_string(),
            plan: format!("{}, blocked by {:?}", one.code, one.blockers),
            scheduler: format!("bound to {node}: {}", describe(&nodes, &node)),
        });
    }
    Ok(())
}

/// Whether the reason is one that the scheduler can confirm. It does not know the limits of pools
/// and how flexible they want to be, and these may be why other pods are not where a pod would want
/// them.
fn is_judged(case: &Case<'_>, one: &Unschedulable) -> bool {
    let unlimited = || {
        case.cluster.pools.iter().all(|pool| {
            let wanted = &pool.spec.template.spec.requirements;
            pool.spec.limits.is_none() && wanted.iter().all(|one| one.min_values.is_none())
        })
    };
    ABOUT_NODES.contains(&one.code) || (ABOUT_PODS.contains(&one.code) && unlimited())
}

fn describe(nodes: &[Node], name: &str) -> String {
    let found = nodes.iter().find(|node| node.metadata.name.as_deref() == Some(name));
    found.map_or_else(String::new, |node| {
        let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_ref());
        format!("labels {:?}, taints {taints:?}", node.metadata.labels)
    })
}
