//! Volumes: where they let a pod run.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::api::core::v1::{
    PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec, PodSpec, Volume,
};
use k8s_openapi::api::storage::v1::StorageClass;
use scheduler_core::model::attachment::SharedVolume;
use scheduler_core::model::{Requirement, well_known};

use super::context::{Key, is_admitted};
use super::requirement::{self, Gathered, term};
use crate::objects::{Objects, name, namespace};

pub(super) mod attachment;

/// The driver of EKS Auto Mode: it runs on that mode's own nodes only, which nobody else launches.
const UNSUPPORTED_DRIVERS: [&str; 1] = ["ebs.csi.eks.amazonaws.com"];
/// What tells the nodes of EKS Auto Mode and Fargate apart; no node of a pool has it.
const UNSUPPORTED_TOPOLOGY: [&str; 1] = ["eks.amazonaws.com/compute-type"];

/// Labels by which old volumes tell where they are.
const PLACE_LABELS: [&str; 4] = [
    well_known::ZONE,
    well_known::REGION,
    "failure-domain.beta.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/region",
];

/// Claims, volumes and classes by name.
pub(super) struct Volumes<'a> {
    claims: BTreeMap<Key<'a>, &'a PersistentVolumeClaim>,
    persistent: BTreeMap<&'a str, &'a PersistentVolume>,
    classes: BTreeMap<&'a str, &'a StorageClass>,
    default_class: Option<&'a str>,
    /// CSI drivers whose volumes are counted.
    limited_drivers: BTreeSet<&'a str>,
    /// Counted volumes that several pods mount.
    shared: BTreeSet<SharedVolume>,
    /// Claims that several pods name and only one may use, by namespace and name.
    exclusive: BTreeSet<(String, String)>,
}

/// Alternatives, any of which will do; each names the labels of nodes that can reach the volume.
type Alternatives = Vec<Gathered>;

/// The name of the claim that Kubernetes makes for an ephemeral volume of a pod.
fn ephemeral_claim(pod: &str, volume: &Volume) -> String {
    format!("{pod}-{}", volume.name)
}

impl<'a> Volumes<'a> {
    pub(super) fn new(objects: &'a Objects) -> Self {
        let classes = objects.storage_classes.iter().map(|class| &class.object);
        // Of several default classes Kubernetes takes the newest.
        let default_class = classes
            .clone()
            .filter(|class| is_default(class))
            .max_by_key(|class| {
                let created = class.metadata.creation_timestamp.as_ref().map(|time| time.0);
                (created, std::cmp::Reverse(name(&class.metadata)))
            })
            .map(|class| name(&class.metadata));
        let claims = objects.persistent_volume_claims.iter().map(|claim| &claim.object);
        let persistent = objects.persistent_volumes.iter().map(|volume| &volume.object);
        let mut volumes = Self {
            claims: claims
                .map(|claim| ((namespace(&claim.metadata), name(&claim.metadata)), claim))
                .collect(),
            persistent: persistent.map(|volume| (name(&volume.metadata), volume)).collect(),
            classes: classes.map(|class| (name(&class.metadata), class)).collect(),
            default_class,
            limited_drivers: attachment::limited_drivers(objects),
            shared: BTreeSet::new(),
            exclusive: BTreeSet::new(),
        };
        volumes.compare(&objects.pods);
        volumes
    }

    /// Alternatives for all volumes of a pod together, or what is wrong with one of them.
    pub(super) fn alternatives(
        &self,
        (namespace, pod): Key<'_>,
        spec: &PodSpec,
    ) -> Result<Alternatives, String> {
        let mut all = vec![Gathered::default()];
        for volume in spec.volumes.iter().flatten() {
            let alternatives = self.of_volume((namespace, pod), volume)?;
            all = cross(&all, &alternatives);
            if all.is_empty() {
                return Err(format!(
                    "volume {:?} cannot be reached from any node that reaches the volumes before it",
                    volume.name
                ));
            }
        }
        Ok(all)
    }

    fn of_volume(
        &self,
        (namespace, pod): Key<'_>,
        volume: &Volume,
    ) -> Result<Alternatives, String> {
        let quoted = &volume.name;
        if let Some(source) = &volume.persistent_volume_claim {
            let claim =
                self.claims.get(&(namespace, source.claim_name.as_str())).ok_or_else(|| {
                    format!(
                        "volume {quoted:?}: there is no PersistentVolumeClaim {namespace}/{}",
                        source.claim_name
                    )
                })?;
            return self.of_claim(claim).map_err(|why| format!("volume {quoted:?}: {why}"));
        }
        let Some(source) = &volume.ephemeral else { return Ok(vec![Gathered::default()]) };
        let claim_name = ephemeral_claim(pod, volume);
        let alternatives = match self.claims.get(&(namespace, claim_name.as_str())) {
            Some(claim) => self.of_claim(claim),
            None => match &source.volume_claim_template {
                Some(template) => self.of_class(self.class_or_default(&template.spec)),
                None => Err("there is no volumeClaimTemplate".to_owned()),
            },
        };
        alternatives.map_err(|why| format!("volume {quoted:?}: {why}"))
    }

    fn of_claim(&self, claim: &PersistentVolumeClaim) -> Result<Alternatives, String> {
        let metadata = &claim.metadata;
        let claim_name = name(metadata);
        let phase = claim.status.as_ref().and_then(|status| status.phase.as_deref());
        if metadata.deletion_timestamp.is_some() {
            return Err(format!("PersistentVolumeClaim {claim_name} is being deleted"));
        }
        if phase == Some("Lost") {
            return Err(format!("PersistentVolumeClaim {claim_name} has lost its volume"));
        }
        let default_spec = PersistentVolumeClaimSpec::default();
        let spec = claim.spec.as_ref().unwrap_or(&default_spec);
        if let Some(volume) = spec.volume_name.as_deref().filter(|name| !name.is_empty()) {
            let annotations = metadata.annotations.as_ref();
            let bound =
                annotations.is_some_and(|all| all.contains_key("pv.kubernetes.io/bind-completed"));
            if is_admitted(metadata) && !bound {
                return Err(format!("PersistentVolumeClaim {claim_name} is still being bound"));
            }
            return self.of_persistent_volume(volume);
        }
        self.of_class(self.class_of_claim(claim))
            .map_err(|why| format!("PersistentVolumeClaim {claim_name}: {why}"))
    }

    /// The class of a claim; admission has filled in the default one.
    fn class_of_claim<'b>(&'b self, claim: &'b PersistentVolumeClaim) -> Option<&'b str> {
        let spec = claim.spec.as_ref();
        let own = spec.and_then(|spec| spec.storage_class_name.as_deref());
        if is_admitted(&claim.metadata) { own } else { own.or(self.default_class) }
    }

    fn class_or_default<'b>(&'b self, spec: &'b PersistentVolumeClaimSpec) -> Option<&'b str> {
        spec.storage_class_name.as_deref().or(self.default_class)
    }

    /// Where a volume may come to be that is made once the pod has a node.
    fn of_class(&self, class: Option<&str>) -> Result<Alternatives, String> {
        let class = class
            .filter(|name| !name.is_empty())
            .ok_or("it is not bound and has no storage class")?;
        let class =
            self.classes.get(class).ok_or_else(|| format!("there is no StorageClass {class}"))?;
        check_driver(&class.provisioner)
            .map_err(|why| format!("StorageClass {}: {why}", name(&class.metadata)))?;
        if class.volume_binding_mode.as_deref() != Some("WaitForFirstConsumer") {
            let name = name(&class.metadata);
            return Err(format!(
                "it is not bound, and StorageClass {name} does not wait for a node \
                 (volumeBindingMode is not WaitForFirstConsumer)"
            ));
        }
        let mut alternatives = Vec::new();
        for topology in class.allowed_topologies.iter().flatten() {
            let mut gathered = Gathered::default();
            for expression in topology.match_label_expressions.iter().flatten() {
                if UNSUPPORTED_TOPOLOGY.contains(&expression.key.as_str()) {
                    return Err(format!(
                        "StorageClass {}: allowedTopologies names {}, which no node of a NodePool \
                         has",
                        name(&class.metadata),
                        expression.key
                    ));
                }
                gathered.add(&expression.key, Requirement::any_of(&expression.values));
            }
            alternatives.push(gathered);
        }
        Ok(or_anywhere(alternatives))
    }

    fn of_persistent_volume(&self, volume: &str) -> Result<Alternatives, String> {
        let volume = self
            .persistent
            .get(volume)
            .ok_or_else(|| format!("there is no PersistentVolume {volume}"))?;
        let volume_name = name(&volume.metadata);
        if volume.metadata.deletion_timestamp.is_some() {
            return Err(format!("PersistentVolume {volume_name} is being deleted"));
        }
        let labelled = vec![by_labels(volume)];
        let Some(spec) = &volume.spec else { return Ok(labelled) };
        if let Some(source) = &spec.csi {
            check_driver(&source.driver)
                .map_err(|why| format!("PersistentVolume {volume_name}: {why}"))?;
        }
        // Such a volume is lost with its node; the pod that waits for it goes elsewhere.
        let on_one_node = spec.local.is_some() || spec.host_path.is_some();
        let required = spec.node_affinity.as_ref().and_then(|affinity| affinity.required.as_ref());
        let Some(required) = required else { return Ok(labelled) };
        let mut alternatives = Vec::new();
        for selector in &required.node_selector_terms {
            if requirement::has_fields(selector) {
                return Err(format!(
                    "PersistentVolume {volume_name}: matchFields in node affinity is not supported"
                ));
            }
            // An empty term admits no node, unlike one of which only the host name is put aside.
            if requirement::is_empty(selector) {
                continue;
            }
            let mut selector = selector.clone();
            if let Some(expressions) = selector.match_expressions.as_mut().filter(|_| on_one_node) {
                expressions.retain(|expression| expression.key != well_known::HOSTNAME);
            }
            alternatives.push(
                term(&selector).map_err(|problem| {
                    format!("PersistentVolume {volume_name}: {}", problem.what)
                })?,
            );
        }
        Ok(cross(&labelled, &alternatives))
    }
}

/// Where the labels of a volume say that it is; several values are joined by two underscores.
fn by_labels(volume: &PersistentVolume) -> Gathered {
    let mut gathered = Gathered::default();
    for (key, value) in volume.metadata.labels.iter().flatten() {
        if PLACE_LABELS.contains(&key.as_str()) {
            gathered.add(key, Requirement::any_of(value.split("__")));
        }
    }
    gathered
}

fn check_driver(driver: &str) -> Result<(), String> {
    if UNSUPPORTED_DRIVERS.contains(&driver) {
        return Err(format!("nodes of NodePools do not run its driver {driver}"));
    }
    Ok(())
}

fn is_default(class: &StorageClass) -> bool {
    let says_so = |key: &str| {
        let annotations = class.metadata.annotations.as_ref();
        annotations.and_then(|all| all.get(key)).is_some_and(|value| value == "true")
    };
    says_so("storageclass.kubernetes.io/is-default-class")
        || says_so("storageclass.beta.kubernetes.io/is-default-class")
}

fn or_anywhere(alternatives: Alternatives) -> Alternatives {
    if alternatives.is_empty() { vec![Gathered::default()] } else { alternatives }
}

/// Every pair of alternatives that do not contradict each other, each once.
pub(super) fn cross(left: &[Gathered], right: &[Gathered]) -> Vec<Gathered> {
    let mut pairs = Vec::new();
    for left in left {
        for right in right {
            let mut both = left.clone();
            both.add_all(right);
            if both.contradiction.is_none() && !pairs.contains(&both) {
                pairs.push(both);
            }
        }
    }
    pairs
}
