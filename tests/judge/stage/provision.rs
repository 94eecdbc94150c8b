//! Makes volumes for the claims whose node kube-scheduler has chosen, as the driver of a storage class
//! and the volume controller do together.

use std::pin::pin;

use futures_util::TryStreamExt as _;
use k8s_openapi::api::core::v1::{Node, PersistentVolume, PersistentVolumeClaim};
use kube::api::{Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::{Api, Client, ResourceExt as _};
use scheduler_core::model::attachment::EBS_DRIVER;
use scheduler_core::model::well_known::ZONE;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::known::{Created, VOLUMES};
use crate::cluster::object;

/// How the scheduler tells the driver where a volume is needed.
const SELECTED_NODE: &str = "volume.kubernetes.io/selected-node";

/// Works until it is dropped.
pub(super) struct Provisioner(JoinHandle<()>);

impl Drop for Provisioner {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Provisioner {
    pub(super) fn start(client: &Client, created: &Created) -> Self {
        let (client, created) = (client.clone(), created.clone());
        Self(tokio::spawn(async move {
            // The API server ends a watch after a while. If it is gone itself, so is the stage.
            loop {
                let _ = follow(&client, &created).await;
            }
        }))
    }
}

async fn follow(client: &Client, created: &Created) -> kube::Result<()> {
    let claims: Api<PersistentVolumeClaim> = Api::all(client.clone());
    let mut events = pin!(claims.watch(&WatchParams::default(), "0").await?);
    while let Some(event) = events.try_next().await? {
        match event {
            WatchEvent::Added(claim) | WatchEvent::Modified(claim) => {
                // A claim that is gone already, or served by an event before, needs nothing. One
                // that really fails leaves its pod pending, which the judge sees.
                let _ = provision(client, &claim, created).await;
            }
            WatchEvent::Error(_) => break,
            WatchEvent::Deleted(_) | WatchEvent::Bookmark(_) => {}
        }
    }
    Ok(())
}

async fn provision(
    client: &Client,
    claim: &PersistentVolumeClaim,
    created: &Created,
) -> kube::Result<()> {
    let is_bound = claim.spec.as_ref().is_some_and(|spec| spec.volume_name.is_some());
    let Some(node) = claim.annotations().get(SELECTED_NODE).filter(|_| !is_bound) else {
        return Ok(());
    };
    let nodes: Api<Node> = Api::all(client.clone());
    let node = nodes.get(node).await?;
    let volumes: Api<PersistentVolume> = Api::all(client.clone());
    let volume = volume(claim, node.labels().get(ZONE));
    volumes.create(&PostParams::default(), &volume).await?;
    created.add(VOLUMES, 1);
    let claims: Api<PersistentVolumeClaim> =
        Api::namespaced(client.clone(), &claim.namespace().unwrap_or_default());
    let bind = json!({
        "metadata": {"annotations": {"pv.kubernetes.io/bind-completed": "yes"}},
        "spec": {"volumeName": volume.name_any()},
    });
    claims.patch(&claim.name_any(), &PatchParams::default(), &Patch::Merge(bind)).await?;
    Ok(())
}

fn volume(claim: &PersistentVolumeClaim, zone: Option<&String>) -> PersistentVolume {
    let uid = claim.uid().unwrap_or_default();
    let spec = claim.spec.as_ref();
    let in_zone = |zone: &String| {
        let expression = json!({"key": ZONE, "operator": "In", "values": [zone]});
        json!({"required": {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}})
    };
    object(json!({
        "metadata": {"name": format!("made-{uid}")},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "1Gi"},
            "csi": {"driver": EBS_DRIVER, "volumeHandle": uid},
            "claimRef": {
                "kind": "PersistentVolumeClaim",
                "namespace": claim.namespace(),
                "name": claim.name_any(),
                "uid": uid,
            },
            "storageClassName": spec.and_then(|spec| spec.storage_class_name.clone()),
            "nodeAffinity": zone.map_or(Value::Null, in_zone),
        },
    }))
}
