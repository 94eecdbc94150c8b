//! Smaller clusters on which plan and scheduler still disagree.

use std::collections::BTreeSet;

use kube::ResourceExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cluster::Cluster;
use crate::judge::{Disagreement, Kind, Questions, judge};
use crate::stage::Stage;

/// Most clusters that are tried: some minutes.
const TRIES_MAX: usize = 400;

/// What stays as it is. A selector that selects more, or other things, is another case.
const KEPT: [&str; 6] = ["name", "image", "nodeClassRef", "nodeName", "labelSelector", "claimName"];

/// Takes things away for as long as there is still such a disagreement.
pub(crate) async fn shrink(stage: &Stage, cluster: &Cluster, found: &Disagreement) -> Cluster {
    let mut smallest = cluster.clone();
    let mut tries = 0;
    // What could not be taken away at first may go once other things are gone.
    loop {
        let mut shrunk = false;
        let mut step = 0;
        while let Some(smaller) = without(&smallest, step) {
            if tries == TRIES_MAX {
                return smallest;
            }
            tries += 1;
            if disagrees(stage, &smaller, found).await {
                smallest = smaller;
                shrunk = true;
            } else {
                step += 1;
            }
        }
        if !shrunk {
            return smallest;
        }
    }
}

async fn disagrees(stage: &Stage, cluster: &Cluster, found: &Disagreement) -> bool {
    let questions = match found.kind {
        Kind::Free => Questions::PlannedAndFree,
        Kind::Plan | Kind::Placement | Kind::Unschedulable => Questions::Planned,
    };
    // An object that the API refuses without the thing taken away is not a smaller case.
    let outcome = judge(stage, cluster, questions).await;
    outcome.is_ok_and(|outcome| outcome.disagreements.iter().any(|one| one.is_like(found)))
}

/// The cluster without the thing of this number; large things first. `None` after the last.
fn without(cluster: &Cluster, step: usize) -> Option<Cluster> {
    let mut left = step;
    let mut is_it = || {
        let found = left == 0;
        left = left.wrapping_sub(1);
        found
    };
    for app in apps(cluster) {
        if is_it() {
            return Some(retain_pods(cluster, |name| !belongs(name, &app)));
        }
    }
    for node in cluster.nodes.iter().map(kube::ResourceExt::name_any) {
        if is_it() {
            let mut smaller = cluster.clone();
            smaller.nodes.retain(|one| one.name_any() != node);
            smaller.bound.retain(|pod| {
                pod.spec.as_ref().and_then(|spec| spec.node_name.as_ref()) != Some(&node)
            });
            return Some(smaller);
        }
    }
    for index in 0..cluster.node_claims.len() {
        if is_it() {
            let mut smaller = cluster.clone();
            smaller.node_claims.remove(index);
            return Some(smaller);
        }
    }
    for index in 0..cluster.csi_nodes.len() {
        if is_it() {
            let mut smaller = cluster.clone();
            smaller.csi_nodes.remove(index);
            return Some(smaller);
        }
    }
    for set in cluster.daemon_sets.iter().map(kube::ResourceExt::name_any) {
        if is_it() {
            let mut smaller = retain_pods(cluster, |name| !belongs(name, &set));
            smaller.daemon_sets.retain(|one| one.name_any() != set);
            return Some(smaller);
        }
    }
    for index in 0..cluster.pools.len() {
        if is_it() {
            let mut smaller = cluster.clone();
            smaller.pools.remove(index);
            return Some(smaller);
        }
    }
    let pods: Vec<String> =
        cluster.pending.iter().chain(&cluster.bound).map(kube::ResourceExt::name_any).collect();
    for pod in &pods {
        if is_it() {
            return Some(retain_pods(cluster, |name| name != pod));
        }
    }
    without_field(cluster, left)
}

fn apps(cluster: &Cluster) -> BTreeSet<String> {
    let pods = cluster.pending.iter().chain(&cluster.bound);
    let own = pods.filter(|pod| pod.metadata.owner_references.is_none());
    own.filter_map(|pod| pod.labels().get("app").cloned()).collect()
}

/// Whether a pod's name says that it is one of this workload or daemon.
fn belongs(pod: &str, app: &str) -> bool {
    pod.strip_prefix(app).is_some_and(|rest| rest.starts_with('-'))
}

fn retain_pods(cluster: &Cluster, keep: impl Fn(&str) -> bool) -> Cluster {
    let mut smaller = cluster.clone();
    smaller.pending.retain(|pod| keep(&pod.name_any()));
    smaller.bound.retain(|pod| keep(&pod.name_any()));
    smaller.drop_unused_volumes();
    smaller
}

/// The cluster without one field or list entry of a workload, a pool or a node.
fn without_field(cluster: &Cluster, mut left: usize) -> Option<Cluster> {
    for app in apps(cluster) {
        let pods = cluster.pending.iter().chain(&cluster.bound);
        let Some(example) = pods.into_iter().find(|pod| belongs(&pod.name_any(), &app)) else {
            continue;
        };
        let paths = paths(example);
        if left < paths.len() {
            let mut smaller = cluster.clone();
            let all = smaller.pending.iter_mut().chain(&mut smaller.bound);
            all.filter(|pod| belongs(&pod.name_any(), &app)).for_each(|pod| cut(pod, &paths[left]));
            return Some(smaller);
        }
        left -= paths.len();
    }
    for index in 0..cluster.pools.len() {
        let paths = paths(&cluster.pools[index]);
        if left < paths.len() {
            let mut smaller = cluster.clone();
            cut(&mut smaller.pools[index], &paths[left]);
            return Some(smaller);
        }
        left -= paths.len();
    }
    for index in 0..cluster.nodes.len() {
        let paths = paths(&cluster.nodes[index]);
        if left < paths.len() {
            let mut smaller = cluster.clone();
            cut(&mut smaller.nodes[index], &paths[left]);
            return Some(smaller);
        }
        left -= paths.len();
    }
    None
}

/// Paths of everything within `spec` that could be missing.
fn paths<T: Serialize>(object: &T) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    if let Ok(value) = serde_json::to_value(object) {
        collect(&value["spec"], &mut vec!["spec".to_owned()], &mut found);
    }
    found
}

fn collect(value: &Value, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => return,
    };
    // A pod has at least one container.
    let needed = path.last().is_some_and(|last| last == "containers") && children.len() == 1;
    for (key, child) in children {
        if KEPT.contains(&key.as_str()) {
            continue;
        }
        let stays = needed || key == "containers";
        path.push(key);
        if !stays {
            found.push(path.clone());
        }
        collect(child, path, found);
        path.pop();
    }
}

/// Removes what is at the path, if the object can be without it.
fn cut<T: Serialize + DeserializeOwned>(object: &mut T, path: &[String]) {
    let Ok(mut value) = serde_json::to_value(&*object) else { return };
    let Some((last, parents)) = path.split_last() else { return };
    let escaped = parents.iter().map(|part| part.replace('~', "~0").replace('/', "~1"));
    let pointer = escaped.fold(String::new(), |pointer, part| pointer + "/" + &part);
    match value.pointer_mut(&pointer) {
        Some(Value::Object(fields)) => {
            fields.remove(last);
        }
        Some(Value::Array(items)) => {
            if let Some(index) = last.parse().ok().filter(|index| *index < items.len()) {
                items.remove(index);
            }
        }
        _ => {}
    }
    if let Ok(smaller) = serde_json::from_value(value) {
        *object = smaller;
    }
}
