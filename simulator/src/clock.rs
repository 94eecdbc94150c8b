//! Virtual time. The simulator moves it; nothing here looks at a real clock.

use jiff::{SignedDuration, Timestamp};

/// A trace's zero: Monday 2026-01-05 00:00 UTC. Which Monday it is does not matter.
const ZERO_SECOND: i64 = 1_767_571_200;

/// The present of a replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    now: Timestamp,
}

impl Clock {
    /// A clock at the trace's zero.
    pub(crate) fn new() -> Self {
        Self { now: at_second(0) }
    }

    /// The present.
    pub(crate) fn now(self) -> Timestamp {
        self.now
    }

    /// Moves on; time never runs backwards.
    pub(crate) fn advance_to(&mut self, instant: Timestamp) {
        self.now = self.now.max(instant);
    }
}

/// The instant so many seconds after the trace's zero.
pub(crate) fn at_second(second: u64) -> Timestamp {
    let second = ZERO_SECOND.saturating_add_unsigned(second);
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

/// Milliseconds from the trace's zero to an instant.
pub(crate) fn millis_since_zero(instant: Timestamp) -> i64 {
    instant.as_millisecond() - ZERO_SECOND * 1000
}

/// Milliseconds from one instant to another.
pub(crate) fn millis_between(from: Timestamp, to: Timestamp) -> i64 {
    to.as_millisecond() - from.as_millisecond()
}

/// An instant so much later.
pub(crate) fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.checked_add(by).unwrap_or(Timestamp::MAX)
}
