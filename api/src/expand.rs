//! Workloads → the pods that they would create.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{
    PersistentVolumeClaim, PersistentVolumeClaimVolumeSource, Pod, PodTemplateSpec, Volume,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use scheduler_core::model::ObjectRef;

use crate::convert::context::{controller, workload_of, workload_owners};
use crate::convert::is_active;
use crate::finding::{Problem, Report, Source};
use crate::objects::{Objects, Sourced, name, namespace};

/// More pods than any cluster runs; keeps a mistyped number of replicas from filling the memory.
const PODS_MAX: usize = 1_000_000;

impl Objects {
    /// Adds the pods of Deployments, `StatefulSet`s, `ReplicaSet`s and Jobs that are not there yet,
    /// as waiting pods. `ReplicaSet`s and Jobs that another workload of the input controls count
    /// with that one.
    pub fn expand_workloads(&mut self) {
        let present = Present::new(self);
        let workloads = workloads(self, &present);
        let mut room = PODS_MAX;
        for workload in workloads {
            let missing = workload.missing(&present);
            if missing.len() > room {
                let object = ObjectRef::new(
                    workload.kind,
                    format!("{}/{}", workload.namespace, workload.name),
                );
                Report::new(&mut self.findings, &workload.source, object).error(Problem::new(
                    "spec.replicas",
                    format!("{} more pods are out of range", missing.len()),
                    format!("expand at most {PODS_MAX} pods in all"),
                ));
                continue;
            }
            room -= missing.len();
            for pod_name in missing {
                self.add_claims(&workload, &pod_name, &present);
                let object = workload.pod(pod_name);
                self.pods.push(Sourced { source: workload.source.clone(), object });
            }
        }
    }

    /// Adds the claims that a `StatefulSet` makes for a pod, unless they are there.
    fn add_claims(&mut self, workload: &Workload, pod_name: &str, present: &Present) {
        for template in &workload.claim_templates {
            let claim_name = format!("{}-{pod_name}", name(&template.metadata));
            let id = (workload.namespace.clone(), claim_name);
            if present.claims.contains(&id) {
                continue;
            }
            let mut object = template.clone();
            object.metadata.namespace = Some(id.0);
            object.metadata.name = Some(id.1);
            let source = workload.source.clone();
            self.persistent_volume_claims.push(Sourced { source, object });
        }
    }
}

/// Kind, namespace and name of a workload.
type WorkloadKey = (String, String, String);

/// Pods that are there already.
struct Present {
    names: BTreeSet<(String, String)>,
    claims: BTreeSet<(String, String)>,
    active: BTreeMap<WorkloadKey, usize>,
    workloads: BTreeSet<WorkloadKey>,
}

impl Present {
    fn new(objects: &Objects) -> Self {
        let claims = objects.persistent_volume_claims.iter().map(|claim| &claim.object.metadata);
        let claims = claims.map(|claim| (namespace(claim).to_owned(), name(claim).to_owned()));
        let mut present = Self {
            names: BTreeSet::new(),
            claims: claims.collect(),
            active: BTreeMap::new(),
            workloads: BTreeSet::new(),
        };
        let owners = workload_owners(objects);
        for Sourced { object, .. } in &objects.pods {
            let metadata = &object.metadata;
            let namespace = namespace(metadata).to_owned();
            present.names.insert((namespace.clone(), name(metadata).to_owned()));
            if !is_active(object) {
                continue;
            }
            // A pod counts with its controller and with the controller of that.
            let direct = controller(metadata).map(|o| (o.kind.clone(), o.name.clone()));
            let above = workload_of(&owners, metadata).map(|(kind, name)| (kind.to_owned(), name));
            let counted: BTreeSet<_> = direct.into_iter().chain(above).collect();
            for (kind, name) in counted {
                *present.active.entry((kind, namespace.clone(), name)).or_default() += 1;
            }
        }
        let deployments = objects.deployments.iter().map(|o| ("Deployment", &o.object.metadata));
        for (kind, metadata) in deployments {
            present.workloads.insert(key(kind, metadata));
        }
        present
    }

    fn active(&self, key: &WorkloadKey) -> usize {
        self.active.get(key).copied().unwrap_or(0)
    }

    /// Whether the controller of an object is in the input too.
    fn has_controller_of(&self, metadata: &ObjectMeta) -> bool {
        controller(metadata).is_some_and(|owner| {
            let namespace = namespace(metadata).to_owned();
            self.workloads.contains(&(owner.kind.clone(), namespace, owner.name.clone()))
        })
    }
}

fn key(kind: &str, metadata: &ObjectMeta) -> WorkloadKey {
    (kind.to_owned(), namespace(metadata).to_owned(), name(metadata).to_owned())
}

/// A workload and how many pods it wants.
struct Workload {
    source: Source,
    kind: &'static str,
    namespace: String,
    name: String,
    template: PodTemplateSpec,
    wanted: Wanted,
    claim_templates: Vec<PersistentVolumeClaim>,
}

/// The pods that a workload wants.
enum Wanted {
    /// So many, with any names.
    Count(usize),
    /// So many with numbers from the first on; pods that are there are told by their names.
    Numbered { first: usize, count: usize },
}

impl Workload {
    fn new(
        source: &Source,
        kind: &'static str,
        metadata: &ObjectMeta,
        template: &PodTemplateSpec,
        wanted: Wanted,
    ) -> Self {
        Self {
            source: source.clone(),
            kind,
            namespace: namespace(metadata).to_owned(),
            name: name(metadata).to_owned(),
            template: template.clone(),
            wanted,
            claim_templates: Vec::new(),
        }
    }

    /// Names of the pods that are missing; no more than needed to see that they are too many.
    fn missing(&self, present: &Present) -> Vec<String> {
        let is_free = |number: &usize| {
            let name = (self.namespace.clone(), self.pod_name(*number));
            !present.names.contains(&name)
        };
        let numbers: Vec<usize> = match self.wanted {
            Wanted::Count(count) => {
                let key = (self.kind.to_owned(), self.namespace.clone(), self.name.clone());
                let missing = count.saturating_sub(present.active(&key)).min(PODS_MAX + 1);
                (0..).filter(is_free).take(missing).collect()
            }
            Wanted::Numbered { first, count } => {
                let count = count.min(PODS_MAX + 1);
                (first..first.saturating_add(count)).filter(is_free).collect()
            }
        };
        numbers.into_iter().map(|number| self.pod_name(number)).collect()
    }

    fn pod_name(&self, number: usize) -> String {
        format!("{}-{number}", self.name)
    }

    fn pod(&self, pod_name: String) -> Pod {
        let mut metadata = self.template.metadata.clone().unwrap_or_default();
        metadata.name = Some(pod_name);
        metadata.namespace = Some(self.namespace.clone());
        metadata.owner_references = Some(vec![OwnerReference {
            api_version: if self.kind == "Job" { "batch/v1" } else { "apps/v1" }.to_owned(),
            kind: self.kind.to_owned(),
            name: self.name.clone(),
            controller: Some(true),
            ..OwnerReference::default()
        }]);
        let mut spec = self.template.spec.clone().unwrap_or_default();
        // The controller adds a volume for each claim template.
        let claims = self.claim_templates.iter().map(|template| name(&template.metadata));
        let pod_name = metadata.name.as_deref().unwrap_or_default();
        for claim in claims {
            spec.volumes.get_or_insert_default().push(Volume {
                name: claim.to_owned(),
                persistent_volume_claim: Some(PersistentVolumeClaimVolumeSource {
                    claim_name: format!("{claim}-{pod_name}"),
                    read_only: None,
                }),
                ..Volume::default()
            });
        }
        Pod { metadata, spec: Some(spec), status: None }
    }
}

fn workloads(objects: &Objects, present: &Present) -> Vec<Workload> {
    let mut all = Vec::new();
    for Sourced { source, object } in &objects.deployments {
        if let Some(spec) = &object.spec {
            let wanted = Wanted::Count(count(spec.replicas));
            let workload =
                Workload::new(source, "Deployment", &object.metadata, &spec.template, wanted);
            all.push(workload);
        }
    }
    for Sourced { source, object } in &objects.stateful_sets {
        if let Some(spec) = &object.spec {
            let ordinals = spec.ordinals.as_ref().and_then(|ordinals| ordinals.start);
            let first = ordinals.and_then(|start| usize::try_from(start).ok()).unwrap_or(0);
            let wanted = Wanted::Numbered { first, count: count(spec.replicas) };
            let mut workload =
                Workload::new(source, "StatefulSet", &object.metadata, &spec.template, wanted);
            workload.claim_templates = spec.volume_claim_templates.clone().unwrap_or_default();
            all.push(workload);
        }
    }
    for Sourced { source, object } in &objects.replica_sets {
        let spec = object.spec.as_ref().filter(|_| !present.has_controller_of(&object.metadata));
        if let Some((spec, template)) = spec.and_then(|s| Some((s, s.template.as_ref()?))) {
            let wanted = Wanted::Count(count(spec.replicas));
            all.push(Workload::new(source, "ReplicaSet", &object.metadata, template, wanted));
        }
    }
    for Sourced { source, object } in &objects.jobs {
        if let Some(spec) = object.spec.as_ref().filter(|spec| spec.suspend != Some(true)) {
            let succeeded = object.status.as_ref().and_then(|status| status.succeeded);
            let left = spec
                .completions
                .map_or(usize::MAX, |all| count(Some(all - succeeded.unwrap_or(0))));
            let finished = object.status.as_ref().is_some_and(|s| s.completion_time.is_some());
            let at_once = if finished { 0 } else { count(spec.parallelism).min(left) };
            let wanted = Wanted::Count(at_once);
            all.push(Workload::new(source, "Job", &object.metadata, &spec.template, wanted));
        }
    }
    all
}

/// A number of pods; 1 if it is not named.
fn count(replicas: Option<i32>) -> usize {
    usize::try_from(replicas.unwrap_or(1)).unwrap_or(0)
}
