//! A cluster as ordinary Kubernetes objects: what is planned for, put on the control plane, and
//! kept as a scenario.

pub(crate) mod shared;
pub(crate) mod soon;

use std::collections::BTreeSet;

use anyhow::Context as _;
use k8s_openapi::api::apps::v1::DaemonSet;
use k8s_openapi::api::core::v1::{Node, PersistentVolume, PersistentVolumeClaim, Pod};
use k8s_openapi::api::storage::v1::CSINode;
use kube::ResourceExt as _;
use plimsoll_api::crd::{NodeClaim, NodePool};
use plimsoll_api::objects::Sourced;
use plimsoll_api::{Objects, read_str};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The objects that differ from cluster to cluster.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cluster {
    pub(crate) pools: Vec<NodePool>,
    pub(crate) daemon_sets: Vec<DaemonSet>,
    pub(crate) nodes: Vec<Node>,
    /// Of machines that have not joined yet, and of nodes that are going away.
    pub(crate) node_claims: Vec<NodeClaim>,
    pub(crate) csi_nodes: Vec<CSINode>,
    pub(crate) volumes: Vec<PersistentVolume>,
    pub(crate) claims: Vec<PersistentVolumeClaim>,
    /// Pods on the nodes, daemons included.
    pub(crate) bound: Vec<Pod>,
    pub(crate) pending: Vec<Pod>,
}

impl Cluster {
    /// With the objects that all clusters share, as the planner reads them.
    pub(crate) fn objects(&self) -> Objects {
        Objects {
            pods: live(self.bound.iter().chain(&self.pending)),
            nodes: live(&self.nodes),
            node_pools: live(&self.pools),
            node_claims: live(&self.node_claims),
            node_classes: vec![Sourced::live(shared::node_class())],
            daemon_sets: live(&self.daemon_sets),
            csi_nodes: live(&self.csi_nodes),
            persistent_volumes: live(&self.volumes),
            persistent_volume_claims: live(&self.claims),
            storage_classes: live(&shared::storage_classes()),
            runtime_classes: live(&shared::runtime_classes()),
            limit_ranges: live(&[shared::limit_range()]),
            priority_classes: live(&shared::priority_classes()),
            namespaces: live(&shared::namespaces()),
            ..Objects::default()
        }
    }

    /// Takes away the claims that no pod uses, with their volumes.
    pub(crate) fn drop_unused_volumes(&mut self) {
        let pods = self.bound.iter().chain(&self.pending);
        let used: BTreeSet<_> = pods.flat_map(claims_of).collect();
        self.claims.retain(|claim| {
            used.contains(&(claim.namespace().unwrap_or_default(), claim.name_any()))
        });
        let claims = self.claims.iter().filter_map(|claim| claim.spec.as_ref());
        let used: BTreeSet<String> = claims.filter_map(|spec| spec.volume_name.clone()).collect();
        self.volumes.retain(|volume| used.contains(&volume.name_any()));
    }

    /// As a file of Kubernetes objects.
    pub(crate) fn text(&self) -> anyhow::Result<String> {
        let mut documents = Vec::new();
        write(&self.pools, &mut documents)?;
        write(&self.daemon_sets, &mut documents)?;
        write(&self.nodes, &mut documents)?;
        write(&self.node_claims, &mut documents)?;
        write(&self.csi_nodes, &mut documents)?;
        write(&self.volumes, &mut documents)?;
        write(&self.claims, &mut documents)?;
        write(&self.bound, &mut documents)?;
        write(&self.pending, &mut documents)?;
        Ok(documents.join("---\n"))
    }

    /// From a file of Kubernetes objects.
    pub(crate) fn parse(name: &str, text: &str) -> anyhow::Result<Self> {
        let objects = read_str(name, text)?;
        if let Some(finding) = objects.findings.first() {
            anyhow::bail!("{finding}");
        }
        let is_bound = |pod: &Pod| pod.spec.as_ref().is_some_and(|spec| spec.node_name.is_some());
        let (bound, pending) = objects.pods.into_iter().map(|pod| pod.object).partition(is_bound);
        Ok(Self {
            pools: bare(objects.node_pools),
            daemon_sets: bare(objects.daemon_sets),
            nodes: bare(objects.nodes),
            node_claims: bare(objects.node_claims),
            csi_nodes: bare(objects.csi_nodes),
            volumes: bare(objects.persistent_volumes),
            claims: bare(objects.persistent_volume_claims),
            bound,
            pending,
        })
    }
}

/// Namespace and name of the claims that a pod names.
pub(crate) fn claims_of(pod: &Pod) -> Vec<(String, String)> {
    let volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
    let sources = volumes.filter_map(|volume| volume.persistent_volume_claim.as_ref());
    let namespace = pod.namespace().unwrap_or_default();
    sources.map(|source| (namespace.clone(), source.claim_name.clone())).collect()
}

/// An object from its JSON, which is written by us.
pub(crate) fn object<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("the object has the form of its kind")
}

fn live<'a, T: Clone + 'a>(objects: impl IntoIterator<Item = &'a T>) -> Vec<Sourced<T>> {
    objects.into_iter().cloned().map(Sourced::live).collect()
}

fn bare<T>(objects: Vec<Sourced<T>>) -> Vec<T> {
    objects.into_iter().map(|one| one.object).collect()
}

fn write<T: Serialize>(objects: &[T], documents: &mut Vec<String>) -> anyhow::Result<()> {
    for object in objects {
        let value = serde_json::to_value(object).context("an object is not JSON")?;
        documents.push(serde_saphyr::to_string(&value).context("an object is not YAML")?);
    }
    Ok(())
}
