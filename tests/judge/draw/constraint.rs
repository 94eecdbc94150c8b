//! Random rules about where a pod may run.

use scheduler_core::model::well_known::{
    ARCH, CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE, NODE_POOL, ZONE,
};
use scheduler_core::testkit::Random;
use serde_json::{Value, json};

use super::workload::REVISION;
use super::{DEDICATED, RACK, RACKS, TEAM, between, chance, one_of, selector};
use crate::catalog::{CPU_LABEL, FAMILY_LABEL, ZONES};

/// Which workload a rule is for.
pub(super) struct About<'a> {
    pub(super) index: usize,
    pub(super) tier: &'a str,
    /// Names of the nodes that exist.
    pub(super) hosts: &'a [String],
}

/// Adds rules of every kind, each with a chance of so many per cent.
pub(super) fn add_all(random: &mut Random, spec: &mut Value, percent: usize, about: &About<'_>) {
    if chance(random, percent) {
        let (key, value) = label(random, about.hosts);
        spec["nodeSelector"] = json!({key: value});
    }
    if chance(random, percent) {
        spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] =
            json!({"nodeSelectorTerms": node_terms(random, about.hosts)});
    }
    if chance(random, percent / 2) {
        let preference = node_term(random, about.hosts);
        spec["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"] =
            json!([{"weight": between(random, 1, 100), "preference": preference}]);
    }
    if chance(random, 30 + percent) {
        spec["tolerations"] = json!(tolerations(random));
    }
    if chance(random, percent + 5) {
        spec["topologySpreadConstraints"] = json!(spreads(random, about));
    }
    for (kind, percent) in [("podAffinity", percent * 2 / 3), ("podAntiAffinity", percent)] {
        if chance(random, percent) {
            let mut terms = vec![pod_term(random, about)];
            if chance(random, 15) {
                terms.push(pod_term(random, about));
            }
            spec["affinity"][kind]["requiredDuringSchedulingIgnoredDuringExecution"] = json!(terms);
        }
        if chance(random, percent / 3) {
            let weight = between(random, 1, 100);
            let term = pod_term(random, about);
            spec["affinity"][kind]["preferredDuringSchedulingIgnoredDuringExecution"] =
                json!([{"weight": weight, "podAffinityTerm": term}]);
        }
    }
    if chance(random, percent / 2) {
        spec["containers"][0]["ports"] = json!(host_ports(random));
    }
}

/// A label that some nodes have.
fn label(random: &mut Random, hosts: &[String]) -> (&'static str, String) {
    let (key, value) = match random.below(16) {
        0..=4 => (ZONE, one_of(random, &ZONES)),
        5 | 6 => (ARCH, one_of(random, &["arm64", "amd64"])),
        7 | 8 => (CAPACITY_TYPE, one_of(random, &["spot", "on-demand"])),
        9 => (FAMILY_LABEL, one_of(random, &["c7g", "m7g", "m5"])),
        10 => (INSTANCE_TYPE, one_of(random, &["m7g.large", "m5.2xlarge", "c7g.2xlarge"])),
        11 => (NODE_POOL, one_of(random, &["pool-0", "pool-1"])),
        12 => (TEAM, one_of(random, &["red", "blue"])),
        13 if !hosts.is_empty() => (HOSTNAME, hosts[random.below(hosts.len())].as_str()),
        _ => (RACK, one_of(random, &RACKS)),
    };
    (key, value.to_owned())
}

fn node_terms(random: &mut Random, hosts: &[String]) -> Vec<Value> {
    let count = one_of(random, &[1, 1, 2, 3]);
    (0..count).map(|_| node_term(random, hosts)).collect()
}

fn node_term(random: &mut Random, hosts: &[String]) -> Value {
    let count = one_of(random, &[1, 1, 2]);
    let expressions: Vec<Value> = (0..count).map(|_| node_expression(random, hosts)).collect();
    json!({"matchExpressions": expressions})
}

fn node_expression(random: &mut Random, hosts: &[String]) -> Value {
    let (key, value) = label(random, hosts);
    match random.below(10) {
        0..=3 => {
            let (other, another) = label(random, hosts);
            let values = if other == key { vec![value, another] } else { vec![value] };
            json!({"key": key, "operator": "In", "values": values})
        }
        4 | 5 => json!({"key": key, "operator": "NotIn", "values": [value]}),
        6 => json!({"key": key, "operator": "Exists"}),
        7 => json!({
            "key": one_of(random, &[RACK, TEAM, NODE_POOL, "example.com/absent"]),
            "operator": "DoesNotExist",
        }),
        8 => {
            json!({"key": CPU_LABEL, "operator": "Gt", "values": [one_of(random, &["1", "2", "7"])]})
        }
        _ => {
            json!({"key": CPU_LABEL, "operator": "Lt", "values": [one_of(random, &["3", "8", "2"])]})
        }
    }
}

fn tolerations(random: &mut Random) -> Vec<Value> {
    let value = one_of(random, &["x", "y"]);
    let one = match random.below(5) {
        0 => json!({"operator": "Exists"}),
        1 => json!({"key": DEDICATED, "operator": "Exists"}),
        2 => json!({"key": DEDICATED, "operator": "Exists", "effect": "NoSchedule"}),
        3 => json!({"key": DEDICATED, "value": value, "effect": "NoExecute"}),
        _ => json!({"key": DEDICATED, "operator": "Equal", "value": value}),
    };
    vec![one]
}

fn spreads(random: &mut Random, about: &About<'_>) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for _ in 0..one_of(random, &[1, 1, 1, 2]) {
        let key = topology_key(random);
        if all.iter().any(|other| other["topologyKey"] == key) {
            continue;
        }
        let required = chance(random, 80);
        let mut spread = json!({
            "topologyKey": key,
            "maxSkew": one_of(random, &[1, 1, 1, 2, 3]),
            "whenUnsatisfiable": if required { "DoNotSchedule" } else { "ScheduleAnyway" },
            "labelSelector": selector::pods(random, about),
        });
        if required && chance(random, 20) {
            spread["minDomains"] = json!(between(random, 1, 4));
        }
        if chance(random, 25) {
            spread["nodeAffinityPolicy"] = json!(one_of(random, &["Honor", "Ignore"]));
        }
        if chance(random, 25) {
            spread["nodeTaintsPolicy"] = json!(one_of(random, &["Honor", "Ignore"]));
        }
        add_keys(random, &mut spread, &["matchLabelKeys"]);
        all.push(spread);
    }
    all
}

fn pod_term(random: &mut Random, about: &About<'_>) -> Value {
    let mut term = json!({
        "topologyKey": topology_key(random),
        "labelSelector": selector::pods(random, about),
    });
    selector::add_namespaces(random, &mut term);
    add_keys(random, &mut term, &["matchLabelKeys", "mismatchLabelKeys"]);
    term
}

/// Has the revision of the pod itself looked at. The API refuses a key that the selector names too.
fn add_keys(random: &mut Random, rule: &mut Value, fields: &[&str]) {
    let names_it = rule["labelSelector"].to_string().contains(REVISION);
    if !names_it && chance(random, 12) {
        rule[one_of(random, fields)] = json!([REVISION]);
    }
}

fn topology_key(random: &mut Random) -> &'static str {
    match random.below(20) {
        0..=8 => ZONE,
        9..=15 => HOSTNAME,
        16..=18 => RACK,
        _ => CAPACITY_TYPE,
    }
}

fn host_ports(random: &mut Random) -> Vec<Value> {
    let number = one_of(random, &[8080, 9090]);
    let mut port = json!({"containerPort": number, "hostPort": number});
    if chance(random, 30) {
        port["protocol"] = json!("UDP");
    }
    if chance(random, 30) {
        port["hostIP"] = json!(one_of(random, &["127.0.0.1", "10.0.0.1"]));
    }
    vec![port]
}
