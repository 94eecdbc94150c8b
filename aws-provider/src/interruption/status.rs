//! Status checks and scheduled events, which are asked for since the queue may be off or late.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::effect::Event;
use crate::CloudError;
use crate::api::ec2::{InstanceStatus, ScheduledEvent, StatusCheck};
use crate::api::{ApiError, Filter};

/// Says until when a claim's node may drain; in the past, the instance ends at once.
pub const TERMINATION_TIMESTAMP: &str = "karpenter.sh/nodeclaim-termination-timestamp";

/// A check that fails for less time may only have been missed.
const IMPAIRED_FOR: SignedDuration = SignedDuration::from_secs(120);

/// Events that take the instance away, at least for a while.
const EVENT_CODES: [&str; 5] = [
    "instance-reboot",
    "system-reboot",
    "system-maintenance",
    "instance-retirement",
    "instance-stop",
];

/// How descriptions of events begin that will not happen any more; EC2 lists them for some days.
const OVER: [&str; 2] = ["[Completed]", "[Canceled]"];

/// What is wrong with an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// A check of the instance fails.
    InstanceStatus,
    /// A check of the machine below it fails.
    SystemStatus,
    /// Something is scheduled for it.
    EventStatus,
}

impl Category {
    /// As counters name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InstanceStatus => "instance_status",
            Self::SystemStatus => "system_status",
            Self::EventStatus => "event_status",
        }
    }
}

/// An instance with which something is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Id of the instance.
    pub instance: String,
    /// What is wrong.
    pub categories: BTreeSet<Category>,
}

impl Trouble {
    /// Whether the instance is to end at once, since what runs on it has stopped already and no
    /// pod on it can be moved politely.
    pub fn is_forceful(&self) -> bool {
        self.categories.iter().any(|one| *one != Category::EventStatus)
    }

    /// The event on claim and node.
    pub fn event(&self) -> Event {
        let message = if self.is_forceful() {
            "status checks of the instance fail, so it is ended"
        } else {
            "AWS has scheduled maintenance of the instance, so its node is drained"
        };
        Event::warning("InstanceUnhealthy", message)
    }
}

/// Filters of the three calls, one list a call; an instance may be in several answers.
pub fn status_queries() -> [Vec<Filter>; 3] {
    [
        vec![Filter::new("instance-status.status", ["impaired"])],
        vec![Filter::new("system-status.status", ["impaired"])],
        vec![Filter::new("event.code", EVENT_CODES)],
    ]
}

/// Instances with which something is wrong, by id.
pub fn troubles(answers: &[InstanceStatus], now: Timestamp) -> Vec<Trouble> {
    let mut found: BTreeMap<&str, BTreeSet<Category>> = BTreeMap::new();
    for status in answers {
        let failing = |checks: &[StatusCheck]| checks.iter().any(|check| is_failing(check, now));
        let categories = [
            (failing(&status.instance_checks), Category::InstanceStatus),
            (failing(&status.system_checks), Category::SystemStatus),
            (status.events.iter().any(is_coming), Category::EventStatus),
        ];
        let wrong = categories.into_iter().filter(|(is_wrong, _)| *is_wrong);
        found.entry(&status.id).or_default().extend(wrong.map(|(_, category)| category));
    }
    let wrong = found.into_iter().filter(|(_, categories)| !categories.is_empty());
    wrong.map(|(id, categories)| Trouble { instance: id.to_owned(), categories }).collect()
}

fn is_failing(check: &StatusCheck, now: Timestamp) -> bool {
    // Attached volumes have a check too, but losing one does not make the instance useless.
    check.name != "attached-ebs-status"
        && check.impaired_since.is_some_and(|since| now.duration_since(since) >= IMPAIRED_FOR)
}

fn is_coming(event: &ScheduledEvent) -> bool {
    EVENT_CODES.contains(&event.code.as_str())
        && !OVER.iter().any(|prefix| event.description.starts_with(prefix))
}

/// The value of [`TERMINATION_TIMESTAMP`] to set before a claim is deleted; `None` if nothing is to
/// be set.
pub fn termination_timestamp(
    trouble: &Trouble,
    present: Option<&str>,
    now: Timestamp,
) -> Option<String> {
    let whole_seconds = Timestamp::from_second(now.as_second()).unwrap_or(now);
    (trouble.is_forceful() && present.is_none()).then(|| whole_seconds.to_string())
}

/// Remembers what was counted, so that a trouble that lasts counts once.
#[derive(Clone, Debug, Default)]
pub struct Unhealthy(BTreeSet<(String, Category)>);

impl Unhealthy {
    /// The troubles of a poll that are new. What is not among them has recovered, and will count
    /// again.
    pub fn newly(&mut self, troubles: &[Trouble]) -> Vec<(String, Category)> {
        let now: BTreeSet<(String, Category)> = troubles
            .iter()
            .flat_map(|one| one.categories.iter().map(|category| (one.instance.clone(), *category)))
            .collect();
        let new = now.difference(&self.0).cloned().collect();
        self.0 = now;
        new
    }
}

/// What to do when asking failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polling {
    /// Ask again.
    Retry,
    /// Ask no more until the next start, and say that the permission is missing.
    Stop,
}

/// What to do when asking failed.
pub fn after_error(error: &ApiError) -> Polling {
    match CloudError::from(error.clone()) {
        CloudError::Denied { .. } => Polling::Stop,
        _ => Polling::Retry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Fault, Service};

    fn now() -> Timestamp {
        Timestamp::from_second(1000).unwrap()
    }

    fn healthy(id: &str) -> InstanceStatus {
        InstanceStatus {
            id: id.to_owned(),
            instance_checks: Vec::new(),
            system_checks: Vec::new(),
            events: Vec::new(),
        }
    }

    fn check(name: &str, failing_for_secs: i64) -> Vec<StatusCheck> {
        let impaired_since = Some(now() - SignedDuration::from_secs(failing_for_secs));
        vec![StatusCheck { name: name.to_owned(), impaired_since }]
    }

    fn event(code: &str, description: &str) -> Vec<ScheduledEvent> {
        let (code, description) = (code.to_owned(), description.to_owned());
        vec![ScheduledEvent { code, description, not_before: None }]
    }

    fn failing_system(id: &str) -> InstanceStatus {
        InstanceStatus { system_checks: check("reachability", 120), ..healthy(id) }
    }

    fn maintenance(id: &str) -> InstanceStatus {
        InstanceStatus { events: event("system-maintenance", "soon"), ..healthy(id) }
    }

    fn only(status: InstanceStatus) -> Option<Trouble> {
        let mut found = troubles(&[status], now());
        assert!(found.len() <= 1);
        found.pop()
    }

    #[test]
    fn checks_that_fail_for_two_minutes_end_the_instance_at_once() {
        let system = only(failing_system("i-1")).unwrap();
        assert_eq!(system.categories, BTreeSet::from([Category::SystemStatus]));
        assert!(system.is_forceful());
        let checks = check("reachability", 500);
        let instance = only(InstanceStatus { instance_checks: checks, ..healthy("i-1") }).unwrap();
        assert_eq!(instance.categories, BTreeSet::from([Category::InstanceStatus]));
        assert!(instance.is_forceful());
    }

    #[test]
    fn checks_that_fail_for_less_time_may_recover() {
        let checks = check("reachability", 119);
        assert_eq!(only(InstanceStatus { instance_checks: checks, ..healthy("i-1") }), None);
    }

    #[test]
    fn healthy_instances_and_attached_volumes_are_no_trouble() {
        assert_eq!(only(healthy("i-1")), None);
        let checks = check("attached-ebs-status", 500);
        assert_eq!(only(InstanceStatus { system_checks: checks, ..healthy("i-1") }), None);
    }

    #[test]
    fn scheduled_maintenance_drains_although_checks_are_fine() {
        let found = only(maintenance("i-1")).unwrap();
        assert_eq!(found.categories, BTreeSet::from([Category::EventStatus]));
        assert!(!found.is_forceful());
        assert_eq!(termination_timestamp(&found, None, now()), None);
    }

    #[test]
    fn events_that_are_over_or_of_another_kind_are_no_trouble() {
        for (code, description) in [
            ("system-reboot", "[Completed] The instance was rebooted"),
            ("system-reboot", "[Canceled] Not needed"),
            ("volume-degraded", "soon"),
        ] {
            let events = event(code, description);
            assert_eq!(only(InstanceStatus { events, ..healthy("i-1") }), None, "{description}");
        }
    }

    #[test]
    fn a_failure_beside_an_event_ends_the_instance_at_once() {
        let found = troubles(&[maintenance("i-1"), failing_system("i-1")], now());
        assert_eq!((found.len(), found[0].categories.len()), (1, 2));
        assert!(found[0].is_forceful());
    }

    #[test]
    fn the_termination_time_is_written_once_in_whole_seconds() {
        let found = only(failing_system("i-1")).unwrap();
        let now = now() + SignedDuration::from_millis(7);
        let written = termination_timestamp(&found, None, now);
        assert_eq!(written.as_deref(), Some("1970-01-01T00:16:40Z"));
        assert_eq!(termination_timestamp(&found, written.as_deref(), now), None);
    }

    #[test]
    fn a_trouble_counts_once_until_it_has_recovered() {
        let mut unhealthy = Unhealthy::default();
        let one = troubles(&[failing_system("i-1")], now());
        assert_eq!(unhealthy.newly(&one), [("i-1".to_owned(), Category::SystemStatus)]);
        assert_eq!(unhealthy.newly(&one), []);
        let two = troubles(&[failing_system("i-1"), failing_system("i-2")], now());
        assert_eq!(unhealthy.newly(&two), [("i-2".to_owned(), Category::SystemStatus)]);
        assert_eq!(unhealthy.newly(&[]), []);
        assert_eq!(unhealthy.newly(&one), [("i-1".to_owned(), Category::SystemStatus)]);
    }

    #[test]
    fn the_three_calls_ask_for_what_is_impaired_or_scheduled() {
        let names = status_queries().map(|query| query[0].name.clone());
        assert_eq!(names, ["instance-status.status", "system-status.status", "event.code"]);
    }

    #[test]
    fn a_missing_permission_stops_the_polling() {
        let error = |code: &str| ApiError {
            service: Service::Ec2,
            operation: "DescribeInstanceStatus",
            fault: Fault::Service { code: code.to_owned(), message: String::new(), status: 403 },
            request_id: None,
        };
        assert_eq!(after_error(&error("UnauthorizedOperation")), Polling::Stop);
        assert_eq!(after_error(&error("RequestLimitExceeded")), Polling::Retry);
    }
}
