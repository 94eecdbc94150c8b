//! Random volumes of workloads.

use k8s_openapi::api::core::v1::{PersistentVolume, PersistentVolumeClaim};
use scheduler_core::model::attachment::EBS_DRIVER;
use scheduler_core::model::well_known::ZONE;
use scheduler_core::testkit::Random;
use serde_json::{Value, json};

use super::{RACK, RACKS, between, chance, one_of};
use crate::catalog::ZONES;
use crate::cluster::shared::{FILES_DRIVER, IMMEDIATE_CLASS, WAITING_CLASSES};
use crate::cluster::{Cluster, object};

/// A volume of each pod of a workload.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// A claim for each pod, with a volume.
    Own { driver: &'static str },
    /// A claim for each pod, whose volume is made where the pod goes.
    Waiting { class: &'static str },
    /// One claim for all pods, with a volume.
    Shared { driver: &'static str },
    /// A claim that comes and goes with each pod.
    Ephemeral { class: &'static str },
    /// A claim for each pod, whose volume should have been made long ago.
    Overdue,
}

/// One volume, or several of one kind.
pub(super) fn draw(random: &mut Random) -> Vec<Kind> {
    let driver = one_of(random, &[EBS_DRIVER, EBS_DRIVER, EBS_DRIVER, FILES_DRIVER]);
    let class = one_of(random, &WAITING_CLASSES);
    let kind = match random.below(20) {
        0..=6 => Kind::Own { driver },
        7..=12 => Kind::Waiting { class },
        13..=15 => Kind::Shared { driver },
        16..=18 => Kind::Ephemeral { class },
        _ => Kind::Overdue,
    };
    vec![kind; one_of(random, &[1, 1, 1, 2])]
}

/// Whose volumes they are.
pub(super) struct Owner<'a> {
    pub(super) namespace: &'a str,
    pub(super) workload: &'a str,
    pub(super) pod: &'a str,
    /// The zone of the node that it runs on already.
    pub(super) zone: Option<&'a str>,
}

/// The volumes of one pod as its spec names them; claims and their volumes become part of the
/// cluster.
pub(super) fn add(
    random: &mut Random,
    kinds: &[Kind],
    owner: &Owner<'_>,
    cluster: &mut Cluster,
) -> Vec<Value> {
    let mut volumes = Vec::new();
    for (index, kind) in kinds.iter().enumerate() {
        let name = format!("v{index}");
        let mut own = format!("{}-{name}", owner.pod);
        match kind {
            Kind::Own { driver } => bind(random, &own, driver, owner, cluster),
            // What runs has its volume.
            Kind::Waiting { .. } if owner.zone.is_some() => {
                bind(random, &own, EBS_DRIVER, owner, cluster);
            }
            Kind::Waiting { class } => cluster.claims.push(claim(&own, owner, class, None)),
            Kind::Overdue => {
                cluster.claims.push(claim(&own, owner, IMMEDIATE_CLASS, None));
            }
            Kind::Shared { driver } => {
                own = format!("{}-{name}", owner.workload);
                let is_known = |one: &PersistentVolumeClaim| {
                    one.metadata.name.as_ref() == Some(&own)
                        && one.metadata.namespace.as_deref() == Some(owner.namespace)
                };
                if !cluster.claims.iter().any(is_known) {
                    bind(random, &own, driver, owner, cluster);
                }
            }
            Kind::Ephemeral { class } => {
                let template = json!({"spec": claim_spec(class, None)});
                volumes.push(json!({
                    "name": name, "ephemeral": {"volumeClaimTemplate": template},
                }));
                continue;
            }
        }
        volumes.push(json!({"name": name, "persistentVolumeClaim": {"claimName": own}}));
    }
    volumes
}

/// A claim with its volume.
fn bind(random: &mut Random, name: &str, driver: &str, owner: &Owner<'_>, cluster: &mut Cluster) {
    let volume = format!("{}-{name}", owner.namespace);
    cluster.claims.push(claim(name, owner, "", Some(&volume)));
    cluster.volumes.push(persistent(random, &volume, name, driver, owner));
}

fn claim(
    name: &str,
    owner: &Owner<'_>,
    class: &str,
    volume: Option<&str>,
) -> PersistentVolumeClaim {
    let bound = volume.map(|_| json!({"pv.kubernetes.io/bind-completed": "yes"}));
    object(json!({
        "metadata": {"name": name, "namespace": owner.namespace, "annotations": bound},
        "spec": claim_spec(class, volume),
    }))
}

fn claim_spec(class: &str, volume: Option<&str>) -> Value {
    json!({
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": class,
        "volumeName": volume,
    })
}

fn persistent(
    random: &mut Random,
    name: &str,
    claim: &str,
    driver: &str,
    owner: &Owner<'_>,
) -> PersistentVolume {
    let zone = owner.zone.unwrap_or_else(|| one_of(random, &ZONES));
    let other = one_of(random, &ZONES);
    let within = |expressions: Value| json!({"matchExpressions": expressions});
    let one_zone = || within(json!([{"key": ZONE, "operator": "In", "values": [zone]}]));
    let mut labels = Value::Null;
    let terms = match random.below(12) {
        0..=4 => vec![one_zone()],
        5 => vec![within(json!([{"key": ZONE, "operator": "In", "values": [zone, other]}]))],
        6 => {
            let rack = one_of(random, &RACKS);
            vec![one_zone(), within(json!([{"key": RACK, "operator": "In", "values": [rack]}]))]
        }
        7 if owner.zone.is_none() => {
            vec![within(json!([{"key": ZONE, "operator": "NotIn", "values": [other]}]))]
        }
        8 | 9 => {
            let both = if zone == other { zone.to_owned() } else { format!("{zone}__{other}") };
            labels = json!({ZONE: both});
            Vec::new()
        }
        _ => Vec::new(),
    };
    let affinity = (!terms.is_empty()).then(|| json!({"required": {"nodeSelectorTerms": terms}}));
    let mut spec = json!({
        "accessModes": ["ReadWriteMany"],
        "capacity": {"storage": "1Gi"},
        "claimRef": {
            "kind": "PersistentVolumeClaim", "namespace": owner.namespace, "name": claim,
        },
        "nodeAffinity": affinity,
    });
    if chance(random, 8) {
        spec["nfs"] = json!({"server": "files", "path": format!("/{}", between(random, 0, 9))});
    } else {
        spec["csi"] = json!({"driver": driver, "volumeHandle": name});
    }
    object(json!({"metadata": {"name": name, "labels": labels}, "spec": spec}))
}
