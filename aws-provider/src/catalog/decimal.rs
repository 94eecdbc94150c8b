//! Decimal numbers of a JSON text as scaled integers, without a float on the way.

use scheduler_core::model::Price;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Decimals of a price in micro-dollars.
const MICRO: i32 = 6;
/// Decimals of gigahertz in megahertz.
const MILLI: i32 = 3;

/// Most digits before rounding that are computed with; more cannot be a price or a clock rate.
const DIGITS_MAX: usize = 30;

/// Reads dollars as a price, rounded half up to micro-dollars.
pub(super) fn price<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Price, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    parse_price(raw).map_err(D::Error::custom)
}

/// A price inside a map or list.
pub(super) struct Dollars(pub(super) Price);

impl<'de> Deserialize<'de> for Dollars {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        price(deserializer).map(Self)
    }
}

/// Reads gigahertz as megahertz, rounded half up; `null` is not known.
pub(super) fn megahertz<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<i64>, D::Error> {
    let raw = <Option<&RawValue>>::deserialize(deserializer)?;
    let clock = raw.map(|raw| scaled(raw.get(), MILLI));
    clock.transpose().map_err(D::Error::custom)
}

fn parse_price(raw: &RawValue) -> Result<Price, String> {
    dollars(raw.get())
}

/// Dollars as a price, rounded half up to micro-dollars.
pub(crate) fn dollars(text: &str) -> Result<Price, String> {
    let micro_usd = scaled(text, MICRO)?;
    if micro_usd <= 0 {
        return Err(format!("a price must be above zero, found {text}"));
    }
    Ok(Price::from_micro_usd(micro_usd))
}

/// A non-negative JSON number times ten to the power of `decimals`, rounded half up.
fn scaled(text: &str, decimals: i32) -> Result<i64, String> {
    let refuse = || format!("expected a number from 0 to a million, found {text}");
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse().map_err(|_| refuse())?),
        None => (text, 0_i32),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty()
        || digits.len() > DIGITS_MAX
        || !digits.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Err(refuse());
    }
    let value: i128 = digits.parse().map_err(|_| refuse())?;
    let shift = exponent.saturating_add(decimals).saturating_sub(fraction.len() as i32);
    let power = 10_i128.checked_pow(shift.unsigned_abs());
    let result = match (shift >= 0, power) {
        (true, Some(power)) => value.checked_mul(power),
        (false, Some(power)) => Some((2 * value + power).div_euclid(2 * power)),
        (true, None) => (value == 0).then_some(0),
        (false, None) => Some(0),
    };
    let limit = 10_i128.pow(6 + decimals.unsigned_abs());
    let result = result.filter(|result| *result <= limit).ok_or_else(refuse)?;
    i64::try_from(result).map_err(|_| refuse())
}

#[cfg(test)]
mod tests {
    use super::{MICRO, MILLI, scaled};

    #[test]
    fn six_decimals_are_exact() {
        assert_eq!(scaled("21.957642", MICRO), Ok(21_957_642));
        assert_eq!(scaled("0.0104", MICRO), Ok(10_400));
        assert_eq!(scaled("3", MICRO), Ok(3_000_000));
    }

    #[test]
    fn more_decimals_round_half_up() {
        assert_eq!(scaled("0.0312345", MICRO), Ok(31_235));
        assert_eq!(scaled("0.03123449999999999999", MICRO), Ok(31_234));
    }

    #[test]
    fn exponents_are_read() {
        assert_eq!(scaled("2.5e-3", MICRO), Ok(2_500));
        assert_eq!(scaled("1E2", MICRO), Ok(100_000_000));
        assert_eq!(scaled("1e-400", MICRO), Ok(0));
        assert_eq!(scaled("0e400", MICRO), Ok(0));
    }

    #[test]
    fn gigahertz_become_megahertz() {
        assert_eq!(scaled("2.3", MILLI), Ok(2300));
    }

    #[test]
    fn what_is_no_sane_number_is_refused() {
        for text in ["-0.1", "\"0.1\"", "true", "{}", "1e7", "1e400", "1e99999999999"] {
            assert!(scaled(text, MICRO).is_err(), "{text}");
        }
    }
}
