//! A pod of the simulated cluster.

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use scheduler_core::model::{Pod, PodId, PodSpec};
use scheduler_core::plan::ReasonCode;

use super::workload::Template;
use crate::binder::{NodeId, SpecId};

/// A pod, numbered in order of creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PodKey(pub(super) u64);

/// Where a pod is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It waits for a node.
    Waiting,
    /// It runs.
    On {
        /// The node.
        node: NodeId,
        /// When it was bound.
        since: Timestamp,
    },
}

/// A place in the queue: the highest priority first, then the oldest pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct QueuePlace {
    priority: Reverse<i32>,
    created: Timestamp,
    pub(super) key: PodKey,
}

/// A pod that has not ended.
#[derive(Debug)]
pub(super) struct SimPod {
    pub(super) template: Arc<Template>,
    pub(super) spec_id: Option<SpecId>,
    /// The pod as the planner sees it.
    pub(super) shown: Arc<Pod>,
    pub(super) place: Place,
    /// Counts the times it lost its node.
    pub(super) life: u32,
    /// How long it has still to run; `None` if that does not end it.
    pub(super) remaining: Option<SignedDuration>,
    pub(super) volume: Option<usize>,
    pub(super) ever_bound: bool,
    /// Why the last plan had no place for it.
    pub(super) reason: Option<ReasonCode>,
    /// Its name in the first life.
    first_name: String,
}

impl SimPod {
    pub(super) fn new(
        id: PodId,
        template: Arc<Template>,
        created: Timestamp,
        (remaining, volume): (Option<SignedDuration>, Option<usize>),
    ) -> Self {
        let first_name = id.name.clone();
        let spec = Arc::clone(&template.spec);
        Self {
            template,
            spec_id: None,
            shown: Arc::new(Pod { id, spec, nominated: None, created }),
            place: Place::Waiting,
            life: 0,
            remaining,
            volume,
            ever_bound: false,
            reason: None,
            first_name,
        }
    }

    /// The pod waits from now on, under this spec.
    pub(super) fn wait(&mut self, spec: Arc<PodSpec>, now: Timestamp) {
        let id = self.shown.id.clone();
        self.place = Place::Waiting;
        self.reason = None;
        self.shown = Arc::new(Pod { id, spec, nominated: None, created: now });
    }

    /// The pod has lost its node: another one takes its place, with the time that is left.
    pub(super) fn next_life(&mut self, ran: SignedDuration) {
        self.life += 1;
        self.remaining =
            self.remaining.map(|left| left.saturating_sub(ran).max(SignedDuration::ZERO));
        let name = format!("{}-r{}", self.first_name, self.life);
        let id = PodId::new(&self.shown.id.namespace, name);
        self.shown = Arc::new(Pod { id, ..self.shown.as_ref().clone() });
    }

    /// A plan expects the pod on a node, or on none.
    pub(super) fn nominate(&mut self, node: Option<String>) {
        if self.shown.nominated != node {
            self.shown = Arc::new(Pod { nominated: node, ..self.shown.as_ref().clone() });
        }
    }

    /// Its place in the queue while it waits.
    pub(super) fn queue_place(&self, key: PodKey) -> QueuePlace {
        let priority = Reverse(self.shown.spec.priority);
        QueuePlace { priority, created: self.shown.created, key }
    }
}
