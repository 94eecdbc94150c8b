//! TSC: topology spread. Counts are pods per domain, fewest first.

use scheduler_core::model::well_known::{ARCH, CAPACITY_TYPE, ZONE};
use scheduler_core::model::{CapacityType, LabelSelector, Labels, SpreadPolicy, TopologySpread};
use scheduler_core::testkit::{
    ClusterBuilder, NodeBuilder, PodBuilder, carry_out, check, node, pod, pool,
};

use super::{
    arrive, counts, counts_in, hosts, plan_of, spread_of, three_zones, with_amd64, with_spot,
};

fn web(replicas: usize) -> PodBuilder {
    pod("web").spread_zone(1).replicas(replicas)
}

/// A node in a zone whose pods leave no CPU for others: so many of `web`.
fn full(name: &str, zone: &str, pods: usize) -> NodeBuilder {
    let running = pod("web").renamed(&format!("on-{name}")).cpu("100m").replicas(pods);
    node(name).of("m7g.large", zone).pod(running).pod(pod(&format!("filler-{name}")).cpu("1900m"))
}

#[test]
fn a_key_that_no_node_has_keeps_its_own_pod_waiting_only() {
    let cluster = three_zones().pod(pod("lost").spread("rack", 1)).pod(pod("web"));
    check(
        cluster,
        "launch m7g.large in a for web
         unschedulable lost: PLM-1007",
    );
}

#[test]
fn a_spread_that_selects_nothing_spreads_nothing() {
    let none = TopologySpread { selector: LabelSelector::nothing(), ..spread_of("web", ZONE) };
    let cluster = three_zones().pod(pod("web").spread_constraint(none).replicas(2));
    check(cluster, "launch m7g.large in a for web-1, web-2");
}

#[test]
fn four_pods_over_three_zones() {
    assert_eq!(counts(three_zones().pod(web(4)), "web", ZONE), "1,1,2");
}

#[test]
fn only_zones_that_pools_can_open_are_domains() {
    let zones = |cluster: ClusterBuilder| counts(cluster.pod(web(4)), "web", ZONE);
    assert_eq!(zones(three_zones().node_pool(pool("default").zones(["a", "b"]))), "2,2");
    assert_eq!(zones(three_zones().node_pool(pool("default").label(ZONE, "b"))), "4");
    let pinned = |name: &str, zone: &str| pool(name).label(ZONE, zone);
    let two = three_zones().node_pool(pinned("x", "a")).node_pool(pinned("y", "b"));
    assert_eq!(zones(two), "2,2");
    let mixed = pool("default").label(ZONE, "a").zones(["a", "b"]);
    assert_eq!(zones(three_zones().node_pool(mixed)), "4");
}

#[test]
fn a_pod_in_a_zone_that_the_pool_has_left_still_counts() {
    let cluster = three_zones()
        .node_pool(pool("default").zones(["a", "b"]))
        .node(full("n1", "c", 1))
        .pod(web(6));
    assert_eq!(counts(cluster, "web", ZONE), "1,2,2 and 2 wait");
}

#[test]
fn a_wide_skew_lets_the_only_open_zone_grow() {
    let cluster = three_zones()
        .node_pool(pool("default").zones(["c"]))
        .node(full("n1", "a", 1))
        .node(full("n2", "b", 1))
        .pod(pod("web").spread_zone(5).replicas(6));
    assert_eq!(counts(cluster, "web", ZONE), "1,1,6");
}

#[test]
fn new_pods_go_to_the_emptiest_zones_only() {
    let cluster = three_zones().node(full("n1", "a", 3)).pod(web(3));
    assert_eq!(counts(cluster, "web", ZONE), "1,2,3");
}

#[test]
fn pods_beside_a_zone_that_is_closed_wait_when_the_skew_is_reached() {
    let cluster = three_zones()
        .node(full("n1", "c", 1))
        .node(full("n2", "a", 1))
        .node_pool(pool("default").zones(["a", "b"]))
        .pod(web(5));
    assert_eq!(counts(cluster, "web", ZONE), "1,2,2 and 2 wait");
}

#[test]
fn only_pods_of_the_namespace_that_match_on_nodes_with_the_label_count() {
    let other = pod("web").renamed("other").namespace("other").replicas(5);
    let unlike = pod("api").replicas(5);
    let cluster = three_zones()
        .node(node("n1").of("m7g.large", "a").pod(other).pod(unlike).pod(pod("x").cpu("900m")))
        .pod(web(5));
    assert_eq!(counts(cluster, "web", ZONE), "2,2,6");
}

#[test]
fn a_spread_over_pods_of_others_leaves_its_owners_together() {
    let owners = pod("web").spread_constraint(spread_of("db", ZONE)).replicas(3);
    check(three_zones().pod(owners), "launch m7g.large in a for web-1, web-2, web-3");
}

#[test]
fn too_few_domains_count_as_one_that_is_empty() {
    let wide = |domains| TopologySpread { min_domains: Some(domains), ..spread_of("web", ZONE) };
    let pods = |domains, replicas| pod("web").spread_constraint(wide(domains)).replicas(replicas);
    let narrow = three_zones().node_pool(pool("default").zones(["a", "b"]));
    assert_eq!(counts(narrow.pod(pods(3, 3)), "web", ZONE), "1,1 and 1 wait");
    assert_eq!(counts(three_zones().pod(pods(3, 11)), "web", ZONE), "3,4,4");
    assert_eq!(counts(three_zones().pod(pods(2, 11)), "web", ZONE), "3,4,4");
}

#[test]
fn a_spread_over_hosts_opens_a_node_for_each_pod_up_to_its_skew() {
    let spread = |skew| pod("web").spread_host(skew).replicas(4);
    assert_eq!(hosts(three_zones().pod(spread(1)), "web"), "1,1,1,1");
    assert_eq!(hosts(three_zones().pod(spread(4)), "web"), "4");
}

#[test]
fn two_workloads_that_are_spread_over_hosts_share_the_hosts() {
    let spread = |name: &str| pod(name).spread_host(1).replicas(2);
    let plan = plan_of(&three_zones().pod(spread("web")).pod(spread("api")).build());
    let sizes: Vec<usize> = plan.launches().map(|node| node.pods.len()).collect();
    assert_eq!(sizes, [2, 2]);
}

#[test]
fn workloads_of_different_architectures_that_are_spread_share_no_host() {
    let spread = |name: &str, arch| pod(name).requires(ARCH, [arch]).spread_host(1).replicas(2);
    let cluster = with_amd64().pod(spread("web", "arm64")).pod(spread("api", "amd64"));
    let plan = plan_of(&cluster.build());
    assert_eq!((plan.report.placed, plan.launches().count()), (4, 4));
}

#[test]
fn capacity_types_are_domains_like_any_other() {
    let spread = |replicas| pod("web").spread(CAPACITY_TYPE, 1).replicas(replicas);
    assert_eq!(counts(with_spot().pod(spread(4)), "web", CAPACITY_TYPE), "2,2");
    let on_demand = || pool("default").capacity_type(CapacityType::OnDemand);
    let only = with_spot().node_pool(on_demand()).pod(spread(4));
    assert_eq!(counts(only, "web", CAPACITY_TYPE), "4");
    let beside = with_spot().node_pool(on_demand()).node(full("n1", "a", 1).spot()).pod(spread(5));
    assert_eq!(counts(beside, "web", CAPACITY_TYPE), "1,2 and 3 wait");
}

#[test]
fn architectures_are_domains_like_any_other() {
    let spread = pod("web").spread(ARCH, 1).replicas(4);
    assert_eq!(counts(with_amd64().pod(spread), "web", ARCH), "2,2");
}

#[test]
fn a_label_of_several_pools_sets_the_ratio_of_spot_to_on_demand() {
    let values = |name: &str, capacity_type, values: &[&str]| {
        pool(name).capacity_type(capacity_type).requires("ratio", values.iter().copied())
    };
    let cluster = with_spot()
        .node_pool(values("spot", CapacityType::Spot, &["2", "3", "4", "5"]))
        .node_pool(values("steady", CapacityType::OnDemand, &["1"]))
        .pod(pod("web").spread("ratio", 1).replicas(20));
    let snapshot = cluster.build();
    let after = carry_out(&snapshot, &plan_of(&snapshot));
    assert_eq!(counts_in(&after, "web", "ratio"), "4,4,4,4,4");
    assert_eq!(counts_in(&after, "web", CAPACITY_TYPE), "4,16");
}

#[test]
fn zones_and_hosts_are_balanced_together() {
    for (replicas, zones) in [(2, "1,1"), (5, "1,2,2"), (9, "3,3,3"), (21, "7,7,7")] {
        let snapshot =
            three_zones().pod(pod("web").spread_zone(1).spread_host(3).replicas(replicas)).build();
        let after = carry_out(&snapshot, &plan_of(&snapshot));
        assert_eq!(counts_in(&after, "web", ZONE), zones);
        let fullest = after.nodes.iter().map(|node| node.workload_pods().count()).max();
        assert!(fullest <= Some(3), "{fullest:?}");
    }
}

#[test]
fn three_spreads_hold_together_batch_after_batch() {
    let mut snapshot = with_spot().build();
    for batch in 1..=4 {
        let web = pod("web").spread(CAPACITY_TYPE, 1).spread_zone(2).spread_host(3);
        snapshot = arrive(&snapshot, web.renamed(&format!("web-{batch}")).replicas(batch * 3));
        let plan = plan_of(&snapshot);
        assert_eq!(plan.report.unschedulable, []);
        snapshot = carry_out(&snapshot, &plan);
    }
    assert_eq!(counts_in(&snapshot, "web", CAPACITY_TYPE), "15,15");
}

#[test]
fn each_version_of_a_workload_is_spread_by_itself() {
    let version = |version: &str| {
        let mut spread = spread_of("web", ZONE);
        let labels = [("app", "web"), ("version", version)];
        let labels = labels.map(|(key, value)| (key.to_owned(), value.to_owned()));
        spread.selector = LabelSelector::from_labels(&Labels::from(labels));
        let pods = pod("web").renamed(version).label("version", version);
        pods.spread_constraint(spread).replicas(2)
    };
    let cluster = three_zones().node_pool(pool("default").zones(["a", "b"]));
    assert_eq!(counts(cluster.pod(version("v1")).pod(version("v2")), "web", ZONE), "2,2");
}

#[test]
fn nodes_with_taints_that_a_pod_does_not_tolerate_count_unless_taints_are_honoured() {
    let placed = |policy| {
        let spread = TopologySpread { node_taints_policy: policy, ..spread_of("web", ZONE) };
        let cluster = three_zones()
            .node_pool(pool("default").zones(["a"]))
            .node(node("n1").of("m7g.large", "b").taint("team", "x"))
            .pod(pod("web").spread_constraint(spread).replicas(5));
        plan_of(&cluster.build()).report.placed
    };
    assert_eq!((placed(SpreadPolicy::Ignore), placed(SpreadPolicy::Honor)), (1, 5));
}

#[test]
fn pools_with_taints_of_their_own_share_zones_without_disturbing_each_other() {
    let honoured = |app: &str| TopologySpread {
        node_taints_policy: SpreadPolicy::Honor,
        ..spread_of(app, ZONE)
    };
    let pods = |app: &str| {
        pod(app).tolerates(&format!("only-{app}")).spread_constraint(honoured(app)).replicas(4)
    };
    let tainted =
        |app: &str, zones| pool(app).zones::<'_>(zones).taint(&format!("only-{app}"), "yes");
    let cluster = three_zones()
        .node_pool(tainted("web", ["a", "b"]))
        .node_pool(tainted("api", ["b", "c"]))
        .pod(pods("web"))
        .pod(pods("api"));
    let snapshot = cluster.build();
    let after = carry_out(&snapshot, &plan_of(&snapshot));
    assert_eq!(counts_in(&after, "web", ZONE), "2,2");
    assert_eq!(counts_in(&after, "api", ZONE), "2,2");
}

#[test]
fn nodes_that_the_pods_affinity_excludes_count_only_if_affinity_is_ignored() {
    let placed = |policy| {
        let spread = TopologySpread { node_affinity_policy: policy, ..spread_of("web", ZONE) };
        let cluster = three_zones()
            .node(node("n1").of("m7g.large", "b"))
            .pod(pod("web").zones(["a"]).spread_constraint(spread).replicas(5));
        plan_of(&cluster.build()).report.placed
    };
    assert_eq!((placed(SpreadPolicy::Ignore), placed(SpreadPolicy::Honor)), (1, 5));
}

#[test]
fn zones_that_a_pod_requires_are_the_only_domains_of_its_spread() {
    let after_three =
        |web: PodBuilder| three_zones().node(full("n1", "a", 3)).node(full("n2", "b", 3)).pod(web);
    let narrow = web(2).zones(["a", "b"]);
    assert_eq!(counts(after_three(narrow), "web", ZONE), "4,4");
    assert_eq!(counts(after_three(web(1)), "web", ZONE), "1,3,3");
    assert_eq!(counts(after_three(web(6)), "web", ZONE), "4,4,4");
    let either = pod("web").either([(ZONE, "a"), (ZONE, "b")]).spread_zone(1).replicas(10);
    assert_eq!(counts(three_zones().pod(either), "web", ZONE), "5,5");
}

#[test]
fn zones_that_a_pod_prefers_are_not_the_only_domains_of_its_spread() {
    let web = web(6).prefers_zones(1, ["a", "b"]);
    assert_eq!(counts(three_zones().pod(web), "web", ZONE), "2,2,2");
}

#[test]
fn the_zone_of_a_volume_is_not_the_only_domain_of_a_spread() {
    let spread = TopologySpread { min_domains: Some(3), ..spread_of("web", ZONE) };
    let tied = pod("web").spread_constraint(spread).volume_in(["a"]).replicas(1);
    let after = |in_a: usize| {
        let zones = [("n1", "a", in_a), ("n2", "b", 1), ("n3", "c", 1)];
        let nodes = zones.map(|(name, zone, pods)| full(name, zone, pods));
        let cluster = nodes.into_iter().fold(three_zones(), ClusterBuilder::node);
        counts(cluster.pod(tied.clone()), "web", ZONE)
    };
    assert_eq!((after(1).as_str(), after(2).as_str()), ("1,1,2", "1,1,2 and 1 wait"));
}

#[test]
fn workloads_with_the_same_constraint_share_its_counts() {
    let small = pod("web").renamed("small").spread_zone(1);
    let small = small.replicas(2);
    let spread = spread_of("web", ZONE);
    let large = pod("web").renamed("large").cpu("300m").spread_constraint(spread).replicas(2);
    assert_eq!(counts(three_zones().pod(small).pod(large), "web", ZONE), "1,1,2");
}

#[test]
fn a_pod_that_is_being_deleted_does_not_count_for_spreads_and_does_for_affinity() {
    let shop = || {
        let node = node("n1").of("m7g.large", "a").pod(pod("web").cpu("1500m").terminating());
        let pool = pool("default").zones(["a", "b"]);
        three_zones().node_pool(pool).node(node).node(full("n2", "b", 0))
    };
    let spread = pod("web").renamed("web-2").spread_constraint(spread_of("web", ZONE));
    check(shop().pod(spread.cpu("1")), "launch m7g.large in a for web-2");
    let near = pod("api").cpu("1").near("web", ZONE);
    check(shop().pod(near), "launch m7g.large in a for api");
    let apart = pod("api").cpu("1").away_from("web", ZONE);
    check(shop().pod(apart), "launch m7g.large in b for api");
}
