//! What the scheduler must have taken note of before it is asked anything.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plimsoll_control_plane::Plane;
use tokio::time::{Instant, sleep};

use super::PATIENCE;
use super::seen::Watch;

/// Time between two questions whether the scheduler knows it.
const ASK_AGAIN: Duration = Duration::from_millis(5);

/// How many objects of each kind there ever were, by the name that the scheduler gives the event.
/// Pods are counted by their watch.
#[derive(Clone, Debug, Default)]
pub(super) struct Created(Arc<Mutex<BTreeMap<&'static str, u64>>>);

pub(super) const NODES: &str = "NodeAdd";
pub(super) const CSI_NODES: &str = "storage.k8s.io/CSINodeAdd";
pub(super) const CLAIMS: &str = "PersistentVolumeClaimAdd";
pub(super) const VOLUMES: &str = "PersistentVolumeAdd";
pub(super) const BOUND_PODS: &str = "AssignedPodAdd";
pub(super) const NODES_GONE: &str = "NodeDelete";
pub(super) const BOUND_PODS_GONE: &str = "AssignedPodDelete";

impl Created {
    pub(super) fn add(&self, event: &'static str, count: usize) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(event).or_default() += count as u64;
    }

    pub(super) fn count(&self, event: &str) -> u64 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(event).copied().unwrap_or(0)
    }

    /// Waits until the scheduler knows all that was created, and all pods that are bound.
    pub(super) async fn is_known(&self, plane: &Plane, watch: &Watch) -> anyhow::Result<()> {
        let of = |event| (event, self.count(event));
        let created = || [NODES, CSI_NODES, CLAIMS, VOLUMES].map(of);
        let all = || created().into_iter().chain([(BOUND_PODS, watch.bound())]).collect();
        until_handled(plane, &all).await
    }

    /// Waits until the scheduler knows that no node is there any more, nor any pod.
    pub(super) async fn is_gone(&self, plane: &Plane, watch: &Watch) -> anyhow::Result<()> {
        let all = || vec![(NODES_GONE, self.count(NODES)), (BOUND_PODS_GONE, watch.bound())];
        until_handled(plane, &all).await
    }
}

/// Waits until the scheduler has handled so many events. What is bound or made meanwhile counts.
async fn until_handled(
    plane: &Plane,
    events: &impl Fn() -> Vec<(&'static str, u64)>,
) -> anyhow::Result<()> {
    let end = Instant::now() + PATIENCE;
    loop {
        let work = plane.scheduler_work().await?;
        let events = events();
        if events.iter().all(|(event, count)| work.handled(event) == *count) {
            return Ok(());
        }
        anyhow::ensure!(
            Instant::now() < end,
            "the scheduler has not taken note of {events:?}: {work:?}",
        );
        sleep(ASK_AGAIN).await;
    }
}
