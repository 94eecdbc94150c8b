//! Quantities as people write them.

use crate::model::Price;

/// CPU in milli-cores: `500m`, `2`.
pub fn cpu(text: &str) -> i64 {
    match text.strip_suffix('m') {
        Some(milli) => integer(milli, text),
        None => integer(text, text) * 1000,
    }
}

/// Bytes: `64Mi`, `1Gi`, `1000`.
pub fn memory(text: &str) -> i64 {
    const UNITS: [(&str, i64); 4] =
        [("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("Ti", 1 << 40)];
    let unit = UNITS.iter().find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, unit)));
    unit.map_or_else(|| integer(text, text), |(number, unit)| integer(number, text) * unit)
}

/// Dollars an hour with up to six decimals: `$0.082`.
pub fn price(text: &str) -> Price {
    let dollars = text.strip_prefix('$').unwrap_or(text);
    let (whole, decimals) = dollars.split_once('.').unwrap_or((dollars, ""));
    assert!(decimals.len() <= 6, "price {text:?} has more than six decimals");
    let micro = integer(&format!("{decimals:0<6}"), text);
    Price::from_micro_usd(integer(whole, text) * 1_000_000 + micro)
}

fn integer(number: &str, text: &str) -> i64 {
    let parsed = number.parse();
    assert!(parsed.is_ok(), "{text:?} is not a quantity");
    parsed.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_read_as_people_write_them() {
        assert_eq!((cpu("500m"), cpu("2")), (500, 2000));
        assert_eq!((memory("64Mi"), memory("1Gi")), (64 << 20, 1 << 30));
        assert_eq!(price("$0.082"), Price::from_micro_usd(82_000));
        assert_eq!(price("$12"), Price::from_micro_usd(12_000_000));
    }
}
