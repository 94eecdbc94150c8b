//! What kube-scheduler tells of its work in its metrics.

use std::collections::BTreeMap;

/// Pods that wait for the scheduler, and the events that it has taken note of so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    pending: BTreeMap<String, u64>,
    handled: BTreeMap<String, u64>,
}

impl Work {
    /// From the text of the metrics.
    pub(crate) fn parse(metrics: &str) -> Self {
        let of = |name: &str, label: &str| {
            let start = format!("{name}{{{label}=\"");
            let entries = metrics.lines().filter_map(|line| {
                let (value, amount) = line.strip_prefix(&start)?.split_once("\"} ")?;
                Some((value.to_owned(), amount.parse().ok()?))
            });
            entries.collect()
        };
        Self {
            pending: of("scheduler_pending_pods", "queue"),
            handled: of("scheduler_event_handling_duration_seconds_count", "event"),
        }
    }

    /// Whether the scheduler has tried everything that it knows of: so many pods have no node, and
    /// all of them wait for an event, none for its turn, for the end of a binding or of a pause.
    pub fn is_done(&self, pods_without_node: u64) -> bool {
        let pending = |queue: &str| self.pending.get(queue).copied().unwrap_or(0);
        let waits_for_an_event = pending("unschedulable");
        waits_for_an_event == pods_without_node && pending("active") == 0 && pending("backoff") == 0
    }

    /// How many events of this kind (`NodeAdd`, `AssignedPodAdd`) it has handled.
    pub fn handled(&self, event: &str) -> u64 {
        self.handled.get(event).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work(pending: [u64; 3]) -> Work {
        let [active, backoff, unschedulable] = pending;
        Work::parse(&format!(
            "# TYPE scheduler_pending_pods gauge\n\
             scheduler_pending_pods{{queue=\"active\"}} {active}\n\
             scheduler_pending_pods{{queue=\"backoff\"}} {backoff}\n\
             scheduler_pending_pods{{queue=\"unschedulable\"}} {unschedulable}\n\
             scheduler_event_handling_duration_seconds_bucket{{event=\"NodeAdd\",le=\"1\"}} 5\n\
             scheduler_event_handling_duration_seconds_count{{event=\"NodeAdd\"}} 7\n"
        ))
    }

    #[test]
    fn a_scheduler_is_done_when_all_pods_without_a_node_wait_for_an_event() {
        assert!(work([0, 0, 3]).is_done(3));
    }

    #[test]
    fn a_scheduler_is_not_done_while_a_pod_is_being_tried() {
        assert!(!work([0, 0, 2]).is_done(3));
        assert!(!work([1, 0, 3]).is_done(3));
        assert!(!work([0, 1, 3]).is_done(3));
    }

    #[test]
    fn events_are_counted_by_their_kind() {
        assert_eq!(work([0, 0, 0]).handled("NodeAdd"), 7);
        assert_eq!(work([0, 0, 0]).handled("AssignedPodAdd"), 0);
    }
}
