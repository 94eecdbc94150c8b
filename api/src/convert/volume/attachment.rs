//! Volumes that pods attach to their node, and how many of them a node can take.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::core::v1::{
    self as k8s, PersistentVolumeClaim, PersistentVolumeSpec, PodSpec as K8sPodSpec, Volume,
};
use scheduler_core::model::attachment::{
    EBS_DRIVER, NO_LIMIT, SharedVolume, attachable_volumes, counts_volumes,
};
use scheduler_core::model::{InstanceType, Node, NodeStage, PodSpec, well_known};

use super::{Volumes, ephemeral_claim};
use crate::convert::context::Key;
use crate::convert::{daemon_set, is_terminal};
use crate::objects::{Objects, Sourced, name, namespace};

/// The name of EBS as a volume plugin of Kubernetes itself, which the CSI driver has taken over.
const IN_TREE_EBS: &str = "kubernetes.io/aws-ebs";

/// Volumes of a pod that count against limits of its node.
#[derive(Default)]
pub(in crate::convert) struct Mounted {
    /// By the resource that counts them: those that no other pod mounts.
    pub(in crate::convert) own: BTreeMap<String, i64>,
    /// Those that other pods mount as well.
    pub(in crate::convert) shared: BTreeSet<SharedVolume>,
}

/// Whether a pod's volumes are looked at beside those of other pods.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::convert) enum Sharing {
    /// Those that other pods mount as well are told.
    Told,
    /// All are taken as its own: the pods of a `DaemonSet` are never on one node.
    Ignored,
}

/// Drivers with a limit: that of EBS, which every instance type has, and those for which some node
/// states one. Volumes of others are not counted.
pub(super) fn limited_drivers(objects: &Objects) -> BTreeSet<&str> {
    let stated = stated_limits(objects).map(|(_, driver, _)| driver);
    stated.chain([EBS_DRIVER]).collect()
}

/// Node, driver and number, as the drivers on the nodes have told.
fn stated_limits(objects: &Objects) -> impl Iterator<Item = (&str, &str, i64)> {
    let nodes = objects.csi_nodes.iter().map(|node| &node.object);
    nodes.flat_map(|node| {
        node.spec.drivers.iter().filter_map(|driver| {
            let count = driver.allocatable.as_ref()?.count?;
            Some((name(&node.metadata), driver.name.as_str(), i64::from(count)))
        })
    })
}

impl Volumes<'_> {
    /// Finds out which volumes and which claims several of these pods use; daemons share none with
    /// others.
    pub(super) fn compare(&mut self, pods: &[Sourced<k8s::Pod>]) {
        let mut volumes: BTreeMap<SharedVolume, usize> = BTreeMap::new();
        let mut claims: BTreeMap<(String, String), usize> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for pod in pods.iter().map(|pod| &pod.object).filter(|pod| !is_terminal(pod)) {
            let key = (namespace(&pod.metadata), name(&pod.metadata));
            let Some(spec) = pod.spec.as_ref().filter(|_| seen.insert(key)) else { continue };
            if daemon_set(pod).is_none() {
                for volume in self.counted(key, spec) {
                    *volumes.entry(volume).or_default() += 1;
                }
            }
            for claim in claim_names(key, spec) {
                *claims.entry((key.0.to_owned(), claim)).or_default() += 1;
            }
        }
        self.shared =
            volumes.into_iter().filter(|(_, pods)| *pods > 1).map(|(one, _)| one).collect();
        let exclusive = claims.into_iter().filter(|((namespace, claim), pods)| {
            let claim = self.claims.get(&(namespace.as_str(), claim.as_str()));
            *pods > 1 && claim.is_some_and(|claim| is_exclusive(claim))
        });
        self.exclusive = exclusive.map(|(claim, _)| claim).collect();
    }

    /// Volumes of a pod that count against a limit of its node. What cannot be resolved is left
    /// out, as kube-scheduler does.
    pub(in crate::convert) fn mounted(
        &self,
        pod: Key<'_>,
        spec: &K8sPodSpec,
        sharing: Sharing,
    ) -> Mounted {
        let mut mounted = Mounted::default();
        for volume in self.counted(pod, spec) {
            if sharing == Sharing::Told && self.shared.contains(&volume) {
                mounted.shared.insert(volume);
            } else {
                *mounted.own.entry(volume.resource()).or_default() += 1;
            }
        }
        mounted
    }

    /// The pod's claims that only one pod may use and that other pods name as well.
    pub(in crate::convert) fn exclusive_claims(
        &self,
        pod: Key<'_>,
        spec: &K8sPodSpec,
    ) -> BTreeSet<String> {
        let named = claim_names(pod, spec).map(|claim| (pod.0.to_owned(), claim));
        let exclusive = named.filter(|claim| self.exclusive.contains(claim));
        exclusive.map(|(namespace, claim)| format!("{namespace}/{claim}")).collect()
    }

    /// Each volume of a pod whose driver has a limit, once.
    fn counted(&self, pod: Key<'_>, spec: &K8sPodSpec) -> BTreeSet<SharedVolume> {
        let volumes = spec.volumes.iter().flatten();
        let attached = volumes.filter_map(|volume| self.attachment(pod, volume));
        let counted = attached.filter(|(driver, _)| self.limited_drivers.contains(driver));
        let volume =
            |(driver, volume): (&str, String)| SharedVolume { driver: driver.to_owned(), volume };
        counted.map(volume).collect()
    }

    /// Driver and identity of a volume.
    fn attachment<'b>(
        &'b self,
        (namespace, pod): Key<'_>,
        volume: &'b Volume,
    ) -> Option<(&'b str, String)> {
        if let Some(disk) = &volume.aws_elastic_block_store {
            return Some((EBS_DRIVER, disk.volume_id.clone()));
        }
        let template =
            volume.ephemeral.as_ref().and_then(|source| source.volume_claim_template.as_ref());
        let claim = match (&volume.persistent_volume_claim, template) {
            (Some(source), _) => source.claim_name.clone(),
            (None, Some(_)) => ephemeral_claim(pod, volume),
            (None, None) => return None,
        };
        let driver = match self.claims.get(&(namespace, claim.as_str())) {
            Some(claim) => self.driver_of_claim(claim),
            None => self.driver_of_class(self.class_or_default(&template?.spec)),
        };
        Some((driver?, format!("{namespace}/{claim}")))
    }

    /// The driver of the claim's volume, or of its class while there is no volume.
    fn driver_of_claim(&self, claim: &PersistentVolumeClaim) -> Option<&str> {
        let volume = claim.spec.as_ref().and_then(|spec| spec.volume_name.as_deref());
        let volume = volume.and_then(|name| self.persistent.get(name)?.spec.as_ref());
        match volume {
            Some(volume) => driver_of_volume(volume),
            None => self.driver_of_class(self.class_of_claim(claim)),
        }
    }

    fn driver_of_class(&self, class: Option<&str>) -> Option<&str> {
        let provisioner = self.classes.get(class?)?.provisioner.as_str();
        Some(if provisioner == IN_TREE_EBS { EBS_DRIVER } else { provisioner })
    }
}

/// NFS and other volumes without a driver are not attached to anything.
fn driver_of_volume(volume: &PersistentVolumeSpec) -> Option<&str> {
    let csi = volume.csi.as_ref().map(|source| source.driver.as_str());
    csi.or(volume.aws_elastic_block_store.as_ref().map(|_| EBS_DRIVER))
}

/// Names of the claims of a pod, in its namespace.
fn claim_names((_, pod): Key<'_>, spec: &K8sPodSpec) -> impl Iterator<Item = String> {
    let volumes = spec.volumes.iter().flatten();
    volumes.filter_map(move |volume| match (&volume.persistent_volume_claim, &volume.ephemeral) {
        (Some(source), _) => Some(source.claim_name.clone()),
        (None, Some(_)) => Some(ephemeral_claim(pod, volume)),
        (None, None) => None,
    })
}

/// Whether only one pod of the cluster may use a claim at a time.
fn is_exclusive(claim: &PersistentVolumeClaim) -> bool {
    let modes = claim.spec.as_ref().and_then(|spec| spec.access_modes.as_ref());
    modes.into_iter().flatten().any(|mode| mode == "ReadWriteOncePod")
}

/// Sets how many volumes nodes can take, as their drivers state it.
pub(in crate::convert) fn state_limits(objects: &Objects, nodes: &mut [Node]) {
    let mut stated: BTreeMap<&str, Vec<(&str, i64)>> = BTreeMap::new();
    for (node, driver, count) in stated_limits(objects) {
        stated.entry(node).or_default().push((driver, count));
    }
    for node in nodes {
        for (driver, count) in stated.get(node.name.as_str()).into_iter().flatten() {
            node.allocatable.set(&attachable_volumes(driver), *count);
        }
    }
}

/// Resources that count volumes, among those that these pods ask for.
pub(in crate::convert) fn asked<'b>(
    pods: impl Iterator<Item = &'b PodSpec> + Clone,
) -> BTreeSet<String> {
    let own = pods.clone().flat_map(|spec| spec.requests.extended.keys());
    let own = own.filter(|resource| counts_volumes(resource)).cloned();
    own.chain(pods.flat_map(|spec| &spec.shared_volumes).map(SharedVolume::resource)).collect()
}

/// The catalogue of a class of nodes, corrected by what the drivers state on nodes of the same type:
/// what is known of a type is an estimate, and the smaller number is the safer one. Where neither
/// says anything there is no limit.
pub(in crate::convert) fn with_limits<'b>(
    mut catalog: Arc<Vec<InstanceType>>,
    nodes: impl Iterator<Item = &'b Node>,
    asked: &BTreeSet<String>,
) -> Arc<Vec<InstanceType>> {
    let mut stated: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for node in nodes {
        let Some(instance_type) = node.labels.get(well_known::INSTANCE_TYPE) else { continue };
        for resource in asked {
            if let Some(count) = node.allocatable.extended.get(resource) {
                let least = stated.entry((instance_type, resource)).or_insert(*count);
                *least = (*least).min(*count);
            }
        }
    }
    let limit = |one: &InstanceType, resource: &str| {
        let known = one.capacity.extended.get(resource).copied();
        let stated = stated.get(&(one.name.as_str(), resource)).copied();
        known.into_iter().chain(stated).min().unwrap_or(NO_LIMIT)
    };
    let is_right = |one: &InstanceType| {
        let has = |resource: &String| one.capacity.extended.get(resource).copied();
        asked.iter().all(|resource| has(resource) == Some(limit(one, resource)))
    };
    if !catalog.iter().all(is_right) {
        for one in Arc::make_mut(&mut catalog) {
            for resource in asked {
                let limit = limit(one, resource);
                one.capacity.set(resource, limit);
            }
        }
    }
    catalog
}

/// Sets what a node can take where its drivers state nothing: while it starts that is what is
/// expected of its type, and later there is no limit, as for kube-scheduler.
pub(in crate::convert) fn complete_limits(
    node: &mut Node,
    instance_type: Option<&InstanceType>,
    asked: &BTreeSet<String>,
) {
    let starting = node.stage != NodeStage::Initialized;
    let expected = instance_type.filter(|_| starting).map(|one| &one.capacity.extended);
    for resource in asked {
        let limit = expected.and_then(|amounts| amounts.get(resource)).copied();
        node.allocatable.extended.entry(resource.clone()).or_insert(limit.unwrap_or(NO_LIMIT));
    }
}
