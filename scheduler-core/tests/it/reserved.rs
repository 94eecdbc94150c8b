//! Reserved capacity: used first, never beyond what is left of it.

use scheduler_core::model::well_known::{
    CAPACITY_RESERVATION_ID, CAPACITY_RESERVATION_TYPE, CAPACITY_TYPE,
};
use scheduler_core::model::{CapacityType, Requirement, Reservation};
use scheduler_core::plan::{Action, ReasonCode};
use scheduler_core::testkit::{
    ClusterBuilder, check, cluster, describe, on_demand, pod, pool, reserved, spot,
};
use scheduler_core::verify::{Violation, verify};
use scheduler_core::{Packer, Plan};

use super::{plan, plan_with};

/// One type on sale, of which two instances are reserved.
fn shop() -> ClusterBuilder {
    cluster().offering("m7g.large", "a", on_demand("$0.082")).offering(
        "m7g.large",
        "a",
        reserved("cr-1", 2),
    )
}

/// How many nodes the plan launches into each reservation, and how many elsewhere.
fn launches(plan: &Plan) -> Vec<(Option<String>, usize)> {
    let mut counts = std::collections::BTreeMap::new();
    for node in plan.launches() {
        *counts.entry(node.reservation.clone()).or_default() += 1;
    }
    counts.into_iter().collect()
}

#[test]
fn reserved_capacity_is_used_before_any_other() {
    let cluster = shop().offering("m7g.large", "a", spot("$0.020")).pod(pod("web"));
    check(cluster, "launch m7g.large reserved in a for web");
}

#[test]
fn pods_share_a_reserved_node() {
    let cluster = shop().pod(pod("web").cpu("600m").replicas(3));
    check(cluster, "launch m7g.large reserved in a for web-1, web-2, web-3");
}

#[test]
fn what_a_reservation_does_not_hold_is_bought() {
    let plan = plan(shop().pod(pod("web").cpu("1500m").replicas(5)));
    assert_eq!(launches(&plan), [(None, 3), (Some("cr-1".to_owned()), 2)]);
}

#[test]
fn the_peers_manner_keeps_to_what_is_left_too() {
    let snapshot = shop().pod(pod("web").cpu("1500m").replicas(5)).build();
    let plan = plan_with(Packer::FirstFitDecreasing, &snapshot);
    let into_reservation = plan.launches().filter(|node| node.reservation.is_some()).count();
    assert!(into_reservation <= 2, "{}", describe(&plan));
    assert_eq!((plan.report.placed, verify(&snapshot, &plan)), (5, vec![]));
}

#[test]
fn a_reserved_node_names_its_reservation() {
    let plan = plan(shop().pod(pod("web")));
    let node = plan.launches().next().expect("a node is launched");
    let labels = [CAPACITY_TYPE, CAPACITY_RESERVATION_ID, CAPACITY_RESERVATION_TYPE];
    let labels = labels.map(|key| node.labels.get(key).map(String::as_str));
    assert_eq!(labels, [Some("reserved"), Some("cr-1"), Some("default")]);
}

#[test]
fn one_reservation_in_two_pools_is_counted_once() {
    let both = shop().node_pool(pool("blue").label("team", "blue")).node_pool(pool("red"));
    let blue = pod("blue").cpu("1500m").replicas(2).requires("team", ["blue"]);
    let plan = plan(both.pod(blue).pod(pod("red").cpu("1500m").replicas(2)));
    assert_eq!(launches(&plan), [(None, 2), (Some("cr-1".to_owned()), 2)]);
}

#[test]
fn all_reservations_of_a_type_are_used() {
    let cluster = shop().offering("m7g.large", "a", reserved("cr-2", 1));
    let plan = plan(cluster.pod(pod("web").cpu("1500m").replicas(4)));
    let used = [(None, 1), (Some("cr-1".to_owned()), 2), (Some("cr-2".to_owned()), 1)];
    assert_eq!(launches(&plan), used);
}

#[test]
fn a_pool_may_ask_for_one_reservation() {
    let only = Requirement::any_of(["cr-2"]);
    let cluster = shop()
        .offering("m7g.large", "a", reserved("cr-2", 1))
        .node_pool(pool("default").requirement(CAPACITY_RESERVATION_ID, only));
    let plan = plan(cluster.pod(pod("web").cpu("1500m").replicas(2)));
    assert_eq!(launches(&plan), [(Some("cr-2".to_owned()), 1)]);
}

#[test]
fn a_pod_may_ask_for_capacity_that_is_not_reserved() {
    let cluster = shop().pod(pod("web").requires(CAPACITY_TYPE, ["on-demand"]));
    check(cluster, "launch m7g.large in a for web");
}

#[test]
fn a_heavier_pool_gets_its_reservation_before_a_lighter_one_is_asked() {
    let cluster = shop()
        .offering("m7g.large", "a", spot("$0.020"))
        .node_pool(pool("heavy").weight(10).capacity_type(CapacityType::Reserved))
        .node_pool(pool("light").capacity_type(CapacityType::Spot));
    check(
        cluster.pod(pod("web").cpu("1500m").replicas(3)),
        "launch m7g.large reserved in a from heavy for web-1
         launch m7g.large reserved in a from heavy for web-2
         launch m7g.large spot in a from light for web-3",
    );
}

#[test]
fn an_exhausted_reservation_is_named_as_the_reason() {
    let cluster = shop()
        .node_pool(pool("default").capacity_type(CapacityType::Reserved))
        .pod(pod("web").cpu("1500m").replicas(3));
    let plan = plan(cluster);
    let reasons: Vec<ReasonCode> = plan.report.unschedulable.iter().map(|one| one.code).collect();
    assert_eq!(reasons, [ReasonCode::NoOffering]);
    let message = scheduler_core::plan::explain::message(&plan.report.unschedulable[0]);
    assert!(message.contains("capacity reservation cr-1 has nothing left"), "{message}");
}

#[test]
fn a_reservation_with_nothing_left_is_not_used() {
    let cluster = cluster().offering("m7g.large", "a", on_demand("$0.082")).offering(
        "m7g.large",
        "a",
        reserved("cr-1", 0),
    );
    check(cluster.pod(pod("web")), "launch m7g.large in a for web");
}

#[test]
fn a_reservation_is_no_alternative_of_another_node() {
    // The pod in zone b cannot use the reservation in a; the others leave one instance of it.
    let cluster = shop()
        .offering("m7g.large", "b", on_demand("$0.082"))
        .pod(pod("web").cpu("1500m").replicas(2).zones(["a"]))
        .pod(pod("db").cpu("1500m"));
    let plan = plan(cluster);
    let mut alternatives = plan.launches().flat_map(|node| node.alternatives.iter());
    assert!(alternatives.all(|one| one.capacity_type != CapacityType::Reserved));
}

#[test]
fn a_plan_that_takes_more_than_is_left_is_refused() {
    let snapshot = shop().pod(pod("web").cpu("1500m").replicas(3)).build();
    let mut plan = plan_with(Packer::DualGreedy, &snapshot);
    let reserved = plan.launches().find(|node| node.reservation.is_some()).cloned();
    let reserved = reserved.expect("the reservation is used");
    for action in &mut plan.actions {
        if let Action::Launch(node) = action
            && node.reservation.is_none()
        {
            let pods = node.pods.clone();
            **node = reserved.clone();
            node.pods = pods;
        }
    }
    let exceeded = Violation::ReservationExceeded {
        reservation: "cr-1".to_owned(),
        remaining: 2,
        launches: 3,
    };
    assert!(verify(&snapshot, &plan).contains(&exceeded));
}

#[test]
fn what_is_paid_for_leaves_a_bound_for_what_is_not() {
    // Nine of the pods need a node each, and two nodes are paid for.
    let plan = plan(shop().pod(pod("web").cpu("1500m").replicas(9)));
    let bought = scheduler_core::model::Price::from_micro_usd(7 * 82_000);
    let reserved = Reservation::price(bought) * 2;
    assert_eq!(plan.report.price, bought + reserved);
    assert!(plan.report.lower_bound.micro_usd() > 6 * 82_000, "{}", plan.report.lower_bound);
}
