//! The batch window of `step`.

use jiff::{SignedDuration, Timestamp};
use scheduler_core::testkit::{ClusterBuilder, NOW, cluster, node, on_demand, pod};
use scheduler_core::{Engine, Observation, Plan, Settings};

/// So many milliseconds after the start, with the pods that have come by then.
fn after(millis: i64, arrivals: &[i64]) -> ClusterBuilder {
    let shop = cluster().at_millis(millis).offering("m7g.large", "a", on_demand("$0.082"));
    let come = arrivals.iter().filter(|arrival| **arrival <= millis);
    come.fold(shop, |shop, arrival| {
        shop.pod(pod(&format!("web-{arrival:05}")).created_millis(*arrival))
    })
}

/// Steps at each instant, and returns the last plan.
fn step_at(instants: &[i64], arrivals: &[i64]) -> Plan {
    let mut engine = Engine::new(Settings::default());
    let plans = instants.iter().map(|millis| engine.step(&after(*millis, arrivals).build()));
    plans.last().expect("there is an instant")
}

fn instant(millis: i64) -> Timestamp {
    NOW + SignedDuration::from_millis(millis)
}

#[test]
fn the_first_pod_opens_a_window() {
    let plan = step_at(&[0], &[0]);
    assert_eq!((plan.launches().count(), plan.report.pods), (0, 0));
    assert_eq!(plan.wake_at, Some(instant(1_000)));
}

#[test]
fn the_window_closes_when_no_new_pod_has_come_for_a_second() {
    let plan = step_at(&[0, 1_000], &[0]);
    assert_eq!((plan.launches().count(), plan.report.placed), (1, 1));
}

#[test]
fn a_new_pod_keeps_the_window_open() {
    let plan = step_at(&[0, 600, 1_000], &[0, 600]);
    assert_eq!((plan.report.placed, plan.wake_at), (0, Some(instant(1_600))));
}

#[test]
fn the_same_pods_do_not_keep_the_window_open() {
    let plan = step_at(&[0, 300, 600, 900], &[0]);
    assert_eq!(plan.wake_at, Some(instant(1_000)));
}

#[test]
fn the_window_closes_after_ten_seconds_even_if_pods_keep_coming() {
    let arrivals: Vec<i64> = (0..=12).map(|number| number * 900).collect();
    let open = step_at(&arrivals[..=11], &arrivals);
    assert_eq!((open.report.placed, open.wake_at), (0, Some(instant(10_000))));
    let mut instants = arrivals[..=11].to_vec();
    instants.push(10_000);
    assert_eq!(step_at(&instants, &arrivals).report.placed, 12);
}

#[test]
fn pods_of_a_failed_launch_do_not_wait_again() {
    let mut engine = Engine::new(Settings::default());
    engine.step(&after(0, &[0]).build());
    engine.step(&after(1_000, &[0]).build());
    engine.observe(&Observation::LaunchFailed);
    let plan = engine.step(&after(1_500, &[0]).build());
    assert_eq!(plan.report.placed, 1);
}

#[test]
fn without_pods_there_is_no_window() {
    assert_eq!(step_at(&[0], &[]).wake_at, None);
}

#[test]
fn planning_at_once_does_not_wait() {
    let plan = Engine::new(Settings::default()).plan_now(&after(0, &[0]).build());
    assert_eq!(plan.report.placed, 1);
}

#[test]
fn the_windows_length_is_a_setting() {
    let settings = Settings { batch_idle: SignedDuration::from_millis(250), ..Settings::default() };
    let plan = Engine::new(settings).step(&after(0, &[0]).build());
    assert_eq!(plan.wake_at, Some(instant(250)));
}

/// A pod that an earlier plan expects on a node which is up, with others of this size on it.
fn expected_beside(cpu: &str) -> ClusterBuilder {
    cluster()
        .offering("m7g.large", "a", on_demand("$0.082"))
        .node(node("n1").pod(pod("other").cpu(cpu)))
        .pod(pod("web").cpu("500m").nominated("n1"))
}

#[test]
fn a_pod_that_is_expected_on_a_node_with_room_is_left_in_peace() {
    let plan = Engine::new(Settings::default()).step(&expected_beside("500m").build());
    assert_eq!((plan.report.pods, plan.wake_at), (0, None));
}

#[test]
fn a_pod_whose_node_was_filled_by_others_is_planned_again() {
    let plan = Engine::new(Settings::default()).step(&expected_beside("1900m").build());
    assert_eq!(plan.wake_at, Some(instant(1_000)));
}
