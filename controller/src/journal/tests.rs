use anyhow::anyhow;
use scheduler_core::model::{CapacityType, OfferingKey, Price};
use scheduler_core::plan::{Action, DisruptionReason};
use scheduler_core::testkit::{ClusterBuilder, cluster, hand_made, launch, on_demand, pod};
use scheduler_core::{ClusterSnapshot, Plan};
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;

use super::{LogJournal, plan_id};
use crate::driver::Journal as _;
use crate::telemetry::tests::logged;

fn two_pods() -> ClusterSnapshot {
    let cluster: ClusterBuilder = cluster().offering("m7g.large", "a", on_demand("$0.082"));
    cluster.pod(pod("web")).pod(pod("api")).build()
}

/// A launch for one of the two pods; the other has no place.
fn plan(snapshot: &ClusterSnapshot) -> Plan {
    let offering = OfferingKey {
        instance_type: "m7g.large".to_owned(),
        zone: "a".to_owned(),
        capacity_type: CapacityType::OnDemand,
        reservation: None,
    };
    let first = snapshot.pending[0].id.clone();
    let node = launch(snapshot, "default", &offering, &[first]);
    let mut plan = hand_made(snapshot, vec![Action::Launch(Box::new(node))]);
    plan.report.lower_bound = Price::from_micro_usd(80_000);
    plan
}

fn give_up_node_1() -> Action {
    Action::Terminate { node: "node-1".to_owned(), reason: DisruptionReason::Empty }
}

fn lines(act: impl FnOnce(&mut LogJournal)) -> Vec<Value> {
    logged(LevelFilter::INFO, || act(&mut LogJournal::default()))
}

fn summaries(lines: &[Value]) -> usize {
    messages(lines).into_iter().filter(|message| *message == "computed plan").count()
}

fn messages(lines: &[Value]) -> Vec<&str> {
    lines.iter().filter_map(|line| line["message"].as_str()).collect()
}

#[test]
fn a_decision_is_a_summary_then_a_line_for_each_launch_and_stranded_pod() {
    let snapshot = two_pods();
    let lines = lines(|journal| journal.decided(&snapshot, &plan(&snapshot)));
    let expected = ["computed plan", "would launch node", "could not schedule pod"];
    assert_eq!(messages(&lines), expected);
    let id = plan_id(&snapshot);
    assert!(lines.iter().all(|line| line["plan_id"] == id.as_str()));
}

#[test]
fn the_summary_has_counts_price_bound_and_gap() {
    let snapshot = two_pods();
    let lines = lines(|journal| journal.decided(&snapshot, &plan(&snapshot)));
    let expected = [
        ("pods", json!(2)),
        ("placed", json!(1)),
        ("unschedulable", json!(1)),
        ("launches", json!(1)),
        ("price_per_hour", json!(0.082)),
        ("lower_bound_per_hour", json!(0.08)),
        ("gap", json!(0.025)),
    ];
    for (key, value) in expected {
        assert_eq!(lines[0][key], value, "{key}");
    }
}

#[test]
fn a_stranded_pod_is_named_with_its_reason_code() {
    let snapshot = two_pods();
    let lines = lines(|journal| journal.decided(&snapshot, &plan(&snapshot)));
    assert_eq!(lines[2]["pod"], snapshot.pending[1].id.to_string());
    assert_eq!(lines[2]["reason_code"], "PLM-1001");
    assert_eq!(lines[2]["level"], "ERROR");
}

#[test]
fn a_decision_that_did_not_change_is_not_repeated() {
    let snapshot = two_pods();
    let lines = lines(|journal| {
        let mut plan = plan(&snapshot);
        journal.decided(&snapshot, &plan);
        plan.wake_at = Some(snapshot.now);
        journal.decided(&snapshot, &plan);
    });
    assert_eq!(summaries(&lines), 1);
}

#[test]
fn a_changed_decision_is_logged() {
    let snapshot = two_pods();
    let lines = lines(|journal| {
        journal.decided(&snapshot, &plan(&snapshot));
        journal.decided(&snapshot, &hand_made(&snapshot, Vec::new()));
    });
    assert_eq!(summaries(&lines), 2);
}

#[test]
fn an_engine_that_did_not_look_at_the_pods_decided_nothing_about_them() {
    let snapshot = two_pods();
    let lines = lines(|journal| {
        journal.decided(&snapshot, &Plan::default());
        journal.decided(&snapshot, &plan(&snapshot));
        journal.decided(&snapshot, &Plan::default());
        journal.decided(&snapshot, &plan(&snapshot));
    });
    assert_eq!(summaries(&lines), 1);
}

#[test]
fn a_node_given_up_later_joins_what_was_decided_about_pods() {
    let snapshot = two_pods();
    let lines = lines(|journal| {
        journal.decided(&snapshot, &plan(&snapshot));
        let later = Plan { actions: vec![give_up_node_1()], ..Plan::default() };
        journal.decided(&snapshot, &later);
        journal.decided(&snapshot, &later);
    });
    assert_eq!(summaries(&lines), 2);
    assert_eq!((&lines[3]["pods"], &lines[3]["terminations"]), (&json!(2), &json!(1)));
}

#[test]
fn a_disrupted_node_is_named_with_its_reason() {
    let snapshot = two_pods();
    let lines = lines(|journal| {
        journal.decided(&snapshot, &hand_made(&snapshot, vec![give_up_node_1()]));
    });
    assert_eq!(lines[1]["message"], "would disrupt node");
    assert_eq!((&lines[1]["node"], &lines[1]["reason"]), (&json!("node-1"), &json!("Empty")));
}

#[test]
fn an_error_is_logged_once_with_its_causes_until_it_is_over() {
    let error = anyhow!("line 3 is broken").context("cannot read the cluster");
    let lines = lines(|journal| {
        journal.unreadable(&error);
        journal.unreadable(&error);
        journal.read(&[]);
        journal.unreadable(&error);
    });
    let broken = "cannot read the cluster; the last snapshot, if there is one, stays in force";
    assert_eq!(messages(&lines), [broken, "the cluster can be read again", broken]);
    assert_eq!(lines[0]["error"], "cannot read the cluster: line 3 is broken");
}

#[test]
fn a_warning_is_logged_when_it_is_new() {
    let warnings = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
    let lines = lines(|journal| {
        journal.read(&warnings(&["a"]));
        journal.read(&warnings(&["a", "b"]));
        journal.read(&warnings(&["b"]));
        journal.read(&warnings(&["a", "b"]));
    });
    let findings: Vec<&Value> = lines.iter().map(|line| &line["finding"]).collect();
    assert_eq!(findings, ["a", "b", "a"]);
}

#[test]
fn a_plan_has_the_same_id_at_any_time_and_another_for_another_cluster() {
    let snapshot = two_pods();
    let mut later = snapshot.clone();
    later.now += jiff::SignedDuration::from_mins(1);
    assert_eq!(plan_id(&snapshot), plan_id(&later));
    later.pending.pop();
    assert_ne!(plan_id(&snapshot), plan_id(&later));
}
