//! The verifier finds broken spreads, affinities and host ports. Plans are made by hand.

use scheduler_core::model::well_known::{HOSTNAME, ZONE};
use scheduler_core::plan::Action;
use scheduler_core::testkit::{
    ClusterBuilder, PodBuilder, cluster, hand_made, node, on_demand, pod,
};
use scheduler_core::verify::{Violation, verify};

use super::verifier::{assert_finds, ids, launches, nominates};

fn shop() -> ClusterBuilder {
    cluster().offering("m7g.xlarge", "a", on_demand("$0.163")).offering(
        "m7g.xlarge",
        "b",
        on_demand("$0.163"),
    )
}

/// Launches one node for each list of pods, in the zone named first.
fn judge<const N: usize>(cluster: ClusterBuilder, nodes: [(&str, &[&str]); N]) -> Vec<Violation> {
    let snapshot = cluster.build();
    let actions = nodes.map(|(zone, pods)| {
        let pods: Vec<_> = pods.iter().flat_map(|name| ids([*name])).collect();
        launches(&snapshot, "m7g.xlarge", zone, &pods)
    });
    verify(&snapshot, &hand_made(&snapshot, actions.to_vec()))
}

fn judge_actions(cluster: ClusterBuilder, actions: Vec<Action>) -> Vec<Violation> {
    let snapshot = cluster.build();
    verify(&snapshot, &hand_made(&snapshot, actions))
}

fn web() -> PodBuilder {
    pod("web").replicas(2)
}

#[test]
fn a_spread_over_zones_that_is_kept_passes() {
    let cluster = shop().pod(web().spread_zone(1));
    assert_eq!(judge(cluster, [("a", &["web-1"]), ("b", &["web-2"])]), []);
}

#[test]
fn a_spread_over_zones_that_is_broken_is_found() {
    let cluster = shop().node(node("n1").of("m7g.large", "b")).pod(web().spread_zone(1));
    let found = judge(cluster, [("a", &["web-1", "web-2"])]);
    assert_finds!(found, Violation::SpreadBroken { skew: 2, max_skew: 1, .. });
}

#[test]
fn a_zone_without_a_node_does_not_count_for_a_spread() {
    assert_eq!(judge(shop().pod(web().spread_zone(1)), [("a", &["web-1", "web-2"])]), []);
}

#[test]
fn a_spread_over_hosts_that_is_broken_is_found() {
    let found = judge(shop().pod(web().spread_host(1)), [("a", &["web-1", "web-2"])]);
    assert_finds!(found, Violation::SpreadBroken { skew: 2, .. });
}

#[test]
fn running_pods_count_for_a_spread() {
    let running = node("n1").of("m7g.xlarge", "a").pod(pod("web").renamed("old"));
    let cluster = shop().node(running).node(node("n2").of("m7g.large", "b"));
    let found = judge(cluster.pod(web().spread_zone(1)), [("a", &["web-1"])]);
    assert_finds!(found, Violation::SpreadBroken { skew: 2, .. });
}

#[test]
fn a_node_without_the_label_that_a_pod_is_spread_over_is_found() {
    let found = judge(shop().pod(web().spread("rack", 1)), [("a", &["web-1"])]);
    assert_finds!(found, Violation::TopologyLabelMissing { .. });
}

#[test]
fn pods_that_avoid_their_like_on_one_node_are_found() {
    let found = judge(shop().pod(web().anti_affinity_host()), [("a", &["web-1", "web-2"])]);
    assert_finds!(found, Violation::AntiAffinityBroken { .. });
}

#[test]
fn pods_that_avoid_their_like_in_one_zone_are_found() {
    let cluster = shop().pod(web().anti_affinity_zone());
    let found = judge(cluster, [("a", &["web-1"]), ("a", &["web-2"])]);
    assert_finds!(found, Violation::AntiAffinityBroken { .. });
}

#[test]
fn a_running_pod_that_keeps_new_ones_away_is_heard() {
    let shy = node("n1").of("m7g.xlarge", "a").pod(pod("db").away_from("web", HOSTNAME));
    let found = judge_actions(shop().node(shy).pod(web()), vec![nominates("web-1", "n1")]);
    assert_finds!(found, Violation::AntiAffinityBroken { .. });
}

#[test]
fn a_bad_neighbourhood_that_was_there_before_is_not_the_plans_fault() {
    let shy = pod("db").anti_affinity_host();
    let crowded = node("n1").of("m7g.xlarge", "a").pod(shy.replicas(2));
    let found = judge_actions(shop().node(crowded).pod(web()), vec![nominates("web-1", "n1")]);
    assert_eq!(found, []);
}

#[test]
fn a_pod_far_from_the_one_that_it_must_be_near_is_found() {
    let cluster = shop().pod(pod("db")).pod(pod("web").near("db", ZONE));
    let found = judge(cluster, [("a", &["db"]), ("b", &["web"])]);
    assert_finds!(found, Violation::AffinityUnmet { .. });
}

#[test]
fn a_pod_beside_the_one_that_it_must_be_near_passes() {
    let cluster = shop().pod(pod("db")).pod(pod("web").near("db", HOSTNAME));
    assert_eq!(judge(cluster, [("a", &["db", "web"])]), []);
}

#[test]
fn a_group_that_starts_in_two_zones_is_found() {
    let cluster = shop().pod(web().near("web", ZONE));
    let found = judge(cluster, [("a", &["web-1"]), ("b", &["web-2"])]);
    assert_finds!(found, Violation::AffinityUnmet { .. }, Violation::AffinityUnmet { .. });
}

#[test]
fn a_group_that_starts_in_one_zone_passes() {
    let cluster = shop().pod(web().near("web", ZONE));
    assert_eq!(judge(cluster, [("a", &["web-1"]), ("a", &["web-2"])]), []);
}

#[test]
fn two_pods_that_wait_for_each_other_are_found() {
    let cluster = shop().pod(pod("egg").near("hen", ZONE)).pod(pod("hen").near("egg", ZONE));
    let found = judge(cluster, [("a", &["egg", "hen"])]);
    assert_finds!(found, Violation::AffinityUnmet { .. }, Violation::AffinityUnmet { .. });
}

#[test]
fn a_host_port_that_is_taken_twice_is_found() {
    let found = judge(shop().pod(web().host_port(80)), [("a", &["web-1", "web-2"])]);
    assert_finds!(found, Violation::HostPortClash { port: 80, .. });
}

#[test]
fn a_host_port_of_a_running_pod_is_respected() {
    let taken = node("n1").of("m7g.xlarge", "a").pod(pod("db").host_port(80));
    let cluster = shop().node(taken).pod(web().host_port(80));
    let found = judge_actions(cluster, vec![nominates("web-1", "n1")]);
    assert_finds!(found, Violation::HostPortClash { .. });
}

#[test]
fn a_host_port_of_a_daemon_is_respected() {
    let cluster = shop().daemon_set(pod("logs").host_port(80)).pod(pod("web").host_port(80));
    assert_finds!(judge(cluster, [("a", &["web"])]), Violation::HostPortClash { .. });
}
