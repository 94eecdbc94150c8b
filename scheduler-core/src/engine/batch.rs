//! Batch windows: how long to wait for more pods before planning (`karpenter-core.md` §4.1).

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::engine::Settings;
use crate::model::attachment::places;
use crate::model::{NodeStage, Pod, PodId};
use crate::snapshot::{ClusterSnapshot, NodeWithPods, Supply};

/// Pods without a place are tried again at this interval, if anything has changed that could help
/// them. Karpenter's own.
const RETRY: SignedDuration = SignedDuration::from_secs(10);

/// What is remembered about waiting pods.
#[derive(Debug, Default)]
pub(super) struct Batches {
    /// The open window: when it opened, and when the last new pod came.
    window: Option<(Timestamp, Timestamp)>,
    /// Waiting pods that have been seen, in this window or an earlier one.
    seen: BTreeSet<PodId>,
    /// When pods were last planned.
    planned: Option<Timestamp>,
    /// What the cluster looked like then.
    planned_for: Option<Scene>,
    /// Do not wait.
    urgent: bool,
}

/// Whether to plan now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Plan all pending pods.
    Plan,
    /// Nothing to plan, or not yet; ask again then.
    Wait(Option<Timestamp>),
}

impl Batches {
    /// The next step does not wait for its window to close.
    pub(super) fn hurry(&mut self) {
        self.urgent = true;
    }

    /// Whether pods that have not been planned yet are being waited with.
    pub(super) fn is_open(&self) -> bool {
        self.window.is_some()
    }

    /// Looks at the waiting pods: those that no earlier plan has given a node which is still there.
    pub(super) fn decide(&mut self, snapshot: &ClusterSnapshot, settings: &Settings) -> Decision {
        let now = snapshot.now;
        let waiting: Vec<&PodId> = snapshot
            .pending
            .iter()
            .filter(|pod| !is_expected(snapshot, pod))
            .map(|pod| &pod.id)
            .collect();
        if waiting.is_empty() {
            *self = Self { planned: self.planned, ..Self::default() };
            return Decision::Wait(None);
        }
        let fresh = waiting.iter().any(|pod| !self.seen.contains(*pod));
        if fresh {
            let opened = self.window.map_or(now, |(opened, _)| opened);
            self.window = Some((opened, now));
        }
        self.seen = waiting.into_iter().cloned().collect();
        let closes = match (self.window, self.planned) {
            _ if self.urgent => now,
            (Some((opened, last)), _) => {
                later(last, settings.batch_idle).min(later(opened, settings.batch_max))
            }
            (None, Some(planned)) if !self.is_unchanged(snapshot) => later(planned, RETRY),
            (None, _) => return Decision::Wait(None),
        };
        if now < closes {
            return Decision::Wait(Some(closes));
        }
        self.window = None;
        self.urgent = false;
        self.planned = Some(now);
        self.planned_for = Some(Scene::of(snapshot));
        Decision::Plan
    }

    fn is_unchanged(&self, snapshot: &ClusterSnapshot) -> bool {
        self.planned_for.as_ref().is_some_and(|scene| scene.shows(snapshot))
    }
}

fn later(time: Timestamp, wait: SignedDuration) -> Timestamp {
    time.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// Whether an earlier plan's node for the pod is still there and still has room: until a node is
/// initialized nobody else takes it, afterwards kube-scheduler may have given it away.
fn is_expected(snapshot: &ClusterSnapshot, pod: &Pod) -> bool {
    let Some(node) = pod.nominated.as_ref().and_then(|name| snapshot.node(name)) else {
        return false;
    };
    let has_room = || {
        let used = node.used();
        let attached = node.shared_volumes();
        let mut asked = pod.spec.requests.clone();
        let volumes = pod.spec.shared_volumes.iter();
        asked.add(&places(volumes.filter(|one| !attached.contains(one))));
        let mut asked = asked.iter();
        asked.all(|(name, asked)| asked + used.get(name) <= node.node.allocatable.get(name))
    };
    node.node.stage != NodeStage::Initialized || has_room()
}

/// The supply and the nodes of a snapshot, kept alive so that sameness is told by address.
#[derive(Debug)]
struct Scene {
    supply: Arc<Supply>,
    nodes: Vec<Arc<NodeWithPods>>,
}

impl Scene {
    fn of(snapshot: &ClusterSnapshot) -> Self {
        Self { supply: snapshot.supply.clone(), nodes: snapshot.nodes.clone() }
    }

    fn shows(&self, snapshot: &ClusterSnapshot) -> bool {
        Arc::ptr_eq(&self.supply, &snapshot.supply)
            && self.nodes.len() == snapshot.nodes.len()
            && self.nodes.iter().zip(&snapshot.nodes).all(|(old, new)| Arc::ptr_eq(old, new))
    }
}
