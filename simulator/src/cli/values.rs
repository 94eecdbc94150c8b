//! Values of options that need more than `FromStr`.

use jiff::SignedDuration;
use scheduler_core::model::Price;

use crate::plan::Dollars;

/// Millionths in one.
const ONE_PPM: u32 = 1_000_000;

/// A positive decimal factor in millionths (`1.3` is 1,300,000).
pub(super) fn factor_ppm(text: &str) -> Result<u32, String> {
    let wrong = || format!("{text:?} is no factor between 0.000001 and 1000; try 1.3");
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 6 || !digits(whole) || !digits(decimals) {
        return Err(wrong());
    }
    let whole: u32 = whole.parse().map_err(|_| wrong())?;
    let millionths: u32 = format!("{decimals:0<6}").parse().map_err(|_| wrong())?;
    let ppm = whole.checked_mul(ONE_PPM).and_then(|ppm| ppm.checked_add(millionths));
    ppm.filter(|ppm| (1..=1000 * ONE_PPM).contains(ppm)).ok_or_else(wrong)
}

/// A positive length of time: `90m`, `36h`, `2h 30m`, `3d`.
pub(super) fn duration_seconds(text: &str) -> Result<u64, String> {
    const DAY_SECONDS: u64 = 86_400;
    let wrong = || format!("{text:?} is no length of time; try 90m, 36h or 3d");
    let seconds = if let Some(days) = text.strip_suffix('d') {
        days.trim().parse::<u64>().ok().and_then(|days| days.checked_mul(DAY_SECONDS))
    } else {
        let duration: SignedDuration = text.parse().map_err(|_| wrong())?;
        u64::try_from(duration.as_secs()).ok()
    };
    seconds.filter(|seconds| *seconds > 0).ok_or_else(wrong)
}

/// An amount that is not negative.
pub(super) fn amount(text: &str) -> Result<f64, String> {
    let amount: f64 = text.parse().map_err(|_| format!("{text:?} is no number"))?;
    if amount.is_finite() && amount >= 0.0 {
        Ok(amount)
    } else {
        Err(format!("{text:?} is out of range; it must be zero or more"))
    }
}

/// Dollars that losing a node may be taken to cost: enough for days of the dearest machine.
const INTERRUPTION_DOLLARS_MAX: f64 = 10_000.0;

/// What losing a node to an interruption costs, in dollars.
pub(super) fn interruption_cost(text: &str) -> Result<Price, String> {
    let dollars = amount(text)?;
    if dollars > INTERRUPTION_DOLLARS_MAX {
        return Err(format!("{text:?} is out of range; it must be at most 10000 dollars"));
    }
    Ok(Dollars::from(dollars).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_exact_millionths() {
        let read = ["1", "1.3", "0.000001", "1000"].map(factor_ppm);
        assert_eq!(read, [Ok(1_000_000), Ok(1_300_000), Ok(1), Ok(1_000_000_000)]);
    }

    #[test]
    fn factors_out_of_range_are_refused() {
        for text in ["0", "-1", "1e3", "", ".5", "1.0000001", "1000.1", "99999999999", "x"] {
            assert!(factor_ppm(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_cost_of_an_interruption_is_exact_and_bounded() {
        let read = ["0", "0.25", "10000"].map(interruption_cost);
        assert_eq!(
            read,
            [0, 250_000, 10_000_000_000].map(|micro| Ok(Price::from_micro_usd(micro)))
        );
        for text in ["-1", "10000.01", "NaN", "cheap", ""] {
            assert!(interruption_cost(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lengths_of_time_are_read_in_the_units_of_people() {
        let read = ["90m", "36h", "2h 30m", "3d"].map(duration_seconds);
        assert_eq!(read, [Ok(5400), Ok(129_600), Ok(9000), Ok(259_200)]);
        for text in ["0s", "-1h", "d", "soon", "", "99999999999999999999d"] {
            assert!(duration_seconds(text).is_err(), "{text}");
        }
    }
}
