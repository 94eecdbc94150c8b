//! Pods by the workload that they belong to.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use scheduler_core::model::{Pod, PodId};

use super::Planned;

/// Characters for workloads in a row, so that a row keeps to some 120 columns.
const ROOM: usize = 32;

/// Name of the workload that each pending pod belongs to.
#[derive(Debug)]
pub(crate) struct Workloads<'a>(BTreeMap<&'a PodId, &'a str>);

impl<'a> Workloads<'a> {
    /// Those of a plan.
    pub(crate) fn new(planned: &'a Planned) -> Self {
        let pending = planned.snapshot.pending.iter();
        Self(pending.filter_map(|pod| Some((&pod.id, owner(pod)?))).collect())
    }

    /// The workload of a pod, or the pod itself if it has none.
    pub(crate) fn of<'b>(&'b self, pod: &'b PodId) -> &'b str {
        self.0.get(pod).copied().unwrap_or(&pod.name)
    }

    /// Workloads with numbers of pods, those with most first.
    pub(crate) fn ranked<'b>(
        &'b self,
        pods: impl IntoIterator<Item = &'b PodId>,
    ) -> Vec<(&'b str, usize)> {
        let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
        for pod in pods {
            *numbers.entry(self.of(pod)).or_default() += 1;
        }
        let mut ranked: Vec<_> = numbers.into_iter().collect();
        ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        ranked
    }

    /// `web ×3, api, +2 more`: as many workloads as there is room for.
    pub(crate) fn in_short<'b>(&'b self, pods: impl IntoIterator<Item = &'b PodId>) -> String {
        let ranked = self.ranked(pods);
        let mut text = String::new();
        for (index, (name, pods)) in ranked.iter().enumerate() {
            let part = with_count(name, *pods);
            if index > 0 && text.chars().count() + part.chars().count() > ROOM {
                // Writing to a string cannot fail.
                let _ = write!(text, ", +{} more", ranked.len() - index);
                break;
            }
            text += if index == 0 { "" } else { ", " };
            text += &part;
        }
        text
    }
}

/// `web ×3`, or `web` for one pod.
pub(crate) fn with_count(name: &str, pods: usize) -> String {
    if pods == 1 { name.to_owned() } else { format!("{name} ×{pods}") }
}

fn owner(pod: &Pod) -> Option<&str> {
    let (kind, name) = pod.spec.owner.as_deref()?.split_once('/')?;
    Some(if kind == "ReplicaSet" { deployment(name) } else { name })
}

/// The Deployment that a `ReplicaSet` of this name belongs to, told by the hash that Kubernetes
/// appends; the name itself if there is none.
fn deployment(replica_set: &str) -> &str {
    // Letters and digits that Kubernetes' safe encoding uses.
    const ALPHABET: &str = "bcdfghjklmnpqrstvwxz2456789";
    match replica_set.rsplit_once('-') {
        Some((name, hash))
            if hash.len() >= 8 && hash.chars().all(|letter| ALPHABET.contains(letter)) =>
        {
            name
        }
        _ => replica_set,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_set_is_shown_as_its_deployment() {
        let shown = ["web-6c9d8f7b54", "web", "web-frontend", "web-canary-1"].map(deployment);
        assert_eq!(shown, ["web", "web", "web-frontend", "web-canary-1"]);
    }

    #[test]
    fn a_row_names_as_many_workloads_as_there_is_room_for() {
        let names = ["a-long-workload", "another-long-workload", "web", "web"];
        let ids: Vec<_> = names
            .iter()
            .enumerate()
            .map(|(index, name)| (PodId::new("shop", format!("{name}-{index}")), *name))
            .collect();
        let workloads = Workloads(ids.iter().map(|(id, name)| (id, *name)).collect());
        let text = workloads.in_short(ids.iter().map(|(id, _)| id));
        assert_eq!(text, "web ×2, a-long-workload, +1 more");
    }
}
