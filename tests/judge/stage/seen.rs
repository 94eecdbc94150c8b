//! What is seen of the pods: a watch that runs all the time.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use anyhow::{Context as _, bail};
use futures_util::TryStreamExt as _;
use k8s_openapi::api::core::v1::{Pod, PodCondition};
use kube::api::{WatchEvent, WatchParams};
use kube::{Api, ResourceExt as _};
use plimsoll_control_plane::Plane;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::known::BOUND_PODS;
use super::{Actor, PATIENCE};

/// First and longest time between two questions whether the scheduler is done. It answers a pod in
/// milliseconds, but looks only once a second whether a volume that it asked for is there.
const ASK_AGAIN: [Duration; 2] = [Duration::from_millis(5), Duration::from_millis(100)];

/// What kube-scheduler says of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is bound to this node.
    Bound(String),
    /// It cannot be bound, for these reasons.
    Refused(String),
}

/// What is known of all pods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Pods {
    /// By uid; `None` is not heard of yet.
    verdicts: BTreeMap<String, Option<Verdict>>,
    /// How many were ever bound, those that are gone included.
    bound: u64,
}

impl Pods {
    fn set(&mut self, uid: String, verdict: Option<Verdict>) -> bool {
        let is_bound = matches!(verdict, Some(Verdict::Bound(_)));
        let before = self.verdicts.insert(uid, verdict.clone());
        let was_bound = matches!(before, Some(Some(Verdict::Bound(_))));
        self.bound += u64::from(is_bound && !was_bound);
        before != Some(verdict)
    }

    fn without_node(&self) -> u64 {
        let is_bound = |one: &&Option<Verdict>| !matches!(one, Some(Verdict::Bound(_)));
        self.verdicts.values().filter(is_bound).count() as u64
    }
}

/// Watches all pods.
pub(super) struct Watch {
    pods: watch::Receiver<Pods>,
    task: JoinHandle<()>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Watch {
    pub(super) fn start(api: Api<Pod>) -> Self {
        let (sender, pods) = watch::channel(Pods::default());
        let task = tokio::spawn(async move {
            // The API server ends a watch after a while. The next one begins where it ended.
            let mut version = "0".to_owned();
            while follow(&api, &sender, &mut version).await.is_ok() {}
        });
        Self { pods, task }
    }

    /// Waits until every pod has a verdict that stays: all are bound, or the scheduler has nothing
    /// left to try.
    pub(super) async fn settle(
        &self,
        plane: &Plane,
        actors: &[Actor],
    ) -> anyhow::Result<Vec<Verdict>> {
        let mut pods = self.pods.clone();
        let end = Instant::now() + PATIENCE;
        let [first, longest] = ASK_AGAIN;
        let mut pause = first;
        loop {
            let (now, known) = {
                let now = pods.borrow_and_update();
                let verdict = |actor: &Actor| now.verdicts.get(&actor.uid).cloned().flatten();
                (now.clone(), actors.iter().map(verdict).collect::<Option<Vec<Verdict>>>())
            };
            if let Some(verdicts) = known {
                let mut all = verdicts.iter();
                if all.all(|one| matches!(one, Verdict::Bound(_)))
                    || (has_nothing_to_try(plane, &now).await? && !pods.has_changed()?)
                {
                    return Ok(verdicts);
                }
            }
            if Instant::now() >= end {
                let open = now.without_node();
                bail!(
                    "the scheduler is not done with {open} pods: {:?}",
                    plane.scheduler_work().await
                );
            }
            match timeout_at(end.min(Instant::now() + pause), pods.changed()).await {
                Ok(changed) => {
                    changed.context("the watch of pods has ended")?;
                    pause = first;
                }
                Err(_elapsed) => pause = longest.min(2 * pause),
            }
        }
    }

    /// Waits until a pod is gone.
    pub(super) async fn gone(&self, actor: &Actor) -> anyhow::Result<()> {
        self.until(|pods| !pods.verdicts.contains_key(&actor.uid)).await
    }

    /// Waits until there is no pod.
    pub(super) async fn empty(&self) -> anyhow::Result<()> {
        self.until(|pods| pods.verdicts.is_empty()).await
    }

    /// Waits until these pods are seen bound.
    pub(super) async fn all_bound(&self, uids: &[String]) -> anyhow::Result<()> {
        let is_bound =
            |pods: &Pods, uid| matches!(pods.verdicts.get(uid), Some(Some(Verdict::Bound(_))));
        self.until(|pods| uids.iter().all(|uid| is_bound(pods, uid))).await
    }

    /// How many pods were ever bound.
    pub(super) fn bound(&self) -> u64 {
        self.pods.borrow().bound
    }

    async fn until(&self, is_so: impl Fn(&Pods) -> bool) -> anyhow::Result<()> {
        let mut pods = self.pods.clone();
        let end = Instant::now() + PATIENCE;
        match timeout_at(end, pods.wait_for(|pods| is_so(pods))).await {
            Ok(seen) => seen.map(drop).context("the watch of pods has ended"),
            Err(_) => bail!("pods that were created or deleted are not seen so"),
        }
    }
}

/// Whether the scheduler has taken note of every binding, and waits with every pod that has no node
/// for something to happen. Its numbers are not of one moment, so it is asked twice: what it had
/// taken note of at first it has acted upon, as the second answer tells.
async fn has_nothing_to_try(plane: &Plane, pods: &Pods) -> anyhow::Result<bool> {
    for _ in 0..2 {
        let work = plane.scheduler_work().await?;
        if work.handled(BOUND_PODS) != pods.bound || !work.is_done(pods.without_node()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Follows the watch until the API server ends it.
async fn follow(
    api: &Api<Pod>,
    sender: &watch::Sender<Pods>,
    version: &mut String,
) -> anyhow::Result<()> {
    let mut events = pin!(api.watch(&WatchParams::default(), version).await?);
    while let Some(event) = events.try_next().await? {
        match event {
            WatchEvent::Added(pod) | WatchEvent::Modified(pod) => {
                *version = pod.resource_version().unwrap_or_default();
                let uid = pod.uid().unwrap_or_default();
                sender.send_if_modified(|pods| pods.set(uid, verdict(&pod)));
            }
            WatchEvent::Deleted(pod) => {
                *version = pod.resource_version().unwrap_or_default();
                sender.send_modify(|pods| {
                    pods.verdicts.remove(&pod.uid().unwrap_or_default());
                });
            }
            WatchEvent::Bookmark(bookmark) => *version = bookmark.metadata.resource_version,
            WatchEvent::Error(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn verdict(pod: &Pod) -> Option<Verdict> {
    if let Some(node) = pod.spec.as_ref().and_then(|spec| spec.node_name.clone()) {
        return Some(Verdict::Bound(node));
    }
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let mut refused = conditions
        .filter(|one| one.type_ == "PodScheduled" && one.status == "False" && !is_for_now(one));
    refused.next().map(|one| Verdict::Refused(one.message.clone().unwrap_or_default()))
}

/// Whether the scheduler has not looked at the pod yet, or has not heard of its volumes, which come
/// to it by another way than pods.
fn is_for_now(refused: &PodCondition) -> bool {
    let message = refused.message.as_deref().unwrap_or_default();
    refused.reason.as_deref() == Some("SchedulingGated")
        || message.contains("waiting for ephemeral volume controller")
        || (message.contains("persistentvolume") && message.contains("not found"))
}
