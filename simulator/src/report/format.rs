//! Numbers as people read them.

/// A whole number with a comma between thousands.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Dollars: whole ones from a hundred on, cents below, and more digits below a cent's reach.
pub(crate) fn dollars(amount: f64) -> String {
    let sign = if amount < 0.0 { "-" } else { "" };
    let amount = amount.abs();
    if amount >= 99.995 {
        return format!("{sign}${}", count(amount.round() as u64));
    }
    let decimals = if amount < 0.1 && amount > 0.0 { 4 } else { 2 };
    format!("{sign}${amount:.decimals$}")
}

/// A share as a percentage with one decimal; never `-0.0`.
pub(crate) fn percent(share: f64) -> String {
    let tenths = (share * 1000.0).round();
    format!("{:.1} %", if tenths == 0.0 { 0.0 } else { tenths / 10.0 })
}

/// A share as a whole percentage, the sign left out.
pub(crate) fn whole_percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// Seconds as the largest unit that keeps two digits (`45 s`, `2.5 min`, `3.0 h`).
pub(crate) fn seconds(seconds: f64) -> String {
    const MINUTE: f64 = 60.0;
    const HOUR: f64 = 3600.0;
    const DAY: f64 = 86_400.0;
    let trimmed = |value: f64, unit: &str| {
        let text = format!("{value:.1}");
        format!("{} {unit}", text.strip_suffix(".0").unwrap_or(&text))
    };
    match seconds.abs() {
        short if short < 2.0 * MINUTE => trimmed(seconds, "s"),
        medium if medium < 2.0 * HOUR => trimmed(seconds / MINUTE, "min"),
        long if long < 2.0 * DAY => trimmed(seconds / HOUR, "h"),
        _ => trimmed(seconds / DAY, "d"),
    }
}

/// A length of time in its two largest units (`5 d 16 h`).
pub(crate) fn duration(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let mut left = seconds;
    let mut parts = Vec::new();
    for (size, unit) in UNITS {
        let amount = left / size;
        left %= size;
        if amount > 0 {
            parts.push(format!("{amount} {unit}"));
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

/// The first digits of a hash: enough to tell two inputs apart by eye.
pub(crate) fn short_hash(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

/// The date of an instant as written (`2026-07-20T13:44:30Z`).
pub(crate) fn date(instant: &str) -> &str {
    instant.split_once('T').map_or(instant, |(date, _)| date)
}

/// A factor in millionths as people write it (`1.0`, `1.3`).
pub(crate) fn factor(ppm: u32) -> String {
    let text = format!("{:.6}", f64::from(ppm) / 1e6);
    let trimmed = text.trim_end_matches('0');
    if trimmed.ends_with('.') { format!("{trimmed}0") } else { trimmed.to_owned() }
}

/// `1 pod`, `2 pods`.
pub(crate) fn plural(number: u64, noun: &str) -> String {
    let ending = if number == 1 { "" } else { "s" };
    format!("{} {noun}{ending}", count(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let shown = [0, 999, 1000, 1_234_567].map(count);
        assert_eq!(shown, ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn dollars_show_the_digits_that_matter() {
        let shown = [0.0, 0.0336, 3.456, 99.999, 12_345.6, -2.5].map(dollars);
        assert_eq!(shown, ["$0.00", "$0.0336", "$3.46", "$100", "$12,346", "-$2.50"]);
    }

    #[test]
    fn a_share_of_nothing_has_no_sign() {
        assert_eq!([0.7123, -0.00001, -0.25].map(percent), ["71.2 %", "0.0 %", "-25.0 %"]);
    }

    #[test]
    fn lengths_of_time_use_their_largest_units() {
        let shown = [0, 59, 3600, 86_460, 491_360].map(duration);
        assert_eq!(shown, ["0 s", "59 s", "1 h", "1 d", "5 d 16 h"]);
        assert_eq!([41.0, 90.5, 150.0, 7300.0].map(seconds), ["41 s", "90.5 s", "2.5 min", "2 h"]);
    }

    #[test]
    fn a_factor_keeps_one_decimal() {
        assert_eq!([1_000_000, 1_300_000, 1_250_000].map(factor), ["1.0", "1.3", "1.25"]);
    }
}
