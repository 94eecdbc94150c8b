//! Volumes that pods attach to their node, and how many of them a node can take.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use k8s_openapi::api::core::v1::{
    PersistentVolumeClaim, PersistentVolumeSpec, PodSpec as K8sPodSpec, Volume,
};
use scheduler_core::model::attachment::{EBS_DRIVER, NO_LIMIT, attachable_volumes, counts_volumes};
use scheduler_core::model::{InstanceType, Node, Pod, PodSpec};

use super::Volumes;
use crate::convert::context::Key;
use crate::convert::pod::Interner;
use crate::objects::{Objects, name};

/// The name of EBS as a volume plugin of Kubernetes itself, which the CSI driver has taken over.
const IN_TREE_EBS: &str = "kubernetes.io/aws-ebs";

/// Volumes that a pod attaches, each with the resource that counts it.
pub(in crate::convert) type Attached = BTreeSet<(String, String)>;

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
    /// Volumes of a pod that count against a limit of its node. What cannot be resolved is left
    /// out, as kube-scheduler does.
    ///
    /// A pod that waits is taken to bring all of them, although a claim that it shares with another
    /// pod of the same node takes one place for both. So a plan never overfills a node, but where
    /// pods share claims and a node has few places left they may get another node than the one that
    /// would just have had room.
    pub(in crate::convert) fn attached(&self, pod: Key<'_>, spec: &K8sPodSpec) -> Attached {
        let volumes = spec.volumes.iter().flatten();
        let attached = volumes.filter_map(|volume| self.attachment(pod, volume));
        let counted = attached.filter(|(driver, _)| self.limited_drivers.contains(driver));
        counted.map(|(driver, volume)| (attachable_volumes(driver), volume)).collect()
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
            (None, Some(_)) => format!("{pod}-{}", volume.name),
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

/// Lets each volume of a node count once: for the first of its pods that uses it.
pub(in crate::convert) fn count_once(pods: &mut [(Pod, Attached)], interner: &mut Interner) {
    let mut seen = BTreeSet::new();
    for (pod, attached) in pods {
        let again: Vec<_> = attached.iter().filter(|volume| !seen.insert(*volume)).collect();
        if again.is_empty() {
            continue;
        }
        let mut spec = PodSpec::clone(&pod.spec);
        for (resource, _) in again {
            let others = spec.requests.get(resource) - 1;
            spec.requests.set(resource, others);
        }
        pod.spec = interner.intern(spec);
    }
}

/// How many volumes nodes can take.
pub(in crate::convert) struct Limits<'a> {
    stated: BTreeMap<&'a str, Vec<(&'a str, i64)>>,
    /// Resources that pods ask for.
    asked: BTreeSet<String>,
}

impl<'a> Limits<'a> {
    pub(in crate::convert) fn new(objects: &'a Objects, asked: BTreeSet<String>) -> Self {
        let mut stated: BTreeMap<&str, Vec<_>> = BTreeMap::new();
        for (node, driver, count) in stated_limits(objects) {
            stated.entry(node).or_default().push((driver, count));
        }
        Self { stated, asked }
    }

    /// What the drivers state goes before what was expected of the node; where neither says
    /// anything, kube-scheduler knows no limit.
    pub(in crate::convert) fn apply(&self, node: &mut Node) {
        let room = &mut node.allocatable;
        for (driver, count) in self.stated.get(node.name.as_str()).into_iter().flatten() {
            room.set(&attachable_volumes(driver), *count);
        }
        for resource in &self.asked {
            room.extended.entry(resource.clone()).or_insert(NO_LIMIT);
        }
    }
}

/// Resources that count volumes, among those that these pods ask for.
pub(in crate::convert) fn asked<'b>(pods: impl Iterator<Item = &'b PodSpec>) -> BTreeSet<String> {
    let resources = pods.flat_map(|spec| spec.requests.extended.keys());
    resources.filter(|resource| counts_volumes(resource)).cloned().collect()
}

/// The catalogue, with no limit on volumes where it states none.
pub(in crate::convert) fn without_limit(
    mut catalog: Arc<Vec<InstanceType>>,
    asked: &BTreeSet<String>,
) -> Arc<Vec<InstanceType>> {
    let states = |one: &InstanceType, resource| one.capacity.extended.contains_key(resource);
    if asked.iter().all(|resource| catalog.iter().all(|one| states(one, resource))) {
        return catalog;
    }
    for one in Arc::make_mut(&mut catalog) {
        for resource in asked {
            one.capacity.extended.entry(resource.clone()).or_insert(NO_LIMIT);
        }
    }
    catalog
}
