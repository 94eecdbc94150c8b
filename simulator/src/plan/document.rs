//! The plan as data: the field names are a promise to programs.

use std::collections::BTreeMap;
use std::time::Duration;

use scheduler_core::model::{CapacityType, Labels, PodId, Price, Resources};
use scheduler_core::plan::{
    Alternative, Certificate, GapReason, GapShare, PodKind, Unschedulable, explain,
};
use scheduler_core::{MinValuesPolicy, PlannedNode};
use serde::{Deserialize, Serialize};

use super::{Planned, Times};

/// A plan with stable field names; `plan -o json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanDocument {
    /// Version of Plimsoll.
    pub version: String,
    /// SHA-256 of the cluster, the catalogue and the Spot price factor that it was made for.
    pub inputs_hash: String,
    /// Date of the on-demand prices.
    pub price_date: String,
    /// Factor on all Spot prices.
    pub spot_price_factor: f64,
    /// Price of the new nodes.
    pub price_per_hour: Dollars,
    /// No plan that places the same pods costs less.
    pub lower_bound_per_hour: Dollars,
    /// Price over the bound less one; `null` if the bound is zero and the price is not.
    pub gap: Option<f64>,
    /// How the values behind the bound were found.
    pub bound_method: String,
    /// What proves the bound.
    pub certificate: CertificateDocument,
    /// What the plan costs over the bound, by reason.
    pub gap_shares: Vec<GapShareDocument>,
    /// What losing a node to a Spot interruption was taken to cost.
    pub interruption_cost: Dollars,
    /// Alternatives cost up to so many per cent of the chosen offering, interruptions included.
    pub alternatives_ceiling_percent: u32,
    /// Whether fewer values than `minValues` will do.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min_values_policy: MinValuesPolicy,
    /// Pods that were pending.
    pub pods: usize,
    /// Pods that got a place.
    pub placed: usize,
    /// Nodes to launch.
    pub nodes: Vec<PlannedNodeDocument>,
    /// Nodes that exist and get pods.
    pub existing: Vec<Existing>,
    /// Pods without a place.
    pub unschedulable: Vec<UnschedulableDocument>,
    /// Chunks of capacity buffers without room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buffers_short: Vec<UnschedulableDocument>,
    /// Sizes of the problem and time spent.
    #[serde(skip_deserializing)]
    pub stats: Stats,
}

/// Proof of the lower bound: what a pod of each kind is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateDocument {
    /// Sum over the kinds of pods times value, in 2⁻¹⁶ micro-dollars an hour.
    pub worth: i64,
    /// Kinds of pods that the plan places.
    pub kinds: Vec<KindDocument>,
}

/// Pending pods that are alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindDocument {
    /// The first of them by namespace and name.
    pub first: PodId,
    /// How many of them the plan places.
    pub placed: i64,
    /// What one of them is worth, in 2⁻¹⁶ micro-dollars an hour.
    pub value: i64,
}

/// Part of what a plan costs over its lower bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GapShareDocument {
    /// Where it comes from.
    pub reason: GapReason,
    /// How much it is.
    pub price_per_hour: Dollars,
}

/// A node to launch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedNodeDocument {
    /// Pool that it belongs to.
    pub node_pool: String,
    /// Where and how it is bought.
    #[serde(flatten)]
    pub offering: OfferingDocument,
    /// Labels that it will have, the hostname left out.
    pub labels: Labels,
    /// Pods that it is for.
    pub pods: Vec<PodId>,
    /// What they are worth at the prices behind the bound, by resource.
    pub worth: BTreeMap<String, Dollars>,
    /// Requests of pods and daemons as Kubernetes quantities.
    pub requests: BTreeMap<String, String>,
    /// What pods and daemons can use.
    pub allocatable: BTreeMap<String, String>,
    /// Offerings that would do as well, those first that are cheapest with interruptions.
    pub alternatives: Vec<AlternativeDocument>,
    /// The offerings named are fewer than `minValues` of the pool asks for.
    #[serde(default, skip_serializing_if = "is_default")]
    pub min_values_relaxed: bool,
}

/// An offering that would do as well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlternativeDocument {
    /// Where and how it is bought.
    #[serde(flatten)]
    pub offering: OfferingDocument,
    /// Its price and the expected cost of interruptions.
    pub risk_price_per_hour: Dollars,
}

/// An offering.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OfferingDocument {
    /// Instance type.
    pub instance_type: String,
    /// Zone.
    pub zone: String,
    /// `spot`, `on-demand` or `reserved`.
    pub capacity_type: CapacityType,
    /// Price.
    pub price_per_hour: Dollars,
}

/// A price that is written as dollars, with no more than six decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "f64", into = "f64")]
pub struct Dollars(pub Price);

impl From<Dollars> for f64 {
    fn from(Dollars(price): Dollars) -> Self {
        price.usd()
    }
}

impl From<f64> for Dollars {
    fn from(dollars: f64) -> Self {
        Self(Price::from_micro_usd((dollars * 1e6).round() as i64))
    }
}

/// A node that exists, or is in flight, with the pods it gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Existing {
    /// Name of the node.
    pub node: String,
    /// Its new pods.
    pub pods: Vec<PodId>,
}

/// A pod without a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnschedulableDocument {
    /// The pod.
    pub pod: PodId,
    /// Reason code.
    pub code: String,
    /// What stands in its way.
    pub message: String,
    /// The nearest change that would help.
    pub fix: String,
}

/// Sizes of the problem and time spent.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// Milliseconds from the snapshot to the verified plan.
    pub wall_ms: f64,
    /// Pod classes.
    pub classes: usize,
    /// Instance type × zone × capacity type × pool.
    pub shapes: usize,
    /// Fillings of a shape that were built.
    pub columns: usize,
    /// Soft constraints between pods, by class.
    pub wishes: usize,
    /// How many of them the plan keeps.
    pub granted: usize,
    /// Milliseconds of every phase.
    pub phases: BTreeMap<&'static str, f64>,
}

impl PlanDocument {
    pub(super) fn new(planned: &Planned) -> Self {
        let Planned { plan, inputs, times, .. } = planned;
        let report = &plan.report;
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            inputs_hash: inputs.hash.clone(),
            price_date: inputs.price_date.clone(),
            spot_price_factor: f64::from(inputs.spot_price_factor_ppm) / 1e6,
            price_per_hour: Dollars(report.price),
            lower_bound_per_hour: Dollars(report.lower_bound),
            gap: report.gap_ppm().map(|ppm| ppm as f64 / 1e6),
            bound_method: report.bound_method.clone(),
            certificate: CertificateDocument::new(&report.certificate),
            gap_shares: report.gap.iter().map(GapShareDocument::new).collect(),
            interruption_cost: Dollars(report.interruption_cost),
            alternatives_ceiling_percent: report.alternatives_ceiling_percent,
            min_values_policy: report.min_values_policy,
            pods: report.pods,
            placed: report.placed,
            nodes: plan.launches().map(PlannedNodeDocument::new).collect(),
            existing: existing(planned),
            unschedulable: report.unschedulable.iter().map(UnschedulableDocument::new).collect(),
            buffers_short: report.buffers_short.iter().map(UnschedulableDocument::new).collect(),
            stats: Stats {
                wall_ms: millis(times.plan),
                classes: report.stats.classes,
                shapes: report.stats.shapes,
                columns: report.stats.patterns,
                wishes: report.stats.wishes,
                granted: report.stats.granted,
                phases: phases(times),
            },
        }
    }
}

impl PlannedNodeDocument {
    pub(crate) fn new(node: &PlannedNode) -> Self {
        Self {
            node_pool: node.node_pool.clone(),
            offering: OfferingDocument {
                instance_type: node.instance_type.clone(),
                zone: node.zone.clone(),
                capacity_type: node.capacity_type,
                price_per_hour: Dollars(node.price),
            },
            labels: node.labels.as_ref().clone(),
            min_values_relaxed: node.min_values_relaxed,
            pods: node.pods.clone(),
            worth: node.worth.iter().map(|(name, one)| (name.clone(), Dollars(*one))).collect(),
            requests: quantities(&node.requests),
            allocatable: quantities(&node.allocatable),
            alternatives: node.alternatives.iter().map(AlternativeDocument::new).collect(),
        }
    }
}

impl AlternativeDocument {
    fn new(alternative: &Alternative) -> Self {
        let offering = OfferingDocument {
            instance_type: alternative.instance_type.clone(),
            zone: alternative.zone.clone(),
            capacity_type: alternative.capacity_type,
            price_per_hour: Dollars(alternative.price),
        };
        Self { offering, risk_price_per_hour: Dollars(alternative.risk_price) }
    }
}

impl CertificateDocument {
    fn new(certificate: &Certificate) -> Self {
        let kind = |one: &PodKind| KindDocument {
            first: one.first.clone(),
            placed: one.placed,
            value: one.value,
        };
        Self { worth: certificate.worth, kinds: certificate.kinds.iter().map(kind).collect() }
    }
}

impl GapShareDocument {
    fn new(share: &GapShare) -> Self {
        Self { reason: share.reason, price_per_hour: Dollars(share.price) }
    }
}

impl UnschedulableDocument {
    pub(crate) fn new(unschedulable: &Unschedulable) -> Self {
        Self {
            pod: unschedulable.pod.clone(),
            code: unschedulable.code.to_string(),
            message: explain::message(unschedulable),
            fix: explain::fix(unschedulable),
        }
    }
}

/// Nodes that exist and get pods, by name.
pub(super) fn existing(planned: &Planned) -> Vec<Existing> {
    let mut nodes: BTreeMap<&str, Vec<PodId>> = BTreeMap::new();
    for (pod, node) in planned.plan.nominations().chain(planned.plan.holds()) {
        nodes.entry(node).or_default().push(pod.clone());
    }
    let nodes = nodes.into_iter();
    nodes.map(|(node, pods)| Existing { node: node.to_owned(), pods }).collect()
}

/// Whether a value says nothing new, and is left out.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Amounts as Kubernetes quantities.
pub(crate) fn quantities(resources: &Resources) -> BTreeMap<String, String> {
    resources.iter().map(|(name, amount)| (name.to_owned(), quantity(name, amount))).collect()
}

/// An exact Kubernetes quantity in its largest whole unit.
fn quantity(name: &str, amount: i64) -> String {
    const UNITS: [(i64, &str); 4] =
        [(1 << 40, "Ti"), (1 << 30, "Gi"), (1 << 20, "Mi"), (1 << 10, "Ki")];
    if !matches!(name, "memory" | "ephemeral-storage") {
        return Resources::display_amount(name, amount);
    }
    let whole = UNITS.into_iter().find(|(unit, _)| amount % unit == 0 && amount != 0);
    whole.map_or_else(|| amount.to_string(), |(unit, name)| format!("{}{name}", amount / unit))
}

fn phases(times: &Times) -> BTreeMap<&'static str, f64> {
    BTreeMap::from([
        ("catalogMs", millis(times.catalog)),
        ("convertMs", millis(times.convert)),
        ("planMs", millis(times.plan)),
        ("readMs", millis(times.read)),
    ])
}

/// Milliseconds with three decimals.
fn millis(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_exact() {
        let shown = [
            quantity("cpu", 7910),
            quantity("memory", 3 << 29),
            quantity("memory", 1_000_001),
            quantity("pods", 58),
        ];
        assert_eq!(shown, ["7910m", "1536Mi", "1000001", "58"]);
    }
}
