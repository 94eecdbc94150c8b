//! `NodeOverlay`s: corrections of what a catalogue says (`karpenter-core.md` §1.4).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::instance_type::{InstanceType, Offering};
use super::label::well_known::{INSTANCE_TYPE, is_of_offering};
use super::node_pool::NodePool;
use super::price::Price;
use super::requirement::{Requirement, Requirements};

/// A correction of prices or capacity, for the instance types and offerings that it selects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeOverlay {
    /// Name.
    pub name: String,
    /// Of several overlays the one of higher weight decides; 0 if unset.
    #[serde(default)]
    pub weight: u32,
    /// What it is about: labels of pools, instance types and offerings.
    pub requirements: Requirements,
    /// What becomes of prices.
    #[serde(default)]
    pub price: Option<PriceOverlay>,
    /// Extended resources that nodes have, by name.
    #[serde(default)]
    pub capacity: BTreeMap<String, i64>,
}

/// What becomes of a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PriceOverlay {
    /// It is this one.
    Absolute(Price),
    /// So much is added; less than nothing is taken off.
    Amount(Price),
    /// So many millionths of a per cent of it are added; less than nothing is taken off.
    MicroPercent(i64),
}

/// A hundred per cent, in millionths of one.
const WHOLE_MICRO_PERCENT: i64 = 100_000_000;

impl PriceOverlay {
    /// The price that comes of it, never below zero. A share is rounded half up to micro-dollars.
    pub fn apply(self, price: Price) -> Price {
        let changed = match self {
            Self::Absolute(price) => price,
            Self::Amount(amount) => price + amount,
            Self::MicroPercent(micro) => {
                price.scaled(WHOLE_MICRO_PERCENT.saturating_add(micro), WHOLE_MICRO_PERCENT)
            }
        };
        changed.max(Price::ZERO)
    }
}

impl NodeOverlay {
    /// Whether it is about the type as the pool would run it, what offerings decide left aside. A
    /// label that neither the template nor the type has is absent.
    pub fn selects(&self, pool: &NodePool, instance_type: &InstanceType) -> bool {
        let admits = |(key, wanted): (&str, &Requirement)| {
            if let Some(label) = pool.labels.get(key) {
                return wanted.has(label);
            }
            if key == INSTANCE_TYPE {
                return wanted.has(&instance_type.name);
            }
            let own = instance_type.requirements.get(key);
            own.map_or_else(
                || wanted.admits_absence(),
                |own| own.overlaps(wanted) || own.admits_absence() && wanted.admits_absence(),
            )
        };
        self.requirements.iter().filter(|(key, _)| !is_of_offering(key)).all(admits)
    }

    /// Whether it is about an offering of a type that it selects.
    pub fn selects_offering(&self, offering: &Offering) -> bool {
        let mut wanted = self.requirements.iter().filter(|(key, _)| is_of_offering(key));
        wanted.all(|(key, wanted)| wanted.admits(offering.label(key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(overlay: PriceOverlay, micro_usd: i64) -> i64 {
        overlay.apply(Price::from_micro_usd(micro_usd)).micro_usd()
    }

    #[test]
    fn a_price_is_replaced_raised_or_lowered() {
        let price = Price::from_micro_usd;
        assert_eq!(applied(PriceOverlay::Absolute(price(7)), 100), 7);
        assert_eq!(applied(PriceOverlay::Amount(price(50)), 100), 150);
        assert_eq!(applied(PriceOverlay::MicroPercent(-15_000_000), 100), 85);
    }

    #[test]
    fn a_share_of_a_price_is_rounded_half_up() {
        assert_eq!(applied(PriceOverlay::MicroPercent(10_500_000), 1_000), 1_105);
        assert_eq!(applied(PriceOverlay::MicroPercent(50_000_000), 3), 5);
    }

    #[test]
    fn no_price_falls_below_zero() {
        assert_eq!(applied(PriceOverlay::Amount(Price::from_micro_usd(-200)), 100), 0);
        assert_eq!(applied(PriceOverlay::MicroPercent(-WHOLE_MICRO_PERCENT), 100), 0);
    }
}
