//! Money.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Sub, SubAssign};

use serde::{Deserialize, Serialize};

/// A price in micro-dollars per hour.
///
/// Displays as dollars with six decimals (`$0.033600`).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Price(i64);

impl Price {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// A price from micro-dollars per hour.
    pub const fn from_micro_usd(micro_usd: i64) -> Self {
        Self(micro_usd)
    }

    /// Micro-dollars per hour.
    pub const fn micro_usd(self) -> i64 {
        self.0
    }

    /// Dollars per hour, for reports only.
    pub fn usd(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// This price times `numerator / denominator`, rounded half up.
    ///
    /// `denominator` must be positive.
    #[must_use]
    pub fn scaled(self, numerator: i64, denominator: i64) -> Self {
        let twice = 2 * i128::from(self.0) * i128::from(numerator) + i128::from(denominator);
        Self(twice.div_euclid(2 * i128::from(denominator)) as i64)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let micro = self.0.unsigned_abs();
        write!(f, "{sign}${}.{:06}", micro / 1_000_000, micro % 1_000_000)
    }
}

impl Add for Price {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl AddAssign for Price {
    fn add_assign(&mut self, other: Self) {
        self.0 += other.0;
    }
}

impl Sub for Price {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl SubAssign for Price {
    fn sub_assign(&mut self, other: Self) {
        self.0 -= other.0;
    }
}

impl Mul<i64> for Price {
    type Output = Self;
    fn mul(self, factor: i64) -> Self {
        Self(self.0 * factor)
    }
}

impl Sum for Price {
    fn sum<I: Iterator<Item = Self>>(prices: I) -> Self {
        prices.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn displays_dollars_with_six_decimals() {
        assert_eq!(Price::from_micro_usd(33_600).to_string(), "$0.033600");
        assert_eq!(Price::from_micro_usd(-1_500_000).to_string(), "-$1.500000");
    }

    #[test]
    fn scaling_rounds_half_up() {
        assert_eq!(Price::from_micro_usd(5).scaled(1, 2).micro_usd(), 3);
        assert_eq!(Price::from_micro_usd(100).scaled(13, 10).micro_usd(), 130);
    }
}
