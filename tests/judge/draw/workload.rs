//! Random workloads: pods that are alike.

use scheduler_core::model::Resources;
use scheduler_core::testkit::Random;
use serde_json::{Value, json};

use super::{between, chance, constraint, one_of};
use crate::cluster::{NAMESPACES, PRIORITIES};

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
    /// One of the pods.
    pub(super) fn pod(&self, suffix: &str) -> Value {
        let mut labels = self.labels.clone();
        if suffix.ends_with(['1', '4', '7']) {
            labels[REVISION] = json!("old");
        }
        let name = format!("{}-{suffix}", self.name);
        let metadata = json!({"name": name, "namespace": self.namespace, "labels": labels});
        json!({"metadata": metadata, "spec": self.spec})
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
    let mut most = Resources::default().with_pods(1);
    let mut spec = json!({"containers": containers(random, &mut most)});
    init_containers(random, &mut spec, &mut most);
    if chance(random, density / 3) {
        spec["priorityClassName"] = json!(one_of(random, &PRIORITIES).0);
    }
    constraint::add_all(random, &mut spec, density, &constraint::About { index, tier, hosts });
    let ports = spec["containers"][0]["ports"].as_array().into_iter().flatten();
    Workload {
        namespace: one_of(random, &[NAMESPACES[0], NAMESPACES[0], NAMESPACES[1]]).0,
        labels: json!({"app": name, "tier": tier, REVISION: "new"}),
        ports: ports.filter_map(|port| port["hostPort"].as_i64()).collect(),
        running: if chance(random, 40) { between(random, 1, 4) } else { 0 },
        waiting: if chance(random, 60) { between(random, 1, 4) } else { between(random, 2, 12) },
        name,
        spec,
        most,
    }
}

fn containers(random: &mut Random, most: &mut Resources) -> Vec<Value> {
    let count = if chance(random, 80) { 1 } else { 2 };
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
    let mut containers = Vec::new();
    for index in 0..2 {
        if chance(random, 7) {
            let resources = json!({"requests": requests(random, most)});
            let policy = chance(random, 50).then_some("Always");
            containers.push(json!({
                "name": format!("init-{index}"),
                "image": "image",
                "resources": resources,
                "restartPolicy": policy,
            }));
        }
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
    json!({"cpu": format!("{cpu_milli}m"), "memory": format!("{memory_mi}Mi")})
}
