//! Random nodes that exist already.

use k8s_openapi::api::core::v1::{Node, Pod};
use plimsoll_api::crd::NodePool;
use scheduler_core::model::well_known::{CAPACITY_TYPE, HOSTNAME, NODE_POOL, ZONE};
use scheduler_core::model::{InstanceType, Labels, Resources};
use scheduler_core::testkit::Random;
use serde_json::{Value, json};

use super::workload::Workload;
use super::{RACK, RACKS, between, chance, one_of, pool};
use crate::catalog::{INSTANCE_TYPES, ZONES};
use crate::cluster::object;
use crate::planned::resource_list;

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
        for label in ["karpenter.sh/registered", "karpenter.sh/initialized"] {
            labels.insert(label.to_owned(), "true".to_owned());
        }
        labels.insert(NODE_POOL.to_owned(), pool.metadata.name.clone().unwrap_or_default());
        let template = &pool.spec.template;
        let own = template.metadata.as_ref().and_then(|metadata| metadata.labels.clone());
        labels.extend(own.unwrap_or_default());
        taints.extend(template.spec.taints.iter().flatten().map(|taint| json!(taint)));
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
    let node = object(json!({"metadata": metadata, "spec": spec, "status": status}));
    Place { node, room, ports: Vec::new() }
}

fn type_labels(one: &InstanceType) -> Labels {
    let values = one.requirements.iter().filter_map(|(key, requirement)| {
        Some((key.to_owned(), requirement.finite_values()?.first()?.clone()))
    });
    values.collect()
}
