//! One object: its kind decides its type.

use kube::Resource;
use scheduler_core::model::ObjectRef;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::finding::{Finding, Problem, Report, Source};
use crate::objects::{Objects, Sourced};

/// What an object says it is.
pub(super) struct Type {
    pub(super) kind: String,
    pub(super) api_version: String,
}

/// An object that has not found its type yet: JSON text, which is the fastest to read, or a tree.
pub(super) enum Content<'a> {
    Text(&'a str),
    Tree(Value),
}

impl Content<'_> {
    fn into_tree(self) -> Value {
        match self {
            Self::Text(text) => serde_json::from_str(text).unwrap_or_default(),
            Self::Tree(tree) => tree,
        }
    }
}

/// Adds an object to its kind, or to the unknown kinds, or a finding if it cannot be read.
pub(super) fn add(objects: &mut Objects, source: Source, of: Type, content: Content<'_>) {
    let Type { kind, api_version } = of;
    if kind.is_empty() {
        let problem = Problem::new(
            "kind",
            "there is no kind: expected a Kubernetes object",
            "add apiVersion and kind, or leave the document out",
        );
        let reference = reference("object", &content.into_tree());
        Report::new(&mut objects.findings, &source, reference).error(problem);
        return;
    }
    let entry = Entry { source, kind: &kind, content };
    let o = objects;
    match (api_version.as_str(), kind.as_str()) {
        ("v1", "Pod") => entry.push(&mut o.pods, &mut o.findings),
        ("v1", "Node") => entry.push(&mut o.nodes, &mut o.findings),
        ("v1", "Namespace") => entry.push(&mut o.namespaces, &mut o.findings),
        ("v1", "LimitRange") => entry.push(&mut o.limit_ranges, &mut o.findings),
        ("v1", "PodTemplate") => entry.push(&mut o.pod_templates, &mut o.findings),
        ("autoscaling.x-k8s.io/v1beta1", "CapacityBuffer") => {
            entry.push(&mut o.capacity_buffers, &mut o.findings);
        }
        ("v1", "PersistentVolume") => entry.push(&mut o.persistent_volumes, &mut o.findings),
        ("v1", "PersistentVolumeClaim") => {
            entry.push(&mut o.persistent_volume_claims, &mut o.findings);
        }
        ("v1", "Service") => entry.push(&mut o.services, &mut o.findings),
        ("v1", "ReplicationController") => {
            entry.push(&mut o.replication_controllers, &mut o.findings);
        }
        ("karpenter.sh/v1", "NodePool") => entry.push(&mut o.node_pools, &mut o.findings),
        ("karpenter.sh/v1", "NodeClaim") => entry.push(&mut o.node_claims, &mut o.findings),
        ("karpenter.sh/v1alpha1", "NodeOverlay") => {
            entry.push(&mut o.node_overlays, &mut o.findings);
        }
        ("karpenter.k8s.aws/v1", "EC2NodeClass") => {
            entry.push(&mut o.node_classes, &mut o.findings);
        }
        ("apps/v1", "DaemonSet") => entry.push(&mut o.daemon_sets, &mut o.findings),
        ("apps/v1", "Deployment") => entry.push(&mut o.deployments, &mut o.findings),
        ("apps/v1", "StatefulSet") => entry.push(&mut o.stateful_sets, &mut o.findings),
        ("apps/v1", "ReplicaSet") => entry.push(&mut o.replica_sets, &mut o.findings),
        ("batch/v1", "Job") => entry.push(&mut o.jobs, &mut o.findings),
        ("policy/v1", "PodDisruptionBudget") => {
            entry.push(&mut o.pod_disruption_budgets, &mut o.findings);
        }
        ("storage.k8s.io/v1", "StorageClass") => {
            entry.push(&mut o.storage_classes, &mut o.findings);
        }
        ("storage.k8s.io/v1", "CSINode") => entry.push(&mut o.csi_nodes, &mut o.findings),
        ("scheduling.k8s.io/v1", "PriorityClass") => {
            entry.push(&mut o.priority_classes, &mut o.findings);
        }
        ("node.k8s.io/v1", "RuntimeClass") => {
            entry.push(&mut o.runtime_classes, &mut o.findings);
        }
        _ => *o.unknown_kinds.entry(unknown_kind(&kind, &api_version)).or_default() += 1,
    }
}

struct Entry<'a> {
    source: Source,
    kind: &'a str,
    content: Content<'a>,
}

impl Entry<'_> {
    fn push<T>(self, to: &mut Vec<Sourced<T>>, findings: &mut Vec<Finding>)
    where
        T: DeserializeOwned + Resource,
    {
        let read = match &self.content {
            Content::Text(text) => serde_json::from_str(text),
            Content::Tree(tree) => T::deserialize(tree),
        };
        // Keeping track of the path takes time, so only what could not be read is read again.
        let read: Result<T, _> = read.or_else(|_| match &self.content {
            Content::Text(text) => {
                serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text))
            }
            Content::Tree(tree) => serde_path_to_error::deserialize(tree),
        });
        match read {
            Ok(mut object) => {
                // Bookkeeping of server-side apply: half of a dump, and of no use here.
                object.meta_mut().managed_fields = None;
                to.push(Sourced { source: self.source, object });
            }
            Err(error) => {
                let reference = reference(self.kind, &self.content.into_tree());
                Report::new(findings, &self.source, reference).error(Problem::new(
                    error.path().to_string(),
                    error.inner().to_string(),
                    "correct the value",
                ));
            }
        }
    }
}

/// Kinds that are read, to tell a kind of another API version from one that is never read.
const KINDS: [&str; 22] = [
    "CSINode",
    "CapacityBuffer",
    "DaemonSet",
    "Deployment",
    "EC2NodeClass",
    "Job",
    "LimitRange",
    "Namespace",
    "Node",
    "NodeClaim",
    "NodeOverlay",
    "NodePool",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "PodDisruptionBudget",
    "PodTemplate",
    "PriorityClass",
    "ReplicaSet",
    "RuntimeClass",
    "StatefulSet",
    "StorageClass",
];

fn unknown_kind(kind: &str, api_version: &str) -> String {
    if KINDS.contains(&kind) { format!("{kind} ({api_version})") } else { kind.to_owned() }
}

/// Kind, namespace and name, as far as they can be read.
fn reference(kind: &str, value: &Value) -> ObjectRef {
    let text = |key| value["metadata"][key].as_str().filter(|text| !text.is_empty());
    let name = text("name").or(text("generateName")).unwrap_or("without a name");
    match text("namespace") {
        Some(namespace) => ObjectRef::new(kind, format!("{namespace}/{name}")),
        None => ObjectRef::new(kind, name),
    }
}
