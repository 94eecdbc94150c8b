//! What the nodes cost.

use scheduler_core::model::Price;

/// EC2 bills Linux instances by the second, and at least for a minute.
const MINIMUM_SECS: i64 = 60;

/// A sum of bills, exact until it is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bill {
    /// Micro-dollars an hour × seconds.
    micro_usd_secs: i128,
}

impl Bill {
    /// A node of this price ran for so long; a second that was started is paid for.
    pub(super) fn add(&mut self, price: Price, millis: i64) {
        let seconds = millis.max(0).div_euclid(1000) + i64::from(millis.rem_euclid(1000) > 0);
        let seconds = seconds.max(MINIMUM_SECS);
        self.micro_usd_secs += i128::from(price.micro_usd()) * i128::from(seconds);
    }

    /// The sum in dollars, for reports only.
    pub(super) fn dollars(self) -> f64 {
        self.micro_usd_secs as f64 / 3600.0 / 1e6
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dollars(millis: i64) -> f64 {
        let mut bill = Bill::default();
        bill.add(Price::from_micro_usd(3_600_000), millis);
        bill.dollars()
    }

    #[test]
    fn a_second_that_was_started_is_paid_for() {
        assert!((dollars(100_001) - 0.101).abs() < 1e-12);
        assert!((dollars(100_000) - 0.100).abs() < 1e-12);
    }

    #[test]
    fn the_first_minute_is_paid_for_whole() {
        assert!((dollars(5_000) - 0.060).abs() < 1e-12);
    }
}
