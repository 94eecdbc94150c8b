//! Volumes on the stage.

use futures_util::future::try_join_all;
use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim, Pod, Volume};
use k8s_openapi::api::storage::v1::CSINode;
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::{Api, Resource as _, ResourceExt as _};
use serde_json::json;

use super::Stage;
use super::known::{CLAIMS, CSI_NODES, VOLUMES};
use crate::cluster::shared::NAMESPACES;
use crate::cluster::{Cluster, object};

impl Stage {
    /// Creates the volumes of a cluster, and what the drivers on its nodes say.
    pub(crate) async fn add_storage(&self, cluster: &Cluster) -> anyhow::Result<()> {
        self.add_limits(&cluster.csi_nodes).await?;
        let volumes: Api<PersistentVolume> = Api::all(self.client.clone());
        self.at_once(&cluster.volumes, &|volume| {
            let api = volumes.clone();
            async move { api.create(&PostParams::default(), &volume).await }
        })
        .await?;
        self.created.add(VOLUMES, cluster.volumes.len());
        self.at_once(&cluster.claims, &|claim| {
            let api = self.claims(&claim.namespace().unwrap_or_default());
            async move { api.create(&PostParams::default(), &claim).await }
        })
        .await?;
        self.created.add(CLAIMS, cluster.claims.len());
        Ok(())
    }

    /// Creates what drivers say of nodes.
    pub(super) async fn add_limits(&self, limits: &[CSINode]) -> anyhow::Result<()> {
        let api: Api<CSINode> = Api::all(self.client.clone());
        self.at_once(limits, &|limits| {
            let api = api.clone();
            async move { api.create(&PostParams::default(), &limits).await }
        })
        .await?;
        self.created.add(CSI_NODES, limits.len());
        Ok(())
    }

    /// All claims and volumes as they are now.
    pub(crate) async fn storage(
        &self,
    ) -> anyhow::Result<(Vec<PersistentVolumeClaim>, Vec<PersistentVolume>)> {
        let claims: Api<PersistentVolumeClaim> = Api::all(self.client.clone());
        let volumes: Api<PersistentVolume> = Api::all(self.client.clone());
        let all = ListParams::default();
        Ok((claims.list(&all).await?.items, volumes.list(&all).await?.items))
    }

    /// Creates the claims of a pod's ephemeral volumes, as their controller does.
    pub(super) async fn add_ephemeral(&self, pod: &Pod) -> anyhow::Result<()> {
        let api = self.claims(&pod.namespace().unwrap_or_default());
        for volume in ephemeral(pod) {
            let template =
                volume.ephemeral.as_ref().and_then(|one| one.volume_claim_template.as_ref());
            let claim = object(json!({
                "metadata": {
                    "name": claim_name(pod, volume),
                    "ownerReferences": pod.controller_owner_ref(&()).as_slice(),
                },
                "spec": template.map(|template| &template.spec),
            }));
            api.create(&PostParams::default(), &claim).await?;
            self.created.add(CLAIMS, 1);
        }
        Ok(())
    }

    /// Deletes them, as the garbage collector does.
    pub(super) async fn remove_ephemeral(&self, pod: &Pod) -> anyhow::Result<()> {
        let api = self.claims(&pod.namespace().unwrap_or_default());
        for volume in ephemeral(pod) {
            api.delete(&claim_name(pod, volume), &DeleteParams::default()).await?;
        }
        Ok(())
    }

    /// Takes all of it away.
    pub(super) async fn clear_storage(&self) -> kube::Result<()> {
        let (delete, all) = (DeleteParams::default(), ListParams::default());
        let claims = NAMESPACES.map(|(namespace, _)| self.claims(namespace));
        try_join_all(claims.iter().map(|api| api.delete_collection(&delete, &all))).await?;
        let volumes: Api<PersistentVolume> = Api::all(self.client.clone());
        volumes.delete_collection(&delete, &all).await?;
        let csi_nodes: Api<CSINode> = Api::all(self.client.clone());
        csi_nodes.delete_collection(&delete, &all).await?;
        Ok(())
    }

    fn claims(&self, namespace: &str) -> Api<PersistentVolumeClaim> {
        Api::namespaced(self.client.clone(), namespace)
    }
}

/// Whether a pod has volumes that are made for it alone.
pub(super) fn has_ephemeral(pod: &Pod) -> bool {
    ephemeral(pod).next().is_some()
}

fn ephemeral(pod: &Pod) -> impl Iterator<Item = &Volume> {
    let volumes = pod.spec.iter().flat_map(|spec| spec.volumes.iter().flatten());
    volumes.filter(|volume| volume.ephemeral.is_some())
}

fn claim_name(pod: &Pod, volume: &Volume) -> String {
    format!("{}-{}", pod.name_any(), volume.name)
}
