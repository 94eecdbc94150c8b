//! What happens by itself as time passes, and what the queues hear of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Account;
use super::instance::InstanceState;
use super::settings::StateChanges;

/// Something that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The instance comes into the state.
    Change(String, InstanceState),
    /// Spot takes the instance back.
    Reclaim(String),
    /// The instance is not described any more.
    Forget(String),
    /// A message arrives in all queues.
    Arrive(String),
}

/// What is due, in order of time, then of when it was added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Due {
    events: BTreeMap<(Timestamp, u64), Event>,
    added: u64,
}

impl Due {
    pub(crate) fn add(&mut self, at: Timestamp, event: Event) {
        self.added += 1;
        self.events.insert((at, self.added), event);
    }

    /// The first event that is due by then.
    pub(crate) fn pop(&mut self, until: Timestamp) -> Option<(Timestamp, Event)> {
        let first = self.events.first_entry().filter(|entry| entry.key().0 <= until)?;
        let ((at, _), event) = first.remove_entry();
        Some((at, event))
    }
}

impl Account {
    pub(super) fn happen(&mut self, event: Event) {
        match event {
            Event::Change(id, state) => self.reach(&id, state),
            Event::Reclaim(id) => self.shut_down(&id, "Server.SpotInstanceTermination"),
            Event::Forget(id) => drop(self.instances.0.remove(&id)),
            Event::Arrive(body) => self.queues.arrive(&body, self.now, &mut self.draw),
        }
    }

    /// Brings an instance into the state, unless something else happened to it since.
    fn reach(&mut self, id: &str, state: InstanceState) {
        let before = self.instances.0.get(id).map(|one| one.state);
        let expected = match state {
            InstanceState::Running => InstanceState::Pending,
            InstanceState::Terminated => InstanceState::ShuttingDown,
            InstanceState::Stopped => InstanceState::Stopping,
            InstanceState::Pending | InstanceState::ShuttingDown | InstanceState::Stopping => {
                return;
            }
        };
        if before != Some(expected) {
            return;
        }
        self.change_state(id, state);
        if state == InstanceState::Terminated {
            let at = self.after(self.settings.timing.forgotten_after);
            self.due.add(at, Event::Forget(id.to_owned()));
        }
    }

    /// Lets the queues hear of an instance's new state.
    pub(super) fn announce_state(&mut self, id: &str, state: InstanceState) {
        if self.settings.state_changes == StateChanges::All {
            let detail = json!({ "instance-id": id, "state": state.as_str() });
            self.announce("aws.ec2", "EC2 Instance State-change Notification", id, &detail);
        }
    }

    /// Sends an event about an instance to all queues.
    pub(super) fn announce(&mut self, source: &str, kind: &str, instance: &str, detail: &Value) {
        let body = self.event(source, kind, instance, detail).to_string();
        self.queues.arrive(&body, self.now, &mut self.draw);
    }

    /// An event as `EventBridge` puts it into a queue.
    pub(super) fn event(
        &mut self,
        source: &str,
        kind: &str,
        instance: &str,
        detail: &Value,
    ) -> Value {
        json!({
            "version": "0",
            "id": self.draw.uuid("event"),
            "detail-type": kind,
            "source": source,
            "account": self.settings.account_id,
            // Whole seconds, as EventBridge has them.
            "time": self.now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "region": self.settings.region,
            "resources": [self.arn("ec2", &format!("instance/{instance}"))],
            "detail": detail,
        })
    }
}
