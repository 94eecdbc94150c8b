//! Random nodes that exist already.

use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::api::storage::v1::CSINode;
use kube::ResourceExt as _;
use plimsoll_api::crd::{NodeClaim, NodePool};
use scheduler_core::model::attachment::EBS_DRIVER;
use scheduler_core::model::well_known::{
    CAPACITY_TYPE, HOSTNAME, INITIALIZED, NODE_POOL, REGISTERED, ZONE,
};
use scheduler_core::model::{InstanceType, Labels, Resources};
use scheduler_core::testkit::Random;
use serde_json::{Value, json};

use super::workload::Workload;
use super::{RACK, RACKS, between, chance, one_of, pool};
use crate::catalog::{INSTANCE_TYPES, ZONES};
use crate::cluster::object;
use crate::cluster::shared::{FILES_DRIVER, NODE_CLASS};
use crate::cluster::soon::{DISRUPTED, NOT_READY};
use crate::planned::{self, resource_list};

/// A node with the room that is left on it.
pub(super) struct Place {
    pub(super) node: Node,
    room: Resources,
    /// Ports that are taken, whatever their protocol and address.
    ports: Vec<i64>,
}

impl Place {
    pub(super) fn name(&self) -> &str {
        self.node.metadata.name.as_deref().unwrap_or_default()
    }

    /// Its zone, if it tells.
    pub(super) fn zone(&self) -> Option<&str> {
        self.node.metadata.labels.as_ref()?.get(ZONE).map(String::as_str)
    }

    /// Now and then a node of a pool is going away; its claim may say so.
    pub(super) fn leave(&mut self, random: &mut Random) -> Option<NodeClaim> {
        if !self.node.labels().contains_key(NODE_POOL) || !chance(random, 10) {
            return None;
        }
        if chance(random, 50) {
            let taint = object(json!({"key": DISRUPTED, "effect": "NoSchedule"}));
            let spec = self.node.spec.get_or_insert_default();
            spec.taints.get_or_insert_default().push(taint);
            return None;
        }
        let mut claim = claim(&format!("claim-{}", self.name()), json!({}));
        claim.metadata.deletion_timestamp = Some(object(json!("1970-01-01T00:00:00Z")));
        claim.status = Some(object(json!({"nodeName": self.name()})));
        Some(claim)
    }

    /// What drivers say of the node, if they do.
    pub(super) fn csi_node(&self, random: &mut Random) -> Option<CSINode> {
        let mut drivers = Vec::new();
        for (driver, percent) in [(EBS_DRIVER, 50), (FILES_DRIVER, 15)] {
            if chance(random, percent) {
                let count = between(random, 1, 5);
                drivers.push(json!({
                    "name": driver, "nodeID": self.name(), "allocatable": {"count": count},
                }));
            }
        }
        let build =
            || object(json!({"metadata": {"name": self.name()}, "spec": {"drivers": drivers}}));
        (!drivers.is_empty()).then(build)
    }

    /// Takes off what a daemon needs.
    pub(super) fn take_daemon(&mut self, pod: &Pod) {
        self.room.pods -= 1;
        // More than any daemon asks for.
        self.room.cpu_milli -= 100;
        self.room.memory_bytes -= 256 << 20;
        let containers = pod.spec.iter().flat_map(|spec| &spec.containers);
        let ports = containers.flat_map(|container| container.ports.iter().flatten());
        self.ports.extend(ports.filter_map(|port| port.host_port.map(i64::from)));
    }

    /// Takes a pod if there is room for it.
    pub(super) fn takes(&mut self, workload: &Workload) -> bool {
        let fits = workload.most.fits(&self.room)
            && workload.ports.iter().all(|port| !self.ports.contains(port));
        if fits {
            self.room.subtract(&workload.most);
            self.ports.extend(&workload.ports);
        }
        fits
    }
}

/// Up to six nodes.
pub(super) fn draw(random: &mut Random, pools: &[NodePool]) -> Vec<Place> {
    let count = if chance(random, 30) { 0 } else { between(random, 1, 6) };
    (0..count).map(|index| place(random, index, pools)).collect()
}

/// Up to two machines that have not joined yet.
pub(super) fn in_flight(random: &mut Random, pools: &[NodePool]) -> Vec<NodeClaim> {
    let count = one_of(random, &[0, 0, 0, 0, 1, 1, 2]);
    (0..count).map(|index| claim_in_flight(random, index, pools)).collect()
}

fn claim_in_flight(random: &mut Random, index: usize, pools: &[NodePool]) -> NodeClaim {
    let one = &INSTANCE_TYPES[random.below(INSTANCE_TYPES.len())];
    let pool = &pools[random.below(pools.len())];
    let template = &pool.spec.template;
    let mut labels = type_labels(one);
    let own = template.metadata.as_ref().and_then(|metadata| metadata.labels.clone());
    labels.extend(own.unwrap_or_default());
    labels.insert(NODE_POOL.to_owned(), pool.metadata.name.clone().unwrap_or_default());
    let capacity_type = one_of(random, &["spot", "on-demand"]);
    labels.insert(CAPACITY_TYPE.to_owned(), capacity_type.to_owned());
    if chance(random, 40) {
        labels.insert(RACK.to_owned(), one_of(random, &RACKS).to_owned());
    }
    let zone = one_of(random, &ZONES);
    let mut requirements = json!([]);
    if chance(random, 50) {
        labels.insert(ZONE.to_owned(), zone.to_owned());
    } else {
        // What the requirements leave no choice about becomes a label.
        requirements = json!([{"key": ZONE, "operator": "In", "values": [zone]}]);
    }
    let spec = json!({
        "requirements": requirements,
        "taints": template.spec.taints,
        "startupTaints": template.spec.startup_taints,
    });
    let mut claim = claim(&format!("coming-{index}"), spec);
    claim.metadata.labels = Some(labels);
    claim.status = Some(object(json!({
        "capacity": resource_list(&one.capacity),
        "allocatable": resource_list(&one.allocatable()),
    })));
    claim
}

fn claim(name: &str, mut spec: Value) -> NodeClaim {
    spec["nodeClassRef"] =
        json!({"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": NODE_CLASS});
    if spec.get("requirements").is_none() {
        spec["requirements"] = json!([]);
    }
    object(json!({"metadata": {"name": name}, "spec": spec}))
}

fn place(random: &mut Random, index: usize, pools: &[NodePool]) -> Place {
    let name = format!("old-{index}");
    let one = &INSTANCE_TYPES[random.below(INSTANCE_TYPES.len())];
    let mut labels = type_labels(one);
    labels.insert(HOSTNAME.to_owned(), name.clone());
    // Nodes that others made may lack labels.
    if chance(random, 95) {
        labels.insert(ZONE.to_owned(), one_of(random, &ZONES).to_owned());
    }
    if chance(random, 40) {
        labels.insert(RACK.to_owned(), one_of(random, &RACKS).to_owned());
    }
    let mut taints: Vec<Value> = Vec::new();
    if chance(random, 75) {
        let pool = &pools[random.below(pools.len())];
        let capacity_type = one_of(random, &["spot", "on-demand"]);
        labels.insert(CAPACITY_TYPE.to_owned(), capacity_type.to_owned());
        let is_starting = chance(random, 10);
        let started = if is_starting { &[REGISTERED][..] } else { &[REGISTERED, INITIALIZED] };
        labels.extend(started.iter().map(|label| ((*label).to_owned(), "true".to_owned())));
        labels.insert(NODE_POOL.to_owned(), pool.metadata.name.clone().unwrap_or_default());
        let template = &pool.spec.template;
        let own = template.metadata.as_ref().and_then(|metadata| metadata.labels.clone());
        labels.extend(own.unwrap_or_default());
        taints.extend(template.spec.taints.iter().flatten().map(|taint| json!(taint)));
        if is_starting {
            let startup = template.spec.startup_taints.iter().flatten();
            taints.extend(startup.map(|taint| json!(taint)));
            taints.push(json!({"key": NOT_READY, "effect": "NoSchedule"}));
        }
    } else if chance(random, 30) {
        taints.push(pool::taint(random));
    }
    let mut spec = json!({});
    if chance(random, 5) {
        spec["unschedulable"] = json!(true);
        taints.push(json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}));
    }
    spec["taints"] = json!(taints);
    let room = one.allocatable();
    let status =
        json!({"capacity": resource_list(&one.capacity), "allocatable": resource_list(&room)});
    let metadata = json!({"name": name, "labels": labels});
    let mut node = object(json!({"metadata": metadata, "spec": spec, "status": status}));
    // How many volumes it can take is for its drivers to say.
    planned::split_volumes(&mut node);
    Place { node, room, ports: Vec::new() }
}

fn type_labels(one: &InstanceType) -> Labels {
    let values = one.requirements.iter().filter_map(|(key, requirement)| {
        Some((key.to_owned(), requirement.finite_values()?.first()?.clone()))
    });
    values.collect()
}
