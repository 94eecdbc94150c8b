//! Empty nodes are given up, and only those.

use jiff::SignedDuration;
use scheduler_core::model::{BudgetLimit, NodeStage};
use scheduler_core::testkit::{
    ClusterBuilder, NOW, PoolBuilder, cluster, describe, node, on_demand, pod, pool,
};
use scheduler_core::verify::verify;
use scheduler_core::{Engine, Settings};

/// A pool whose empty nodes go after half a minute.
fn frugal() -> PoolBuilder {
    pool("default").consolidate_after(30)
}

/// The frugal pool, so many seconds after its nodes were initialized.
fn after(seconds: i64) -> ClusterBuilder {
    shop(seconds).node_pool(frugal())
}

fn shop(seconds: i64) -> ClusterBuilder {
    cluster().at_millis(seconds * 1000).offering("m7g.large", "a", on_demand("$0.082"))
}

/// Compares what a fresh engine does in one step with a text, indentation left out.
#[track_caller]
fn check(cluster: ClusterBuilder, expected: &str) {
    let snapshot = cluster.build();
    let plan = Engine::new(Settings::default()).step(&snapshot);
    let expected: Vec<&str> = expected.lines().map(str::trim).collect();
    assert_eq!(describe(&plan), expected.join("\n"));
    assert_eq!(verify(&snapshot, &plan), []);
}

fn wake_after_seconds(cluster: ClusterBuilder) -> Option<i64> {
    let plan = Engine::new(Settings::default()).step(&cluster.build());
    plan.wake_at.map(|wake_at| wake_at.duration_since(NOW).as_secs())
}

#[test]
fn an_empty_node_goes_after_its_quiet_time() {
    check(after(30).node(node("n1")), "terminate n1 as Empty");
}

#[test]
fn an_empty_node_stays_until_its_quiet_time_is_over() {
    check(after(29).node(node("n1")), "nothing");
}

#[test]
fn the_engine_wants_to_be_woken_when_the_quiet_time_is_over() {
    assert_eq!(wake_after_seconds(after(10).node(node("n1"))), Some(30));
}

#[test]
fn the_quiet_time_starts_anew_with_each_pod_that_comes_or_goes() {
    let busy = || after(30).node(node("n1").last_pod_event(20));
    check(busy(), "nothing");
    assert_eq!(wake_after_seconds(busy()), Some(50));
}

#[test]
fn without_consolidate_after_nothing_is_given_up() {
    check(shop(9_999).node_pool(pool("default")).node(node("n1")), "nothing");
}

#[test]
fn a_node_with_only_daemons_is_empty() {
    check(after(30).daemon_set(pod("logs")).node(node("n1")), "terminate n1 as Empty");
}

#[test]
fn a_node_with_a_pod_stays() {
    check(after(30).node(node("n1").pod(pod("web"))), "nothing");
}

#[test]
fn a_node_that_a_pod_is_expected_on_stays() {
    check(after(30).node(node("n1")).pod(pod("web").nominated("n1")), "nothing");
}

#[test]
fn nothing_is_given_up_while_new_pods_are_waited_with() {
    check(after(30).node(node("n1")).pod(pod("web")), "nothing");
}

#[test]
fn a_node_that_must_not_be_disrupted_stays() {
    check(after(30).node(node("n1").do_not_disrupt()), "nothing");
}

#[test]
fn a_daemon_that_must_not_be_disrupted_protects_its_node() {
    check(after(30).daemon_set(pod("logs").do_not_disrupt()).node(node("n1")), "nothing");
}

#[test]
fn a_node_that_is_not_initialized_stays() {
    check(after(30).node(node("n1").stage(NodeStage::Registered)), "nothing");
}

#[test]
fn a_node_that_nobody_manages_stays() {
    check(after(30).node(node("n1").unmanaged()), "nothing");
}

#[test]
fn a_budget_limits_how_many_nodes_go_at_a_time() {
    let cluster = shop(30).node_pool(frugal().budget(BudgetLimit::Count(1)));
    check(cluster.node(node("n1")).node(node("n2")), "terminate n1 as Empty");
}

#[test]
fn a_budget_of_none_keeps_every_node() {
    let cluster = shop(30).node_pool(frugal().budget(BudgetLimit::Count(0)));
    check(cluster.node(node("n1")), "nothing");
}

#[test]
fn a_share_of_the_nodes_is_rounded_up() {
    let cluster = shop(30).node_pool(frugal().budget(BudgetLimit::Percent(34)));
    let cluster = cluster.node(node("n1")).node(node("n2")).node(node("n3"));
    check(
        cluster,
        "terminate n1 as Empty
         terminate n2 as Empty",
    );
}

#[test]
fn nodes_that_are_going_away_use_up_the_budget() {
    let cluster = shop(30).node_pool(frugal().budget(BudgetLimit::Count(1)));
    check(cluster.node(node("n1").deleting()).node(node("n2")), "nothing");
}

#[test]
fn nodes_of_another_pool_do_not_count_for_a_budget() {
    let cluster = shop(30)
        .node_pool(frugal().budget(BudgetLimit::Count(1)))
        .node_pool(pool("other").consolidate_after(30));
    let cluster = cluster.node(node("n1")).node(node("n2").pool("other"));
    check(
        cluster,
        "terminate n1 as Empty
         terminate n2 as Empty",
    );
}

#[test]
fn the_present_and_the_clock_of_the_test_agree() {
    assert_eq!(after(30).build().now, NOW + SignedDuration::from_secs(30));
}
