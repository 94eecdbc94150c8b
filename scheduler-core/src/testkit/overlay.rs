//! `NodeOverlay`s.

use super::quantity::price;
use crate::model::{NodeOverlay, PriceOverlay, Requirement, Requirements};

/// Builds a [`NodeOverlay`].
#[derive(Clone, Debug)]
pub struct OverlayBuilder(NodeOverlay);

/// An overlay that is about everything and changes nothing.
pub fn overlay(name: &str) -> OverlayBuilder {
    OverlayBuilder(NodeOverlay {
        name: name.to_owned(),
        weight: 0,
        requirements: Requirements::new(),
        price: None,
        capacity: std::collections::BTreeMap::new(),
    })
}

impl OverlayBuilder {
    /// Its weight.
    #[must_use]
    pub fn weight(mut self, weight: u32) -> Self {
        self.0.weight = weight;
        self
    }

    /// Only where a label has one of these values.
    #[must_use]
    pub fn requires<'a>(mut self, key: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        self.0.requirements.add(key, Requirement::any_of(values));
        self
    }

    /// The price.
    #[must_use]
    pub fn price(mut self, text: &str) -> Self {
        self.0.price = Some(PriceOverlay::Absolute(price(text)));
        self
    }

    /// So many per cent more.
    #[must_use]
    pub fn percent(mut self, percent: i64) -> Self {
        self.0.price = Some(PriceOverlay::MicroPercent(percent * 1_000_000));
        self
    }

    /// An amount of an extended resource.
    #[must_use]
    pub fn capacity(mut self, name: &str, amount: i64) -> Self {
        self.0.capacity.insert(name.to_owned(), amount);
        self
    }

    /// The overlay.
    pub fn build(self) -> NodeOverlay {
        self.0
    }
}
