//! Random clusters: a seed gives the same one for ever.

mod constraint;
mod node;
mod pool;
mod selector;
mod volume;
mod workload;

use k8s_openapi::api::apps::v1::DaemonSet;
use scheduler_core::testkit::Random;
use serde_json::{Value, json};

use crate::cluster::shared::DAEMON_NAMESPACE;
use crate::cluster::{Cluster, object};
use crate::daemon;
use node::Place;
use workload::Workload;

/// Label of pools and nodes that only this test knows; a topology of its own.
pub(crate) const RACK: &str = "example.com/rack";
/// Its values.
pub(crate) const RACKS: [&str; 3] = ["r1", "r2", "r3"];
/// Label of pools.
pub(crate) const TEAM: &str = "example.com/team";
/// Taint of pools and nodes.
pub(crate) const DEDICATED: &str = "example.com/dedicated";

/// The cluster of a seed.
pub(crate) fn draw(seed: u64) -> Cluster {
    let mut random = Random::new(seed);
    let random = &mut random;
    // From clusters with few rules to such in which most pods have several.
    let density = one_of(random, &[10, 20, 35]);
    let mut cluster = Cluster { pools: pool::draw(random), ..Cluster::default() };
    cluster.daemon_sets = daemon_sets(random);
    let mut places = node::draw(random, &cluster.pools);
    let hosts: Vec<String> = places.iter().map(|place| place.name().to_owned()).collect();
    for place in &mut places {
        let daemons = daemon::pods_of(&cluster.daemon_sets, &place.node);
        for pod in &daemons {
            place.take_daemon(pod);
        }
        cluster.bound.extend(daemons);
    }
    let count = between(random, 3, 12);
    let workloads: Vec<Workload> =
        (0..count).map(|index| workload::draw(random, index, density, &hosts)).collect();
    for workload in &workloads {
        settle(random, workload, &mut places, &mut cluster);
    }
    for place in &mut places {
        cluster.node_claims.extend(place.leave(random));
        cluster.csi_nodes.extend(place.csi_node(random));
    }
    cluster.nodes = places.into_iter().map(|place| place.node).collect();
    cluster.node_claims.extend(node::in_flight(random, &cluster.pools));
    cluster
}

/// Some of a workload's pods run already, wherever there is room: rules do not hold for what runs.
fn settle(random: &mut Random, workload: &Workload, places: &mut [Place], cluster: &mut Cluster) {
    for number in 0..workload.running {
        let index = random.below(places.len().max(1));
        if let Some(place) = places.get_mut(index)
            && place.takes(workload)
        {
            let mut pod = workload.pod(random, &format!("on-{number}"), place.zone(), cluster);
            pod["spec"]["nodeName"] = json!(place.name());
            cluster.bound.push(object(pod));
        }
    }
    for number in 0..workload.waiting {
        let pod = workload.pod(random, &number.to_string(), None, cluster);
        cluster.pending.push(object(pod));
    }
}

fn daemon_sets(random: &mut Random) -> Vec<DaemonSet> {
    let mut sets = Vec::new();
    for index in 0..between(random, 0, 2) {
        let name = format!("daemon-{index}");
        let mut spec = json!({"containers": [{
            "name": "main",
            "image": "image",
            "resources": {"requests": {
                "cpu": format!("{}m", between(random, 0, 10) * 10),
                "memory": format!("{}Mi", between(random, 0, 8) * 32),
            }},
        }]});
        if chance(random, 70) {
            spec["tolerations"] = json!([{"operator": "Exists"}]);
        }
        if chance(random, 20) {
            let key = scheduler_core::model::well_known::ARCH;
            spec["nodeSelector"] = json!({key: one_of(random, &["arm64", "amd64"])});
        }
        if chance(random, 20) {
            spec["containers"][0]["ports"] = json!([{"containerPort": 8080, "hostPort": 8080}]);
        }
        sets.push(daemon_set(&name, &spec));
    }
    sets
}

fn daemon_set(name: &str, spec: &Value) -> DaemonSet {
    let labels = json!({"app": name});
    object(json!({
        "metadata": {"name": name, "namespace": DAEMON_NAMESPACE},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }))
}

fn chance(random: &mut Random, percent: usize) -> bool {
    random.below(100) < percent
}

fn between(random: &mut Random, low: usize, high: usize) -> usize {
    low + random.below(high - low + 1)
}

fn one_of<T: Copy>(random: &mut Random, choices: &[T]) -> T {
    choices[random.below(choices.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_cluster_again() {
        assert_eq!(draw(7).text().unwrap(), draw(7).text().unwrap());
        assert_ne!(draw(7).text().unwrap(), draw(8).text().unwrap());
    }

    #[test]
    fn a_cluster_survives_being_written_down() {
        for seed in 0..20 {
            let text = draw(seed).text().unwrap();
            assert_eq!(Cluster::parse("kept.yaml", &text).unwrap().text().unwrap(), text);
        }
    }
}
