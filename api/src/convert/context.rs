//! What conversions look up: objects by name, and what admission would have filled in.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{LimitRangeItem, PodSpec};
use k8s_openapi::api::node::v1::RuntimeClass;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use scheduler_core::model::{Labels, ObjectRef};

use super::amount::Amounts;
use super::default_spread::SpreadDefaults;
use super::requests::Defaults;
use super::selector::Namespaces;
use super::volume::Volumes;
use crate::finding::{Finding, Report};
use crate::objects::{Objects, name, namespace};

/// Namespace and name.
pub(crate) type Key<'a> = (&'a str, &'a str);

/// Objects by name, gathered once for a conversion.
pub(super) struct Context<'a> {
    pub(super) now: Timestamp,
    pub(super) namespaces: Namespaces,
    pub(super) volumes: Volumes<'a>,
    pub(super) spread_defaults: SpreadDefaults<'a>,
    /// Labels that differ between the pods of a workload and that some selector looks at.
    pub(super) selected_pod_labels: BTreeSet<&'a str>,
    priorities: BTreeMap<&'a str, i32>,
    default_priority: i32,
    runtime_classes: BTreeMap<&'a str, (&'a RuntimeClass, Amounts)>,
    defaults: BTreeMap<&'a str, Defaults>,
    owners: WorkloadOwners<'a>,
}

impl<'a> Context<'a> {
    pub(super) fn new(objects: &'a Objects, now: Timestamp, findings: &mut Vec<Finding>) -> Self {
        let classes = objects.priority_classes.iter().map(|class| &class.object);
        let default = classes.clone().find(|class| class.global_default == Some(true));
        Self {
            now,
            namespaces: namespaces(objects),
            volumes: Volumes::new(objects),
            spread_defaults: SpreadDefaults::new(objects),
            selected_pod_labels: super::selected::pod_labels(objects),
            priorities: classes.map(|class| (name(&class.metadata), class.value)).collect(),
            default_priority: default.map_or(0, |class| class.value),
            runtime_classes: runtime_classes(objects, findings),
            defaults: limit_range_defaults(objects, findings),
            owners: workload_owners(objects),
        }
    }

    /// The pod's priority: its own, or what its class or the default class says.
    pub(super) fn priority(&self, spec: &PodSpec) -> i32 {
        let of_class = |class: &str| match class {
            "system-cluster-critical" => Some(2_000_000_000),
            "system-node-critical" => Some(2_000_001_000),
            other => self.priorities.get(other).copied(),
        };
        spec.priority.unwrap_or_else(|| match spec.priority_class_name.as_deref() {
            None | Some("") => self.default_priority,
            Some(class) => of_class(class).unwrap_or(0),
        })
    }

    pub(super) fn runtime_class(&self, spec: &PodSpec) -> Option<&(&'a RuntimeClass, Amounts)> {
        self.runtime_classes.get(spec.runtime_class_name.as_deref()?)
    }

    /// Requests for containers that name none, in a namespace.
    pub(super) fn defaults(&self, namespace: &str) -> Defaults {
        self.defaults.get(namespace).cloned().unwrap_or_default()
    }

    /// The workload that a pod belongs to.
    pub(super) fn workload<'b>(&self, metadata: &'b ObjectMeta) -> Option<(&'b str, String)>
    where
        'a: 'b,
    {
        workload_of(&self.owners, metadata)
    }
}

/// Controllers of `ReplicaSet`s and Jobs, by kind, namespace and name of these.
pub(crate) type WorkloadOwners<'a> = BTreeMap<(&'static str, Key<'a>), &'a OwnerReference>;

/// The workload that a pod belongs to: its controller, or the controller of that.
pub(crate) fn workload_of<'b, 'a: 'b>(
    owners: &WorkloadOwners<'a>,
    metadata: &'b ObjectMeta,
) -> Option<(&'b str, String)> {
    let owner = controller(metadata)?;
    let key = (namespace(metadata), owner.name.as_str());
    let above = ["ReplicaSet", "Job"]
        .into_iter()
        .find(|kind| *kind == owner.kind)
        .and_then(|kind| owners.get(&(kind, key)));
    if let Some(above) = above {
        return Some((above.kind.as_str(), above.name.clone()));
    }
    // The name of a Deployment's ReplicaSet ends in the hash that its pods are labelled with.
    let labels = metadata.labels.as_ref();
    let hash = labels.and_then(|labels| labels.get("pod-template-hash"));
    let deployment = hash
        .filter(|_| owner.kind == "ReplicaSet")
        .and_then(|hash| owner.name.strip_suffix(hash.as_str())?.strip_suffix('-'));
    Some(match deployment {
        Some(deployment) => ("Deployment", deployment.to_owned()),
        None => (owner.kind.as_str(), owner.name.clone()),
    })
}

/// The owner that controls an object.
pub(crate) fn controller(metadata: &ObjectMeta) -> Option<&OwnerReference> {
    metadata.owner_references.iter().flatten().find(|owner| owner.controller == Some(true))
}

/// Whether the API server has seen the object, and filled in what admission fills in.
pub(super) fn is_admitted(metadata: &ObjectMeta) -> bool {
    metadata.uid.is_some()
}

fn namespaces(objects: &Objects) -> Namespaces {
    let mut namespaces = Namespaces::new();
    for namespace in &objects.namespaces {
        let metadata = &namespace.object.metadata;
        let labels: Labels = metadata.labels.clone().unwrap_or_default();
        namespaces.entry(name(metadata).to_owned()).or_insert(labels);
    }
    let of_pods = objects.pods.iter().map(|pod| namespace(&pod.object.metadata));
    for name in of_pods {
        if !namespaces.contains_key(name) {
            namespaces.insert(name.to_owned(), Labels::new());
        }
    }
    // Kubernetes puts this label on every namespace.
    for (name, labels) in &mut namespaces {
        labels.insert("kubernetes.io/metadata.name".to_owned(), name.clone());
    }
    namespaces
}

fn runtime_classes<'a>(
    objects: &'a Objects,
    findings: &mut Vec<Finding>,
) -> BTreeMap<&'a str, (&'a RuntimeClass, Amounts)> {
    let mut classes = BTreeMap::new();
    for class in &objects.runtime_classes {
        let name = name(&class.object.metadata);
        let mut report = Report::new(findings, &class.source, ObjectRef::new("RuntimeClass", name));
        let fixed = class.object.overhead.as_ref().and_then(|o| o.pod_fixed.as_ref());
        if let Some(overhead) = report.accept(Amounts::parse(fixed, "overhead.podFixed")) {
            classes.entry(name).or_insert((&class.object, overhead));
        }
    }
    classes
}

fn limit_range_defaults<'a>(
    objects: &'a Objects,
    findings: &mut Vec<Finding>,
) -> BTreeMap<&'a str, Defaults> {
    let mut defaults: BTreeMap<&str, Defaults> = BTreeMap::new();
    for range in &objects.limit_ranges {
        let metadata = &range.object.metadata;
        let (namespace, name) = (namespace(metadata), name(metadata));
        let object = ObjectRef::new("LimitRange", format!("{namespace}/{name}"));
        let mut report = Report::new(findings, &range.source, object);
        let items = range.object.spec.iter().flat_map(|spec| &spec.limits);
        for item in items.filter(|item| item.type_ == "Container") {
            if let Some(requests) = report.accept(default_requests(item)) {
                defaults.entry(namespace).or_default().fill(&requests);
            }
        }
    }
    defaults
}

/// The default request; where there is none, the default limit, the maximum or the minimum.
fn default_requests(item: &LimitRangeItem) -> Result<Amounts, crate::finding::Problem> {
    let mut requests = Amounts::parse(item.default_request.as_ref(), "spec.limits.defaultRequest")?;
    for (list, field) in [
        (&item.default, "spec.limits.default"),
        (&item.max, "spec.limits.max"),
        (&item.min, "spec.limits.min"),
    ] {
        requests.fill(&Amounts::parse(list.as_ref(), field)?);
    }
    Ok(requests)
}

/// See [`WorkloadOwners`].
pub(crate) fn workload_owners(objects: &Objects) -> WorkloadOwners<'_> {
    let replica_sets = objects.replica_sets.iter().map(|o| ("ReplicaSet", &o.object.metadata));
    let jobs = objects.jobs.iter().map(|o| ("Job", &o.object.metadata));
    replica_sets
        .chain(jobs)
        .filter_map(|(kind, metadata)| {
            Some(((kind, (namespace(metadata), name(metadata))), controller(metadata)?))
        })
        .collect()
}
