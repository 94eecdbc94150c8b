//! How much capacity reservations have left, between descriptions.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use scheduler_core::model::InstanceType;

use crate::time::is_within;

/// A count that nobody has renewed for so long says nothing.
const TRUSTED: SignedDuration = SignedDuration::from_hours(24);

/// Instances that can still be launched, by reservation.
#[derive(Clone, Debug, Default)]
pub struct ReservationCounts(BTreeMap<String, Count>);

#[derive(Clone, Copy, Debug)]
struct Count {
    left: u32,
    synced: Timestamp,
}

impl ReservationCounts {
    /// EC2 says so many are left.
    pub fn sync(&mut self, id: &str, left: u32, now: Timestamp) {
        self.0.insert(id.to_owned(), Count { left, synced: now });
    }

    /// An instance was launched into it, at this time. A description that is newer knows already.
    pub fn launched(&mut self, id: &str, at: Timestamp) {
        if let Some(count) = self.0.get_mut(id).filter(|count| count.synced <= at) {
            count.left = count.left.saturating_sub(1);
        }
    }

    /// An instance of it is gone for good.
    pub fn returned(&mut self, id: &str) {
        if let Some(count) = self.0.get_mut(id) {
            count.left += 1;
        }
    }

    /// Nothing is left: EC2 refused, or takes the capacity back.
    pub fn exhausted(&mut self, id: &str, now: Timestamp) {
        self.sync(id, 0, now);
    }

    /// How many are left; 0 of a reservation that nobody knows.
    pub fn left(&self, id: &str, now: Timestamp) -> u32 {
        let count = self.0.get(id).filter(|count| is_within(count.synced, TRUSTED, now));
        count.map_or(0, |count| count.left)
    }

    /// Whether something may be left, for all that is known.
    pub fn may_have(&self, id: &str, now: Timestamp) -> bool {
        !self.0.contains_key(id) || self.left(id, now) > 0
    }

    /// Sets the counts of offerings, for planning. Where nothing is known they stay as they are.
    pub fn apply(&self, types: &mut [InstanceType], now: Timestamp) {
        let offerings = types.iter_mut().flat_map(|one| &mut one.offerings);
        for reservation in offerings.filter_map(|one| one.reservation.as_mut()) {
            if self.0.contains_key(&reservation.id) {
                reservation.remaining = self.left(&reservation.id, now);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use scheduler_core::testkit::{instance_type, reserved};

    use super::*;

    fn at(hours: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
    }

    fn counts() -> ReservationCounts {
        let mut counts = ReservationCounts::default();
        counts.sync("cr-1", 2, at(1));
        counts
    }

    #[test]
    fn a_launch_takes_one_and_a_termination_gives_one_back() {
        let mut counts = counts();
        counts.launched("cr-1", at(1));
        assert_eq!(counts.left("cr-1", at(1)), 1);
        counts.returned("cr-1");
        assert_eq!(counts.left("cr-1", at(1)), 2);
    }

    #[test]
    fn a_description_that_is_newer_than_the_launch_knows_of_it() {
        let mut counts = counts();
        counts.launched("cr-1", at(0));
        assert_eq!(counts.left("cr-1", at(1)), 2);
    }

    #[test]
    fn unknown_and_forgotten_reservations_have_nothing_left() {
        let counts = counts();
        assert_eq!((counts.left("cr-2", at(1)), counts.left("cr-1", at(25))), (0, 0));
    }

    #[test]
    fn planning_sees_what_is_left() {
        let mut counts = counts();
        counts.exhausted("cr-1", at(1));
        let mut types = vec![instance_type("m5.large").offering("a", reserved("cr-1", 5)).build()];
        counts.apply(&mut types, at(1));
        assert!(!types[0].offerings[0].is_on_sale());
    }
}
