use scheduler_core::model::{CapacityType, InstanceType, OfferingKey, PodSpec};
use scheduler_core::testkit::{self, hand_made, launch, pool};
use scheduler_core::{Action, ClusterSnapshot};

use super::carry_out::LaunchResult;
use super::*;
use crate::clock::at_second;
use crate::testkit::types;

const GROUPS: &str = r#"{"daemonSets": [
    {"namespace": "kube-system", "name": "proxy", "cpuMilli": 100, "memoryMiB": 0}
], "groups": {
    "db/main": {"namespace": "db", "name": "main", "kind": "StatefulSet", "pvcGiB": 10},
    "ci/run": {"namespace": "ci", "name": "run", "kind": "Job", "priorityClass": "batch"},
    "web/front": {"namespace": "web", "name": "front", "kind": "Deployment",
        "priorityClass": "prod", "onePerNode": true}
}}"#;

/// A world of half an hour whose nodes are up after exactly 40 seconds.
fn world_of(types: &Arc<Vec<InstanceType>>, shortage_ppm: u32) -> World {
    let groups = Groups::parse("t", GROUPS.as_bytes()).unwrap();
    let pools = [pool("general")];
    let mut supply = testkit::supply(pools, types).as_ref().clone();
    supply.daemon_sets = Workloads::daemon_sets(&groups);
    World::new(WorldOptions {
        seed: 1,
        cloud: CloudSettings {
            startup_p50_secs: 40.0,
            startup_p99_secs: 40.0,
            shortage_ppm,
            ..CloudSettings::default()
        },
        scoring: Scoring::LeastAllocated,
        divide_requests: 1,
        groups: Arc::new(groups),
        grid: StepGrid { step_seconds: 60, seconds: 1800 },
        supply: Arc::new(supply),
    })
}

fn world() -> World {
    world_of(&types(), 0)
}

/// Moves on second by second, with everything that happens on the way.
fn run_until(world: &mut World, second: u64) {
    let end = at_second(second);
    while let Some(at) = world.next_event().filter(|at| *at <= end) {
        world.advance_to(at);
        world.run_due_events();
        world.bind_waiting();
    }
    world.advance_to(end);
    world.bind_waiting();
}

fn arrive(world: &mut World, pod: &str, group: &str, end: u64) {
    let start = (clock::millis_since_zero(world.now()) / 1000) as u64;
    world.arrive(&TraceRow {
        pod: pod.to_owned(),
        start,
        end: Some(end),
        cpu_milli: 1000,
        memory_mib: 1024,
        gpu: 0,
        class: String::new(),
        group: group.to_owned(),
        max_per_node: None,
    });
    world.bind_waiting();
}

/// Launches a node in a zone for every waiting pod.
fn launch_for_all(world: &mut World, zone: &str, capacity_type: CapacityType) -> Vec<LaunchResult> {
    let (snapshot, _) = world.snapshot();
    let offering = OfferingKey {
        instance_type: "m7g.large".to_owned(),
        zone: zone.to_owned(),
        capacity_type,
        reservation: None,
    };
    let pods: Vec<PodId> = snapshot.pending.iter().map(|pod| pod.id.clone()).collect();
    let node = launch(&snapshot, "general", &offering, &pods);
    world.carry_out(&hand_made(&snapshot, vec![Action::Launch(Box::new(node))]))
}

fn snapshot(world: &mut World) -> ClusterSnapshot {
    world.snapshot().0
}

fn pending(world: &mut World) -> Vec<String> {
    snapshot(world).pending.iter().map(|pod| pod.id.to_string()).collect()
}

#[test]
fn a_pod_waits_for_its_node_and_is_nominated_to_it_meanwhile() {
    let mut world = world();
    arrive(&mut world, "ci.run-1", "ci/run", 600);
    launch_for_all(&mut world, "a", CapacityType::OnDemand);
    let before = snapshot(&mut world);
    assert_eq!(before.pending[0].nominated.as_deref(), Some("node-000000"));
    assert_eq!(before.nodes[0].node.stage, scheduler_core::model::NodeStage::Launched);
    run_until(&mut world, 40);
    let after = snapshot(&mut world);
    let pods: Vec<String> = after.nodes[0].pods.iter().map(|pod| pod.id.to_string()).collect();
    assert_eq!(pods, ["kube-system/proxy-node-000000", "ci/run-1"]);
}

#[test]
fn a_job_runs_its_full_time_from_binding() {
    let mut world = world();
    arrive(&mut world, "ci.run-1", "ci/run", 600);
    launch_for_all(&mut world, "a", CapacityType::OnDemand);
    run_until(&mut world, 639);
    assert_eq!(snapshot(&mut world).nodes[0].workload_pods().count(), 1);
    run_until(&mut world, 640);
    assert_eq!(snapshot(&mut world).nodes[0].workload_pods().count(), 0);
}

#[test]
fn a_service_ends_at_its_second_however_long_it_waited() {
    let mut world = world();
    arrive(&mut world, "web.front-1", "web/front", 600);
    launch_for_all(&mut world, "a", CapacityType::OnDemand);
    run_until(&mut world, 600);
    assert_eq!(snapshot(&mut world).nodes[0].workload_pods().count(), 0);
}

#[test]
fn a_pod_comes_back_from_an_interruption_with_its_remaining_time() {
    let mut world = world();
    arrive(&mut world, "ci.run-1", "ci/run", 600);
    launch_for_all(&mut world, "a", CapacityType::Spot);
    run_until(&mut world, 140);
    world.node_warned(NodeId(0));
    run_until(&mut world, 259);
    // It waits for another node while it still runs.
    assert_eq!(
        (pending(&mut world), snapshot(&mut world).nodes.len()),
        (vec!["ci/run-1".into()], 1)
    );
    run_until(&mut world, 260);
    assert_eq!(pending(&mut world), ["ci/run-1-r1"]);
    // It ran from second 40 to 260: 380 of its 600 seconds are left.
    launch_for_all(&mut world, "a", CapacityType::OnDemand);
    run_until(&mut world, 300 + 379);
    assert_eq!(snapshot(&mut world).nodes[0].workload_pods().count(), 1);
    run_until(&mut world, 300 + 380);
    assert_eq!(snapshot(&mut world).nodes[0].workload_pods().count(), 0);
}

#[test]
fn a_pod_whose_room_others_took_is_not_expected_there_any_more() {
    let mut world = world();
    arrive(&mut world, "ci.run-1", "ci/run", 600);
    arrive(&mut world, "ci.run-2", "ci/run", 600);
    // Two cores less the daemon: room for one of the two.
    launch_for_all(&mut world, "a", CapacityType::OnDemand);
    run_until(&mut world, 40);
    assert!(snapshot(&mut world).pending[0].nominated.is_some());
    run_until(&mut world, 41);
    assert_eq!(snapshot(&mut world).pending[0].nominated, None);
}

#[test]
fn nothing_is_placed_on_a_node_that_got_notice() {
    let mut world = world();
    arrive(&mut world, "ci.run-1", "ci/run", 600);
    launch_for_all(&mut world, "a", CapacityType::Spot);
    run_until(&mut world, 50);
    world.node_warned(NodeId(0));
    arrive(&mut world, "late", "", 900);
    assert!(snapshot(&mut world).nodes[0].node.deleting);
    assert_eq!(pending(&mut world), ["ci/run-1", "default/late"]);
}

#[test]
fn notice_for_a_node_in_flight_frees_its_pods_for_another() {
    let mut world = world();
    arrive(&mut world, "ci.run-1", "ci/run", 600);
    launch_for_all(&mut world, "a", CapacityType::Spot);
    world.node_warned(NodeId(0));
    assert_eq!(snapshot(&mut world).pending[0].nominated, None);
    run_until(&mut world, 60);
    assert_eq!(pending(&mut world).len(), 1);
}

#[test]
fn a_spot_node_is_taken_back_in_time() {
    let doomed = testkit::instance_type("m7g.large").offering("a", crate::testkit::doomed_spot());
    let mut world = world_of(&Arc::new(vec![doomed.build()]), 0);
    world.horizon = at_second(100 * 86_400);
    arrive(&mut world, "ci.run-1", "ci/run", 100 * 86_400);
    launch_for_all(&mut world, "a", CapacityType::Spot);
    run_until(&mut world, 90 * 86_400);
    assert_eq!((world.recorder().counts.interruptions, world.nodes.len()), (1, 0));
}

#[test]
fn a_volume_keeps_its_pod_in_the_zone_of_the_first_binding() {
    let mut world = world();
    arrive(&mut world, "db.main-1", "db/main", 300);
    launch_for_all(&mut world, "b", CapacityType::OnDemand);
    run_until(&mut world, 300);
    arrive(&mut world, "db.main-2", "db/main", 900);
    run_until(&mut world, 301);
    let spec = Arc::clone(&snapshot(&mut world).nodes[0].workload_pods().next().unwrap().spec);
    let zones = |spec: &PodSpec| {
        let zone = spec.node_alternatives[0].get(scheduler_core::model::well_known::ZONE).cloned();
        zone.map(|zone| zone.to_string())
    };
    assert_eq!(zones(&spec).as_deref(), Some("In [b]"));
}

#[test]
fn an_offering_that_is_sold_out_is_left_alone_for_a_while() {
    let mut world = world_of(&types(), 1_000_000);
    arrive(&mut world, "ci.run-1", "ci/run", 600);
    let results = launch_for_all(&mut world, "a", CapacityType::OnDemand);
    assert_eq!(results, [LaunchResult::SoldOut]);
    assert_eq!(snapshot(&mut world).supply.unavailable.len(), 1);
    run_until(&mut world, 180);
    assert_eq!(snapshot(&mut world).supply.unavailable.len(), 0);
}

#[test]
fn an_unknown_offering_is_not_launched() {
    let mut world = world();
    arrive(&mut world, "ci.run-1", "ci/run", 600);
    let (snapshot, _) = world.snapshot();
    let key = OfferingKey {
        instance_type: "m7g.large".to_owned(),
        zone: "a".to_owned(),
        capacity_type: CapacityType::OnDemand,
        reservation: None,
    };
    let mut node = launch(&snapshot, "general", &key, &[]);
    node.zone = "z".to_owned();
    let plan = hand_made(&snapshot, vec![Action::Launch(Box::new(node))]);
    let key = OfferingKey { zone: "z".to_owned(), ..key };
    assert_eq!(world.carry_out(&plan), [LaunchResult::Unknown(key)]);
    assert!(world.nodes.is_empty());
}

#[test]
fn the_higher_priority_is_bound_first() {
    let mut world = world();
    arrive(&mut world, "low", "ci/run", 600);
    arrive(&mut world, "web.front-1", "web/front", 600);
    arrive(&mut world, "low-2", "ci/run", 600);
    launch_for_all(&mut world, "a", CapacityType::OnDemand);
    run_until(&mut world, 40);
    // Two cores less the daemon: one pod.
    assert_eq!(pending(&mut world), ["ci/low", "ci/low-2"]);
}

#[test]
fn a_node_costs_from_launch_to_termination() {
    let mut world = world();
    run_until(&mut world, 100);
    arrive(&mut world, "web.front-1", "web/front", 400);
    launch_for_all(&mut world, "a", CapacityType::OnDemand);
    run_until(&mut world, 500);
    world.remove_node(NodeId(0));
    let ended = world.end();
    assert!((ended.figures.dollars - 0.4).abs() < 1e-9, "{}", ended.figures.dollars);
    assert!((ended.figures.wait_max_seconds - 40.0).abs() < 1e-9);
    // One core of two for 260 of 400 seconds: it ran from second 140 to 400.
    assert!((ended.figures.cpu_fill - 0.325).abs() < 1e-9, "{}", ended.figures.cpu_fill);
}

#[test]
fn a_node_that_outlives_the_replay_is_paid_for_until_its_end() {
    let mut world = world();
    arrive(&mut world, "web.front-1", "web/front", 1800);
    launch_for_all(&mut world, "a", CapacityType::OnDemand);
    run_until(&mut world, 1799);
    assert!((world.end().figures.dollars - 1.8).abs() < 1e-9);
}

#[test]
fn a_pod_that_ends_while_it_waits_was_never_placed() {
    let mut world = world();
    arrive(&mut world, "web.front-1", "web/front", 60);
    run_until(&mut world, 100);
    let ended = world.end();
    assert_eq!(ended.never_placed, BTreeMap::from([(ENDED_WAITING.to_owned(), 1)]));
    assert_eq!(ended.figures.never_placed, 1);
}

#[test]
fn a_plan_s_reason_is_kept_for_a_pod_that_never_gets_a_place() {
    let mut world = world();
    arrive(&mut world, "ci.run-1", "ci/run", 60);
    let (snapshot, _) = world.snapshot();
    world.carry_out(&hand_made(&snapshot, Vec::new()));
    let ended = world.end();
    assert_eq!(ended.never_placed, BTreeMap::from([("PLM-1001".to_owned(), 1)]));
}

#[test]
fn pods_evicted_by_choice_are_counted_and_come_back() {
    let mut world = world();
    arrive(&mut world, "ci.run-1", "ci/run", 600);
    launch_for_all(&mut world, "a", CapacityType::OnDemand);
    run_until(&mut world, 50);
    let (snapshot, _) = world.snapshot();
    let reason = scheduler_core::plan::DisruptionReason::Empty;
    let node = "node-000000".to_owned();
    world.carry_out(&hand_made(&snapshot, vec![Action::Terminate { node, reason }]));
    assert_eq!(pending(&mut world), ["ci/run-1-r1"]);
    assert_eq!(world.recorder().counts.evictions, 1);
}

#[test]
fn only_nodes_that_changed_are_shown_anew() {
    let mut world = world();
    for (name, end) in [("web.front-1", 200), ("web.front-2", 900)] {
        arrive(&mut world, name, "web/front", end);
        launch_for_all(&mut world, "a", CapacityType::OnDemand);
        let second = clock::millis_since_zero(world.now()) as u64 / 1000;
        run_until(&mut world, second + 40);
    }
    let before = snapshot(&mut world);
    run_until(&mut world, 200);
    let after = snapshot(&mut world);
    let same: Vec<bool> =
        before.nodes.iter().zip(&after.nodes).map(|(a, b)| Arc::ptr_eq(a, b)).collect();
    assert_eq!(same, [false, true]);
    assert!(Arc::ptr_eq(&before.supply, &after.supply));
}

#[test]
fn the_busiest_instant_is_pictured_with_workloads_and_daemons() {
    let mut world = world();
    arrive(&mut world, "web.front-1", "web/front", 900);
    launch_for_all(&mut world, "a", CapacityType::OnDemand);
    run_until(&mut world, 1000);
    let picture = world.end().busiest;
    let node = &picture.nodes[0];
    let pods: Vec<(&str, &str)> =
        node.pods.iter().map(|pod| (pod.name.as_str(), pod.group.as_str())).collect();
    assert_eq!(picture.at_seconds, 40);
    assert_eq!((node.instance_type.as_str(), node.zone.as_str()), ("m7g.large", "a"));
    assert_eq!(pods, [("web/front-1", "web/front"), ("kube-system/proxy-node-000000", "daemon")]);
}

#[test]
fn rows_of_unknown_workloads_share_one_spec_per_size() {
    let mut workloads = Workloads::new(Arc::new(Groups::default()), 3);
    let row = |group: &str| TraceRow {
        pod: "p".to_owned(),
        start: 0,
        end: None,
        cpu_milli: 1000,
        memory_mib: 1024,
        gpu: 0,
        class: String::new(),
        group: group.to_owned(),
        max_per_node: None,
    };
    let (one, other) = (workloads.template(&row("one")), workloads.template(&row("other")));
    assert!(Arc::ptr_eq(&one.spec, &other.spec));
    assert_eq!(one.spec.requests.cpu_milli, 334);
}
