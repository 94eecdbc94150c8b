//! Whether a node can take a pod.

use scheduler_core::model::{PodSpec, Resources};

use super::counter::Counter;
use super::{Binder, Host, SpecEntry};

/// Everything but the constraints between pods.
pub(super) fn passes(entry: &SpecEntry, host: &Host) -> bool {
    let spec = &entry.spec;
    !host.cordoned
        && has_room(&spec.requests, host)
        && spec.node_alternatives.iter().any(|one| one.admit(&host.labels))
        && tolerates(spec, host)
        && ports_are_free(spec, host)
}

/// kube-scheduler looks only at the resources that the pod asks for.
fn has_room(requests: &Resources, host: &Host) -> bool {
    let (used, room) = (&host.used, &host.allocatable);
    let fits = |asked: i64, used: i64, room: i64| asked == 0 || asked <= room - used;
    fits(requests.cpu_milli, used.cpu_milli, room.cpu_milli)
        && fits(requests.memory_bytes, used.memory_bytes, room.memory_bytes)
        && fits(requests.pods, used.pods, room.pods)
        && fits(requests.ephemeral_bytes, used.ephemeral_bytes, room.ephemeral_bytes)
        && requests
            .extended
            .iter()
            .all(|(name, asked)| fits(*asked, used.get(name), room.get(name)))
}

fn tolerates(spec: &PodSpec, host: &Host) -> bool {
    let mut hard = host.taints.iter().filter(|taint| taint.is_hard());
    hard.all(|taint| spec.tolerations.iter().any(|own| own.tolerates(taint)))
}

fn ports_are_free(spec: &PodSpec, host: &Host) -> bool {
    spec.host_ports.iter().all(|port| !host.ports.iter().any(|taken| taken.conflicts(port)))
}

/// What a pod's constraints allow, the same for every node.
#[derive(Debug)]
pub(super) struct TopologyLimits {
    /// By spread constraint: most pods that a domain may have before this one comes.
    spreads: Vec<i64>,
    /// The first pod of a group that wants to be together may go anywhere.
    starts_the_group: bool,
}

impl Binder {
    pub(super) fn topology_limits(&self, entry: &SpecEntry) -> TopologyLimits {
        let most = |spread: &super::Spread| {
            let emptiest = self.counters[spread.counter].emptiest(spread.min_domains);
            emptiest + spread.max_skew - i64::from(spread.counts_itself)
        };
        let alone = |(counter, counts_itself): &(usize, bool)| {
            *counts_itself && self.counters[*counter].pods() == 0
        };
        TopologyLimits {
            spreads: entry.spreads.iter().map(most).collect(),
            starts_the_group: entry.affinity.iter().all(alone),
        }
    }

    /// The constraints between pods.
    pub(super) fn keeps_topology(
        &self,
        entry: &SpecEntry,
        limits: &TopologyLimits,
        host: &Host,
    ) -> bool {
        let spread = entry.spreads.iter().zip(&limits.spreads).all(|(spread, most)| {
            let here = pods_near(&self.counters[spread.counter], host);
            here.is_some_and(|pods| pods <= *most)
        });
        let alone = |counter: &usize| pods_near(&self.counters[*counter], host).unwrap_or(0) == 0;
        spread
            && entry.anti_affinity.iter().all(alone)
            && entry.repelled_by.iter().all(alone)
            && entry.affinity.iter().all(|(counter, _)| {
                pods_near(&self.counters[*counter], host)
                    .is_some_and(|pods| pods > 0 || limits.starts_the_group)
            })
    }
}

/// Counted pods in the node's domain; `None` if the node is in none.
fn pods_near(counter: &Counter, host: &Host) -> Option<i64> {
    host.labels.get(&counter.topology_key).map(|domain| counter.pods_in(domain))
}
