//! Pools with a fixed number of nodes.

use scheduler_core::model::{CapacityType, NodeStage};
use scheduler_core::plan::{Action, DisruptionReason, Plan};
use scheduler_core::testkit::{
    ClusterBuilder, NodeBuilder, carry_out, check, cluster, describe, hand_made, in_flight, node,
    on_demand, pod, pool, reserved, spot,
};
use scheduler_core::verify::{Violation, verify};
use scheduler_core::{ClusterSnapshot, Engine, Settings};

/// A static pool of so many nodes, with two types on sale.
fn fixed(replicas: u32) -> ClusterBuilder {
    shop().node_pool(pool("ci").replicas(replicas))
}

fn shop() -> ClusterBuilder {
    cluster().offering("m7g.large", "a", on_demand("$0.082")).offering(
        "m7g.medium",
        "a",
        on_demand("$0.041"),
    )
}

fn of_ci(name: &str) -> NodeBuilder {
    node(name).pool("ci")
}

fn step(snapshot: &ClusterSnapshot) -> Plan {
    let plan = Engine::new(Settings::default()).step(snapshot);
    assert_eq!(verify(snapshot, &plan), []);
    plan
}

#[test]
fn missing_nodes_are_launched_of_the_cheapest_offering() {
    check(fixed(2).node(of_ci("n1")), "launch m7g.medium in a for static ci");
}

#[test]
fn a_pool_at_its_number_is_left_alone_on_its_way_or_not() {
    let on_its_way = of_ci("n2").stage(NodeStage::Launched);
    check(fixed(2).node(of_ci("n1")).node(on_its_way), "nothing");
}

#[test]
fn a_node_that_leaves_is_replaced() {
    let leaving = of_ci("n1").deleting();
    check(fixed(1).node(leaving), "launch m7g.medium in a for static ci");
}

#[test]
fn the_limit_of_nodes_is_kept_while_nodes_leave() {
    let limited = shop().node_pool(pool("ci").replicas(3).limit("nodes", "2"));
    check(limited.node(of_ci("n1").deleting()), "launch m7g.medium in a for static ci");
}

#[test]
fn the_template_decides_what_is_launched() {
    let spots = shop()
        .offering("m7g.large", "b", spot("$0.020"))
        .node_pool(pool("ci").replicas(1).label("team", "ci").taint("ci", "only").zones(["b"]));
    let plan = step(&spots.build());
    let node = plan.static_launches().next().expect("a node is missing");
    assert_eq!((node.zone.as_str(), node.capacity_type), ("b", CapacityType::Spot));
    assert_eq!((node.labels["team"].as_str(), node.taints.len()), ("ci", 1));
}

#[test]
fn pods_have_no_say_in_the_number_of_nodes() {
    check(
        fixed(1).pod(pod("web").replicas(2)).node(of_ci("n1").pod(pod("busy").cpu("2"))),
        "unschedulable web-1: PLM-1001
         unschedulable web-2: PLM-1001",
    );
}

#[test]
fn nodes_that_are_there_take_pods() {
    check(fixed(1).node(of_ci("n1")).pod(pod("web")), "nominate web to n1");
}

#[test]
fn surplus_nodes_go_in_the_order_of_what_is_lost() {
    let cluster = |replicas| {
        fixed(replicas)
            .node(of_ci("coming").stage(NodeStage::Launched))
            .node(of_ci("empty"))
            .node(of_ci("busy").pod(pod("a")).pod(pod("b")))
            .node(of_ci("calm").pod(pod("c")))
            .node(of_ci("kept").pod(pod("d").do_not_disrupt()))
    };
    let given_up = |replicas| {
        let plan = step(&cluster(replicas).build());
        let gone = plan.actions.into_iter().filter_map(|action| match action {
            Action::Terminate { node, reason: DisruptionReason::ScaledDown } => Some(node),
            _ => None,
        });
        gone.collect::<Vec<_>>()
    };
    assert_eq!(given_up(5), Vec::<String>::new());
    assert_eq!(given_up(3), ["coming", "empty"]);
    assert_eq!(given_up(1), ["coming", "empty", "calm", "busy"]);
    assert_eq!(given_up(0), ["coming", "empty", "calm", "busy", "kept"]);
}

#[test]
fn a_reservation_that_pods_use_up_is_not_used_twice() {
    let cluster = cluster()
        .offering("m7g.large", "a", on_demand("$0.082"))
        .offering("m7g.large", "a", reserved("cr-1", 1))
        .node_pool(pool("ci").replicas(1).taint("ci", "only"))
        .node_pool(pool("default"));
    let plan = Engine::new(Settings::default()).plan_now(&cluster.pod(pod("web")).build());
    let used: Vec<_> = plan.all_launches().map(|node| node.reservation.as_deref()).collect();
    assert_eq!(used, [Some("cr-1"), None]);
}

#[test]
fn what_was_planned_settles() {
    let snapshot = fixed(3).build();
    let plan = step(&snapshot);
    assert_eq!(describe(&step(&in_flight(&snapshot, &plan))), "nothing");
    assert_eq!(describe(&step(&carry_out(&snapshot, &plan))), "nothing");
}

#[test]
fn a_plan_with_a_node_too_many_is_refused() {
    let snapshot = fixed(1).build();
    let plan = step(&snapshot);
    let twice = vec![plan.actions[0].clone(), plan.actions[0].clone()];
    let wrong = Violation::Replicas { node_pool: "ci".to_owned(), replicas: 1, then: 2 };
    assert_eq!(verify(&snapshot, &hand_made(&snapshot, twice)), [wrong]);
}

#[test]
fn a_plan_that_gives_up_too_many_is_refused() {
    let snapshot = fixed(1).node(of_ci("n1")).build();
    let reason = DisruptionReason::ScaledDown;
    let action = Action::Terminate { node: "n1".to_owned(), reason };
    let wrong = Violation::Replicas { node_pool: "ci".to_owned(), replicas: 1, then: 0 };
    assert_eq!(verify(&snapshot, &hand_made(&snapshot, vec![action])), [wrong]);
}
