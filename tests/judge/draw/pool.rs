//! Random pools.

use plimsoll_api::crd::NodePool;
use scheduler_core::model::well_known::{ARCH, CAPACITY_TYPE, INSTANCE_TYPE, ZONE};
use scheduler_core::testkit::Random;
use serde_json::{Value, json};

use super::{DEDICATED, RACK, RACKS, TEAM, between, chance, one_of};
use crate::catalog::{CPU_LABEL, FAMILY_LABEL, ZONES};
use crate::cluster::object;
use crate::cluster::shared::NODE_CLASS;
use crate::cluster::soon::STARTING;

/// One to three pools; the first is usually open to everybody.
pub(super) fn draw(random: &mut Random) -> Vec<NodePool> {
    (0..between(random, 1, 3)).map(|index| object(pool(random, index))).collect()
}

fn pool(random: &mut Random, index: usize) -> Value {
    let narrow = if index == 0 { 10 } else { 30 };
    let mut template = json!({
        "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": NODE_CLASS},
        "requirements": requirements(random, narrow),
    });
    if chance(random, narrow) {
        template["taints"] = json!([taint(random)]);
    }
    if chance(random, 10) {
        template["startupTaints"] = json!([{"key": STARTING, "effect": "NoSchedule"}]);
    }
    let mut metadata = json!({});
    if chance(random, narrow) {
        metadata["labels"] = json!({TEAM: one_of(random, &["red", "blue"])});
    }
    let mut spec = json!({"template": {"metadata": metadata, "spec": template}});
    if index > 0 && chance(random, 10) {
        spec["replicas"] = json!(between(random, 0, 2));
    } else {
        if chance(random, 30) {
            spec["weight"] = json!(between(random, 1, 100));
        }
        match random.below(100) {
            0..=7 => spec["limits"] = json!({"cpu": between(random, 4, 40)}),
            8 | 9 => spec["limits"] = json!({"nodes": between(random, 1, 4)}),
            _ => {}
        }
    }
    json!({"metadata": {"name": format!("pool-{index}")}, "spec": spec})
}

fn requirements(random: &mut Random, percent: usize) -> Vec<Value> {
    let mut all = Vec::new();
    if chance(random, 8) {
        let key = one_of(random, &[FAMILY_LABEL, CPU_LABEL, INSTANCE_TYPE, ZONE]);
        let least = between(random, 2, 4);
        all.push(json!({"key": key, "operator": "Exists", "minValues": least}));
    }
    let mut add = |key: &str, operator: &str, values: &[&str]| {
        all.push(json!({"key": key, "operator": operator, "values": values}));
    };
    if chance(random, percent) {
        let first = random.below(ZONES.len());
        add(ZONE, "In", &[ZONES[first], ZONES[(first + random.below(2)) % ZONES.len()]]);
    }
    if chance(random, percent) {
        add(CAPACITY_TYPE, "In", &[one_of(random, &["spot", "on-demand"])]);
    }
    if chance(random, percent / 2) {
        add(ARCH, one_of(random, &["In", "NotIn"]), &["arm64"]);
    }
    if chance(random, percent / 2) {
        add(FAMILY_LABEL, "NotIn", &[one_of(random, &["c7g", "m7g", "r7g"])]);
    }
    if chance(random, percent) {
        let operator = one_of(random, &["Gt", "Gte", "Lt", "Lte"]);
        let bound = if operator.starts_with('G') { one_of(random, &["1", "2"]) } else { "8" };
        add(CPU_LABEL, operator, &[bound]);
    }
    // Often, or the topology of racks would seldom matter.
    if chance(random, 40) {
        add(RACK, "In", &RACKS[..between(random, 1, 3)]);
    }
    all
}

/// A taint of pools and nodes.
pub(super) fn taint(random: &mut Random) -> Value {
    let effect = one_of(random, &["NoSchedule", "NoSchedule", "NoExecute", "PreferNoSchedule"]);
    json!({"key": DEDICATED, "value": one_of(random, &["x", "y"]), "effect": effect})
}
