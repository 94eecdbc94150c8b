//! Kubernetes quantities, exactly: no floating-point number is involved.

use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

/// An exact amount such as `1500m`, `2`, `1.5Gi` or `1e3`, held as a whole number of billionths.
///
/// As in Kubernetes, digits beyond the ninth decimal place round away from zero when the text is
/// read, and [`value`](Self::value) and [`milli_value`](Self::milli_value) round away from zero as
/// well, so an amount is never understated. Amounts beyond 63 bits are refused; Kubernetes would
/// silently cap them.
///
/// ```
/// use plimsoll_api::quantity::Quantity;
///
/// let cpu: Quantity = "1.5".parse()?;
/// assert_eq!(cpu.milli_value(), 1500);
/// assert_eq!("1.5Gi".parse::<Quantity>()?.value(), 3 << 29);
/// # Ok::<(), plimsoll_api::quantity::QuantityError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity {
    nano: i128,
}

/// Why a text is not a quantity.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// There is no number at the start.
    #[error("{text:?} is not a quantity: expected a number such as 500m, 2, 1.5Gi or 1e3")]
    NotANumber {
        /// The text as written.
        text: String,
    },
    /// What follows the number is not a suffix.
    #[error(
        "{text:?} is not a quantity: unknown suffix {suffix:?}, expected one of \
         n u m k M G T P E Ki Mi Gi Ti Pi Ei, an exponent such as e3, or nothing"
    )]
    UnknownSuffix {
        /// The text as written.
        text: String,
        /// What follows the number.
        suffix: String,
    },
    /// The amount needs more than 63 bits.
    #[error("{text:?} is out of range: expected an amount within ±(2^63 - 1)")]
    OutOfRange {
        /// The text as written.
        text: String,
    },
}

impl Quantity {
    /// No amount.
    pub const ZERO: Self = Self { nano: 0 };

    /// The amount in whole units, rounded away from zero.
    pub fn value(self) -> i64 {
        self.rounded(NANO_PER_UNIT)
    }

    /// The amount in thousandths, rounded away from zero; at most `i64::MAX` in size.
    pub fn milli_value(self) -> i64 {
        self.rounded(NANO_PER_UNIT / 1000)
    }

    /// The amount in millionths, rounded away from zero; at most `i64::MAX` in size.
    pub fn micro_value(self) -> i64 {
        self.rounded(NANO_PER_UNIT / 1_000_000)
    }

    /// Whether the amount is below zero.
    pub fn is_negative(self) -> bool {
        self.nano < 0
    }

    fn rounded(self, unit: i128) -> i64 {
        let whole = self.nano / unit;
        let away = if self.nano % unit == 0 { 0 } else { self.nano.signum() };
        (whole + away).clamp(-i128::from(i64::MAX), i128::from(i64::MAX)) as i64
    }
}

const NANO_PER_UNIT: i128 = 1_000_000_000;

/// Largest magnitude, in billionths.
const NANO_MAX: i128 = i64::MAX as i128 * NANO_PER_UNIT;

/// Significant digits that are kept exactly: 18 before the point and 9 behind it.
const DIGITS_MAX: usize = 27;

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Self, QuantityError> {
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        let end =
            unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let mantissa = Mantissa::parse(number)
            .ok_or_else(|| QuantityError::NotANumber { text: text.to_owned() })?;
        let scale = Scale::parse(suffix).ok_or_else(|| QuantityError::UnknownSuffix {
            text: text.to_owned(),
            suffix: suffix.to_owned(),
        })?;
        let nano = mantissa
            .nano(scale)
            .filter(|nano| *nano <= NANO_MAX)
            .ok_or_else(|| QuantityError::OutOfRange { text: text.to_owned() })?;
        Ok(Self { nano: if negative { -nano } else { nano } })
    }
}

/// `digits × 10^exponent`, and a little more if digits were dropped.
#[derive(Clone, Copy)]
struct Mantissa {
    digits: i128,
    exponent: i64,
    more: bool,
}

impl Mantissa {
    /// Reads `12`, `12.`, `1.5` or `.5`.
    fn parse(number: &str) -> Option<Self> {
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return None;
        }
        let mut mantissa = Self { digits: 0, exponent: -(fraction.len() as i64), more: false };
        let digits = whole.bytes().chain(fraction.bytes());
        let mut kept = 0;
        for digit in digits.map(|byte| i128::from(byte - b'0')) {
            if kept < DIGITS_MAX {
                mantissa.digits = mantissa.digits * 10 + digit;
                kept += usize::from(mantissa.digits > 0);
            } else {
                mantissa.exponent += 1;
                mantissa.more |= digit > 0;
            }
        }
        Some(mantissa)
    }

    /// The amount in billionths, rounded up; `None` if it does not fit.
    fn nano(mut self, scale: Scale) -> Option<i128> {
        if self.digits == 0 {
            return Some(0);
        }
        let factor = 1_i128 << scale.binary;
        let mut exponent = self.exponent + i64::from(scale.decimal) + 9;
        while exponent < 0 && self.digits.checked_mul(factor).is_none() {
            self.more |= self.digits % 10 > 0;
            self.digits /= 10;
            exponent += 1;
        }
        let product = self.digits.checked_mul(factor)?;
        let power = u32::try_from(exponent.unsigned_abs()).ok()?;
        if exponent >= 0 {
            let nano = product.checked_mul(10_i128.checked_pow(power)?)?;
            return Some(nano + i128::from(self.more));
        }
        // A divisor too large for the type leaves less than one billionth.
        let divisor = 10_i128.checked_pow(power).unwrap_or(i128::MAX);
        let up = self.more || product % divisor > 0;
        Some(product / divisor + i128::from(up))
    }
}

/// What a suffix multiplies by: `10^decimal × 2^binary`.
#[derive(Clone, Copy)]
struct Scale {
    decimal: i32,
    binary: u32,
}

impl Scale {
    fn parse(suffix: &str) -> Option<Self> {
        let decimal = |decimal| Some(Self { decimal, binary: 0 });
        let binary = |binary| Some(Self { decimal: 0, binary });
        match suffix {
            "n" => decimal(-9),
            "u" => decimal(-6),
            "m" => decimal(-3),
            "" => decimal(0),
            "k" => decimal(3),
            "M" => decimal(6),
            "G" => decimal(9),
            "T" => decimal(12),
            "P" => decimal(15),
            "E" => decimal(18),
            "Ki" => binary(10),
            "Mi" => binary(20),
            "Gi" => binary(30),
            "Ti" => binary(40),
            "Pi" => binary(50),
            "Ei" => binary(60),
            other => decimal(other.strip_prefix(['e', 'E'])?.parse().ok()?),
        }
    }
}

impl Add for Quantity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { nano: self.nano + other.nano }
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Quantity {
        text.parse().unwrap()
    }

    #[test]
    fn every_suffix_scales_as_kubernetes_says() {
        let vectors = [
            ("1n", 1, 1),
            ("1u", 1, 1),
            ("1m", 1, 1),
            ("999m", 1, 999),
            ("1", 1, 1000),
            ("0", 0, 0),
            ("-1", -1, -1000),
            ("+5", 5, 5000),
            ("1.", 1, 1000),
            (".5", 1, 500),
            ("0.1", 1, 100),
            ("1.5", 2, 1500),
            ("-1.5", -2, -1500),
            ("1001u", 1, 2),
            ("1k", 1_000, 1_000_000),
            ("1M", 1_000_000, 1_000_000_000),
            ("1G", 1_000_000_000, 1_000_000_000_000),
            ("1T", 1_000_000_000_000, 1_000_000_000_000_000),
            ("1P", 1_000_000_000_000_000, 1_000_000_000_000_000_000),
            ("1E", 1_000_000_000_000_000_000, i64::MAX),
            ("1Ki", 1 << 10, 1000 << 10),
            ("1.5Ki", 1536, 1_536_000),
            ("1Mi", 1 << 20, 1000 << 20),
            ("1Gi", 1 << 30, 1000 << 30),
            ("1Ti", 1 << 40, 1000 << 40),
            ("1Pi", 1 << 50, 1000 << 50),
            ("7Ei", 7 << 60, i64::MAX),
            ("1e3", 1_000, 1_000_000),
            ("1E3", 1_000, 1_000_000),
            ("12e-1", 2, 1200),
            ("1e-3", 1, 1),
            ("0.0000000001", 1, 1),
            ("9223372036854775807", i64::MAX, i64::MAX),
            ("1.00000000000000000000000000000000000000001Gi", (1 << 30) + 1, (1000 << 30) + 1),
        ];
        for (text, value, milli) in vectors {
            let quantity = parse(text);
            assert_eq!((quantity.value(), quantity.milli_value()), (value, milli), "{text}");
        }
    }

    #[test]
    fn text_that_is_no_quantity_is_refused_and_quoted() {
        let not_numbers = ["", "abc", ".", "-", "1.5.2Gi", "--1", "Gi", "+-1", " 1", "٣"];
        for text in not_numbers {
            let error = text.parse::<Quantity>().unwrap_err();
            assert!(matches!(error, QuantityError::NotANumber { .. }), "{text}: {error}");
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
        for text in ["1GB", "1gi", "1 Gi", "1e", "1E+", "1e1.5", "1K", "5%", "1Gi ", "1mi"] {
            let error = text.parse::<Quantity>().unwrap_err();
            assert!(matches!(error, QuantityError::UnknownSuffix { .. }), "{text}: {error}");
        }
    }

    #[test]
    fn amounts_beyond_63_bits_are_refused() {
        for text in ["8Ei", "9223372036854775808", "1e30", "1e999", "10E", "-8Ei"] {
            let error = text.parse::<Quantity>().unwrap_err();
            assert!(matches!(error, QuantityError::OutOfRange { .. }), "{text}: {error}");
        }
    }

    #[test]
    fn sums_are_exact_before_they_are_rounded() {
        let total: Quantity = [parse("100u"), parse("100u"), parse("100u")].into_iter().sum();
        assert_eq!(total.milli_value(), 1);
    }

    proptest! {
        #[test]
        fn whole_numbers_keep_their_value(value in -i64::MAX..=i64::MAX) {
            prop_assert_eq!(parse(&value.to_string()).value(), value);
        }

        #[test]
        fn milli_values_survive_the_suffix_and_the_point(milli in 0_i64..1_000_000_000_000) {
            let pointed = format!("{}.{:03}", milli / 1000, milli % 1000);
            prop_assert_eq!(parse(&format!("{milli}m")).milli_value(), milli);
            prop_assert_eq!(parse(&pointed).milli_value(), milli);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "[-+.0-9eEiKMGTPnumk]{0,60}") {
            let _ = text.parse::<Quantity>();
        }

        #[test]
        fn rounding_never_understates(text in "[0-9]{1,9}(\\.[0-9]{0,12})?(Ki|Mi|m|u|n|k)?") {
            let quantity = parse(&text);
            let (whole, milli) = (quantity.value().to_string(), quantity.milli_value());
            prop_assert!(quantity <= parse(&whole));
            let milli = parse(&format!("{milli}m"));
            prop_assert!(quantity <= milli);
        }
    }
}
