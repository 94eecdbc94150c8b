//! Spreading, affinity and anti-affinity, host ports.

use std::collections::BTreeMap;

use scheduler_core::Plan;
use scheduler_core::model::well_known::{HOSTNAME, ZONE};
use scheduler_core::testkit::{ClusterBuilder, check, cluster, node, on_demand, pod};

use super::plan;

/// Two zones of which the first is cheaper.
fn shop() -> ClusterBuilder {
    cluster().offering("m7g.large", "a", on_demand("$0.079")).offering(
        "m7g.large",
        "b",
        on_demand("$0.082"),
    )
}

/// A node in a zone with one pod that leaves no CPU for others.
fn full(name: &str, zone: &str, app: &str) -> scheduler_core::testkit::NodeBuilder {
    node(name).of("m7g.large", zone).pod(pod(app).cpu("2"))
}

/// Pods that the plan places on new nodes, by zone.
fn pods_by_zone(plan: &Plan) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for node in plan.launches() {
        *counts.entry(node.zone.as_str()).or_default() += node.pods.len();
    }
    counts
}

#[test]
fn pods_that_avoid_their_like_get_a_node_each() {
    check(
        shop().pod(pod("web").anti_affinity_host().replicas(3)),
        "launch m7g.large in a for web-1
         launch m7g.large in a for web-2
         launch m7g.large in a for web-3",
    );
}

#[test]
fn a_spread_over_hosts_limits_pods_per_node() {
    let plan = plan(shop().pod(pod("web").spread_host(2).replicas(5)));
    let mut sizes: Vec<usize> = plan.launches().map(|node| node.pods.len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 2, 2]);
}

#[test]
fn a_spread_over_zones_balances_them() {
    let plan = plan(shop().pod(pod("web").spread_zone(1).replicas(6)));
    assert_eq!(pods_by_zone(&plan), BTreeMap::from([("a", 3), ("b", 3)]));
}

#[test]
fn a_wider_skew_leaves_more_pods_in_the_cheaper_zone() {
    let plan = plan(shop().pod(pod("web").cpu("2").spread_zone(3).replicas(5)));
    assert_eq!(pods_by_zone(&plan), BTreeMap::from([("a", 4), ("b", 1)]));
}

#[test]
fn running_pods_count_for_a_spread() {
    let cluster = shop().node(full("n1", "a", "web"));
    let cluster = cluster.pod(pod("web").spread_zone(1).replicas(1));
    check(cluster, "launch m7g.large in b for web-1");
}

#[test]
fn a_zone_that_is_sold_out_holds_no_spread_back() {
    let cluster = cluster().offering("m7g.large", "a", on_demand("$0.079")).offering(
        "m7g.large",
        "b",
        on_demand("$0.082").sold_out(),
    );
    let plan = plan(cluster.pod(pod("web").spread_zone(1).replicas(3)));
    assert_eq!(plan.report.placed, 3);
}

#[test]
fn a_zone_that_is_sold_out_counts_for_a_spread_where_it_has_a_node() {
    let cluster = cluster().offering("m7g.large", "a", on_demand("$0.079")).offering(
        "m7g.large",
        "b",
        on_demand("$0.082").sold_out(),
    );
    let cluster = cluster.node(full("n1", "b", "db"));
    let plan = plan(cluster.pod(pod("web").spread_zone(1).replicas(3)));
    assert_eq!(plan.report.placed, 1);
}

#[test]
fn zones_that_the_pod_excludes_do_not_count_for_its_spread() {
    let plan = plan(shop().pod(pod("web").zones(["a"]).spread_zone(1).replicas(3)));
    assert_eq!(plan.report.placed, 3);
}

#[test]
fn a_pod_follows_the_running_pod_that_it_must_be_near() {
    let cluster = shop().node(full("n1", "b", "db")).pod(pod("web").near("db", ZONE));
    check(cluster, "launch m7g.large in b for web");
}

#[test]
fn pods_that_must_be_near_their_like_start_a_group_in_one_zone() {
    let plan = plan(shop().pod(pod("web").cpu("1500m").near("web", ZONE).replicas(3)));
    assert_eq!((plan.report.placed, pods_by_zone(&plan).len()), (3, 1));
}

#[test]
fn a_pod_joins_a_pod_of_the_same_batch_on_one_node() {
    let cluster = shop().pod(pod("db").zones(["b"])).pod(pod("web").near("db", HOSTNAME));
    check(cluster, "launch m7g.large in b for db, web");
}

#[test]
fn who_comes_first_by_priority_joins_company_that_arrives_later() {
    let cache = pod("cache").cpu("500m").near("cache", HOSTNAME);
    let guest = |name| pod(name).cpu("1").near("cache", HOSTNAME);
    let plan = plan(shop().pod(guest("api").priority(1000)).pod(cache).pod(guest("web")));
    let placed: Vec<String> =
        plan.launches().flat_map(|node| &node.pods).map(|pod| pod.name.clone()).collect();
    assert_eq!(placed, ["api", "cache"]);
}

#[test]
fn a_pod_that_must_be_near_nobody_has_no_place() {
    check(shop().pod(pod("web").near("db", ZONE)), "unschedulable web: PLM-1008");
}

#[test]
fn a_pod_keeps_away_from_a_running_pod() {
    let cluster = shop().node(full("n1", "a", "db")).pod(pod("web").away_from("db", ZONE));
    check(cluster, "launch m7g.large in b for web");
}

#[test]
fn a_running_pod_keeps_new_pods_away() {
    let shy = node("n1").pod(pod("db").cpu("2").away_from("web", ZONE));
    check(shop().node(shy).pod(pod("web")), "launch m7g.large in b for web");
}

#[test]
fn with_more_pods_than_zones_the_rest_that_avoids_its_like_waits() {
    let plan = plan(shop().pod(pod("web").anti_affinity_zone().replicas(3)));
    let codes: Vec<&str> = plan.report.unschedulable.iter().map(|one| one.code.as_str()).collect();
    assert_eq!((plan.report.placed, codes), (2, vec!["PLM-1009"]));
}

#[test]
fn namespaces_do_not_mix() {
    let cluster = shop()
        .node(node("n1").pod(pod("web").namespace("other")))
        .pod(pod("web").away_from("web", HOSTNAME));
    check(cluster, "nominate web to n1");
}

#[test]
fn pods_with_the_same_host_port_get_a_node_each() {
    check(
        shop().pod(pod("web").host_port(8080).replicas(2)),
        "launch m7g.large in a for web-1
         launch m7g.large in a for web-2",
    );
}

#[test]
fn a_host_port_of_a_daemon_is_taken_everywhere() {
    let cluster = shop().daemon_set(pod("logs").host_port(8080));
    check(cluster.pod(pod("web").host_port(8080)), "unschedulable web: PLM-1010");
}
