//! Batch windows: how long to wait for more pods before planning (`karpenter-core.md` §4.1).

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::engine::Settings;
use crate::model::PodId;
use crate::snapshot::ClusterSnapshot;

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
    fingerprint: Vec<usize>,
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
            .filter(|pod| pod.nominated.as_ref().is_none_or(|name| snapshot.node(name).is_none()))
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
            (None, Some(planned)) if fingerprint(snapshot) != self.fingerprint => {
                later(planned, RETRY)
            }
            (None, _) => return Decision::Wait(None),
        };
        if now < closes {
            return Decision::Wait(Some(closes));
        }
        self.window = None;
        self.urgent = false;
        self.planned = Some(now);
        self.fingerprint = fingerprint(snapshot);
        Decision::Plan
    }
}

fn later(time: Timestamp, wait: SignedDuration) -> Timestamp {
    time.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// Changes when nodes or the supply do. Addresses are compared, never followed: an equal
/// fingerprint of a changed cluster would cost a retry, nothing else.
fn fingerprint(snapshot: &ClusterSnapshot) -> Vec<usize> {
    let nodes = snapshot.nodes.iter().map(|node| std::sync::Arc::as_ptr(node).addr());
    std::iter::once(std::sync::Arc::as_ptr(&snapshot.supply).addr()).chain(nodes).collect()
}
