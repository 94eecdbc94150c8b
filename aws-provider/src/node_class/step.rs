//! The steps of a class's reconciliation: from what was found to the condition that says so.
//!
//! They run in the order of [`ConditionType::ALWAYS`] (reservations after images, if they are
//! looked up), all of them even if one fails; then the status is written once. `None` leaves the
//! condition as it is: the error is the caller's to report, and the step is tried again.

use jiff::{SignedDuration, Timestamp};
use plimsoll_api::crd::ec2_node_class::{self as crd, Ami};

use super::ami::AmiError;
use super::condition::{ConditionType, Verdict};
use crate::api::ApiError;
use crate::api::ec2::{PlacementGroup, PlacementQuery};

/// How often what was found is looked at again, in minutes.
const AMIS_MINS: i64 = 5;
const SUBNETS_MINS: i64 = 1;
const SECURITY_GROUPS_MINS: i64 = 5;
const RESERVATIONS_MINS: i64 = 1;
/// And what was not.
const MISSING_MINS: i64 = 1;

/// Condition `AMIsReady`.
pub fn amis(found: &Result<Vec<Ami>, AmiError>) -> Option<Verdict> {
    match found {
        Ok(amis) if amis.is_empty() => Some(
            Verdict::fails("AMINotFound", "amiSelectorTerms select no image; check them")
                .again_after_mins(MISSING_MINS),
        ),
        Ok(_) => Some(Verdict::holds(ConditionType::AmisReady).again_after_mins(AMIS_MINS)),
        Err(error @ AmiError::UnsupportedAlias { .. }) => {
            Some(Verdict::fails("UnsupportedAlias", error.to_string()))
        }
        Err(AmiError::NoParameter { .. } | AmiError::Parameter { .. }) => None,
    }
}

/// Condition `SubnetsReady`.
pub fn subnets(found: &[crd::Subnet]) -> Verdict {
    found_or(
        found.is_empty(),
        Verdict::fails("SubnetsNotFound", "subnetSelectorTerms select no subnet; check them"),
        Verdict::holds(ConditionType::SubnetsReady).again_after_mins(SUBNETS_MINS),
    )
}

/// Condition `SecurityGroupsReady`.
pub fn security_groups(found: &[crd::SecurityGroup]) -> Verdict {
    found_or(
        found.is_empty(),
        Verdict::fails(
            "SecurityGroupsNotFound",
            "securityGroupSelectorTerms select no security group; check them",
        ),
        Verdict::holds(ConditionType::SecurityGroupsReady).again_after_mins(SECURITY_GROUPS_MINS),
    )
}

fn found_or(is_missing: bool, missing: Verdict, found: Verdict) -> Verdict {
    if is_missing { missing.again_after_mins(MISSING_MINS) } else { found }
}

/// Condition `CapacityReservationsReady`: always holds, until the first of them ends at the latest.
pub fn capacity_reservations(found: &[crd::CapacityReservation], now: Timestamp) -> Verdict {
    let verdict = Verdict::holds(ConditionType::CapacityReservationsReady)
        .again_after_mins(RESERVATIONS_MINS);
    let first_end = found.iter().filter_map(|one| one.end_time).min();
    let until = first_end.map(|end| end.duration_since(now).max(SignedDuration::ZERO));
    Verdict { again_after: verdict.again_after.min(until.or(verdict.again_after)), ..verdict }
}

/// Condition `PlacementGroupReady`.
pub fn placement_group(
    query: Option<&PlacementQuery>,
    found: &Result<Option<PlacementGroup>, ApiError>,
) -> Verdict {
    let Some(query) = query else { return Verdict::holds(ConditionType::PlacementGroupReady) };
    let (PlacementQuery::Name(group) | PlacementQuery::Id(group)) = query;
    match found {
        Ok(Some(_)) => Verdict::holds(ConditionType::PlacementGroupReady),
        Ok(None) => Verdict::fails(
            "PlacementGroupNotFound",
            format!("there is no available placement group {group}; check placementGroupSelector"),
        ),
        Err(error) => Verdict::fails(
            "PlacementGroupResolutionFailed",
            format!("placement group {group} cannot be looked up: {error}"),
        )
        .again_after_mins(MISSING_MINS),
    }
}

/// Condition `InstanceProfileReady`: there is one, under this name.
pub fn instance_profile() -> Verdict {
    Verdict::holds(ConditionType::InstanceProfileReady)
}

/// When to look at a class again: at the earliest time that a step asks for.
pub fn again_after<'a>(verdicts: impl IntoIterator<Item = &'a Verdict>) -> Option<SignedDuration> {
    verdicts.into_iter().filter_map(|one| one.again_after).min()
}

/// How many waiting claims an event names.
const CLAIMS_NAMED: usize = 5;

/// What the event `WaitingOnNodeClaimTermination` of a class under deletion says, as long as claims
/// use the class. `claims` are their names.
pub fn waiting_on_claims(claims: &[&str]) -> Option<String> {
    if claims.is_empty() {
        return None;
    }
    let mut claims = claims.to_vec();
    claims.sort_unstable();
    let (named, others) = claims.split_at(claims.len().min(CLAIMS_NAMED));
    let more = match others.len() {
        0 => String::new(),
        others => format!(" and {others} other(s)"),
    };
    Some(format!("waiting for the deletion of NodeClaims {}{more}", named.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Fault, Service};
    use crate::node_class::KubernetesVersion;
    use crate::node_class::condition::ConditionStatus;

    fn said(verdict: &Verdict) -> (&'static str, &'static str, Option<i64>) {
        let mins = verdict.again_after.map(|after| after.as_mins());
        (verdict.status.as_str(), verdict.reason, mins)
    }

    #[test]
    fn images_that_are_found_are_looked_at_again_after_five_minutes() {
        let found = amis(&Ok(vec![Ami::default()])).unwrap();
        assert_eq!(said(&found), ("True", "AMIsReady", Some(5)));
    }

    #[test]
    fn no_image_is_looked_for_again_after_a_minute() {
        let found = amis(&Ok(Vec::new())).unwrap();
        assert_eq!(said(&found), ("False", "AMINotFound", Some(1)));
    }

    #[test]
    fn an_unsupported_alias_waits_for_a_change_of_the_class() {
        let version = KubernetesVersion::minor(33);
        let error = AmiError::UnsupportedAlias { alias: "al2@latest".to_owned(), version };
        let found = amis(&Err(error)).unwrap();
        assert_eq!(said(&found), ("False", "UnsupportedAlias", None));
    }

    #[test]
    fn other_faults_of_images_leave_the_condition_alone() {
        let error = AmiError::NoParameter { alias: "al2023@latest".to_owned(), source: None };
        assert_eq!(amis(&Err(error)), None);
    }

    #[test]
    fn subnets_and_security_groups_must_be_found() {
        assert_eq!(said(&subnets(&[])), ("False", "SubnetsNotFound", Some(1)));
        let found = subnets(&[crd::Subnet::default()]);
        assert_eq!(said(&found), ("True", "SubnetsReady", Some(1)));
        assert_eq!(said(&security_groups(&[])), ("False", "SecurityGroupsNotFound", Some(1)));
        let found = security_groups(&[crd::SecurityGroup::default()]);
        assert_eq!(said(&found), ("True", "SecurityGroupsReady", Some(5)));
    }

    #[test]
    fn reservations_are_looked_at_again_when_the_first_one_ends() {
        let now = Timestamp::UNIX_EPOCH;
        let ends = |secs| crd::CapacityReservation {
            end_time: Some(now + SignedDuration::from_secs(secs)),
            ..crd::CapacityReservation::default()
        };
        let again = |found: &[crd::CapacityReservation]| {
            capacity_reservations(found, now).again_after.unwrap().as_secs()
        };
        assert_eq!(again(&[]), 60);
        assert_eq!(again(&[ends(30), ends(90)]), 30);
        assert_eq!(again(&[ends(90)]), 60);
    }

    #[test]
    fn a_placement_group_must_be_found_if_one_is_selected() {
        let query = PlacementQuery::Name("group".to_owned());
        assert_eq!(placement_group(None, &Ok(None)).status, ConditionStatus::True);
        let missing = placement_group(Some(&query), &Ok(None));
        assert_eq!(said(&missing), ("False", "PlacementGroupNotFound", None));
        let failed = ApiError {
            service: Service::Ec2,
            operation: "DescribePlacementGroups",
            fault: Fault::Unreadable { status: 502 },
            request_id: None,
        };
        let failed = placement_group(Some(&query), &Err(failed));
        assert_eq!(said(&failed), ("False", "PlacementGroupResolutionFailed", Some(1)));
    }

    #[test]
    fn the_earliest_wish_decides_when_to_look_again() {
        let found = again_after([&subnets(&[]), &security_groups(&[]), &instance_profile()]);
        assert_eq!(found, Some(SignedDuration::from_mins(1)));
        assert_eq!(again_after([&instance_profile()]), None);
    }

    #[test]
    fn a_class_waits_for_its_claims_and_names_five_of_them() {
        assert_eq!(waiting_on_claims(&[]), None);
        let found = waiting_on_claims(&["g", "f", "e", "d", "c", "b", "a"]).unwrap();
        assert_eq!(found, "waiting for the deletion of NodeClaims a, b, c, d, e and 2 other(s)");
    }
}
