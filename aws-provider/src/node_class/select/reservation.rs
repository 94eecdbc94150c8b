//! Capacity reservations.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use plimsoll_api::crd::ec2_node_class::{self as crd, CapacityReservationSelectorTerm};

use super::tag_filters;
use crate::api::Filter;
use crate::api::ec2::{CapacityReservation, DescribeReservations};

/// EC2 begins to take the instances of a capacity block half an hour before its end; ten minutes
/// more are for draining.
const EXPIRES_BEFORE_END: SignedDuration = SignedDuration::from_mins(40);

/// A reservation that is of a kind that we do not know. The others stay.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("capacity reservation {id} has unknown {field} {value:?}; it is left out")]
pub struct UnreadableReservation {
    /// Its id.
    pub id: String,
    /// The field.
    pub field: &'static str,
    /// Its value.
    pub value: String,
}

/// `DescribeCapacityReservations` calls for these terms. An id that does not exist fails its own
/// call only, since each has one.
pub fn reservation_queries(terms: &[CapacityReservationSelectorTerm]) -> Vec<DescribeReservations> {
    terms.iter().map(query).collect()
}

fn query(term: &CapacityReservationSelectorTerm) -> DescribeReservations {
    if let Some(id) = &term.id {
        return DescribeReservations { ids: vec![id.clone()], filters: Vec::new() };
    }
    let mut filters = vec![Filter::new("state", ["active"])];
    filters.extend(term.owner_id.as_deref().map(|owner| Filter::new("owner-id", [owner])));
    let criteria = term.instance_match_criteria.as_deref();
    filters.extend(criteria.map(|one| Filter::new("instance-match-criteria", [one])));
    filters.extend(term.tags.as_ref().map(tag_filters).unwrap_or_default());
    DescribeReservations { ids: Vec::new(), filters }
}

/// The reservations of the answers for the class's status: each once, by id, without those that
/// are not active or have ended. With it those that cannot be read.
pub fn reservations(
    answers: impl IntoIterator<Item = CapacityReservation>,
    now: Timestamp,
) -> (Vec<crd::CapacityReservation>, Vec<UnreadableReservation>) {
    let (mut found, mut unreadable) = (Vec::new(), Vec::new());
    let by_id: BTreeMap<String, CapacityReservation> =
        answers.into_iter().map(|one| (one.id.clone(), one)).collect();
    for one in by_id.into_values() {
        if one.state != "active" || one.ends.is_some_and(|ends| ends <= now) {
            continue;
        }
        match known(&one) {
            Ok(()) => found.push(status(one, now)),
            Err(error) => unreadable.push(error),
        }
    }
    (found, unreadable)
}

fn known(one: &CapacityReservation) -> Result<(), UnreadableReservation> {
    let unknown = |field, value: &str| {
        Err(UnreadableReservation { id: one.id.clone(), field, value: value.to_owned() })
    };
    if !matches!(one.kind.as_str(), "default" | "capacity-block") {
        unknown("reservation type", &one.kind)
    } else if !matches!(one.match_criteria.as_str(), "open" | "targeted") {
        unknown("instance match criteria", &one.match_criteria)
    } else {
        Ok(())
    }
}

fn status(one: CapacityReservation, now: Timestamp) -> crd::CapacityReservation {
    let is_block = one.kind == "capacity-block";
    let ends_soon = one.ends.is_some_and(|ends| ends.duration_since(now) <= EXPIRES_BEFORE_END);
    let state = if is_block && ends_soon { "expiring" } else { "active" };
    crd::CapacityReservation {
        availability_zone: one.zone,
        end_time: one.ends,
        id: one.id,
        instance_match_criteria: one.match_criteria,
        instance_type: one.instance_type,
        owner_id: one.owner,
        reservation_type: Some(one.kind),
        interruptible: Some(one.is_interruptible),
        state: Some(state.to_owned()),
    }
}

/// Ids of the reservations whose claims are to be deleted, because their capacity goes.
pub fn expiring_reservations(status: &[crd::CapacityReservation]) -> Vec<&str> {
    let expiring = status.iter().filter(|one| one.state.as_deref() == Some("expiring"));
    expiring.map(|one| one.id.as_str()).collect()
}
