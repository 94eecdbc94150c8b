//! AFF: pod affinity and anti-affinity.

use std::collections::BTreeSet;

use scheduler_core::model::well_known::{ARCH, HOSTNAME, ZONE};
use scheduler_core::model::{NamespaceScope, PodAffinityTerm};
use scheduler_core::testkit::{
    ClusterBuilder, carry_out, check, cluster, instance_type, node, on_demand, pod, pool,
};

use super::{app_selector, arrive, counts, counts_in, plan_of, three_zones, with_amd64};

#[test]
fn a_pod_finds_the_pod_that_it_must_be_near_whichever_comes_first_by_name() {
    for key in [HOSTNAME, ARCH, ZONE] {
        for (target, follower) in [("a", "b"), ("b", "a")] {
            let follower = pod(follower).near(target, key);
            let cluster = with_amd64().pod(pod(target).zones(["c"])).pod(follower);
            let snapshot = cluster.build();
            let after = carry_out(&snapshot, &plan_of(&snapshot));
            let values: BTreeSet<&String> =
                after.nodes.iter().map(|node| &node.node.labels[key]).collect();
            assert_eq!((after.pending.len(), values.len()), (0, 1), "{key}: {target} first");
        }
    }
}

/// One type that holds five of the pods.
fn for_five() -> ClusterBuilder {
    let five = instance_type("five").cpu("5").offering("a", on_demand("$0.10"));
    cluster().instance_type(five.offering("b", on_demand("$0.10")))
}

#[test]
fn a_group_that_must_share_a_node_does_not_start_twice() {
    let group = || pod("web").cpu("1").near("web", HOSTNAME);
    let one_zone = for_five().node_pool(pool("default").zones(["b"]));
    for shop in [for_five(), one_zone] {
        let snapshot = shop.pod(group().replicas(10)).build();
        let first = carry_out(&snapshot, &plan_of(&snapshot));
        assert_eq!(counts_in(&first, "web", HOSTNAME), "5 and 5 wait");
        let second = carry_out(&first, &plan_of(&first));
        assert_eq!(counts_in(&second, "web", HOSTNAME), "5 and 5 wait");
    }
}

#[test]
fn a_group_that_must_share_a_zone_fills_one_zone_that_it_may_use() {
    let group = || pod("web").cpu("1500m").near("web", ZONE).replicas(4);
    assert_eq!(counts(three_zones().pod(group()), "web", ZONE), "4");
    let plan = plan_of(&three_zones().pod(group().zones(["c"])).build());
    assert!(plan.report.placed == 4 && plan.launches().all(|node| node.zone == "c"));
}

#[test]
fn groups_that_ask_for_different_nodes_do_not_meet() {
    let cluster = with_amd64()
        .pod(pod("x").near("x", HOSTNAME).requires(ARCH, ["arm64"]).replicas(2))
        .pod(pod("y").near("y", HOSTNAME).requires(ARCH, ["amd64"]).replicas(2));
    check(
        cluster,
        "launch m7g.large in a for x-1, x-2
         launch m5.large in a for y-1, y-2",
    );
}

#[test]
fn pods_keep_apart_on_hosts_zones_and_architectures_within_one_batch() {
    for key in [HOSTNAME, ZONE, ARCH] {
        for owner in ["x", "y"] {
            let other = if owner == "x" { "y" } else { "x" };
            let shy = pod(owner).away_from(other, key);
            let snapshot = with_amd64().pod(shy).pod(pod(other)).build();
            let after = carry_out(&snapshot, &plan_of(&snapshot));
            let values: BTreeSet<&String> =
                after.nodes.iter().map(|node| &node.node.labels[key]).collect();
            assert_eq!((after.pending.len(), values.len()), (0, 2), "{key}: {owner} is shy");
        }
    }
}

#[test]
fn zones_that_are_taken_are_avoided_and_none_is_left_when_all_are() {
    let taken = |name: &str, zone: &str| node(name).of("m7g.large", zone).pod(pod("db"));
    let shop = || three_zones().node(taken("n1", "a")).node(taken("n2", "b"));
    let shy = || pod("web").away_from("db", ZONE);
    check(shop().pod(shy()), "launch m7g.large in c for web");
    check(shop().node(taken("n3", "c")).pod(shy()), "unschedulable web: PLM-1009");
}

#[test]
fn zonal_pods_that_keep_apart_go_in_one_pass() {
    let snapshot = three_zones().pod(pod("web").anti_affinity_zone().replicas(3)).build();
    let plan = plan_of(&snapshot);
    assert_eq!(counts_in(&carry_out(&snapshot, &plan), "web", ZONE), "1,1,1");
}

#[test]
fn a_pod_that_keeps_away_from_another_blocks_only_the_zone_that_it_gets() {
    let cluster = three_zones().pod(pod("shy").away_from("web", ZONE)).pod(pod("web").replicas(2));
    let plan = plan_of(&cluster.build());
    assert_eq!(plan.report.unschedulable, []);
}

#[test]
fn a_group_follows_its_target_into_the_zone_that_it_gets() {
    let followers = || pod("web").cpu("1900m").near("db", ZONE).replicas(3);
    for target in [pod("db"), pod("db").zones(["b"])] {
        let snapshot = three_zones().pod(target).pod(followers()).build();
        let plan = plan_of(&snapshot);
        let zones: BTreeSet<&str> = plan.launches().map(|node| node.zone.as_str()).collect();
        assert_eq!((plan.report.placed, zones.len()), (4, 1));
    }
}

#[test]
fn a_chain_of_pods_that_need_each_other_is_placed_in_one_pass() {
    let chain = |last: &str| {
        three_zones()
            .pod(pod("ui").near("cache", HOSTNAME))
            .pod(pod("cache").near("web", ZONE))
            .pod(pod("web").near(last, HOSTNAME))
            .pod(pod("db"))
    };
    assert_eq!(plan_of(&chain("db").build()).report.placed, 4);
    let broken = plan_of(&chain("nobody").build());
    let waiting: Vec<&str> =
        broken.report.unschedulable.iter().map(|one| one.pod.name.as_str()).collect();
    assert_eq!(waiting, ["cache", "ui", "web"]);
}

#[test]
fn affinity_crosses_namespaces_only_where_its_term_says_so() {
    let near = |namespaces| {
        let term = PodAffinityTerm {
            topology_key: ZONE.to_owned(),
            selector: app_selector("db"),
            namespaces,
        };
        let snapshot = three_zones()
            .node(node("n1").of("m7g.large", "b").pod(pod("db").namespace("data").cpu("2")))
            .pod(pod("web").near_term(term))
            .build();
        let plan = plan_of(&snapshot);
        let zones: Vec<&str> = plan.launches().map(|node| node.zone.as_str()).collect();
        zones.join(",")
    };
    assert_eq!(near(NamespaceScope::one("default")), "");
    assert_eq!(near(NamespaceScope::one("data")), "b");
    assert_eq!(near(NamespaceScope::All), "b");
}

#[test]
fn a_pod_that_comes_later_keeps_away_from_pods_of_an_earlier_batch() {
    let first = three_zones().pod(pod("db").away_from("web", ZONE)).build();
    let first = carry_out(&first, &plan_of(&first));
    let second = arrive(&first, pod("web"));
    let plan = plan_of(&second);
    let zones: Vec<&str> = plan.launches().map(|node| node.zone.as_str()).collect();
    assert_eq!(zones, ["b"]);
}
