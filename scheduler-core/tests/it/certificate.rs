//! A plan that is spoilt in any one field is refused, and so is its proof.

use proptest::prelude::*;
use proptest::sample::Index;
use scheduler_core::model::Price;
use scheduler_core::testkit::{ClusterBuilder, cluster, node, on_demand, pod};
use scheduler_core::verify::{Violation, verify};
use scheduler_core::{ClusterSnapshot, Packer, Plan};
use serde_json::Value;

use super::scene::{packers, scenes};
use super::{plan, plan_with};

/// Parts of a plan that promise nothing: when to ask again, how something was found, why a pod has
/// no place, and the ceiling, which may be higher than what is listed.
const DESCRIPTIONS: [&str; 6] = [
    "/wake_at",
    "/report/bound_method",
    "/report/stats",
    "/report/unschedulable",
    "/report/interruption_cost",
    "/report/alternatives_ceiling_percent",
];

/// Paths of all values that a plan holds, as JSON pointers.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    if DESCRIPTIONS.iter().any(|one| path.starts_with(one)) {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                leaves(value, &format!("{path}/{key}"), found);
            }
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                leaves(value, &format!("{path}/{index}"), found);
            }
        }
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) => found.push(path.to_owned()),
    }
}

/// The same plan with another value at the path; `None` if it would not be a plan.
fn spoilt(plan: &Value, path: &str) -> Option<Plan> {
    let mut plan = plan.clone();
    let value = plan.pointer_mut(path)?;
    *value = match &*value {
        Value::Bool(flag) => Value::Bool(!flag),
        // What a node's pods are worth is rounded resource by resource.
        Value::Number(number) if path.contains("/worth/") => {
            Value::from(number.as_i64()? * 2 + 1_000)
        }
        Value::Number(number) => Value::from(number.as_i64()? + 1),
        Value::String(text) => Value::from(format!("{text}x")),
        other => other.clone(),
    };
    serde_json::from_value(plan).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_field_can_be_changed(scene in scenes(), packer in packers(), which in any::<Index>()) {
        let snapshot = scene.cluster().build();
        let plan = serde_json::to_value(plan_with(packer, &snapshot)).expect("plans are data");
        let mut paths = Vec::new();
        leaves(&plan, "", &mut paths);
        let path = &paths[which.index(paths.len())];
        if let Some(spoilt) = spoilt(&plan, path) {
            prop_assert!(!verify(&snapshot, &spoilt).is_empty(), "{path} was changed unnoticed");
        }
    }

    #[test]
    fn no_field_of_the_certificate_can_be_changed(scene in scenes(), which in any::<Index>()) {
        let snapshot = scene.cluster().build();
        let plan = plan_with(Packer::DualGreedy, &snapshot);
        prop_assume!(!plan.report.certificate.kinds.is_empty());
        let plan = serde_json::to_value(plan).expect("plans are data");
        let mut paths = Vec::new();
        leaves(&plan["report"]["certificate"], "/report/certificate", &mut paths);
        let path = &paths[which.index(paths.len())];
        let spoilt = spoilt(&plan, path).expect("names and numbers stay what they are");
        prop_assert!(!verify(&snapshot, &spoilt).is_empty(), "{path} was changed unnoticed");
    }
}

/// One size at ten cents, and a smaller one at seven.
fn shop() -> ClusterBuilder {
    cluster().offering("m7g.large", "a", on_demand("$0.10")).offering(
        "m7g.medium",
        "a",
        on_demand("$0.07"),
    )
}

fn bound(cluster: ClusterBuilder) -> i64 {
    plan(cluster).report.lower_bound.micro_usd()
}

#[test]
fn pods_that_fit_only_one_to_a_node_prove_a_node_each() {
    assert_eq!(bound(shop().pod(pod("web").cpu("1200m").replicas(3))), 300_000);
}

#[test]
fn pods_that_keep_apart_prove_a_node_each() {
    let bound = bound(shop().pod(pod("web").cpu("10m").replicas(3).anti_affinity_host()));
    assert_eq!(bound, 210_000);
}

#[test]
fn room_on_existing_nodes_is_no_proof_of_need() {
    let cluster = shop().node(node("n1")).pod(pod("web").cpu("1200m").replicas(3));
    assert_eq!(bound(cluster), 200_000);
}

/// The bound that the plan's certificate proves: what the verifier says it should be.
fn proven_for(snapshot: &ClusterSnapshot, mut plan: Plan) -> Price {
    plan.report.lower_bound = Price::from_micro_usd(-1);
    let found = verify(snapshot, &plan);
    let proven = found.iter().find_map(|one| match one {
        Violation::WrongReport { field, actual, .. } if field == "lower_bound" => Some(*actual),
        _ => None,
    });
    Price::from_micro_usd(proven.expect("no bound is below zero"))
}

#[test]
fn values_prove_the_same_at_any_scale() {
    let snapshot = shop().pod(pod("web").cpu("1200m").replicas(3)).build();
    let right = plan_with(Packer::DualGreedy, &snapshot);
    let proven = |factor: fn(i64) -> i64| {
        let mut plan = right.clone();
        for kind in &mut plan.report.certificate.kinds {
            kind.value = factor(kind.value);
        }
        let kinds = plan.report.certificate.kinds.iter();
        plan.report.certificate.worth = kinds.map(|kind| kind.placed * kind.value).sum();
        proven_for(&snapshot, plan)
    };
    assert_eq!(proven(|value| value * 2), right.report.lower_bound);
    assert_eq!(proven(|value| value / 2), right.report.lower_bound);
    assert_eq!(proven(|_| 0), Price::ZERO);
}

#[test]
fn a_bound_that_is_claimed_too_high_is_found() {
    let snapshot = shop().pod(pod("web").replicas(3)).build();
    let mut plan = plan_with(Packer::DualGreedy, &snapshot);
    plan.report.lower_bound += Price::from_micro_usd(1);
    let found = verify(&snapshot, &plan);
    let field = |one: &Violation| match one {
        Violation::WrongReport { field, .. } => field.clone(),
        other => format!("{other:?}"),
    };
    assert_eq!(found.iter().map(field).collect::<Vec<_>>(), ["lower_bound"]);
}
