//! Weights, limits and taints of pools.

use scheduler_core::testkit::{ClusterBuilder, check, cluster, node, on_demand, pod, pool};

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
