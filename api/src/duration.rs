//! Go durations, and Karpenter's durations that may be `Never`.

use std::fmt;

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// Not a Go duration.
    #[error("{text:?} is not a duration: expected numbers with units such as 30s, 1h30m or 500ms")]
    NotADuration {
        /// The text as written.
        text: String,
    },
    /// A Go duration, where only whole hours, minutes and seconds are allowed.
    #[error(
        "{text:?} is not allowed here: expected whole numbers of h, m and s such as 720h or 1h30m"
    )]
    NotWhole {
        /// The text as written.
        text: String,
    },
    /// More nanoseconds than 63 bits hold.
    #[error("{text:?} is out of range: expected at most about 292 years")]
    OutOfRange {
        /// The text as written.
        text: String,
    },
}

/// Reads a duration as Go's `time.ParseDuration` does: an optional sign, then numbers with an
/// optional fraction and a unit (`ns`, `us`, `µs`, `ms`, `s`, `m`, `h`), or a bare `0`.
///
/// ```
/// use jiff::SignedDuration;
/// use plimsoll_api::duration::parse_go;
///
/// assert_eq!(parse_go("1h30m"), Ok(SignedDuration::from_mins(90)));
/// ```
///
/// # Errors
/// If the text has another form, or needs more than 63 bits of nanoseconds.
pub fn parse_go(text: &str) -> Result<SignedDuration, DurationError> {
    let (sign, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (-1, &text[1..]),
        Some(b'+') => (1, &text[1..]),
        _ => (1, text),
    };
    if unsigned == "0" {
        return Ok(SignedDuration::ZERO);
    }
    let malformed = || DurationError::NotADuration { text: text.to_owned() };
    let too_large = || DurationError::OutOfRange { text: text.to_owned() };
    if unsigned.is_empty() {
        return Err(malformed());
    }
    let mut rest = unsigned;
    let mut nanos: i128 = 0;
    while !rest.is_empty() {
        let (part, after) = Part::split(rest).ok_or_else(malformed)?;
        nanos = part.nanos().and_then(|more| nanos.checked_add(more)).ok_or_else(too_large)?;
        rest = after;
    }
    let nanos = i64::try_from(sign * nanos).map_err(|_| too_large())?;
    Ok(SignedDuration::from_nanos(nanos))
}

/// Reads a duration of whole hours, minutes and seconds, as Karpenter's definitions allow them.
///
/// # Errors
/// If the text has another form (`Never` included) or is out of range.
pub fn parse_whole(text: &str) -> Result<SignedDuration, DurationError> {
    let duration = parse_go(text)?;
    let whole = text.bytes().all(|byte| byte.is_ascii_digit() || b"hms".contains(&byte))
        && !text.contains("ms")
        && text != "0";
    if whole { Ok(duration) } else { Err(DurationError::NotWhole { text: text.to_owned() }) }
}

/// A number with its unit within a duration.
struct Part<'a> {
    whole: &'a str,
    fraction: &'a str,
    unit_nanos: i128,
}

impl<'a> Part<'a> {
    fn split(text: &'a str) -> Option<(Self, &'a str)> {
        let number_end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, rest) = text.split_at(number_end);
        let unit_end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let (unit, rest) = rest.split_at(unit_end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return None;
        }
        Some((Self { whole, fraction, unit_nanos: unit_nanos(unit)? }, rest))
    }

    /// Nanoseconds, a fraction of one cut off; `None` if out of range.
    fn nanos(&self) -> Option<i128> {
        let whole: i128 = if self.whole.is_empty() { 0 } else { self.whole.parse().ok()? };
        let (mut numerator, mut denominator) = (0_i128, 1_i128);
        for digit in self.fraction.bytes().take(FRACTION_DIGITS_MAX) {
            numerator = numerator * 10 + i128::from(digit - b'0');
            denominator *= 10;
        }
        whole.checked_mul(self.unit_nanos)?.checked_add(numerator * self.unit_nanos / denominator)
    }
}

/// An hour has 3.6 × 10^12 nanoseconds, so digits after the eighteenth are worth less than one.
const FRACTION_DIGITS_MAX: usize = 18;

fn unit_nanos(unit: &str) -> Option<i128> {
    Some(match unit {
        "ns" => 1,
        // The micro sign and the Greek letter look alike; Go takes both.
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    })
}

/// A duration of a manifest that may be `Never`. Keeps the text as written, so that an object
/// that is read and written again does not change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct NillableDuration(String);

impl NillableDuration {
    /// A duration from its text; whether it is one is told by [`parse`](Self::parse).
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The duration, or `None` for `Never`.
    ///
    /// # Errors
    /// If the text is neither `Never` nor whole numbers of hours, minutes and seconds.
    pub fn parse(&self) -> Result<Option<SignedDuration>, DurationError> {
        if self.0 == "Never" { Ok(None) } else { parse_whole(&self.0).map(Some) }
    }
}

impl fmt::Display for NillableDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn go_durations_have_the_value_that_go_gives_them() {
        let vectors = [
            ("0", 0),
            ("0s", 0),
            ("1ns", 1),
            ("1us", 1_000),
            ("1µs", 1_000),
            ("1μs", 1_000),
            ("1ms", 1_000_000),
            ("30s", 30_000_000_000),
            ("+5s", 5_000_000_000),
            ("-5s", -5_000_000_000),
            ("1.5h", 5_400_000_000_000),
            (".5s", 500_000_000),
            ("1.s", 1_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("1h1m1s1ms1us1ns", 3_661_001_001_001),
            ("720h", 2_592_000_000_000_000),
            ("0.3333333333333333333h", 1_199_999_999_999),
            ("39h9m14.425s", 140_954_425_000_000),
        ];
        for (text, nanos) in vectors {
            assert_eq!(parse_go(text), Ok(SignedDuration::from_nanos(nanos)), "{text}");
        }
    }

    #[test]
    fn text_that_is_no_duration_is_refused_and_quoted() {
        for text in ["", "-", "s", "1", "1x", "1h ", "1h30", "1.2.3s", ".s", "Never", "+-1s", "1d"]
        {
            let error = parse_go(text).unwrap_err();
            assert_eq!(error, DurationError::NotADuration { text: text.to_owned() });
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
    }

    #[test]
    fn more_than_292_years_are_out_of_range() {
        for text in
            ["2562048h", "9223372036854775808ns", "99999999999999999999999999999999999999999h"]
        {
            assert!(matches!(parse_go(text), Err(DurationError::OutOfRange { .. })), "{text}");
        }
    }

    #[test]
    fn never_is_no_duration_at_all() {
        assert_eq!(NillableDuration::new("Never").parse(), Ok(None));
        assert_eq!(NillableDuration::new("1h5m").parse(), Ok(Some(SignedDuration::from_mins(65))));
        assert!(parse_whole("Never").is_err());
    }

    #[test]
    fn only_whole_hours_minutes_and_seconds_are_allowed_in_manifests() {
        for text in ["1.5h", "-1h", "+1h", "500ms", "1us", "0", "1h30"] {
            assert!(NillableDuration::new(text).parse().is_err(), "{text}");
        }
        assert_eq!(parse_whole("0s"), Ok(SignedDuration::ZERO));
    }

    #[test]
    fn the_text_is_kept_when_written_again() {
        let duration: NillableDuration = serde_json::from_str(r#""90m0s""#).unwrap();
        assert_eq!(serde_json::to_string(&duration).unwrap(), r#""90m0s""#);
    }

    proptest! {
        #[test]
        fn composite_durations_add_up(h in 0_i64..10_000, m in 0_i64..10_000, s in 0_i64..10_000) {
            let expected = SignedDuration::from_secs(h * 3600 + m * 60 + s);
            prop_assert_eq!(parse_whole(&format!("{h}h{m}m{s}s")), Ok(expected));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "[-+.0-9hmsunµ]{0,40}") {
            let _ = parse_go(&text);
        }
    }
}
