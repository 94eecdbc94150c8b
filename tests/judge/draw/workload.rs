//! Random workloads: pods that are alike.

use scheduler_core::model::Resources;
use scheduler_core::model::well_known::ARCH;
use scheduler_core::testkit::Random;
use serde_json::{Value, json};

use super::volume::{self, Kind, Owner};
use super::{between, chance, constraint, one_of};
use crate::cluster::Cluster;
use crate::cluster::shared::{
    ARM_SANDBOX, DEFAULT_REQUESTS, LIMITED_NAMESPACE, NAMESPACES, OVERHEAD, PRIORITIES, SANDBOX,
};

/// Label whose two values divide the pods of a workload, as revisions do.
pub(super) const REVISION: &str = "revision";

const CPU_MILLI: [usize; 10] = [0, 50, 100, 100, 250, 500, 1_000, 1_500, 3_000, 7_000];
const MEMORY_MI: [usize; 9] = [0, 64, 128, 256, 512, 1_024, 2_048, 6_000, 12_000];

/// Pods that are alike.
pub(super) struct Workload {
    name: String,
    namespace: &'static str,
    labels: Value,
    spec: Value,
    volumes: Vec<Kind>,
    /// Some of the pods are more important than the others.
    mixed: bool,
    /// No pod needs more than this.
    pub(super) most: Resources,
    /// Host ports.
    pub(super) ports: Vec<i64>,
    /// How many run already, if there is room.
    pub(super) running: usize,
    /// How many wait.
    pub(super) waiting: usize,
}

impl Workload {
    /// One of the pods; its volumes become part of the cluster. The zone is that of the node that it
    /// runs on, if it does.
    pub(super) fn pod(
        &self,
        random: &mut Random,
        suffix: &str,
        zone: Option<&str>,
        cluster: &mut Cluster,
    ) -> Value {
        let mut labels = self.labels.clone();
        if suffix.ends_with(['1', '4', '7']) {
            labels[REVISION] = json!("old");
        }
        let name = format!("{}-{suffix}", self.name);
        let mut spec = self.spec.clone();
        if self.mixed && suffix.ends_with(['0', '3', '4', '6', '9']) {
            spec["priorityClassName"] = json!(PRIORITIES[0].0);
        }
        let owner = Owner { namespace: self.namespace, workload: &self.name, pod: &name, zone };
        let volumes = volume::add(random, &self.volumes, &owner, cluster);
        if !volumes.is_empty() {
            spec["volumes"] = json!(volumes);
        }
        let metadata = json!({"name": name, "namespace": self.namespace, "labels": labels});
        json!({"metadata": metadata, "spec": spec})
    }
}

/// A workload; `density` is the chance in per cent that it has a rule of one kind.
pub(super) fn draw(
    random: &mut Random,
    index: usize,
    density: usize,
    hosts: &[String],
) -> Workload {
    let name = format!("app-{index}");
    let tier = one_of(random, &["front", "back"]);
    let namespaces = NAMESPACES.map(|(name, _)| name);
    let namespace = namespaces[one_of(random, &[0, 0, 0, 1, 1, 2])];
    let mut most = Resources::default().with_pods(1);
    let mut spec = json!({"containers": containers(random, &mut most)});
    init_containers(random, &mut spec, &mut most);
    if namespace == LIMITED_NAMESPACE {
        add_defaults(&spec, &mut most);
    }
    // Kubernetes 1.33 does not take them where containers ask for anything but cpu and memory.
    let is_plain = most.ephemeral_bytes == 0 && most.extended.is_empty();
    if is_plain && chance(random, 8) {
        // The pod may not ask for less than its containers together.
        most.cpu_milli += one_of(random, &[0, 100, 1_000]);
        most.memory_bytes += one_of(random, &[0, 256, 2_048]) << 20;
        spec["resources"] = json!({"requests": {
            "cpu": format!("{}m", most.cpu_milli), "memory": most.memory_bytes.to_string(),
        }});
    }
    if chance(random, density / 3) {
        spec["priorityClassName"] = json!(one_of(random, &PRIORITIES).0);
    }
    constraint::add_all(random, &mut spec, density, &constraint::About { index, tier, hosts });
    if chance(random, 8) {
        runtime_class(random, &mut spec, &mut most);
    }
    let volumes = if chance(random, 10 + density / 3) { volume::draw(random) } else { Vec::new() };
    let ports = spec["containers"][0]["ports"].as_array().into_iter().flatten();
    Workload {
        namespace,
        volumes,
        mixed: chance(random, 15),
        labels: json!({"app": name, "tier": tier, REVISION: "new"}),
        ports: ports.filter_map(|port| port["hostPort"].as_i64()).collect(),
        running: if chance(random, 40) { between(random, 1, 4) } else { 0 },
        waiting: if chance(random, 60) { between(random, 1, 4) } else { between(random, 2, 12) },
        name,
        spec,
        most,
    }
}

/// What a `LimitRange` adds at most: everything to every container.
fn add_defaults(spec: &Value, most: &mut Resources) {
    let (cpu_milli, memory_mi, ephemeral_gi) = DEFAULT_REQUESTS;
    let all =
        ["containers", "initContainers"].map(|list| spec[list].as_array().map_or(0, Vec::len));
    let count = all.iter().sum::<usize>() as i64;
    most.cpu_milli += count * cpu_milli;
    most.memory_bytes += (count * memory_mi) << 20;
    most.ephemeral_bytes += (count * ephemeral_gi) << 30;
}

fn runtime_class(random: &mut Random, spec: &mut Value, most: &mut Resources) {
    // A pod and its class may not select nodes by the same key.
    let may_choose = spec["nodeSelector"].get(ARCH).is_none();
    let class = if may_choose { one_of(random, &[SANDBOX, ARM_SANDBOX]) } else { SANDBOX };
    spec["runtimeClassName"] = json!(class);
    most.cpu_milli += OVERHEAD.0;
    most.memory_bytes += OVERHEAD.1 << 20;
}

fn containers(random: &mut Random, most: &mut Resources) -> Vec<Value> {
    let count = one_of(random, &[1, 1, 1, 1, 1, 1, 1, 2, 2, 3]);
    let mut containers = Vec::new();
    for index in 0..count {
        let mut requests = requests(random, most);
        if index == 0 && chance(random, 4) {
            requests["nvidia.com/gpu"] = json!("1");
            most.set("nvidia.com/gpu", 1);
        }
        if chance(random, 5) {
            requests["ephemeral-storage"] = json!("2Gi");
            most.ephemeral_bytes += 2 << 30;
        }
        // Extended resources need a limit that equals the request.
        let limits = requests.get("nvidia.com/gpu").map(|gpus| json!({"nvidia.com/gpu": gpus}));
        containers.push(json!({
            "name": format!("main-{index}"),
            "image": "image",
            "resources": {"requests": requests, "limits": limits},
        }));
    }
    containers
}

/// Containers that run before the others, or beside them.
fn init_containers(random: &mut Random, spec: &mut Value, most: &mut Resources) {
    let count = if chance(random, 80) { 0 } else { between(random, 1, 3) };
    let mut containers = Vec::new();
    for index in 0..count {
        let resources = json!({"requests": requests(random, most)});
        let policy = chance(random, 50).then_some("Always");
        containers.push(json!({
            "name": format!("init-{index}"),
            "image": "image",
            "resources": resources,
            "restartPolicy": policy,
        }));
    }
    if !containers.is_empty() {
        spec["initContainers"] = json!(containers);
    }
}

fn requests(random: &mut Random, most: &mut Resources) -> Value {
    if chance(random, 5) {
        return json!({});
    }
    let mut cpu_milli = one_of(random, &CPU_MILLI);
    let mut memory_mi = one_of(random, &MEMORY_MI);
    // Now and then more than any type has.
    match random.below(50) {
        0 => cpu_milli = 20_000,
        1 => memory_mi = 100_000,
        _ => {}
    }
    most.cpu_milli += cpu_milli as i64;
    most.memory_bytes += (memory_mi as i64) << 20;
    let mut requests = json!({"cpu": format!("{cpu_milli}m"), "memory": format!("{memory_mi}Mi")});
    if let (Some(map), true) = (requests.as_object_mut(), chance(random, 5)) {
        map.remove(one_of(random, &["cpu", "memory"]));
    }
    requests
}
