//! The objects of a cluster as they were read.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{
    LimitRange, Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod, PodTemplate,
    ReplicationController, Service,
};
use k8s_openapi::api::node::v1::RuntimeClass;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::api::storage::v1::{CSINode, StorageClass};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::crd::{CapacityBuffer, Ec2NodeClass, NodeClaim, NodeOverlay, NodePool};
use crate::finding::{Finding, Source};
use crate::scheduler_config::DefaultSpread;

/// An object and where it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sourced<T> {
    /// Where it was read.
    pub source: Source,
    /// The object.
    pub object: T,
}

impl<T> Sourced<T> {
    /// An object of a live cluster.
    pub fn live(object: T) -> Self {
        Self { source: Source::default(), object }
    }
}

/// Everything that was read, by kind, in the order of reading.
#[derive(Clone, Debug, Default)]
pub struct Objects {
    /// Pods.
    pub pods: Vec<Sourced<Pod>>,
    /// Nodes.
    pub nodes: Vec<Sourced<Node>>,
    /// `NodePool`s.
    pub node_pools: Vec<Sourced<NodePool>>,
    /// `NodeClaim`s.
    pub node_claims: Vec<Sourced<NodeClaim>>,
    /// `EC2NodeClass`es.
    pub node_classes: Vec<Sourced<Ec2NodeClass>>,
    /// `NodeOverlay`s.
    pub node_overlays: Vec<Sourced<NodeOverlay>>,
    /// `CapacityBuffer`s.
    pub capacity_buffers: Vec<Sourced<CapacityBuffer>>,
    /// `PodTemplate`s.
    pub pod_templates: Vec<Sourced<PodTemplate>>,
    /// `DaemonSet`s.
    pub daemon_sets: Vec<Sourced<DaemonSet>>,
    /// Deployments.
    pub deployments: Vec<Sourced<Deployment>>,
    /// `StatefulSet`s.
    pub stateful_sets: Vec<Sourced<StatefulSet>>,
    /// `ReplicaSet`s.
    pub replica_sets: Vec<Sourced<ReplicaSet>>,
    /// Jobs.
    pub jobs: Vec<Sourced<Job>>,
    /// `PodDisruptionBudget`s.
    pub pod_disruption_budgets: Vec<Sourced<PodDisruptionBudget>>,
    /// `PersistentVolumeClaim`s.
    pub persistent_volume_claims: Vec<Sourced<PersistentVolumeClaim>>,
    /// `PersistentVolume`s.
    pub persistent_volumes: Vec<Sourced<PersistentVolume>>,
    /// `StorageClass`es.
    pub storage_classes: Vec<Sourced<StorageClass>>,
    /// `CSINode`s.
    pub csi_nodes: Vec<Sourced<CSINode>>,
    /// `PriorityClass`es.
    pub priority_classes: Vec<Sourced<PriorityClass>>,
    /// Namespaces.
    pub namespaces: Vec<Sourced<Namespace>>,
    /// `LimitRange`s.
    pub limit_ranges: Vec<Sourced<LimitRange>>,
    /// `RuntimeClass`es.
    pub runtime_classes: Vec<Sourced<RuntimeClass>>,
    /// Services: they tell which pods count for the cluster's default spread.
    pub services: Vec<Sourced<Service>>,
    /// `ReplicationController`s, for the same reason.
    pub replication_controllers: Vec<Sourced<ReplicationController>>,
    /// Spread of pods that name none; set it as the cluster's kube-scheduler has it.
    pub default_spread: DefaultSpread,
    /// How many objects of other kinds there were; a kind of an unexpected API version is named
    /// with it.
    pub unknown_kinds: BTreeMap<String, usize>,
    /// Objects that could not be read.
    pub findings: Vec<Finding>,
}

/// The namespace of an object; Kubernetes' default if none is named.
pub(crate) fn namespace(metadata: &ObjectMeta) -> &str {
    metadata.namespace.as_deref().filter(|name| !name.is_empty()).unwrap_or("default")
}

/// The name of an object; a generated one is told by its prefix.
pub(crate) fn name(metadata: &ObjectMeta) -> &str {
    metadata.name.as_deref().or(metadata.generate_name.as_deref()).unwrap_or_default()
}
