//! What follows from a message.

use super::message::{Kind, Message, MessageError};

/// A claim of this cluster, by its instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimOfInstance {
    /// Id of the instance.
    pub instance: String,
    /// Name of the claim.
    pub claim: String,
    /// Instance type, from the claim's labels.
    pub instance_type: String,
    /// Zone, from the claim's labels.
    pub zone: String,
    /// Capacity reservation, from the claim's labels.
    pub reservation: Option<String>,
    /// Whether the claim goes already.
    pub deletion: Deletion,
}

/// Whether a claim is being deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// It is.
    UnderWay,
    /// Not that we know.
    None,
}

/// What to do for a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effect {
    /// Its name.
    pub claim: String,
    /// Events on it and on its node.
    pub events: Vec<Event>,
    /// Capacity that is not to be asked for until it is there again.
    pub exhausted: Option<Exhausted>,
    /// Whether the claim is to be deleted, so that its node drains by the usual rules. Counted under
    /// the message's kind.
    pub drain: bool,
}

/// An event of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Whether it calls for attention.
    pub event_type: EventType,
    /// Reason, in one word.
    pub reason: &'static str,
    /// Message.
    pub message: &'static str,
}

/// Types of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventType {
    /// As it should be.
    Normal,
    /// Not as it should be.
    Warning,
}

impl Event {
    pub(super) const fn warning(reason: &'static str, message: &'static str) -> Self {
        Self { event_type: EventType::Warning, reason, message }
    }
}

/// Capacity that has run out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Exhausted {
    /// Spot capacity of a type in a zone.
    Spot {
        /// Instance type.
        instance_type: String,
        /// Zone.
        zone: String,
    },
    /// A capacity reservation.
    Reservation {
        /// Its id.
        id: String,
    },
}

/// Comes with every claim that is deleted for an interruption.
const TERMINATING: Event =
    Event::warning("TerminatingOnInterruption", "the instance goes, so its node is drained");

/// What a message means for the claims of the cluster, in their order.
pub fn effects(message: &Message, claims: &[ClaimOfInstance]) -> Vec<Effect> {
    let ours = claims.iter().filter(|claim| message.instances.contains(&claim.instance));
    ours.filter_map(|claim| effect(message.kind, claim)).collect()
}

fn effect(kind: Kind, claim: &ClaimOfInstance) -> Option<Effect> {
    let event = event(kind)?;
    let drain = kind != Kind::RebalanceRecommendation && claim.deletion == Deletion::None;
    Some(Effect {
        claim: claim.claim.clone(),
        events: drain.then_some(TERMINATING).into_iter().chain([event]).collect(),
        exhausted: exhausted(kind, claim),
        drain,
    })
}

fn event(kind: Kind) -> Option<Event> {
    let event = match kind {
        Kind::SpotInterrupted => {
            Event::warning("SpotInterrupted", "the Spot instance is reclaimed in two minutes")
        }
        Kind::RebalanceRecommendation => Event {
            event_type: EventType::Normal,
            reason: "SpotRebalanceRecommendation",
            message: "the Spot instance is more likely than others to be reclaimed",
        },
        Kind::InstanceStopped => {
            Event::warning("InstanceStopping", "the instance is being stopped")
        }
        Kind::InstanceTerminated => {
            Event::warning("InstanceTerminating", "the instance is being terminated")
        }
        Kind::CapacityReservationInterrupted => Event::warning(
            "CapacityReservationInstanceInterrupted",
            "the owner of the capacity reservation takes the instance's capacity back",
        ),
        Kind::ScheduledChange => {
            Event::warning("InstanceUnhealthy", "AWS has scheduled maintenance of the instance")
        }
        Kind::NoOp => return None,
    };
    Some(event)
}

fn exhausted(kind: Kind, claim: &ClaimOfInstance) -> Option<Exhausted> {
    match kind {
        Kind::SpotInterrupted => Some(Exhausted::Spot {
            instance_type: claim.instance_type.clone(),
            zone: claim.zone.clone(),
        }),
        Kind::CapacityReservationInterrupted => {
            claim.reservation.clone().map(|id| Exhausted::Reservation { id })
        }
        Kind::RebalanceRecommendation
        | Kind::InstanceStopped
        | Kind::InstanceTerminated
        | Kind::ScheduledChange
        | Kind::NoOp => None,
    }
}

/// What becomes of a message of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposal {
    /// It is deleted.
    Delete,
    /// It stays, and comes back after its visibility timeout.
    ComesBack,
}

/// What becomes of a message, once its effects were carried out or were not. Junk is deleted: it
/// would come back until it is too old, and take the place of messages that matter.
pub fn disposal<E>(read: &Result<Message, MessageError>, carried_out: &Result<(), E>) -> Disposal {
    if read.is_ok() && carried_out.is_err() { Disposal::ComesBack } else { Disposal::Delete }
}

#[cfg(test)]
mod tests {
    use super::super::message::parse;
    use super::*;

    fn claim(instance: &str) -> ClaimOfInstance {
        ClaimOfInstance {
            instance: instance.to_owned(),
            claim: format!("claim-of-{instance}"),
            instance_type: "m5.large".to_owned(),
            zone: "us-east-1a".to_owned(),
            reservation: Some("cr-1".to_owned()),
            deletion: Deletion::None,
        }
    }

    fn message(kind: Kind) -> Message {
        Message { kind, instances: vec!["i-1".to_owned()], time: None }
    }

    fn only(kind: Kind) -> Effect {
        let mut found = effects(&message(kind), &[claim("i-1")]);
        assert_eq!(found.len(), 1);
        found.remove(0)
    }

    fn reasons(effect: &Effect) -> Vec<&'static str> {
        effect.events.iter().map(|event| event.reason).collect()
    }

    #[test]
    fn a_claim_whose_instance_goes_is_drained_with_the_reason_in_an_event() {
        let expected = [
            (Kind::SpotInterrupted, "SpotInterrupted"),
            (Kind::InstanceStopped, "InstanceStopping"),
            (Kind::InstanceTerminated, "InstanceTerminating"),
            (Kind::CapacityReservationInterrupted, "CapacityReservationInstanceInterrupted"),
            (Kind::ScheduledChange, "InstanceUnhealthy"),
        ];
        for (kind, reason) in expected {
            let found = only(kind);
            assert!(found.drain, "{reason}");
            assert_eq!(reasons(&found), ["TerminatingOnInterruption", reason]);
        }
    }

    #[test]
    fn a_rebalance_recommendation_is_told_and_nothing_else() {
        let found = only(Kind::RebalanceRecommendation);
        assert_eq!((found.drain, &found.exhausted), (false, &None));
        assert_eq!(reasons(&found), ["SpotRebalanceRecommendation"]);
        assert_eq!(found.events[0].event_type, EventType::Normal);
    }

    #[test]
    fn a_spot_interruption_exhausts_the_type_in_its_zone() {
        let (instance_type, zone) = ("m5.large".to_owned(), "us-east-1a".to_owned());
        let expected = Some(Exhausted::Spot { instance_type, zone });
        assert_eq!(only(Kind::SpotInterrupted).exhausted, expected);
        assert_eq!(only(Kind::InstanceStopped).exhausted, None);
    }

    #[test]
    fn an_interrupted_reservation_is_exhausted() {
        let expected = Some(Exhausted::Reservation { id: "cr-1".to_owned() });
        assert_eq!(only(Kind::CapacityReservationInterrupted).exhausted, expected);
    }

    #[test]
    fn a_second_message_drains_nothing_more() {
        let going = ClaimOfInstance { deletion: Deletion::UnderWay, ..claim("i-1") };
        let found = effects(&message(Kind::SpotInterrupted), &[going]);
        assert_eq!((found[0].drain, reasons(&found[0])), (false, vec!["SpotInterrupted"]));
    }

    #[test]
    fn instances_of_others_are_left_alone() {
        assert_eq!(effects(&message(Kind::SpotInterrupted), &[claim("i-2")]), []);
    }

    #[test]
    fn all_instances_of_a_message_are_handled() {
        let instances = (0..100).map(|number| format!("i-{number}"));
        let claims: Vec<ClaimOfInstance> = instances.clone().map(|id| claim(&id)).collect();
        let message = Message { instances: instances.collect(), ..message(Kind::ScheduledChange) };
        let found = effects(&message, &claims);
        assert_eq!(found.iter().filter(|effect| effect.drain).count(), 100);
    }

    #[test]
    fn a_message_that_matters_to_nobody_has_no_effect() {
        assert_eq!(effects(&message(Kind::NoOp), &[claim("i-1")]), []);
    }

    #[test]
    fn junk_and_what_was_carried_out_are_deleted_and_what_failed_comes_back() {
        let (done, failed): (Result<(), ()>, _) = (Ok(()), Err(()));
        assert_eq!(disposal(&parse("junk"), &done), Disposal::Delete);
        assert_eq!(disposal(&parse("junk"), &failed), Disposal::Delete);
        assert_eq!(disposal(&parse("{}"), &done), Disposal::Delete);
        assert_eq!(disposal(&parse("{}"), &failed), Disposal::ComesBack);
    }
}
