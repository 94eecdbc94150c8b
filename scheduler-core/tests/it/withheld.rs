//! A plan that the engine's own check refuses does not keep all pods waiting.

use scheduler_core::plan::{Action, Plan};
use scheduler_core::testkit::{ClusterBuilder, cluster, describe, node, on_demand, pod};
use scheduler_core::verify::{Violation, verify};
use scheduler_core::{ClusterSnapshot, Engine, Settings};

/// Two workloads that need a node each.
fn shop() -> ClusterBuilder {
    cluster()
        .offering("m7g.large", "a", on_demand("$0.082"))
        .pod(pod("bad").cpu("1800m").replicas(2))
        .pod(pod("good").cpu("1800m"))
}

fn engine(spoil: fn(&ClusterSnapshot, &mut Plan)) -> Engine {
    Engine::new(Settings::default()).spoiling(spoil)
}

fn launches(plan: &mut Plan) -> impl Iterator<Item = &mut scheduler_core::PlannedNode> {
    plan.actions.iter_mut().filter_map(|action| match action {
        Action::Launch(node) => Some(node.as_mut()),
        _ => None,
    })
}

/// Gets the nodes of pods named `bad…` wrong.
fn misjudge_bad_pods(_: &ClusterSnapshot, plan: &mut Plan) {
    for node in launches(plan).filter(|node| node.pods[0].name.starts_with("bad")) {
        node.allocatable.cpu_milli += 1;
    }
}

/// Sends pods named `bad…` to a node that does not exist.
fn send_bad_pods_nowhere(_: &ClusterSnapshot, plan: &mut Plan) {
    for action in &mut plan.actions {
        if let Action::Nominate { pod, node } = action
            && pod.name.starts_with("bad")
        {
            "nowhere".clone_into(node);
        }
    }
}

/// Gets every node wrong.
fn misjudge_all(_: &ClusterSnapshot, plan: &mut Plan) {
    launches(plan).take(1).for_each(|node| node.allocatable.cpu_milli += 1);
}

/// Gets the total wrong, which no pod can be blamed for.
fn misreport(_: &ClusterSnapshot, plan: &mut Plan) {
    plan.report.placed += 1;
}

#[test]
fn pods_on_a_node_at_fault_are_left_out_with_their_kind() {
    let snapshot = shop().build();
    let plan = engine(misjudge_bad_pods).plan_now(&snapshot);
    assert_eq!(
        describe(&plan),
        "launch m7g.large in a for good\n\
         unschedulable bad-1: PLM-1014\n\
         unschedulable bad-2: PLM-1014"
    );
    assert_eq!(verify(&snapshot, &plan), []);
}

#[test]
fn a_pod_that_a_fault_names_is_left_out() {
    let snapshot =
        cluster().node(node("n1")).pod(pod("bad")).pod(pod("good").memory("128Mi")).build();
    let plan = engine(send_bad_pods_nowhere).plan_now(&snapshot);
    assert_eq!(describe(&plan), "nominate good to n1\nunschedulable bad: PLM-1014");
    assert_eq!(verify(&snapshot, &plan), []);
}

#[test]
fn a_pod_that_is_left_out_is_told_with_the_fault() {
    let plan = engine(misjudge_bad_pods).plan_now(&shop().build());
    let told = scheduler_core::plan::explain::message(&plan.report.unschedulable[0]);
    assert!(told.contains("fault of Plimsoll: launch 1 (m7g.large"), "{told}");
}

#[test]
fn a_plan_that_is_at_fault_again_and_again_is_not_carried_out() {
    let workloads = ["a", "b", "c", "d", "e", "f"].map(|name| pod(name).cpu("1800m"));
    // Equal specs but for the label, so that each is a kind of its own.
    let shop = cluster().offering("m7g.large", "a", on_demand("$0.082"));
    let snapshot = workloads.into_iter().fold(shop, ClusterBuilder::pod).build();
    let plan = engine(misjudge_all).plan_now(&snapshot);
    assert!(plan.actions.is_empty());
    assert!(matches!(plan.report.violations[..], [Violation::WrongAllocatable { .. }]));
}

#[test]
fn a_fault_that_is_about_no_pod_stops_the_plan() {
    let plan = engine(misreport).plan_now(&shop().build());
    assert!(plan.actions.is_empty());
    assert!(matches!(plan.report.violations[..], [Violation::WrongReport { .. }]));
}
