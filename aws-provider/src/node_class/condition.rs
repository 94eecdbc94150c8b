//! Conditions of a class: what each step found, and whether nodes can be launched.

use jiff::{SignedDuration, Timestamp};
use plimsoll_api::crd::shared::Condition;

/// What a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConditionType {
    /// Images were found.
    AmisReady,
    /// Capacity reservations were looked up.
    CapacityReservationsReady,
    /// There is an instance profile.
    InstanceProfileReady,
    /// The placement group exists.
    PlacementGroupReady,
    /// Security groups were found.
    SecurityGroupsReady,
    /// Subnets were found.
    SubnetsReady,
    /// A launch would be permitted.
    ValidationSucceeded,
}

impl ConditionType {
    /// Those that a class always has, in the order of its steps.
    pub const ALWAYS: [Self; 6] = [
        Self::AmisReady,
        Self::PlacementGroupReady,
        Self::SubnetsReady,
        Self::SecurityGroupsReady,
        Self::InstanceProfileReady,
        Self::ValidationSucceeded,
    ];

    /// As conditions name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AmisReady => "AMIsReady",
            Self::CapacityReservationsReady => "CapacityReservationsReady",
            Self::InstanceProfileReady => "InstanceProfileReady",
            Self::PlacementGroupReady => "PlacementGroupReady",
            Self::SecurityGroupsReady => "SecurityGroupsReady",
            Self::SubnetsReady => "SubnetsReady",
            Self::ValidationSucceeded => "ValidationSucceeded",
        }
    }
}

/// The condition that sums the others up.
pub(super) const READY: &str = "Ready";

/// What a step found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether it holds.
    pub status: ConditionStatus,
    /// Why, in one word; the condition's own type if it holds.
    pub reason: &'static str,
    /// Why, in a sentence; empty if it holds.
    pub message: String,
    /// When to look again; never, without a change of the class, if not set.
    pub again_after: Option<SignedDuration>,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Nobody knows yet.
    Unknown,
}

impl ConditionStatus {
    /// As conditions name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

impl Verdict {
    /// It holds.
    pub(super) fn holds(type_: ConditionType) -> Self {
        let (status, reason) = (ConditionStatus::True, type_.as_str());
        Self { status, reason, message: String::new(), again_after: None }
    }

    /// It does not hold, and only a change of the class can help.
    pub(super) fn fails(reason: &'static str, message: impl Into<String>) -> Self {
        let status = ConditionStatus::False;
        Self { status, reason, message: message.into(), again_after: None }
    }

    /// It is not known.
    pub(super) fn unknown(reason: &'static str, message: impl Into<String>) -> Self {
        Self { status: ConditionStatus::Unknown, ..Self::fails(reason, message) }
    }

    /// The same, to be looked at again after so many minutes.
    pub(super) fn again_after_mins(mut self, mins: i64) -> Self {
        self.again_after = Some(SignedDuration::from_mins(mins));
        self
    }
}

/// The conditions of a generation of a class.
#[derive(Clone, Debug)]
pub struct Conditions {
    all: Vec<Condition>,
    generation: i64,
    now: Timestamp,
}

impl Conditions {
    /// Those of a class's status, for steps at this generation and time. Conditions that are not
    /// there yet wait to be looked at.
    pub fn new(status: &[Condition], generation: i64, now: Timestamp) -> Self {
        let mut conditions = Self { all: status.to_vec(), generation, now };
        for type_ in ConditionType::ALWAYS {
            if conditions.get(type_).is_none() {
                let waits =
                    Verdict::unknown("AwaitingReconciliation", "object is awaiting reconciliation");
                conditions.set(type_, &waits);
            }
        }
        conditions
    }

    /// The condition of a type.
    pub fn get(&self, type_: ConditionType) -> Option<&Condition> {
        self.all.iter().find(|one| one.type_ == type_.as_str())
    }

    /// Whether the condition of a type has this status; a missing one is unknown.
    pub fn is(&self, type_: ConditionType, status: ConditionStatus) -> bool {
        self.get(type_)
            .map_or(status == ConditionStatus::Unknown, |one| one.status == status.as_str())
    }

    /// Writes what a step found.
    pub fn set(&mut self, type_: ConditionType, verdict: &Verdict) {
        let Verdict { status, reason, message, again_after: _ } = verdict;
        self.write(type_.as_str(), *status, reason, message);
    }

    /// Removes a condition whose feature is off.
    pub fn remove(&mut self, type_: ConditionType) {
        self.all.retain(|one| one.type_ != type_.as_str());
    }

    /// All conditions by type, with `Ready` computed from the others.
    pub fn finish(mut self) -> Vec<Condition> {
        let (status, reason, message) = self.ready();
        self.write(READY, status, reason, &message);
        self.all.sort_by(|a, b| a.type_.cmp(&b.type_));
        self.all
    }

    fn ready(&self) -> (ConditionStatus, &'static str, String) {
        let feeding = ConditionType::ALWAYS.into_iter().chain(
            self.get(ConditionType::CapacityReservationsReady)
                .map(|_| ConditionType::CapacityReservationsReady),
        );
        let (mut failing, mut unknown) = (Vec::new(), Vec::new());
        for type_ in feeding {
            if self.is(type_, ConditionStatus::False) {
                failing.push(format!("{}=False", type_.as_str()));
            } else if !self.is(type_, ConditionStatus::True) {
                unknown.push(format!("{}=Unknown", type_.as_str()));
            }
        }
        if !failing.is_empty() {
            (ConditionStatus::False, "UnhealthyDependents", failing.join(", "))
        } else if !unknown.is_empty() {
            (ConditionStatus::Unknown, "ReconcilingDependents", unknown.join(", "))
        } else {
            (ConditionStatus::True, READY, String::new())
        }
    }

    fn write(&mut self, type_: &str, status: ConditionStatus, reason: &str, message: &str) {
        let old = self.all.iter().find(|one| one.type_ == type_);
        let since = old
            .filter(|old| old.status == status.as_str())
            .and_then(|old| old.last_transition_time);
        let condition = Condition {
            type_: type_.to_owned(),
            status: status.as_str().to_owned(),
            reason: reason.to_owned(),
            message: message.to_owned(),
            last_transition_time: Some(since.unwrap_or(self.now)),
            observed_generation: Some(self.generation),
        };
        self.all.retain(|one| one.type_ != type_);
        self.all.push(condition);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn conditions() -> Conditions {
        Conditions::new(&[], 3, NOW)
    }

    fn all_hold() -> Conditions {
        let mut all = conditions();
        for type_ in ConditionType::ALWAYS {
            all.set(type_, &Verdict::holds(type_));
        }
        all
    }

    fn ready(conditions: Conditions) -> Condition {
        conditions.finish().into_iter().find(|one| one.type_ == READY).unwrap()
    }

    #[test]
    fn a_new_class_waits_for_every_step() {
        let found = ready(conditions());
        assert_eq!(
            (found.status.as_str(), found.reason.as_str()),
            ("Unknown", "ReconcilingDependents")
        );
        assert!(found.message.contains("SubnetsReady=Unknown"));
    }

    #[test]
    fn a_class_is_ready_if_every_condition_holds() {
        let found = ready(all_hold());
        assert_eq!((found.status.as_str(), found.observed_generation), ("True", Some(3)));
    }

    #[test]
    fn a_class_is_not_ready_if_a_condition_fails_and_the_message_names_it() {
        let mut all = all_hold();
        all.set(ConditionType::SubnetsReady, &Verdict::fails("SubnetsNotFound", "none"));
        let found = ready(all);
        let found = (found.status.as_str(), found.reason.as_str(), found.message.as_str());
        assert_eq!(found, ("False", "UnhealthyDependents", "SubnetsReady=False"));
    }

    #[test]
    fn reservations_count_only_where_they_are_looked_up() {
        let mut all = all_hold();
        let type_ = ConditionType::CapacityReservationsReady;
        all.set(type_, &Verdict::unknown("AwaitingReconciliation", ""));
        assert_eq!(ready(all.clone()).status, "Unknown");
        all.remove(type_);
        assert_eq!(ready(all).status, "True");
    }

    #[test]
    fn the_time_of_a_condition_changes_with_its_status_alone() {
        let old = all_hold().finish();
        let later = NOW + SignedDuration::from_mins(1);
        let mut all = Conditions::new(&old, 4, later);
        all.set(ConditionType::AmisReady, &Verdict::fails("AMINotFound", ""));
        let since = |type_| all.get(type_).unwrap().last_transition_time;
        assert_eq!(since(ConditionType::SubnetsReady), Some(NOW));
        assert_eq!(since(ConditionType::AmisReady), Some(later));
    }
}
