//! Nodes that exist or are on their way come before new ones.

use scheduler_core::model::NodeStage;
use scheduler_core::testkit::{ClusterBuilder, check, cluster, node, on_demand, pod, pool};

/// Two sizes on sale in one zone.
fn shop() -> ClusterBuilder {
    cluster().offering("m7g.large", "a", on_demand("$0.082")).offering(
        "m7g.xlarge",
        "a",
        on_demand("$0.163"),
    )
}

#[test]
fn room_on_a_running_node_is_used_first() {
    check(shop().node(node("n1")).pod(pod("web")), "nominate web to n1");
}

#[test]
fn room_on_a_node_in_flight_is_used_first() {
    let cluster = shop().node(node("n1").stage(NodeStage::Launched)).pod(pod("web"));
    check(cluster, "nominate web to n1");
}

#[test]
fn pods_on_a_node_take_their_room() {
    let cluster = shop().node(node("n1").pod(pod("db").cpu("1500m"))).pod(pod("web").cpu("600m"));
    check(cluster, "launch m7g.large in a for web");
}

#[test]
fn daemons_that_have_not_come_yet_keep_their_room() {
    let cluster = shop()
        .daemon_set(pod("logs").cpu("1"))
        .node(node("n1").stage(NodeStage::Launched))
        .pod(pod("web").cpu("1500m"));
    check(cluster, "launch m7g.xlarge in a for web");
}

#[test]
fn daemons_that_are_there_are_not_counted_twice() {
    let cluster = shop().daemon_set(pod("logs").cpu("1")).node(node("n1")).pod(pod("web").cpu("1"));
    check(cluster, "nominate web to n1");
}

#[test]
fn initialized_nodes_come_before_those_in_flight() {
    let cluster =
        shop().node(node("n1").stage(NodeStage::Launched)).node(node("n2")).pod(pod("web"));
    check(cluster, "nominate web to n2");
}

#[test]
fn nothing_is_placed_on_a_node_that_is_going_away() {
    check(shop().node(node("n1").deleting()).pod(pod("web")), "launch m7g.large in a for web");
}

#[test]
fn a_taint_keeps_pods_off_a_node() {
    let cluster = shop().node(node("n1").taint("team", "a")).pod(pod("web"));
    check(cluster, "launch m7g.large in a for web");
}

#[test]
fn a_node_in_a_zone_that_the_pod_excludes_is_not_used() {
    let cluster = shop().node(node("n1").of("m7g.large", "c")).pod(pod("web").zones(["a"]));
    check(cluster, "launch m7g.large in a for web");
}

#[test]
fn a_node_that_nobody_manages_takes_pods_too() {
    let cluster = shop().node(node("n1").unmanaged().label("role", "system"));
    check(cluster.pod(pod("web").requires("role", ["system"])), "nominate web to n1");
}

#[test]
fn a_host_port_that_is_taken_keeps_a_pod_off_the_node() {
    let cluster = shop().node(node("n1").pod(pod("db").host_port(80)));
    check(cluster.pod(pod("web").host_port(80)), "launch m7g.large in a for web");
}

#[test]
fn a_pod_stays_with_the_node_that_an_earlier_plan_chose() {
    let cluster = shop().node(node("n1")).node(node("n2")).pod(pod("web").nominated("n2"));
    check(cluster, "nominate web to n2");
}

#[test]
fn a_chosen_node_that_no_longer_holds_the_pod_is_given_up() {
    let cluster = shop()
        .node(node("n1"))
        .node(node("n2").pod(pod("db").cpu("2")))
        .pod(pod("web").nominated("n2"));
    check(cluster, "nominate web to n1");
}

#[test]
fn an_empty_cluster_without_pods_needs_nothing() {
    check(shop().node_pool(pool("default")), "nothing");
}

#[test]
fn pods_of_a_node_that_is_going_away_get_another_before_they_leave() {
    let leaving = node("n1").deleting().pod(pod("web").cpu("1"));
    check(shop().node(leaving), "launch m7g.large in a for web");
}

#[test]
fn daemons_of_a_node_that_is_going_away_go_with_it() {
    let leaving = node("n1").deleting().pod(pod("log").daemon_of("log"));
    check(shop().node(leaving), "nothing");
}

#[test]
fn a_pod_that_is_ending_gets_another_node_only_in_a_stateful_set() {
    let leaving = node("n1")
        .deleting()
        .pod(pod("web").terminating())
        .pod(pod("db").terminating().owner("StatefulSet/db"));
    check(shop().node(leaving), "launch m7g.large in a for db");
}
