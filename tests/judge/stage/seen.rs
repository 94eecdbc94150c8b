//! What is seen of the pods: a watch that runs all the time.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use anyhow::bail;
use futures_util::TryStreamExt as _;
use k8s_openapi::api::core::v1::{Pod, PodCondition};
use kube::api::{WatchEvent, WatchParams};
use kube::{Api, ResourceExt as _};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use super::Actor;

/// The same as [`super::QUIET`] for pods with volumes: the scheduler looks once a second whether a
/// volume that it asked for is there, and before that the pod may have waited a second.
const VOLUME_QUIET: Duration = Duration::from_millis(2_500);

/// What kube-scheduler says of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is bound to this node.
    Bound(String),
    /// It cannot be bound, for these reasons.
    Refused(String),
}

/// Everything that is known of all pods, by uid; `None` is not heard of yet.
type Pods = BTreeMap<String, Option<Verdict>>;

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
        let (sender, pods) = watch::channel(Pods::new());
        let task = tokio::spawn(async move {
            // The API server ends a watch after a while. The next one begins with all that is there.
            while !sender.is_closed() {
                sender.send_modify(Pods::clear);
                let _ = follow(&api, &sender).await;
            }
        });
        Self { pods, task }
    }

    /// Waits until every pod has a verdict and nothing has changed for a while; or all are bound.
    pub(super) async fn settle(
        &self,
        actors: &[Actor],
        mut quiet: Duration,
        patience: Duration,
    ) -> anyhow::Result<Vec<Verdict>> {
        let mut pods = self.pods.clone();
        let end = Instant::now() + patience;
        let mut last = Vec::new();
        let mut changed = Instant::now();
        loop {
            let now: Vec<Option<Verdict>> = {
                let pods = pods.borrow_and_update();
                actors.iter().map(|actor| pods.get(&actor.uid).cloned().flatten()).collect()
            };
            if now != last {
                last = now;
                changed = Instant::now();
            }
            let known: Option<Vec<Verdict>> = last.iter().cloned().collect();
            if let Some(verdicts) = known {
                let is_bound = |verdict: &Verdict| matches!(verdict, Verdict::Bound(_));
                let mut open =
                    actors.iter().zip(&verdicts).filter(|(_, verdict)| !is_bound(verdict));
                if quiet > Duration::ZERO && open.clone().any(|(actor, _)| actor.is_slow) {
                    quiet = VOLUME_QUIET;
                }
                if open.next().is_none() || changed.elapsed() >= quiet {
                    return Ok(verdicts);
                }
            }
            if Instant::now() >= end {
                let unknown = last.iter().filter(|one| one.is_none()).count();
                bail!("the scheduler says nothing of {unknown} pods, or changes its mind for ever");
            }
            // Elapsed: nothing has changed, so that it may be quiet now.
            let _ = timeout_at(end.min(changed + quiet), pods.changed()).await;
        }
    }

    /// Waits until a pod is gone.
    pub(super) async fn gone(&self, actor: &Actor) -> anyhow::Result<()> {
        self.until(|pods| !pods.contains_key(&actor.uid)).await
    }

    /// Waits until there is no pod.
    pub(super) async fn empty(&self) -> anyhow::Result<()> {
        self.until(Pods::is_empty).await
    }

    async fn until(&self, is_so: impl Fn(&Pods) -> bool) -> anyhow::Result<()> {
        let mut pods = self.pods.clone();
        let end = Instant::now() + super::PATIENCE;
        match timeout_at(end, pods.wait_for(|pods| is_so(pods))).await {
            Ok(_) => Ok(()),
            Err(_) => bail!("pods that were deleted do not go away"),
        }
    }
}

async fn follow(api: &Api<Pod>, sender: &watch::Sender<Pods>) -> kube::Result<()> {
    let mut events = pin!(api.watch(&WatchParams::default(), "0").await?);
    while let Some(event) = events.try_next().await? {
        match event {
            WatchEvent::Added(pod) | WatchEvent::Modified(pod) => {
                let uid = pod.uid().unwrap_or_default();
                sender.send_if_modified(|pods| {
                    let verdict = verdict(&pod);
                    pods.insert(uid, verdict.clone()) != Some(verdict)
                });
            }
            WatchEvent::Deleted(pod) => {
                sender.send_modify(|pods| {
                    pods.remove(&pod.uid().unwrap_or_default());
                });
            }
            WatchEvent::Bookmark(_) => {}
            WatchEvent::Error(_) => break,
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
