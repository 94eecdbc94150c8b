//! Pods get onto nodes and off them.

use std::collections::BTreeSet;

use super::World;
use super::event::Event;
use super::pod::{Place, PodKey};
use crate::binder::NodeId;
use crate::clock;

impl World {
    /// Binds every waiting pod that has a place, as kube-scheduler would: by priority, then age.
    pub(crate) fn bind_waiting(&mut self) {
        if !std::mem::take(&mut self.room_changed) {
            return;
        }
        // Each round binds a pod or is the last one.
        while self.bind_round() == Progress::MoreMayFit {}
        self.changed |= !self.waiting.is_empty();
        let requested = self.recorder.requested_cpu_milli();
        if self.busiest.is_beaten_by(requested) {
            let views = self.views();
            let now = self.now();
            self.busiest.replace(requested, now, views);
        }
    }

    fn bind_round(&mut self) -> Progress {
        let mut without_room = BTreeSet::new();
        let (mut bound, mut may_fit_later) = (false, false);
        let waiting: Vec<PodKey> = self.waiting.iter().map(|place| place.key).collect();
        for key in waiting {
            let Some(spec) = self.pods.get(&key).and_then(|pod| pod.spec_id) else {
                continue;
            };
            if without_room.contains(&spec) {
                continue;
            }
            if let Some(node) = self.binder.choose(spec) {
                self.bind(key, node);
                bound = true;
            } else {
                without_room.insert(spec);
                may_fit_later |= self.binder.depends_on_pods(spec);
            }
        }
        if bound && may_fit_later { Progress::MoreMayFit } else { Progress::Done }
    }

    fn bind(&mut self, key: PodKey, node_id: NodeId) {
        let now = self.clock.now();
        let zone = self.zone_of(node_id).map(str::to_owned);
        let (Some(pod), Some(node)) = (self.pods.get_mut(&key), self.nodes.get_mut(&node_id))
        else {
            return;
        };
        self.waiting.remove(&pod.queue_place(key));
        self.waiting_ids.remove(&pod.shown.id);
        // A pod that waited before this instant was part of a plan, which must hear of it.
        self.changed |= pod.shown.created < now;
        pod.nominate(None);
        pod.place = Place::On { node: node_id, since: now };
        pod.ever_bound = true;
        node.pods.push(key);
        node.node.last_pod_event = Some(now);
        node.view = None;
        if let Some(spec) = pod.spec_id {
            self.binder.place(spec, node_id);
        }
        self.recorder.pod_bound(&pod.shown.spec.requests, pod.shown.created, now);
        if let (Some(slot), Some(zone)) = (pod.volume, zone) {
            self.volumes.bound(&pod.template.group, slot, &zone);
        }
        if let Some(remaining) = pod.remaining {
            let end = clock::later(now, remaining);
            self.queue.push(end, Event::RunEnds { pod: key, life: pod.life });
        }
    }

    /// Takes a pod off its node, if it is on one.
    pub(super) fn leave_node(&mut self, key: PodKey) {
        let now = self.clock.now();
        let Some(pod) = self.pods.get(&key) else {
            return;
        };
        let Place::On { node: node_id, .. } = pod.place else {
            return;
        };
        if let Some(node) = self.nodes.get_mut(&node_id) {
            node.pods.retain(|other| *other != key);
            node.node.last_pod_event = Some(now);
            node.view = None;
        }
        if let Some(spec) = pod.spec_id {
            self.binder.remove(spec, node_id);
        }
        self.recorder.pod_left(&pod.shown.spec.requests);
        self.room_changed = true;
        self.changed = true;
    }

    /// A pod loses its node and comes back as waiting, with the time that it has left.
    pub(super) fn evict(&mut self, key: PodKey) {
        self.leave_node(key);
        let now = self.clock.now();
        if let Some(pod) = self.pods.get_mut(&key)
            && let Place::On { since, .. } = pod.place
        {
            pod.next_life(now.duration_since(since));
        }
        self.wait(key);
    }
}

/// Whether another round over the queue can bind more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// A pod was bound, and one without a place depends on where others are.
    MoreMayFit,
    /// No.
    Done,
}
