//! Is there really no node for a pod that the plan calls unschedulable?

use k8s_openapi::api::core::v1::Pod;
use scheduler_core::plan::{ReasonCode, Unschedulable};

use super::{Case, Disagreement, Kind, Outcome, id};
use crate::stage::{Stage, Verdict};
use crate::{daemon, planned};

/// Reasons about nodes alone, which the scheduler sees as well.
const ABOUT_NODES: [ReasonCode; 4] =
    [ReasonCode::Requirements, ReasonCode::Taints, ReasonCode::TooLarge, ReasonCode::HostPort];
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
    let nodes = planned::one_of_each(&case.snapshot.supply);
    let daemons: Vec<Pod> =
        nodes.iter().flat_map(|node| daemon::pods_of(&case.cluster.daemon_sets, node)).collect();
    stage.add_nodes(&nodes, &daemons).await?;
    let mut actors = Vec::new();
    for one in &judged {
        let pod = case.cluster.pending.iter().find(|pod| id(pod) == one.pod);
        let pod = pod.expect("the plan speaks of pods that are there");
        actors.push(stage.add(pod.clone()).await?);
    }
    let verdicts = stage.verdicts(&actors).await?;
    for (one, verdict) in judged.iter().zip(verdicts) {
        let Verdict::Bound(node) = verdict else { continue };
        outcome.disagreements.push(Disagreement {
            kind: Kind::Unschedulable,
            pod: one.pod.to_string(),
            plan: format!("{}, blocked by {:?}", one.code, one.blockers),
            scheduler: format!("bound to {node}: {}", describe(&nodes, &node)),
        });
    }
    Ok(())
}

/// Whether the reason is one that the scheduler can confirm. It does not know the limits of pools,
/// and these may be why other pods are not where a pod would want them.
fn is_judged(case: &Case<'_>, one: &Unschedulable) -> bool {
    let unlimited = || case.snapshot.supply.node_pools.iter().all(|pool| pool.limits.0.is_empty());
    ABOUT_NODES.contains(&one.code) || (ABOUT_PODS.contains(&one.code) && unlimited())
}

fn describe(nodes: &[k8s_openapi::api::core::v1::Node], name: &str) -> String {
    let found = nodes.iter().find(|node| node.metadata.name.as_deref() == Some(name));
    found.map_or_else(String::new, |node| {
        let taints = node.spec.as_ref().and_then(|spec| spec.taints.as_ref());
        format!("labels {:?}, taints {taints:?}", node.metadata.labels)
    })
}
