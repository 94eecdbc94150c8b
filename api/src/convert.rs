//! Kubernetes objects → the core's model.
//!
//! Every object is converted on its own: what is wrong with one becomes a [`Finding`] and the others
//! go on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::core::v1 as k8s;
use scheduler_core::NodeWithPods;
use scheduler_core::model::{
    DaemonSet, NodeClass, NodeOverlay, NodePool, ObjectRef, Operator, Pod, PodId, PodSpec,
    well_known,
};

use crate::crd::shared::Condition;
use crate::finding::{Finding, Problem, Report};
use crate::objects::{Objects, Sourced, name, namespace};

mod amount;
mod budget;
mod buffer;
mod cluster;
pub(crate) mod context;
mod daemon;
mod default_spread;
mod kubelet;
mod label;
mod node;
mod node_class;
mod node_overlay;
mod node_pool;
mod pod;
mod pod_affinity;
mod requests;
mod requirement;
mod reservation;
mod selected;
mod selector;
mod taint;
mod volume;

use context::{Context, controller};
use pod::{Interner, PodView};
use volume::attachment;

/// A cluster in the core's words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cluster {
    /// Pools that may launch nodes.
    pub node_pools: Vec<NodePool>,
    /// What the size of their nodes depends on.
    pub node_classes: Vec<NodeClass>,
    /// Corrections of prices and capacity.
    pub node_overlays: Vec<NodeOverlay>,
    /// Daemons.
    pub daemon_sets: Vec<DaemonSet>,
    /// Nodes, joined or on their way, with the pods bound to them, by name.
    pub nodes: Vec<Arc<NodeWithPods>>,
    /// Pods that wait for a node, and chunks of capacity buffers, by id.
    pub pending: Vec<Arc<Pod>>,
    /// What is wrong with single objects, those that could not be read included.
    pub findings: Vec<Finding>,
}

/// Converts what was read. `now` is the age of objects without a creation time, and the instant at
/// which protections that expire are judged.
pub fn convert(objects: &Objects, now: Timestamp) -> Cluster {
    let mut findings = objects.findings.clone();
    let context = Context::new(objects, now, &mut findings);
    let mut cluster = Cluster::default();
    for Sourced { source, object } in &objects.node_pools {
        let reference = ObjectRef::new("NodePool", name(&object.metadata));
        let mut report = Report::new(&mut findings, source, reference);
        cluster.node_pools.extend(node_pool::convert(object, &mut report));
    }
    for Sourced { source, object } in &objects.node_classes {
        let reference = ObjectRef::new("EC2NodeClass", name(&object.metadata));
        let mut report = Report::new(&mut findings, source, reference);
        cluster.node_classes.extend(node_class::convert(object, &mut report));
    }
    for Sourced { source, object } in &objects.node_overlays {
        let reference = ObjectRef::new("NodeOverlay", name(&object.metadata));
        let mut report = Report::new(&mut findings, source, reference);
        cluster.node_overlays.extend(node_overlay::convert(object, &mut report));
    }
    cluster.daemon_sets = daemon::convert(objects, &context, &mut findings);
    let mut pods = convert_pods(objects, &context, &mut findings);
    let mut nodes = node::convert(objects, now, &mut findings);
    attachment::state_limits(objects, &mut nodes);
    for node in nodes {
        let bound = pods.bound.remove(&node.name).unwrap_or_default();
        cluster.nodes.push(Arc::new(NodeWithPods { node, pods: bound }));
    }
    cluster.nodes.sort_by(|one, other| one.node.name.cmp(&other.node.name));
    for (node, pods) in pods.bound {
        findings.push(Finding {
            severity: crate::finding::Severity::Warning,
            source: "all files".to_owned(),
            object: ObjectRef::new("Node", node),
            field: "metadata.name".to_owned(),
            problem: format!("{} pods are bound to it, but it is not in the input", pods.len()),
            fix: "add the Node, or its pods are left out".to_owned(),
        });
    }
    cluster.pending = pods.pending;
    cluster.pending.extend(buffer::convert(objects, &context, &mut findings));
    cluster.pending.sort_by(|one, other| one.id.cmp(&other.id));
    cluster.findings = findings;
    cluster
}

/// Pods that count, by the node that they are bound to.
#[derive(Default)]
struct Pods {
    bound: BTreeMap<String, Vec<Arc<Pod>>>,
    pending: Vec<Arc<Pod>>,
}

fn convert_pods(objects: &Objects, context: &Context<'_>, findings: &mut Vec<Finding>) -> Pods {
    let mut interner = Interner::default();
    let mut seen = BTreeSet::new();
    let mut pods = Pods::default();
    for Sourced { source, object } in &objects.pods {
        let metadata = &object.metadata;
        let id = PodId::new(namespace(metadata), name(metadata));
        let mut report = Report::new(findings, source, ObjectRef::new("Pod", id.to_string()));
        if !seen.insert(id.clone()) {
            report.warn(Problem::new(
                "metadata.name",
                "the pod appears twice",
                "remove one copy; the first one read is kept",
            ));
            continue;
        }
        let Some(spec) = object.spec.as_ref().filter(|_| !is_terminal(object)) else { continue };
        let node = spec.node_name.as_deref().filter(|name| !name.is_empty());
        if node.is_none() && !waits(object, spec, &mut report) {
            continue;
        }
        let view = PodView {
            namespace: namespace(metadata),
            metadata,
            spec,
            status: object.status.as_ref(),
            owner: context.workload(metadata).map(|(kind, name)| format!("{kind}/{name}")),
            daemon_set: daemon_set(object),
        };
        let spec = interner.intern(view.convert(context, &mut report));
        if node.is_none() && keeps_off_pools(&spec) {
            continue;
        }
        let nominated = object.status.as_ref().and_then(|s| s.nominated_node_name.clone());
        let created = node::created(metadata, context.now);
        let nominated = nominated.filter(|node| !node.is_empty());
        let pod = Arc::new(Pod { id, spec, nominated, created });
        match node {
            Some(node) => pods.bound.entry(node.to_owned()).or_default().push(pod),
            None => pods.pending.push(pod),
        }
    }
    for there in pods.bound.values_mut() {
        there.sort_by(|one, other| one.id.cmp(&other.id));
    }
    pods
}

/// Whether an unbound pod waits for a node that a plan could give it. Daemons get their node from
/// their controller, and static pods are born on theirs.
fn waits(pod: &k8s::Pod, spec: &k8s::PodSpec, report: &mut Report<'_>) -> bool {
    if pod.metadata.deletion_timestamp.is_some() || daemon_set(pod).is_some() {
        return false;
    }
    if spec.scheduling_gates.as_ref().is_some_and(|gates| !gates.is_empty()) {
        report.warn(Problem::new(
            "spec.schedulingGates",
            "the pod is not released for scheduling yet and is left out",
            "remove the gates to plan for it",
        ));
        return false;
    }
    true
}

/// Whether a pod demands a node that no `NodePool` owns: it asked not to be planned for, and
/// kube-scheduler finds it a node among the others.
fn keeps_off_pools(spec: &PodSpec) -> bool {
    spec.node_alternatives.iter().all(|alternative| {
        let wanted = alternative.get(well_known::NODE_POOL);
        wanted.is_some_and(|wanted| {
            wanted.operator() == Operator::DoesNotExist && wanted.admits_absence()
        })
    })
}

/// The `DaemonSet` of a daemon pod. A static pod belongs to its node in the same way and stands for
/// a daemon of its own.
fn daemon_set(pod: &k8s::Pod) -> Option<String> {
    let annotations = pod.metadata.annotations.as_ref();
    let is_mirror = annotations.is_some_and(|all| all.contains_key("kubernetes.io/config.mirror"));
    match controller(&pod.metadata) {
        Some(owner) if owner.kind == "DaemonSet" => Some(owner.name.clone()),
        Some(owner) if owner.kind == "Node" => Some(name(&pod.metadata).to_owned()),
        _ => is_mirror.then(|| name(&pod.metadata).to_owned()),
    }
}

fn is_terminal(pod: &k8s::Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}

/// Whether a pod is neither finished nor being deleted.
pub(crate) fn is_active(pod: &k8s::Pod) -> bool {
    !is_terminal(pod) && pod.metadata.deletion_timestamp.is_none()
}

/// Whether the status of an object says that it is not ready, which is told. An object without such
/// a condition, such as one from a file, is taken as it is.
fn is_not_ready(conditions: Option<&[Condition]>, report: &mut Report<'_>) -> bool {
    let ready = conditions.into_iter().flatten().find(|condition| condition.type_ == "Ready");
    let Some(condition) = ready.filter(|condition| condition.status == "False") else {
        return false;
    };
    let Condition { reason, message, .. } = condition;
    let why: Vec<&str> =
        [reason, message].into_iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    report.warn(Problem::new(
        "status.conditions[Ready]",
        format!("it is not ready and launches nothing: {}", why.join(": ")),
        "correct what the condition names",
    ));
    true
}

fn unknown_field(field: String, kind: &str) -> Problem {
    let name = field.rsplit('.').next().unwrap_or_default().to_owned();
    Problem::new(
        field,
        format!("{name} is not a field of {kind} v1 and is ignored"),
        "remove it, or check its spelling and place",
    )
}
