//! The instant at which bound pods request most CPU.

use std::cmp::Reverse;

use jiff::Timestamp;
use scheduler_core::model::{Labels, well_known};

use super::view::View;
use crate::clock;
use crate::outcome::{NodePicture, Picture, PodPicture};

/// How a daemon's workload is shown.
const DAEMON: &str = "daemon";

const MIB: i64 = 1 << 20;

/// The busiest instant so far.
#[derive(Debug, Default)]
pub(super) struct Busiest {
    requested_cpu_milli: i64,
    at: Option<Timestamp>,
    views: Vec<View>,
}

impl Busiest {
    pub(super) fn is_beaten_by(&self, requested_cpu_milli: i64) -> bool {
        requested_cpu_milli > self.requested_cpu_milli
    }

    pub(super) fn replace(&mut self, requested_cpu_milli: i64, at: Timestamp, views: Vec<View>) {
        *self = Self { requested_cpu_milli, at: Some(at), views };
    }

    pub(super) fn picture(&self) -> Picture {
        let mut nodes: Vec<NodePicture> = self.views.iter().map(node_picture).collect();
        nodes.sort_by(|a, b| {
            let size = |node: &NodePicture| Reverse((node.cpu_milli, node.memory_mib));
            size(a).cmp(&size(b)).then_with(|| a.name.cmp(&b.name))
        });
        let millis = self.at.map_or(0, clock::millis_since_zero);
        Picture { at_seconds: (millis / 1000) as u64, nodes }
    }
}

fn node_picture(view: &View) -> NodePicture {
    let node = &view.shown.node;
    let daemons = view.shown.pods.len() - view.groups.len();
    let groups = std::iter::repeat_n(DAEMON, daemons).chain(view.groups.iter().map(AsRef::as_ref));
    let pods = view.shown.pods.iter().zip(groups).map(|(pod, group)| PodPicture {
        name: pod.id.to_string(),
        group: group.to_owned(),
        cpu_milli: pod.spec.requests.cpu_milli,
        memory_mib: pod.spec.requests.memory_bytes / MIB,
    });
    let mut pods: Vec<PodPicture> = pods.collect();
    pods.sort_by(|a, b| {
        let size = |pod: &PodPicture| Reverse((pod.cpu_milli, pod.memory_mib));
        size(a).cmp(&size(b)).then_with(|| a.name.cmp(&b.name))
    });
    NodePicture {
        name: node.name.clone(),
        instance_type: label(&node.labels, well_known::INSTANCE_TYPE),
        zone: label(&node.labels, well_known::ZONE),
        capacity_type: label(&node.labels, well_known::CAPACITY_TYPE),
        cpu_milli: node.allocatable.cpu_milli,
        memory_mib: node.allocatable.memory_bytes / MIB,
        pods,
    }
}

fn label(labels: &Labels, key: &str) -> String {
    labels.get(key).cloned().unwrap_or_default()
}
