//! What is due when.

use std::collections::BTreeMap;

use jiff::Timestamp;
use scheduler_core::model::OfferingKey;

use super::pod::PodKey;
use crate::binder::NodeId;

/// Something that will happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A service's pod ends, wherever it is.
    ServicePodEnds(PodKey),
    /// A pod has run for as long as it was to run, if it is still in the same life.
    RunEnds {
        /// The pod.
        pod: PodKey,
        /// The life that ends.
        life: u32,
    },
    /// A launched node is up.
    NodeJoins(NodeId),
    /// The binder has had its try at the pods that were expected on a node.
    NominationsLapse(NodeId),
    /// A Spot node gets notice.
    NodeWarned(NodeId),
    /// A Spot node is taken away.
    NodeReclaimed(NodeId),
    /// An offering that was sold out is tried again.
    OfferingReturns(OfferingKey),
}

/// Events by time, then in the order in which they were pushed.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    events: BTreeMap<(Timestamp, u64), Event>,
    pushed: u64,
}

impl EventQueue {
    pub(super) fn push(&mut self, at: Timestamp, event: Event) {
        self.events.insert((at, self.pushed), event);
        self.pushed += 1;
    }

    pub(super) fn next(&self) -> Option<Timestamp> {
        self.events.first_key_value().map(|((at, _), _)| *at)
    }

    pub(super) fn pop_due(&mut self, now: Timestamp) -> Option<Event> {
        let first = self.events.first_entry()?;
        (first.key().0 <= now).then(|| first.remove())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::at_second;

    #[test]
    fn events_of_one_instant_come_in_the_order_of_pushing() {
        let mut queue = EventQueue::default();
        queue.push(at_second(5), Event::NodeJoins(NodeId(1)));
        queue.push(at_second(3), Event::NodeJoins(NodeId(2)));
        queue.push(at_second(5), Event::NodeJoins(NodeId(3)));
        let order: Vec<Event> = std::iter::from_fn(|| queue.pop_due(at_second(5))).collect();
        assert_eq!(order, [2, 1, 3].map(|id| Event::NodeJoins(NodeId(id))));
    }

    #[test]
    fn nothing_comes_before_its_time() {
        let mut queue = EventQueue::default();
        queue.push(at_second(5), Event::NodeJoins(NodeId(1)));
        assert_eq!(queue.pop_due(at_second(4)), None);
    }
}
