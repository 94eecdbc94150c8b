//! One object: its kind decides its type.

use scheduler_core::model::ObjectRef;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::finding::{Finding, Problem, Report, Source};
use crate::objects::{Objects, Sourced};

/// Adds an object to its kind, or to the unknown kinds, or a finding if it cannot be read.
pub(super) fn add(objects: &mut Objects, source: Source, mut value: Value) {
    let text = |key| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (kind, api_version) = (text("kind"), text("apiVersion"));
    if kind.is_empty() {
        let problem = Problem::new(
            "kind",
            "there is no kind: expected a Kubernetes object",
            "add apiVersion and kind, or leave the document out",
        );
        let mut report = Report::new(&mut objects.findings, &source, reference("object", &value));
        report.error(problem);
        return;
    }
    // Bookkeeping of server-side apply: half of a dump, and of no use here.
    if let Some(Value::Object(metadata)) = value.get_mut("metadata") {
        metadata.remove("managedFields");
    }
    let entry = Entry { source, value, kind };
    let (kind, o) = (entry.kind.clone(), objects);
    match (api_version.as_str(), kind.as_str()) {
        ("v1", "Pod") => entry.push(&mut o.pods, &mut o.findings),
        ("v1", "Node") => entry.push(&mut o.nodes, &mut o.findings),
        ("v1", "Namespace") => entry.push(&mut o.namespaces, &mut o.findings),
        ("v1", "LimitRange") => entry.push(&mut o.limit_ranges, &mut o.findings),
        ("v1", "PersistentVolume") => entry.push(&mut o.persistent_volumes, &mut o.findings),
        ("v1", "PersistentVolumeClaim") => {
            entry.push(&mut o.persistent_volume_claims, &mut o.findings);
        }
        ("karpenter.sh/v1", "NodePool") => entry.push(&mut o.node_pools, &mut o.findings),
        ("karpenter.sh/v1", "NodeClaim") => entry.push(&mut o.node_claims, &mut o.findings),
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

struct Entry {
    source: Source,
    value: Value,
    kind: String,
}

impl Entry {
    fn push<T: DeserializeOwned>(self, to: &mut Vec<Sourced<T>>, findings: &mut Vec<Finding>) {
        let object = reference(&self.kind, &self.value);
        match serde_path_to_error::deserialize(self.value) {
            Ok(object) => to.push(Sourced { source: self.source, object }),
            Err(error) => Report::new(findings, &self.source, object).error(Problem::new(
                error.path().to_string(),
                error.inner().to_string(),
                "correct the value",
            )),
        }
    }
}

/// Kinds that are read, to tell a kind of another API version from one that is never read.
const KINDS: [&str; 19] = [
    "CSINode",
    "DaemonSet",
    "Deployment",
    "EC2NodeClass",
    "Job",
    "LimitRange",
    "Namespace",
    "Node",
    "NodeClaim",
    "NodePool",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "PodDisruptionBudget",
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
