//! Plans made by hand, for the tests of the verifier and for brute force.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::carry_out::daemons_of;
use crate::model::attachment::places;
use crate::model::well_known::INSTANCE_TYPE;
use crate::model::{OfferingKey, PodId, PodSpec, Price, Resources};
use crate::plan::{
    Action, GapReason, GapShare, Plan, PlannedNode, PodKind, ReasonCode, Unschedulable,
};
use crate::snapshot::ClusterSnapshot;

/// A launch of an offering from a pool for these waiting pods, with no alternatives. Labels that
/// only the pool's requirements speak of get their first value. Nothing is checked but that pool,
/// offering and pods exist.
pub fn launch(
    snapshot: &ClusterSnapshot,
    node_pool: &str,
    offering: &OfferingKey,
    pods: &[PodId],
) -> PlannedNode {
    let OfferingKey { instance_type, zone, capacity_type, reservation } = offering;
    let supply = &snapshot.supply;
    let pool = supply.node_pool(node_pool).expect("the pool exists");
    let kind = supply.catalog(pool).iter().find(|one| one.name == *instance_type);
    let kind = kind.expect("the instance type exists");
    let mut offerings = kind.offerings.iter();
    let sold = offerings.find(|one| one.key(instance_type) == *offering);
    let sold = sold.expect("the offering exists");
    let mut labels = pool.labels.clone();
    for (key, requirement) in kind.requirements.iter().chain(pool.requirements.iter()) {
        let value = requirement.finite_values().and_then(|values| values.first());
        if let Some(value) = value.filter(|_| !labels.contains_key(key)) {
            labels.insert(key.to_owned(), value.clone());
        }
    }
    labels.insert(INSTANCE_TYPE.to_owned(), instance_type.clone());
    labels.extend(sold.labels().map(|(key, value)| (key.to_owned(), value.to_owned())));
    let mut daemons = Resources::default();
    for daemon in daemons_of(supply, "", &labels, &pool.taints) {
        daemons.add(&daemon.spec.requests);
    }
    let mut requests = daemons.clone();
    let mut volumes = BTreeSet::new();
    for id in pods {
        let pod = snapshot.pending.iter().find(|pod| pod.id == *id);
        let spec = &pod.expect("the pod waits").spec;
        requests.add(&spec.requests);
        volumes.extend(&spec.shared_volumes);
    }
    requests.add(&places(volumes));
    PlannedNode {
        node_pool: node_pool.to_owned(),
        instance_type: instance_type.clone(),
        zone: zone.clone(),
        capacity_type: *capacity_type,
        reservation: reservation.clone(),
        min_values_relaxed: false,
        price: sold.price,
        labels: labels.into(),
        taints: pool.taints.clone(),
        capacity: kind.capacity.clone(),
        allocatable: kind.allocatable(),
        daemons,
        requests,
        pods: pods.to_vec(),
        worth: Arc::default(),
        alternatives: Arc::default(),
    }
}

/// A plan of these actions with a report that fits them. Pods that have no place in it are listed
/// as unschedulable, and nothing is claimed about the bound.
pub fn hand_made(snapshot: &ClusterSnapshot, actions: Vec<Action>) -> Plan {
    let mut plan = Plan { actions, ..Plan::default() };
    let launched = plan.launches().flat_map(|node| &node.pods);
    let placed: BTreeSet<PodId> =
        launched.chain(plan.nominations().map(|(pod, _)| pod)).cloned().collect();
    plan.report.pods = snapshot.pending.len();
    plan.report.placed = placed.len();
    plan.report.price = plan.launches().map(|node| node.price).sum();
    let rest = snapshot.pending.iter().filter(|pod| !placed.contains(&pod.id));
    let rest = rest.map(|pod| Unschedulable {
        pod: pod.id.clone(),
        code: ReasonCode::NoNodePool,
        blockers: Vec::new(),
        nearest: None,
    });
    plan.report.unschedulable = rest.collect();
    plan.report.certificate.kinds = worthless(snapshot, &placed);
    plan.report.alternatives_ceiling_percent = u32::MAX;
    if plan.report.price > Price::ZERO {
        let share = GapShare { reason: GapReason::WholeNodes, price: plan.report.price };
        plan.report.gap = vec![share];
    }
    plan
}

/// The kinds of these pods, worth nothing each.
fn worthless(snapshot: &ClusterSnapshot, placed: &BTreeSet<PodId>) -> Vec<PodKind> {
    let mut kinds: BTreeMap<&PodSpec, PodKind> = BTreeMap::new();
    for pod in &snapshot.pending {
        let first = || PodKind { first: pod.id.clone(), placed: 0, value: 0 };
        let kind = kinds.entry(&pod.spec).or_insert_with(first);
        kind.placed += i64::from(placed.contains(&pod.id));
    }
    let mut kinds: Vec<PodKind> = kinds.into_values().filter(|kind| kind.placed > 0).collect();
    kinds.sort_by(|a, b| a.first.cmp(&b.first));
    kinds
}
