//! `NodeOverlay`s.

use std::collections::BTreeMap;

use scheduler_core::model::{NodeOverlay, Price, PriceOverlay, Requirement, well_known};

use super::amount::{Amounts, in_core_unit};
use super::label::{check_key, check_value};
use super::node_pool::weight;
use super::requirement::{ALL_OPERATORS, Written, gather};
use crate::crd::node_overlay::{NOT_IN_OVERLAYS, NodeOverlaySpec, OverlayRequirement};
use crate::crd::{self, unknown_fields};
use crate::finding::{Problem, Report};
use crate::objects::name;
use crate::quantity::Quantity;

/// The highest weight of an overlay.
const WEIGHT_MAX: i32 = 10_000;

/// An overlay, unless something about it is wrong.
pub(super) fn convert(overlay: &crd::NodeOverlay, report: &mut Report<'_>) -> Option<NodeOverlay> {
    for field in unknown_fields(overlay) {
        report.warn(super::unknown_field(field, "NodeOverlay"));
    }
    if overlay.metadata.deletion_timestamp.is_some() {
        return None;
    }
    let written = overlay.spec.requirements.iter();
    let written = written.map(|entry| (entry.key.as_str(), requirement(entry)));
    // Every check runs, so that all findings are told at once.
    let before = report.count();
    let converted = NodeOverlay {
        name: name(&overlay.metadata).to_owned(),
        weight: report.accept(weight(overlay.spec.weight, WEIGHT_MAX)).unwrap_or_default(),
        requirements: gather("spec.requirements", written, report),
        price: report.accept(price(&overlay.spec)).flatten(),
        capacity: report.accept(capacity(&overlay.spec)).unwrap_or_default(),
    };
    (!report.has_error_since(before)).then_some(converted)
}

fn requirement(entry: &OverlayRequirement) -> Result<Requirement, Problem> {
    if entry.key != well_known::NODE_POOL {
        check_key(&entry.key)?;
    }
    let aws_name = entry.key.strip_prefix("karpenter.k8s.aws/");
    if aws_name.is_some_and(|name| NOT_IN_OVERLAYS.contains(&name)) {
        return Err(Problem::new(
            "key",
            format!("an overlay cannot ask for label {}", entry.key),
            "select by zone, capacity type or instance type instead",
        ));
    }
    let values = entry.values.as_deref().unwrap_or_default();
    if entry.operator == "NotIn" && values.is_empty() {
        return Err(Problem::new(
            "values",
            "operator NotIn needs at least one value",
            "correct the values",
        ));
    }
    values.iter().try_for_each(|value| check_value(value))?;
    Written { operator: &entry.operator, values }.parse(&ALL_OPERATORS)
}

fn price(spec: &NodeOverlaySpec) -> Result<Option<PriceOverlay>, Problem> {
    match (spec.price.as_deref(), spec.price_adjustment.as_deref()) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(Problem::new(
            "spec.priceAdjustment",
            "price and priceAdjustment exclude each other",
            "remove one of them",
        )),
        (Some(text), None) => {
            let price = decimal(text, DecimalForm::DigitsOnBothSides).ok_or_else(|| {
                Problem::new(
                    "spec.price",
                    format!("{text:?} is not a price"),
                    "write dollars an hour without a sign, such as 0.25",
                )
            });
            price.map(|micro_usd| Some(PriceOverlay::Absolute(Price::from_micro_usd(micro_usd))))
        }
        (None, Some(text)) => adjustment(text).map(Some).ok_or_else(|| {
            Problem::new(
                "spec.priceAdjustment",
                format!(
                    "{text:?} is not a signed amount, nor a signed percentage of -100% or more"
                ),
                "write it as +0.5, -1.2, +10% or -15%",
            )
        }),
    }
}

/// A signed amount in dollars, or a signed percentage.
fn adjustment(text: &str) -> Option<PriceOverlay> {
    let (sign, unsigned) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let Some(percent) = unsigned.strip_suffix('%') else {
        let amount = decimal(unsigned, DecimalForm::LeadingPoint)?;
        return Some(PriceOverlay::Amount(Price::from_micro_usd(sign * amount)));
    };
    if sign > 0 {
        return decimal(percent, DecimalForm::LeadingPoint).map(PriceOverlay::MicroPercent);
    }
    let whole = percent.split_once('.').map_or(percent, |(whole, _)| whole);
    let micro = decimal(percent, DecimalForm::DigitsOnBothSides)?;
    (whole.len() <= 2 || percent == "100").then_some(PriceOverlay::MicroPercent(-micro))
}

/// How a decimal number may be written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum DecimalForm {
    /// `1`, `1.5`.
    DigitsOnBothSides,
    /// The same, and `.5`.
    LeadingPoint,
}

/// A decimal number without sign or exponent in millionths, rounded up beyond them.
fn decimal(text: &str, form: DecimalForm) -> Option<i64> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let right = match text.split_once('.') {
        None => digits(text),
        Some(("", fraction)) => form == DecimalForm::LeadingPoint && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
    };
    let quantity: Quantity = Some(text).filter(|_| right)?.parse().ok()?;
    Some(quantity.micro_value())
}

/// Resources that belong to the machine and that an overlay cannot set.
const NATIVE: [&str; 4] = ["cpu", "memory", "ephemeral-storage", "pods"];

fn capacity(spec: &NodeOverlaySpec) -> Result<BTreeMap<String, i64>, Problem> {
    let amounts = Amounts::parse(spec.capacity.as_ref(), "spec.capacity")?;
    if let Some(name) = NATIVE.into_iter().find(|name| amounts.0.contains_key(*name)) {
        return Err(Problem::new(
            format!("spec.capacity.{name}"),
            format!("{name} is the machine's own and cannot be set"),
            "set extended resources only",
        ));
    }
    if let Some((name, _)) = amounts.0.iter().find(|(_, amount)| amount.is_negative()) {
        return Err(Problem::new(
            format!("spec.capacity.{name}"),
            "the amount is below zero",
            "correct the amount",
        ));
    }
    let amounts = amounts.0.iter();
    Ok(amounts.map(|(name, amount)| (name.clone(), in_core_unit(name, *amount))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adjustment_has_a_sign_and_falls_no_lower_than_nothing() {
        let dollars = |micro_usd| Some(PriceOverlay::Amount(Price::from_micro_usd(micro_usd)));
        let percent = |micro| Some(PriceOverlay::MicroPercent(micro));
        for (text, expected) in [
            ("+0.5", dollars(500_000)),
            ("-1.2", dollars(-1_200_000)),
            ("+.5", dollars(500_000)),
            ("+7", dollars(7_000_000)),
            ("+10%", percent(10_000_000)),
            ("+250%", percent(250_000_000)),
            ("-15.5%", percent(-15_500_000)),
            ("-100%", percent(-100_000_000)),
        ] {
            assert_eq!(adjustment(text), expected, "{text}");
        }
        for text in ["5", "0.5", "10%", "-101%", "-100.0%", "+", "+%", "+1e3", "- 5", "+1.", ""] {
            assert_eq!(adjustment(text), None, "{text}");
        }
    }

    #[test]
    fn a_price_is_a_plain_decimal_number() {
        let read = |text: &str| decimal(text, DecimalForm::DigitsOnBothSides);
        assert_eq!([read("3"), read("0.25")], [Some(3_000_000), Some(250_000)]);
        for text in ["+1", "-1", ".5", "5.", "5%", "1,5", "1e3", "0x1", "a", " 1", "1.2.3", ""] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_price_beyond_micro_dollars_is_rounded_up() {
        assert_eq!(decimal("0.0000001", DecimalForm::DigitsOnBothSides), Some(1));
    }
}
