//! Nodes as a plan says that they will be, and nodes of everything that can be launched.

use k8s_openapi::api::core::v1::Node;
use k8s_openapi::api::storage::v1::CSINode;
use kube::ResourceExt as _;
use scheduler_core::model::attachment::{NO_LIMIT, attachable_volumes, counts_volumes};
use scheduler_core::model::well_known::{CAPACITY_TYPE, HOSTNAME, INITIALIZED, REGISTERED, ZONE};
use scheduler_core::model::{InstanceType, Labels, NodePool, Offering, Resources};
use scheduler_core::{PlannedNode, Supply};
use serde_json::{Value, json};

use crate::cluster::object;

/// Labels that say that a node has started.
const STARTED: [&str; 2] = [REGISTERED, INITIALIZED];

/// A planned node once it has joined.
pub(crate) fn node(planned: &PlannedNode, name: &str) -> Node {
    let sizes = [&planned.capacity, &planned.allocatable];
    build(name, planned.labels.as_ref().clone(), &json!(planned.taints), sizes)
}

/// A node of every offering as every pool would launch it; once for each value of a label that the
/// pool leaves open, if it matters to anybody. With what pods and daemons can use.
pub(crate) fn one_of_each(
    supply: &Supply,
    matters: &impl Fn(&str) -> bool,
) -> Vec<(Node, Resources)> {
    let mut nodes = Vec::new();
    for pool in supply.node_pools.iter().filter(|pool| pool.replicas.is_none()) {
        for one in supply.catalog(pool) {
            if pool.requirements.first_conflict(&one.requirements).is_some() {
                continue;
            }
            for offering in one.offerings.iter().filter(|offering| sold_to(pool, offering)) {
                for labels in labels(pool, one, offering, matters) {
                    let name = format!("any-{}", nodes.len());
                    let room = one.allocatable();
                    let sizes = [&one.capacity, &room];
                    nodes.push((build(&name, labels, &json!(pool.taints), sizes), room));
                }
            }
        }
    }
    nodes
}

/// Changes what pods can use of a node.
pub(crate) fn set_allocatable(node: &mut Node, room: &Resources) {
    let status = node.status.get_or_insert_default();
    status.allocatable = Some(object(resource_list(room)));
}

/// Takes the numbers of volumes out of what a node can hold, and tells them where Kubernetes does.
pub(crate) fn split_volumes(node: &mut Node) -> Option<CSINode> {
    let name = node.name_any();
    let status = node.status.get_or_insert_default();
    let allocatable = status.allocatable.get_or_insert_default();
    let limits = allocatable.iter().filter_map(|(resource, amount)| {
        let driver = resource.strip_prefix(&attachable_volumes(""))?;
        let count: i64 = amount.0.parse().ok().filter(|count| *count < NO_LIMIT)?;
        Some(json!({"name": driver, "nodeID": name, "allocatable": {"count": count}}))
    });
    let drivers: Vec<Value> = limits.collect();
    for list in [Some(allocatable), status.capacity.as_mut()].into_iter().flatten() {
        list.retain(|resource, _| !counts_volumes(resource));
    }
    let build = || object(json!({"metadata": {"name": name}, "spec": {"drivers": drivers}}));
    (!drivers.is_empty()).then(build)
}

/// Amounts as Kubernetes writes them.
pub(crate) fn resource_list(amounts: &Resources) -> Value {
    let written = |(name, amount): (&str, i64)| {
        let unit = if name == "cpu" { "m" } else { "" };
        (name.to_owned(), json!(format!("{amount}{unit}")))
    };
    Value::Object(amounts.iter().map(written).collect())
}

fn sold_to(pool: &NodePool, offering: &Offering) -> bool {
    let admits = |key: &str, value: &str| {
        pool.labels.get(key).is_none_or(|label| label == value)
            && pool.requirements.get(key).is_none_or(|wanted| wanted.has(value))
    };
    offering.available
        && admits(ZONE, &offering.zone)
        && admits(CAPACITY_TYPE, offering.capacity_type.as_str())
}

/// Labels of a node: for each key that only the pool decides, every value that it lists.
fn labels(
    pool: &NodePool,
    one: &InstanceType,
    offering: &Offering,
    matters: &impl Fn(&str) -> bool,
) -> Vec<Labels> {
    let mut fixed = pool.labels.clone();
    fixed.insert(ZONE.to_owned(), offering.zone.clone());
    fixed.insert(CAPACITY_TYPE.to_owned(), offering.capacity_type.as_str().to_owned());
    for (key, requirement) in one.requirements.iter() {
        if let Some(value) = requirement.finite_values().and_then(|values| values.first()) {
            fixed.entry(key.to_owned()).or_insert_with(|| value.clone());
        }
    }
    let mut all = vec![fixed];
    for (key, requirement) in pool.requirements.iter() {
        let Some(values) = requirement.finite_values().filter(|_| !all[0].contains_key(key)) else {
            continue;
        };
        let with = |labels: &Labels, value: &String| {
            let mut labels = labels.clone();
            labels.insert(key.to_owned(), value.clone());
            labels
        };
        let count = if matters(key) { values.len() } else { 1 };
        let values = values.iter().take(count);
        all = all.iter().flat_map(|one| values.clone().map(move |v| with(one, v))).collect();
    }
    all
}

fn build(name: &str, mut labels: Labels, taints: &Value, sizes: [&Resources; 2]) -> Node {
    labels.insert(HOSTNAME.to_owned(), name.to_owned());
    labels.extend(STARTED.map(|label| (label.to_owned(), "true".to_owned())));
    let [capacity, allocatable] = sizes.map(resource_list);
    object(json!({
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": taints},
        "status": {"capacity": capacity, "allocatable": allocatable},
    }))
}
