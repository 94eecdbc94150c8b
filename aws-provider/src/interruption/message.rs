//! Messages of the queue: events of `EventBridge` as JSON.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::Value;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A Spot instance is reclaimed in two minutes.
    SpotInterrupted,
    /// A Spot instance is more likely than others to be reclaimed.
    RebalanceRecommendation,
    /// Somebody stops or has stopped the instance.
    InstanceStopped,
    /// Somebody ends or has ended the instance.
    InstanceTerminated,
    /// The owner of an interruptible reservation takes the capacity back.
    CapacityReservationInterrupted,
    /// AWS has planned maintenance.
    ScheduledChange,
    /// Nothing that matters here.
    NoOp,
}

impl Kind {
    /// As counters name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SpotInterrupted => "spot_interrupted",
            Self::RebalanceRecommendation => "rebalance_recommendation",
            Self::InstanceStopped => "instance_stopped",
            Self::InstanceTerminated => "instance_terminated",
            Self::CapacityReservationInterrupted => "capacity_reservation_interrupted",
            Self::ScheduledChange => "scheduled_change",
            Self::NoOp => "no_op",
        }
    }
}

/// A message that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it is about.
    pub kind: Kind,
    /// Which instances; they need not be ours.
    pub instances: Vec<String>,
    /// When it happened.
    pub time: Option<Timestamp>,
}

impl Message {
    /// How long it took until now.
    pub fn age(&self, now: Timestamp) -> Option<SignedDuration> {
        self.time.map(|time| now.duration_since(time))
    }
}

/// A message that cannot be read, now or later: it is logged and deleted.
#[derive(Debug, thiserror::Error)]
#[error("the message of the interruption queue cannot be read; it is deleted")]
pub struct MessageError(#[from] serde_json::Error);

/// The only version of `EventBridge`'s envelope.
const VERSION: &str = "0";

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Envelope {
    #[serde(default)]
    version: String,
    #[serde(default)]
    source: String,
    #[serde(default)]
    detail_type: String,
    time: Option<String>,
    #[serde(default)]
    detail: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct OfInstance {
    instance_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct StateChange {
    instance_id: String,
    state: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Health {
    service: String,
    event_type_category: String,
    #[serde(default)]
    affected_entities: Vec<Entity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entity {
    entity_value: String,
}

/// Reads the text of a message. What is none of ours is a [`Kind::NoOp`].
///
/// # Errors
/// If the text is not JSON, or an event of ours lacks what it must have.
pub fn parse(body: &str) -> Result<Message, MessageError> {
    let Envelope { version, source, detail_type, time, detail } = serde_json::from_str(body)?;
    let by_type =
        if version == VERSION { (source.as_str(), detail_type.as_str()) } else { ("", "") };
    let of_instance = |kind, detail| {
        serde_json::from_value(detail).map(|one: OfInstance| (kind, vec![one.instance_id]))
    };
    let (kind, instances) = match by_type {
        ("aws.ec2", "EC2 Spot Instance Interruption Warning") => {
            of_instance(Kind::SpotInterrupted, detail)?
        }
        ("aws.ec2", "EC2 Instance Rebalance Recommendation") => {
            of_instance(Kind::RebalanceRecommendation, detail)?
        }
        ("aws.ec2", "EC2 Capacity Reservation Instance Interruption Warning") => {
            of_instance(Kind::CapacityReservationInterrupted, detail)?
        }
        ("aws.ec2", "EC2 Instance State-change Notification") => {
            state_change(serde_json::from_value(detail)?)
        }
        ("aws.health", "AWS Health Event") => health(serde_json::from_value(detail)?),
        _ => (Kind::NoOp, Vec::new()),
    };
    // A time that cannot be read spoils a metric, not the message.
    Ok(Message { kind, instances, time: time.and_then(|time| time.parse().ok()) })
}

fn state_change(change: StateChange) -> (Kind, Vec<String>) {
    let kind = match change.state.as_str() {
        "stopping" | "stopped" => Kind::InstanceStopped,
        // As in Karpenter: any spelling is accepted, but only the usual one tells a stop.
        state => match state.to_ascii_lowercase().as_str() {
            "stopping" | "stopped" | "shutting-down" | "terminated" => Kind::InstanceTerminated,
            _ => return (Kind::NoOp, Vec::new()),
        },
    };
    (kind, vec![change.instance_id])
}

fn health(event: Health) -> (Kind, Vec<String>) {
    if event.service != "EC2" || event.event_type_category != "scheduledChange" {
        return (Kind::NoOp, Vec::new());
    }
    let instances = event.affected_entities.into_iter().map(|entity| entity.entity_value);
    (Kind::ScheduledChange, instances.collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(source: &str, detail_type: &str, detail: &Value) -> String {
        json!({
            "version": "0", "id": "1", "account": "123456789012", "region": "us-east-1",
            "resources": [], "source": source, "detail-type": detail_type,
            "time": "1970-01-01T00:00:10Z", "detail": detail,
        })
        .to_string()
    }

    fn ec2(detail_type: &str, detail: &Value) -> Message {
        parse(&message("aws.ec2", detail_type, detail)).unwrap()
    }

    fn state(state: &str) -> Kind {
        let detail = json!({"instance-id": "i-1", "state": state});
        ec2("EC2 Instance State-change Notification", &detail).kind
    }

    fn health_event(service: &str, category: &str) -> Message {
        let detail = json!({
            "eventArn": "arn", "eventTypeCode": "AWS_EC2_MAINTENANCE", "service": service,
            "eventTypeCategory": category, "startTime": "", "endTime": "", "eventDescription": [],
            "affectedEntities": [{"entityValue": "i-1"}, {"entityValue": "i-2"}],
        });
        parse(&message("aws.health", "AWS Health Event", &detail)).unwrap()
    }

    #[test]
    fn warnings_name_their_instance() {
        let detail = json!({"instance-id": "i-1", "instance-action": "terminate"});
        let cases = [
            ("EC2 Spot Instance Interruption Warning", Kind::SpotInterrupted),
            ("EC2 Instance Rebalance Recommendation", Kind::RebalanceRecommendation),
            (
                "EC2 Capacity Reservation Instance Interruption Warning",
                Kind::CapacityReservationInterrupted,
            ),
        ];
        for (detail_type, kind) in cases {
            let found = ec2(detail_type, &detail);
            assert_eq!((found.kind, found.instances), (kind, vec!["i-1".to_owned()]));
        }
    }

    #[test]
    fn states_in_which_an_instance_ends_matter_and_others_do_not() {
        let stopped = ["stopping", "stopped"].map(state);
        assert_eq!(stopped, [Kind::InstanceStopped; 2]);
        let terminated = ["shutting-down", "terminated", "Terminated", "STOPPED"].map(state);
        assert_eq!(terminated, [Kind::InstanceTerminated; 4]);
        assert_eq!(["pending", "running", ""].map(state), [Kind::NoOp; 3]);
    }

    #[test]
    fn scheduled_changes_of_ec2_name_all_their_instances() {
        let found = health_event("EC2", "scheduledChange");
        assert_eq!(found.kind, Kind::ScheduledChange);
        assert_eq!(found.instances, ["i-1", "i-2"]);
    }

    #[test]
    fn other_health_events_do_not_matter() {
        assert_eq!(health_event("RDS", "scheduledChange").kind, Kind::NoOp);
        assert_eq!(health_event("EC2", "issue").kind, Kind::NoOp);
    }

    #[test]
    fn events_that_are_none_of_ours_do_not_matter() {
        assert_eq!(ec2("EC2 Fleet Error", &json!({})).kind, Kind::NoOp);
        let detail = json!({"instance-id": "i-1"});
        let spot = message("aws.ec2", "EC2 Spot Instance Interruption Warning", &detail);
        let other_version = spot.replace("\"version\":\"0\"", "\"version\":\"1\"");
        assert_eq!(parse(&other_version).unwrap().kind, Kind::NoOp);
        assert_eq!(parse("{}").unwrap().kind, Kind::NoOp);
    }

    #[test]
    fn junk_cannot_be_read() {
        let incomplete = message("aws.ec2", "EC2 Spot Instance Interruption Warning", &json!({}));
        for body in ["", "hello", "[]", "{\"version\":", "{\"version\": 0}", incomplete.as_str()] {
            assert!(parse(body).is_err(), "{body}");
        }
    }

    #[test]
    fn the_age_is_told_if_the_time_can_be_read() {
        let now = Timestamp::from_second(15).unwrap();
        let found = health_event("EC2", "scheduledChange");
        assert_eq!(found.age(now), Some(SignedDuration::from_secs(5)));
        let body = message("aws.health", "AWS Health Event", &json!({}))
            .replace("1970-01-01T00:00:10Z", "yesterday")
            .replace("aws.health", "other");
        assert_eq!(parse(&body).unwrap().age(now), None);
    }
}
