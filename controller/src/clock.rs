//! The time of day.

use jiff::Timestamp;

/// Tells the time. Waiting is left to the async runtime, whose time a test can pause.
pub(crate) trait Clock {
    /// The present.
    fn now(&self) -> Timestamp;
}

/// The clock on the wall.
pub(crate) struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
