//! Weights, limits and taints of pools.

use scheduler_core::MinValuesPolicy;
use scheduler_core::model::Requirement;
use scheduler_core::model::well_known::ZONE;
use scheduler_core::testkit::{
    ClusterBuilder, PoolBuilder, check, cluster, node, on_demand, pod, pool,
};
use scheduler_core::verify::verify;
use scheduler_core::{Engine, Settings};

/// One size, dearer in the second zone.
fn shop() -> ClusterBuilder {
    cluster().offering("m7g.large", "a", on_demand("$0.079")).offering(
        "m7g.large",
        "b",
        on_demand("$0.082"),
    )
}

#[test]
fn a_heavier_pool_comes_first_even_if_it_is_dearer() {
    let cluster = shop()
        .node_pool(pool("first").weight(10).zones(["b"]))
        .node_pool(pool("second"))
        .pod(pod("web"));
    check(cluster, "launch m7g.large in b from first for web");
}

#[test]
fn the_cheaper_of_two_pools_of_the_same_weight_is_used() {
    let cluster =
        shop().node_pool(pool("east").zones(["b"])).node_pool(pool("west")).pod(pod("web"));
    check(cluster, "launch m7g.large in a from west for web");
}

#[test]
fn a_pod_that_the_heavier_pool_cannot_hold_goes_to_the_next() {
    let cluster = shop()
        .offering("m7g.xlarge", "a", on_demand("$0.163"))
        .node_pool(pool("first").weight(10).zones(["b"]))
        .node_pool(pool("second"))
        .pod(pod("web").cpu("3"));
    check(cluster, "launch m7g.xlarge in a from second for web");
}

#[test]
fn a_limit_lets_the_more_important_pod_in() {
    let cluster = shop()
        .node_pool(pool("default").limit("cpu", "2"))
        .pod(pod("low").cpu("2"))
        .pod(pod("high").cpu("2").priority(10));
    check(
        cluster,
        "launch m7g.large in a for high
         unschedulable low: PLM-1006",
    );
}

#[test]
fn the_nodes_of_a_pool_count_against_its_limit() {
    let cluster = shop()
        .node_pool(pool("default").limit("cpu", "3"))
        .node(node("n1").pod(pod("db").cpu("2")))
        .pod(pod("web"));
    check(cluster, "unschedulable web: PLM-1006");
}

#[test]
fn a_node_that_is_going_away_frees_its_share_of_the_limit() {
    let cluster = shop()
        .node_pool(pool("default").limit("cpu", "3"))
        .node(node("n1").deleting())
        .pod(pod("web"));
    check(cluster, "launch m7g.large in a for web");
}

#[test]
fn a_limit_on_the_number_of_nodes_holds_within_one_plan() {
    let cluster = shop()
        .node_pool(pool("default").limit("nodes", "1"))
        .pod(pod("a").cpu("2").priority(10))
        .pod(pod("b").cpu("2"));
    check(
        cluster,
        "launch m7g.large in a for a
         unschedulable b: PLM-1006",
    );
}

#[test]
fn what_a_limit_keeps_out_goes_to_the_next_pool() {
    let cluster = shop()
        .node_pool(pool("first").weight(10).limit("cpu", "2"))
        .node_pool(pool("second"))
        .pod(pod("a").cpu("2").priority(10))
        .pod(pod("b").cpu("2"));
    check(
        cluster,
        "launch m7g.large in a from first for a
         launch m7g.large in a from second for b",
    );
}

/// A pool that must be able to launch in so many zones, of which there are two.
fn flexible(weight: u32, zones: u32) -> PoolBuilder {
    let mut wanted = Requirement::exists();
    wanted.min_values = Some(zones);
    pool("flexible").weight(weight).requirement(ZONE, wanted)
}

fn best_effort(cluster: ClusterBuilder) -> (Vec<(String, bool)>, usize) {
    let snapshot = cluster.build();
    let min_values_policy = MinValuesPolicy::BestEffort;
    let plan =
        Engine::new(Settings { min_values_policy, ..Settings::default() }).plan_now(&snapshot);
    assert_eq!(verify(&snapshot, &plan), []);
    let launches = plan.launches().map(|node| (node.node_pool.clone(), node.min_values_relaxed));
    (launches.collect(), plan.report.unschedulable.len())
}

#[test]
fn a_pool_that_is_not_flexible_enough_launches_nothing() {
    check(
        shop().node_pool(flexible(0, 2)).pod(pod("web")),
        "launch m7g.large in a from flexible for web",
    );
    let plan = super::plan(shop().node_pool(flexible(0, 3)).pod(pod("web")));
    assert_eq!((plan.launches().count(), plan.report.unschedulable.len()), (0, 1));
}

#[test]
fn with_best_effort_a_pool_is_relaxed_before_a_lighter_one_is_asked() {
    let cluster = shop().node_pool(flexible(10, 3)).node_pool(pool("light")).pod(pod("web"));
    assert_eq!(best_effort(cluster), (vec![("flexible".to_owned(), true)], 0));
}

#[test]
fn with_best_effort_a_pool_that_is_flexible_enough_is_not_relaxed() {
    let cluster = shop().node_pool(flexible(0, 2)).pod(pod("web"));
    assert_eq!(best_effort(cluster), (vec![("flexible".to_owned(), false)], 0));
}

#[test]
fn a_tainted_pool_takes_only_pods_that_tolerate_it() {
    let cluster = shop()
        .node_pool(pool("team").weight(10).taint("team", "a"))
        .node_pool(pool("default"))
        .pod(pod("own").cpu("2").tolerates("team"))
        .pod(pod("web").cpu("2"));
    check(
        cluster,
        "launch m7g.large in a from team for own
         launch m7g.large in a for web",
    );
}

#[test]
fn labels_of_a_pool_attract_pods_that_ask_for_them() {
    let cluster = shop()
        .node_pool(pool("gold").label("tier", "gold").zones(["b"]))
        .node_pool(pool("plain"))
        .pod(pod("web").requires("tier", ["gold"]));
    check(cluster, "launch m7g.large in b from gold for web");
}

#[test]
fn a_pool_with_a_fixed_number_of_nodes_launches_none_for_pods() {
    let cluster = shop().node_pool(pool("default").replicas(0)).pod(pod("web"));
    check(cluster, "unschedulable web: PLM-1001");
}
