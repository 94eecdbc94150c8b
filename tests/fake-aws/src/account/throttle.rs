//! Limits of EC2's API: a bucket of tokens for each kind of call.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::action::{Action, Service};

/// Whether calls are limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Throttling {
    /// At the rates that AWS publishes for EC2.
    #[default]
    Published,
    /// Not at all.
    Off,
}

/// A bucket of tokens; a call takes one.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Thousandths of tokens, so that it refills within a second too.
    left_milli: u64,
    filled_at: Timestamp,
}

/// Tokens a second and the size of the bucket.
#[derive(Clone, Copy, Debug)]
struct Rate {
    refill: u64,
    burst: u64,
}

const READS: Rate = Rate { refill: 20, burst: 100 };
const CHANGES: Rate = Rate { refill: 5, burst: 50 };

impl Rate {
    fn of(action: Action) -> Self {
        match action.name {
            "RunInstances" => Self { refill: 2, burst: 5 },
            "TerminateInstances" => Self { refill: 5, burst: 100 },
            "CreateTags" => Self { refill: 10, burst: 100 },
            _ if action.only_reads() => READS,
            _ => CHANGES,
        }
    }
}

/// The buckets of an account in a region.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buckets(BTreeMap<Action, Bucket>);

impl Buckets {
    /// Takes a token for the call; false if there is none. Only EC2's limits are known.
    pub(crate) fn take(&mut self, action: Action, now: Timestamp) -> bool {
        if action.service != Service::Ec2 {
            return true;
        }
        let rate = Rate::of(action);
        let full = Bucket { left_milli: rate.burst * 1000, filled_at: now };
        let bucket = self.0.entry(action).or_insert(full);
        let elapsed_ms = now.duration_since(bucket.filled_at).as_millis().max(0);
        let elapsed_ms = u64::try_from(elapsed_ms).unwrap_or(u64::MAX);
        let refilled = bucket.left_milli.saturating_add(elapsed_ms.saturating_mul(rate.refill));
        *bucket = Bucket { left_milli: refilled.min(full.left_milli), filled_at: now };
        let enough = bucket.left_milli >= 1000;
        if enough {
            bucket.left_milli -= 1000;
        }
        enough
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{Action, Buckets, Service};

    const RUN: Action = Action::new(Service::Ec2, "RunInstances");

    #[test]
    fn a_burst_is_served_and_then_the_refill() {
        let mut buckets = Buckets::default();
        let start = Timestamp::UNIX_EPOCH;
        let served = (0..9).filter(|_| buckets.take(RUN, start)).count();
        assert_eq!(served, 5);
        let later = start + SignedDuration::from_millis(1500);
        let served = (0..9).filter(|_| buckets.take(RUN, later)).count();
        assert_eq!(served, 3);
    }

    #[test]
    fn each_action_has_its_own_bucket() {
        let mut buckets = Buckets::default();
        let now = Timestamp::UNIX_EPOCH;
        while buckets.take(RUN, now) {}
        assert!(buckets.take(Action::new(Service::Ec2, "CreateFleet"), now));
    }

    #[test]
    fn other_services_are_not_limited() {
        let mut buckets = Buckets::default();
        let get = Action::new(Service::Ssm, "GetParameter");
        assert!((0..1000).all(|_| buckets.take(get, Timestamp::UNIX_EPOCH)));
    }
}
