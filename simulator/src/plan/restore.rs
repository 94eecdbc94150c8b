//! From a plan's document back to the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr as _;
use std::sync::Arc;

use plimsoll_api::quantity::Quantity;
use scheduler_core::model::attachment::places;
use scheduler_core::model::{Labels, NodePool, PodId, Resources, well_known};
use scheduler_core::plan::{
    Action, Alternative, Certificate, GapShare, PlanReport, PlanStats, PodKind, ReasonCode,
    Unschedulable,
};
use scheduler_core::{ClusterSnapshot, Plan, PlannedNode};

use super::document::{
    AlternativeDocument, CertificateDocument, PlanDocument, PlannedNodeDocument,
    UnschedulableDocument,
};
use super::verdict::PlanFileError;

/// The plan of a document. What the document leaves out – taints, capacity – is looked up by pool
/// and type; so are allocatable amounts, which have to be compared. Nothing is judged here: names
/// that do not exist are for the verifier to find.
pub(super) fn restore(
    document: &PlanDocument,
    snapshot: &ClusterSnapshot,
) -> Result<Plan, PlanFileError> {
    let mut actions = Vec::new();
    for existing in &document.existing {
        let nominate = |pod: &PodId| Action::expect(snapshot, pod.clone(), existing.node.clone());
        actions.extend(existing.pods.iter().map(nominate));
    }
    let mut shared = Shared::default();
    for (index, node) in document.nodes.iter().enumerate() {
        actions.push(Action::Launch(Box::new(launch(node, index, snapshot, &mut shared)?)));
    }
    let mut unschedulable = Vec::new();
    for (index, one) in document.unschedulable.iter().enumerate() {
        unschedulable.push(without_place(one, index)?);
    }
    let mut buffers_short = Vec::new();
    for (index, one) in document.buffers_short.iter().enumerate() {
        buffers_short.push(without_place(one, index)?);
    }
    let gap = document.gap_shares.iter();
    let report = PlanReport {
        pods: document.pods,
        placed: document.placed,
        price: document.price_per_hour.0,
        lower_bound: document.lower_bound_per_hour.0,
        bound_method: document.bound_method.clone(),
        certificate: certificate(&document.certificate),
        gap: gap.map(|one| GapShare { reason: one.reason, price: one.price_per_hour.0 }).collect(),
        interruption_cost: document.interruption_cost.0,
        alternatives_ceiling_percent: document.alternatives_ceiling_percent,
        unschedulable,
        buffers_short,
        min_values_policy: document.min_values_policy,
        violations: Vec::new(),
        stats: PlanStats::default(),
    };
    Ok(Plan { actions, wake_at: None, report })
}

/// What alike nodes share, as in a plan that the engine made.
#[derive(Debug, Default)]
struct Shared {
    labels: BTreeMap<Labels, Arc<Labels>>,
    alternatives: BTreeMap<Vec<Alternative>, Arc<Vec<Alternative>>>,
}

fn launch(
    node: &PlannedNodeDocument,
    index: usize,
    snapshot: &ClusterSnapshot,
    shared: &mut Shared,
) -> Result<PlannedNode, PlanFileError> {
    let supply = &snapshot.supply;
    let pool: Option<&NodePool> = supply.node_pool(&node.node_pool);
    let catalog = pool.map_or(&[][..], |pool| supply.catalog(pool));
    let instance_type = catalog.iter().find(|one| one.name == node.offering.instance_type);
    let allocatable = match instance_type {
        Some(known) => known.allocatable(),
        None => amounts(&node.allocatable, &format!("nodes[{index}].allocatable"))?,
    };
    let requests = amounts(&node.requests, &format!("nodes[{index}].requests"))?;
    let mut daemons = requests.clone();
    let mut volumes = BTreeSet::new();
    for id in &node.pods {
        if let Ok(at) = snapshot.pending.binary_search_by(|pod| pod.id.cmp(id)) {
            let spec = &snapshot.pending[at].spec;
            daemons.subtract(&spec.requests);
            volumes.extend(&spec.shared_volumes);
        }
    }
    // A volume that they share was counted once.
    daemons.subtract(&places(volumes));
    let labels = shared.labels.entry(node.labels.clone());
    let labels = labels.or_insert_with(|| Arc::new(node.labels.clone())).clone();
    let alternatives: Vec<Alternative> = node.alternatives.iter().map(alternative).collect();
    let same = shared.alternatives.entry(alternatives.clone());
    let alternatives = same.or_insert_with(|| Arc::new(alternatives)).clone();
    let worth = node.worth.iter().map(|(name, price)| (name.clone(), price.0));
    Ok(PlannedNode {
        node_pool: node.node_pool.clone(),
        instance_type: node.offering.instance_type.clone(),
        zone: node.offering.zone.clone(),
        capacity_type: node.offering.capacity_type,
        min_values_relaxed: node.min_values_relaxed,
        reservation: node.labels.get(well_known::CAPACITY_RESERVATION_ID).cloned(),
        price: node.offering.price_per_hour.0,
        labels,
        taints: pool.map_or_else(Vec::new, |pool| pool.taints.clone()),
        capacity: instance_type.map(|one| one.capacity.clone()).unwrap_or_default(),
        allocatable,
        daemons,
        requests,
        pods: node.pods.clone(),
        worth: Arc::new(worth.collect()),
        alternatives,
    })
}

fn alternative(one: &AlternativeDocument) -> Alternative {
    Alternative {
        risk_price: one.risk_price_per_hour.0,
        price: one.offering.price_per_hour.0,
        instance_type: one.offering.instance_type.clone(),
        zone: one.offering.zone.clone(),
        capacity_type: one.offering.capacity_type,
    }
}

fn certificate(document: &CertificateDocument) -> Certificate {
    let kinds = document.kinds.iter().map(|kind| PodKind {
        first: kind.first.clone(),
        placed: kind.placed,
        value: kind.value,
    });
    Certificate { kinds: kinds.collect(), worth: document.worth }
}

/// Only the pod and the code come back; the sentences were made from more than they say.
fn without_place(
    one: &UnschedulableDocument,
    index: usize,
) -> Result<Unschedulable, PlanFileError> {
    let code = ReasonCode::parse(&one.code).ok_or_else(|| PlanFileError::Code {
        field: format!("unschedulable[{index}].code"),
        code: one.code.clone(),
    })?;
    Ok(Unschedulable { pod: one.pod.clone(), code, blockers: Vec::new(), nearest: None })
}

fn amounts(quantities: &BTreeMap<String, String>, field: &str) -> Result<Resources, PlanFileError> {
    let mut resources = Resources::default();
    for (name, text) in quantities {
        let quantity = Quantity::from_str(text).map_err(|source| PlanFileError::Quantity {
            field: format!("{field}.{name}"),
            source,
        })?;
        resources.set(name, if name == "cpu" { quantity.milli_value() } else { quantity.value() });
    }
    Ok(resources)
}
