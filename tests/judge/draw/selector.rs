//! Random selectors of pods and of namespaces.

use scheduler_core::testkit::Random;
use serde_json::{Value, json};

use super::constraint::About;
use super::{between, chance, one_of};
use crate::cluster::shared::NAMESPACES;

/// Selects the pod's own workload, its tier, or another workload.
pub(super) fn pods(random: &mut Random, about: &About<'_>) -> Value {
    let About { index, tier, .. } = about;
    let own = format!("app-{index}");
    let other = format!("app-{}", between(random, 0, 7));
    match random.below(20) {
        0 if chance(random, 20) => json!({}),
        0..=10 => json!({"matchLabels": {"app": own}}),
        11..=13 => json!({"matchLabels": {"app": other}}),
        14 => json!({"matchLabels": {"tier": one_of(random, &["front", "back"])}}),
        15 => expression("app", "In", &[&own, &other]),
        16 => json!({
            "matchLabels": {"app": own},
            "matchExpressions": [{"key": "revision", "operator": "NotIn", "values": ["old"]}],
        }),
        17 => json!({
            "matchLabels": {"tier": tier},
            "matchExpressions": [{"key": "app", "operator": "NotIn", "values": [other]}],
        }),
        18 => json!({
            "matchLabels": {"app": own},
            "matchExpressions": [
                {"key": "tier", "operator": "Exists"},
                {"key": "canary", "operator": "DoesNotExist"},
            ],
        }),
        _ => json!({"matchLabels": {"app": own, "tier": tier}}),
    }
}

/// Where a term looks for pods: usually the pod's own namespace, which is not written down.
pub(super) fn add_namespaces(random: &mut Random, term: &mut Value) {
    if chance(random, 80) {
        return;
    }
    match random.below(4) {
        0 => term["namespaces"] = json!([one_of(random, &NAMESPACES).0]),
        1 => term["namespaceSelector"] = json!({}),
        2 => {
            term["namespaceSelector"] =
                json!({"matchLabels": {"team": one_of(random, &NAMESPACES).1}});
        }
        _ => {
            term["namespaces"] = json!([NAMESPACES[0].0]);
            term["namespaceSelector"] = expression("team", "In", &["blue", "green"]);
        }
    }
}

fn expression(key: &str, operator: &str, values: &[&str]) -> Value {
    json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]})
}
