//! Nodes of everything that can be launched, as far as pods can tell them apart.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Node, Pod};
use kube::ResourceExt as _;
use scheduler_core::model::Resources;
use scheduler_core::model::attachment::{NO_LIMIT, counts_volumes};
use scheduler_core::model::well_known::HOSTNAME;
use serde_json::json;

use super::Case;
use crate::cluster::shared;
use crate::{daemon, planned};

/// A node, with what is left of it beside the daemons.
struct Choice {
    node: Node,
    room: Resources,
    /// Daemon pods that take host ports. The others are only taken off the room, which spares half
    /// of the objects.
    daemons: Vec<Pod>,
}

/// For every node that could be launched, one on which each of these pods may run if it may run on
/// that node; and the daemons of the nodes.
///
/// Of nodes that differ only in labels that nothing looks at, and in their room, the largest are
/// enough: whatever else is on the stage, the scheduler's filters never let a pod onto a smaller
/// node and keep it off such a larger one.
pub(super) fn all(case: &Case<'_>, asking: &[&Pod]) -> (Vec<Node>, Vec<Pod>) {
    let asked = asked(case, asking);
    let matters = |key: &str| asked.iter().any(|text| text.contains(key));
    let mut kinds: BTreeMap<String, Vec<Choice>> = BTreeMap::new();
    for (node, room) in planned::one_of_each(&case.snapshot.supply, &matters) {
        let choice = Choice::new(case, node, room);
        // A node on which the daemons have no room is of no use.
        if choice.room.iter().any(|(_, amount)| amount < 0) {
            continue;
        }
        let same = kinds.entry(choice.kind(&matters)).or_default();
        if !same.iter().any(|other| is_within(&choice.room, &other.room)) {
            same.retain(|other| !is_within(&other.room, &choice.room));
            same.push(choice);
        }
    }
    let mut all = (Vec::new(), Vec::new());
    for mut choice in kinds.into_values().flatten() {
        planned::set_allocatable(&mut choice.node, &choice.room);
        all.0.push(choice.node);
        all.1.extend(choice.daemons);
    }
    all
}

impl Choice {
    fn new(case: &Case<'_>, node: Node, mut room: Resources) -> Self {
        let pods = daemon::pods_of(&case.cluster.daemon_sets, &node);
        let takes_ports = |pod: &Pod| json!(pod.spec).to_string().contains("hostPort");
        let (daemons, others): (Vec<Pod>, Vec<Pod>) = pods.into_iter().partition(takes_ports);
        let sets = &case.snapshot.supply.daemon_sets;
        let of = |pod: &Pod| sets.iter().find(|set| pod.name_any().starts_with(&set.id.name));
        for set in others.iter().filter_map(of) {
            room.subtract(&set.spec.requests);
        }
        Self { node, room, daemons }
    }

    /// All that pods can see of it, but for its room.
    fn kind(&self, matters: &impl Fn(&str) -> bool) -> String {
        let labels = self.node.labels().iter();
        let labels: BTreeMap<_, _> =
            labels.filter(|(key, _)| *key != HOSTNAME && matters(key)).collect();
        let taints = self.node.spec.as_ref().and_then(|spec| spec.taints.as_ref());
        let daemons: Vec<_> = self.daemons.iter().map(kube::ResourceExt::labels).collect();
        json!([labels, taints, daemons]).to_string()
    }
}

/// Whether a node with this room can hold no more than one with the other.
fn is_within(room: &Resources, other: &Resources) -> bool {
    // A driver that a node does not name has no limit there.
    let limit = |room: &Resources, name: &str| room.extended.get(name).map_or(NO_LIMIT, |one| *one);
    let mut limited = other.extended.keys().filter(|name| counts_volumes(name));
    limited.all(|name| limit(room, name) <= limit(other, name))
        && room.clone().without_volumes().fits(&other.clone().without_volumes())
}

/// The text of all that can name a label of nodes when these pods are tried: of other pods that is
/// whom they keep away.
fn asked(case: &Case<'_>, asking: &[&Pod]) -> Vec<String> {
    let mut all: Vec<String> = asking.iter().map(|pod| json!(pod.spec).to_string()).collect();
    let has = |all: &[String], field: &str| all.iter().any(|text| text.contains(field));
    if has(&all, "\"runtimeClassName\"") {
        all.extend(shared::runtime_classes().iter().map(|one| json!(one).to_string()));
    }
    if has(&all, "\"volumes\"") {
        all.extend(case.cluster.volumes.iter().map(|one| json!(one).to_string()));
        // Volumes that are made on the way are in zones, which these name as well.
        all.extend(shared::storage_classes().iter().map(|one| json!(one).to_string()));
    }
    for pod in case.pending.iter().chain(&case.running) {
        let affinity = pod.spec.as_ref().and_then(|spec| spec.affinity.as_ref());
        let away = affinity.and_then(|affinity| affinity.pod_anti_affinity.as_ref());
        all.extend(away.map(|away| json!(away).to_string()));
    }
    all
}
