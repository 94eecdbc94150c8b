//! Capacity buffers: room for pods to come.

use scheduler_core::plan::Action;
use scheduler_core::testkit::{
    ClusterBuilder, PodBuilder, carry_out, check, cluster, describe, node, on_demand, pod, pool,
};
use scheduler_core::verify::{Violation, verify};
use scheduler_core::{ClusterSnapshot, Engine, Packer, Settings};

use super::plan_with;

fn shop() -> ClusterBuilder {
    cluster().offering("m7g.large", "a", on_demand("$0.082"))
}

/// Chunks of a buffer of which each fills most of a node.
fn spare(replicas: usize) -> PodBuilder {
    pod("spare").cpu("1500m").replicas(replicas).chunk_of("spare")
}

/// An empty node that may go at once.
fn one_empty_node() -> ClusterBuilder {
    shop().node_pool(pool("default").consolidate_after(0)).node(node("n1"))
}

fn step(engine: &mut Engine, snapshot: &ClusterSnapshot) -> String {
    describe(&engine.step(snapshot))
}

#[test]
fn a_buffer_has_nodes_launched_ahead_of_pods() {
    check(shop().pod(spare(1)), "launch m7g.large in a for spare-1");
}

#[test]
fn room_that_is_there_is_held_and_nobody_is_nominated() {
    check(one_empty_node().pod(spare(1)), "hold spare-1 on n1");
}

#[test]
fn real_pods_get_the_room_before_the_buffer() {
    check(
        one_empty_node().pod(spare(1)).pod(pod("web").cpu("1500m")),
        "launch m7g.large in a for spare-1
         nominate web to n1",
    );
}

#[test]
fn small_real_pods_and_a_chunk_share_a_node() {
    check(
        shop().pod(spare(1)).pod(pod("web").cpu("400m")),
        "launch m7g.large in a for spare-1, web",
    );
}

#[test]
fn limits_leave_room_for_real_pods_first() {
    let cluster = shop().node_pool(pool("default").limit("cpu", "2"));
    check(
        cluster.pod(spare(1)).pod(pod("web").cpu("1500m")),
        "launch m7g.large in a for web
         no room for spare-1: PLM-1006",
    );
}

#[test]
fn a_chunk_without_room_is_no_unschedulable_pod() {
    let snapshot = shop().pod(pod("spare").cpu("64").chunk_of("spare")).build();
    let plan = plan_with(Packer::DualGreedy, &snapshot);
    assert_eq!((plan.report.unschedulable.len(), plan.report.buffers_short.len()), (0, 1));
}

#[test]
fn real_pods_do_not_see_chunks() {
    // The chunk has the label that the pod must be near to, and no such pod runs.
    let chunk = spare(1).label("app", "cache");
    let web = pod("web").near("cache", "topology.kubernetes.io/zone");
    check(
        shop().pod(chunk).pod(web),
        "launch m7g.large in a for spare-1
         unschedulable web: PLM-1008",
    );
}

#[test]
fn chunks_keep_away_from_each_other() {
    let small = pod("spare").replicas(2).anti_affinity_host().chunk_of("spare");
    check(
        shop().pod(small),
        "launch m7g.large in a for spare-1
         launch m7g.large in a for spare-2",
    );
}

#[test]
fn the_buffer_is_refilled_once_pods_have_taken_its_room() {
    let snapshot = one_empty_node().pod(spare(1)).pod(pod("web").cpu("1500m")).build();
    let first = plan_with(Packer::DualGreedy, &snapshot);
    let after = carry_out(&snapshot, &first);
    let second = plan_with(Packer::DualGreedy, &after);
    assert_eq!(describe(&second), "hold spare-1 on default-1");
}

#[test]
fn a_node_that_holds_room_is_not_given_up_as_empty() {
    let mut engine = Engine::new(Settings::default());
    let at = |millis| one_empty_node().pod(spare(1)).at_millis(millis).build();
    let steps = [0, 1_000, 60_000].map(|millis| step(&mut engine, &at(millis)));
    // The same nodes by value, but not by address: nothing is given up before it is looked at.
    assert_eq!(steps, ["nothing", "hold spare-1 on n1", "hold spare-1 on n1"]);
}

#[test]
fn a_node_that_held_room_is_given_up_once_the_buffer_is_gone() {
    let mut engine = Engine::new(Settings::default());
    let with = |millis| one_empty_node().pod(spare(1)).at_millis(millis).build();
    for millis in [0, 1_000] {
        step(&mut engine, &with(millis));
    }
    let without = one_empty_node().at_millis(20_000).build();
    assert_eq!(step(&mut engine, &without), "terminate n1 as Empty");
}

#[test]
fn nothing_is_given_up_while_nothing_changes_and_room_is_held() {
    let mut engine = Engine::new(Settings::default());
    let mut snapshot = one_empty_node().pod(spare(1)).build();
    step(&mut engine, &snapshot);
    snapshot.now += jiff::SignedDuration::from_secs(1);
    assert_eq!(step(&mut engine, &snapshot), "hold spare-1 on n1");
    snapshot.now += jiff::SignedDuration::from_mins(10);
    assert_eq!(step(&mut engine, &snapshot), "nothing");
}

#[test]
fn a_plan_that_nominates_a_chunk_is_refused() {
    let snapshot = one_empty_node().pod(spare(1)).build();
    let mut plan = plan_with(Packer::DualGreedy, &snapshot);
    for action in &mut plan.actions {
        if let Action::Hold { chunk, node } = action {
            *action = Action::Nominate { pod: chunk.clone(), node: node.clone() };
        }
    }
    let pod = snapshot.pending[0].id.clone();
    assert_eq!(verify(&snapshot, &plan), [Violation::WrongNomination { pod }]);
}
