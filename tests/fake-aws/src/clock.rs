//! How an account's time goes while it is served.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// How an account's time goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// It stands, and moves only by `Account::advance`.
    Still,
    /// It goes with real time, so many times as fast. With 60, two minutes of the account are two
    /// seconds.
    Times(u32),
}

/// A clock that was started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Running {
    clock: Clock,
    started: Instant,
    origin: Timestamp,
}

impl Running {
    /// Starts the clock at the account's time.
    pub(crate) fn start(clock: Clock, origin: Timestamp) -> Self {
        Self { clock, started: Instant::now(), origin }
    }

    /// The account's time by the clock; `None` if the clock does not go.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        match self.clock {
            Clock::Still => None,
            Clock::Times(factor) => {
                let passed = self.started.elapsed().saturating_mul(factor);
                let passed = SignedDuration::try_from(passed).unwrap_or(SignedDuration::MAX);
                Some(self.origin.checked_add(passed).unwrap_or(Timestamp::MAX))
            }
        }
    }

    /// How long something of the account takes in reality. While the clock stands, as long as it
    /// says.
    pub(crate) fn real(&self, duration: Duration) -> Duration {
        match self.clock {
            Clock::Still => duration,
            Clock::Times(factor) => duration / factor.max(1),
        }
    }
}
