//! Karpenter's behaviours: the tests that `docs/compatibility` names and that no other file has.

mod affinity;
mod basics;
mod constraints;
mod daemons;
mod existing;
mod packing;
mod pools;
mod requirements;
mod spread;

use std::collections::BTreeMap;

use scheduler_core::model::{
    LabelSelector, Labels, Requirement, SpreadPolicy, TopologySpread, well_known::HOSTNAME,
};
use scheduler_core::testkit::{
    ClusterBuilder, PodBuilder, carry_out, cluster, on_demand, pod, spot,
};
use scheduler_core::verify::verify;
use scheduler_core::{ClusterSnapshot, Packer, Plan, SnapshotBuilder};

use super::plan_with;

/// Two sizes in three zones, the first zone the cheapest.
fn three_zones() -> ClusterBuilder {
    let zones = [("a", "$0.080", "$0.160"), ("b", "$0.081", "$0.162"), ("c", "$0.082", "$0.164")];
    zones.into_iter().fold(cluster(), |cluster, (zone, large, xlarge)| {
        let cluster = cluster.offering("m7g.large", zone, on_demand(large));
        cluster.offering("m7g.xlarge", zone, on_demand(xlarge))
    })
}

/// The same with half the price on the Spot market.
fn with_spot() -> ClusterBuilder {
    let zones = [("a", "$0.040"), ("b", "$0.041"), ("c", "$0.042")];
    let sell = |cluster: ClusterBuilder, (zone, price): (&str, &str)| {
        cluster.offering("m7g.large", zone, spot(price))
    };
    zones.into_iter().fold(three_zones(), sell)
}

/// The same with machines of another architecture.
fn with_amd64() -> ClusterBuilder {
    ["a", "b", "c"].into_iter().fold(three_zones(), |cluster, zone| {
        cluster.offering("m5.large", zone, on_demand("$0.096"))
    })
}

/// A plan that the verifier has nothing to say about.
fn plan_of(snapshot: &ClusterSnapshot) -> Plan {
    let plan = plan_with(Packer::DualGreedy, snapshot);
    assert_eq!(verify(snapshot, &plan), []);
    plan
}

/// Whether every waiting pod gets a place.
fn places_all(cluster: ClusterBuilder) -> bool {
    let plan = plan_of(&cluster.build());
    plan.report.placed == plan.report.pods
}

/// Whether a pod with this requirement on a node label gets a place.
fn accepts(cluster: ClusterBuilder, key: &str, requirement: &Requirement) -> bool {
    places_all(cluster.pod(pod("web").requirement(key, requirement)))
}

/// Pods of an app on each value of a node label once the plan is carried out, fewest first, as
/// `1,1,2`; followed by the number of those that still wait, if any, as `1,1 and 2 wait`.
fn counts(cluster: ClusterBuilder, app: &str, key: &str) -> String {
    let snapshot = cluster.build();
    counts_in(&carry_out(&snapshot, &plan_of(&snapshot)), app, key)
}

fn counts_in(snapshot: &ClusterSnapshot, app: &str, key: &str) -> String {
    let is_of_app = |labels: &Labels| labels.get("app").is_some_and(|value| value == app);
    let mut by_value: BTreeMap<&str, usize> = BTreeMap::new();
    for node in &snapshot.nodes {
        let pods = node.pods.iter().filter(|pod| is_of_app(&pod.spec.labels)).count();
        if let Some(value) = node.node.labels.get(key).filter(|_| pods > 0) {
            *by_value.entry(value).or_default() += pods;
        }
    }
    let mut counts: Vec<usize> = by_value.into_values().collect();
    counts.sort_unstable();
    let counts: Vec<String> = counts.iter().map(ToString::to_string).collect();
    let waiting = snapshot.pending.iter().filter(|pod| is_of_app(&pod.spec.labels)).count();
    let waiting = if waiting == 0 { String::new() } else { format!(" and {waiting} wait") };
    format!("{}{waiting}", counts.join(","))
}

/// The next batch of waiting pods in a cluster.
fn arrive(snapshot: &ClusterSnapshot, pods: PodBuilder) -> ClusterSnapshot {
    let builder = SnapshotBuilder::new(snapshot.now, snapshot.supply.clone());
    let builder = builder.nodes(snapshot.nodes.clone()).pending_pods(snapshot.pending.clone());
    let (next, refusals) = builder.pending_pods(pods.build()).build();
    assert_eq!(refusals, []);
    next
}

/// Nodes with pods of an app once the plan is carried out, by number of pods.
fn hosts(cluster: ClusterBuilder, app: &str) -> String {
    counts(cluster, app, HOSTNAME)
}

/// A required spread of the pods of an app, with Kubernetes' defaults.
fn spread_of(app: &str, topology_key: &str) -> TopologySpread {
    TopologySpread {
        topology_key: topology_key.to_owned(),
        max_skew: 1,
        selector: app_selector(app),
        required: true,
        min_domains: None,
        node_affinity_policy: SpreadPolicy::Honor,
        node_taints_policy: SpreadPolicy::Ignore,
    }
}

fn app_selector(app: &str) -> LabelSelector {
    LabelSelector::from_labels(&Labels::from([("app".to_owned(), app.to_owned())]))
}
