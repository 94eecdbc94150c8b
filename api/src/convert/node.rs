//! Nodes, and claims whose node has not joined yet.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::core::v1 as k8s;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use scheduler_core::model::{Labels, Node, NodeStage, ObjectRef, Resources, Taint, well_known};

use super::amount::Amounts;
use super::pod::DO_NOT_DISRUPT;
use super::taint;
use crate::crd::shared::{Condition, ResourceList};
use crate::crd::{NodeClaim, NodePool};
use crate::finding::{Finding, Problem, Report};
use crate::objects::{Objects, Sourced, name};

/// Nodes, and claims without one as nodes in flight.
pub(super) fn convert(objects: &Objects, now: Timestamp, findings: &mut Vec<Finding>) -> Vec<Node> {
    let mut claims = Claims::new(objects);
    let pools: BTreeMap<&str, &NodePool> =
        objects.node_pools.iter().map(|pool| (name(&pool.object.metadata), &pool.object)).collect();
    let mut nodes = Vec::new();
    for Sourced { source, object } in &objects.nodes {
        let object_ref = ObjectRef::new("Node", name(&object.metadata));
        let mut report = Report::new(findings, source, object_ref);
        let pool = label(&object.metadata, well_known::NODE_POOL);
        let joined = Joined {
            claim: claims.take(object),
            pool: pool.and_then(|pool| pools.get(pool.as_str()).copied()),
            node: object,
        };
        nodes.push(joined.convert(now, &mut report));
    }
    for Sourced { source, object } in claims.left() {
        let object_ref = ObjectRef::new("NodeClaim", name(&object.metadata));
        let mut report = Report::new(findings, source, object_ref);
        nodes.push(in_flight(object, now, &mut report));
    }
    nodes
}

/// Claims, by what tells which node is theirs.
struct Claims<'a> {
    by_provider_id: BTreeMap<&'a str, usize>,
    by_node_name: BTreeMap<&'a str, usize>,
    all: Vec<Option<&'a Sourced<NodeClaim>>>,
}

impl<'a> Claims<'a> {
    fn new(objects: &'a Objects) -> Self {
        let claims = &objects.node_claims;
        let statuses = claims
            .iter()
            .enumerate()
            .filter_map(|(index, claim)| Some((index, claim.object.status.as_ref()?)));
        let by_provider_id = statuses
            .clone()
            .filter_map(|(index, status)| Some((status.provider_id.as_deref()?, index)))
            .filter(|(id, _)| !id.is_empty());
        let by_node_name =
            statuses.filter_map(|(index, status)| Some((status.node_name.as_deref()?, index)));
        Self {
            by_provider_id: by_provider_id.collect(),
            by_node_name: by_node_name.collect(),
            all: claims.iter().map(Some).collect(),
        }
    }

    /// The claim of a node: by the provider's id, else by the node's name.
    fn take(&mut self, node: &k8s::Node) -> Option<&'a NodeClaim> {
        let provider_id = node.spec.as_ref().and_then(|spec| spec.provider_id.as_deref());
        let index = provider_id
            .and_then(|id| self.by_provider_id.get(id))
            .or_else(|| self.by_node_name.get(name(&node.metadata)))?;
        self.all[*index].take().map(|claim| &claim.object)
    }

    /// Claims that no node has taken.
    fn left(self) -> impl Iterator<Item = &'a Sourced<NodeClaim>> {
        self.all.into_iter().flatten()
    }
}

/// A node with what is known about it from elsewhere.
struct Joined<'a> {
    node: &'a k8s::Node,
    claim: Option<&'a NodeClaim>,
    pool: Option<&'a NodePool>,
}

impl Joined<'_> {
    fn convert(&self, now: Timestamp, report: &mut Report<'_>) -> Node {
        let metadata = &self.node.metadata;
        let stage = self.stage();
        let mut taints = report.accept(taint::of_node(self.node.spec.as_ref())).unwrap_or_default();
        let deleting = metadata.deletion_timestamp.is_some()
            || taints.iter().any(taint::is_disrupted)
            || self.claim.is_some_and(|claim| claim.metadata.deletion_timestamp.is_some());
        if stage != NodeStage::Initialized {
            let startup = self.startup_taints(report);
            taints.retain(|one| {
                !taint::is_ephemeral(one) && !startup.iter().any(|other| taint::same(one, other))
            });
            taints.extend(self.unsynced_taints(&taints, report));
        }
        let (capacity, allocatable) = self.resources(stage, report);
        let own = metadata.annotations.as_ref();
        let claim = self.claim.filter(|_| stage != NodeStage::Initialized);
        Node {
            name: name(metadata).to_owned(),
            node_pool: self.label(well_known::NODE_POOL),
            labels: self.labels(stage),
            taints,
            capacity,
            allocatable,
            stage,
            deleting,
            do_not_disrupt: says_true(own)
                || claim.is_some_and(|claim| says_true(claim.metadata.annotations.as_ref())),
            created: self
                .claim
                .map_or_else(|| created(metadata, now), |c| created(&c.metadata, now)),
            initialized: self.initialized(stage, now),
            last_pod_event: self.claim.and_then(|c| c.status.as_ref()?.last_pod_event_time),
        }
    }

    /// Nodes that nobody manages have nothing left to wait for.
    fn stage(&self) -> NodeStage {
        let managed = self.label(well_known::NODE_POOL).is_some();
        if !managed || self.label(well_known::INITIALIZED).as_deref() == Some("true") {
            NodeStage::Initialized
        } else {
            NodeStage::Registered
        }
    }

    /// A label of the node or, until it is registered, of its claim.
    fn label(&self, key: &str) -> Option<String> {
        label(&self.node.metadata, key).or_else(|| label(&self.claim?.metadata, key)).cloned()
    }

    fn is_registered(&self) -> bool {
        label(&self.node.metadata, well_known::REGISTERED).is_some_and(|value| value == "true")
    }

    fn labels(&self, stage: NodeStage) -> Labels {
        let mut labels = self.node.metadata.labels.clone().unwrap_or_default();
        if let Some(claim) = self.claim.filter(|_| stage != NodeStage::Initialized) {
            for (key, value) in claim_labels(claim) {
                labels.entry(key).or_insert(value);
            }
        }
        complete(labels, name(&self.node.metadata))
    }

    fn startup_taints(&self, report: &mut Report<'_>) -> Vec<Taint> {
        let of_pool = self.pool.and_then(|pool| pool.spec.template.spec.startup_taints.as_ref());
        let startup = match self.claim {
            Some(claim) => claim.spec.startup_taints.as_ref(),
            None => of_pool,
        };
        report.accept(taint::written(startup, "spec.startupTaints")).unwrap_or_default()
    }

    /// The claim's taints, which a node gets when it is registered.
    fn unsynced_taints(&self, present: &[Taint], report: &mut Report<'_>) -> Vec<Taint> {
        let Some(claim) = self.claim.filter(|_| !self.is_registered()) else { return Vec::new() };
        let taints = taint::written(claim.spec.taints.as_ref(), "spec.taints");
        let mut taints = report.accept(taints).unwrap_or_default();
        taints.retain(|one| !present.iter().any(|other| taint::same(one, other)));
        taints
    }

    /// Capacity and allocatable. While a node starts, the kubelet may report nothing yet for what
    /// the claim says will be there.
    fn resources(&self, stage: NodeStage, report: &mut Report<'_>) -> (Resources, Resources) {
        let status = self.node.status.as_ref();
        let capacity = status.and_then(|status| status.capacity.as_ref());
        let allocatable = status.and_then(|status| status.allocatable.as_ref()).or(capacity);
        let claim = self.claim.filter(|_| stage != NodeStage::Initialized);
        let claimed = claim.and_then(|claim| claim.status.as_ref());
        let mut read = |list: Option<&ResourceList>, claimed: Option<&ResourceList>, field| {
            let mut amounts = report.accept(Amounts::parse(list, field)).unwrap_or_default();
            amounts.0.retain(|_, amount| *amount != crate::quantity::Quantity::ZERO);
            amounts.fill(&report.accept(Amounts::parse(claimed, field)).unwrap_or_default());
            amounts.to_resources().without_volumes()
        };
        let capacity = read(capacity, claimed.and_then(|c| c.capacity.as_ref()), "status.capacity");
        let allocatable =
            read(allocatable, claimed.and_then(|c| c.allocatable.as_ref()), "status.allocatable");
        if allocatable.pods == 0 {
            report.warn(Problem::new(
                "status.allocatable.pods",
                "the node has no pod slots, so nothing is placed on it",
                "add the number of pods that the kubelet allows",
            ));
        }
        (capacity, allocatable)
    }

    fn initialized(&self, stage: NodeStage, now: Timestamp) -> Option<Timestamp> {
        if stage != NodeStage::Initialized {
            return None;
        }
        let status = self.claim.and_then(|claim| claim.status.as_ref());
        let conditions: &[Condition] =
            status.and_then(|status| status.conditions.as_deref()).unwrap_or_default();
        let condition = conditions.iter().find(|one| one.type_ == "Initialized" && one.is_true());
        let since = condition.and_then(|condition| condition.last_transition_time);
        Some(since.unwrap_or_else(|| created(&self.node.metadata, now)))
    }
}

/// A claim whose node has not joined: the node as it will be.
fn in_flight(claim: &NodeClaim, now: Timestamp, report: &mut Report<'_>) -> Node {
    let claim_name = name(&claim.metadata);
    let status = claim.status.as_ref();
    // Until the provider has answered, only what was asked for is certain.
    let asked = claim.spec.resources.as_ref().and_then(|resources| resources.requests.as_ref());
    let capacity = status.and_then(|status| status.capacity.as_ref()).or(asked);
    let allocatable = status.and_then(|status| status.allocatable.as_ref()).or(capacity);
    let mut read = |list: Option<&ResourceList>, field: &str| {
        let amounts = report.accept(Amounts::parse(list, field)).unwrap_or_default();
        amounts.to_resources().without_volumes()
    };
    let capacity = read(capacity, "status.capacity");
    let allocatable = read(allocatable, "status.allocatable");
    let taints = taint::written(claim.spec.taints.as_ref(), "spec.taints");
    Node {
        name: claim_name.to_owned(),
        node_pool: label(&claim.metadata, well_known::NODE_POOL).cloned(),
        labels: complete(claim_labels(claim), claim_name),
        taints: report.accept(taints).unwrap_or_default(),
        capacity,
        allocatable,
        stage: NodeStage::Launched,
        deleting: claim.metadata.deletion_timestamp.is_some(),
        do_not_disrupt: says_true(claim.metadata.annotations.as_ref()),
        created: created(&claim.metadata, now),
        initialized: None,
        last_pod_event: status.and_then(|status| status.last_pod_event_time),
    }
}

/// The claim's labels, and what its requirements leave no choice about.
fn claim_labels(claim: &NodeClaim) -> Labels {
    let mut labels: Labels = claim.metadata.labels.clone().unwrap_or_default();
    for requirement in &claim.spec.requirements {
        if let ("In", Some([value])) =
            (requirement.operator.as_str(), requirement.values.as_deref())
        {
            labels.entry(requirement.key.clone()).or_insert_with(|| value.clone());
        }
    }
    labels
}

/// Adds the current spelling of old keys, and the name as the host name.
fn complete(mut labels: Labels, node_name: &str) -> Labels {
    let renamed: Vec<_> = labels
        .iter()
        .filter(|(key, _)| well_known::normalize(key) != key.as_str())
        .map(|(key, value)| (well_known::normalize(key).to_owned(), value.clone()))
        .collect();
    for (key, value) in renamed {
        labels.entry(key).or_insert(value);
    }
    labels.entry(well_known::HOSTNAME.to_owned()).or_insert_with(|| node_name.to_owned());
    labels
}

fn label<'a>(metadata: &'a ObjectMeta, key: &str) -> Option<&'a String> {
    metadata.labels.as_ref()?.get(key)
}

fn says_true(annotations: Option<&BTreeMap<String, String>>) -> bool {
    annotations.and_then(|all| all.get(DO_NOT_DISRUPT)).is_some_and(|value| value == "true")
}

/// When an object was created; objects that the API server has not seen are new.
pub(super) fn created(metadata: &ObjectMeta, now: Timestamp) -> Timestamp {
    metadata.creation_timestamp.as_ref().map_or(now, |time| time.0)
}
