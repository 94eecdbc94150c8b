//! Prices: on-demand from the price list, Spot from its history, both from the built-in catalogue
//! until they are known.

use std::collections::BTreeMap;

use futures_util::future::join;
use jiff::Timestamp;
use scheduler_core::model::Price;
use serde::Deserialize;
use thiserror::Error;

use crate::api::ec2::{Ec2, SpotPrice};
use crate::api::pricing::Pricing;
use crate::catalog::{Catalog, dollars};
use crate::error::CloudError;

/// What every product that is asked for is like: Linux without extra software, as used.
const COMMON: [(&str, &str); 5] = [
    ("serviceCode", "AmazonEC2"),
    ("preInstalledSw", "NA"),
    ("operatingSystem", "Linux"),
    ("capacitystatus", "Used"),
    ("marketoption", "OnDemand"),
];
/// Virtual machines on shared hardware.
const SHARED: [(&str, &str); 2] = [("tenancy", "Shared"), ("productFamily", "Compute Instance")];
/// Bare metal, which nobody shares.
const METAL: [(&str, &str); 2] =
    [("tenancy", "Dedicated"), ("productFamily", "Compute Instance (bare metal)")];

/// Why there are no new prices. Those that were known stay.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PriceError {
    /// The service was not reached, or refused.
    #[error("{what} cannot be read")]
    Ask {
        /// Which prices.
        what: &'static str,
        /// Why.
        #[source]
        source: CloudError,
    },
    /// The answer has no prices.
    #[error("{what} are empty, so the prices known before are kept")]
    Empty {
        /// Which prices.
        what: &'static str,
    },
}

/// What instances cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prices {
    on_demand: BTreeMap<String, Price>,
    on_demand_as_of: String,
    /// By type and zone; `None` before the first answer.
    spot: Option<BTreeMap<(String, String), Price>>,
}

impl Prices {
    /// The prices of a catalogue, with their date. Until Spot prices are known, Spot is taken to
    /// cost as much as on-demand: never too little.
    pub fn of(catalog: &Catalog) -> Self {
        let prices = catalog.on_demand_prices();
        Self {
            on_demand: prices.map(|(name, price)| (name.to_owned(), price)).collect(),
            on_demand_as_of: catalog.as_of().on_demand_price.clone(),
            spot: None,
        }
    }

    /// Takes over on-demand prices. Types that are missing keep theirs.
    pub fn merge_on_demand(&mut self, prices: BTreeMap<String, Price>, now: Timestamp) {
        self.on_demand.extend(prices);
        self.on_demand_as_of = now.to_string();
    }

    /// Takes over Spot prices. Pools that are missing keep theirs.
    pub fn merge_spot(&mut self, prices: BTreeMap<(String, String), Price>) {
        self.spot.get_or_insert_default().extend(prices);
    }

    /// The on-demand price of a type.
    pub fn on_demand(&self, instance_type: &str) -> Option<Price> {
        self.on_demand.get(instance_type).copied()
    }

    /// When on-demand prices were read, as text.
    pub fn on_demand_as_of(&self) -> &str {
        &self.on_demand_as_of
    }

    /// The Spot price of a type in a zone.
    pub fn spot(&self, instance_type: &str, zone: &str) -> Option<Price> {
        match &self.spot {
            None => self.on_demand(instance_type),
            Some(spot) => spot.get(&(instance_type.to_owned(), zone.to_owned())).copied(),
        }
    }
}

/// Whether the price list can be asked: it cannot be reached from an isolated VPC, and knows
/// nothing of `GovCloud`.
pub fn has_price_list(region: &str, network: Network) -> bool {
    network == Network::Open && !region.starts_with("us-gov")
}

/// What the controller can reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Network {
    /// All services.
    #[default]
    Open,
    /// Only those that have an endpoint in the VPC (`ISOLATED_VPC`).
    Isolated,
}

/// On-demand prices of a region, of virtual machines and bare metal.
///
/// # Errors
/// If one of the two cannot be read or is empty: half of the prices would look like all.
pub async fn on_demand_prices<P: Pricing>(
    pricing: &P,
    region: &str,
) -> Result<BTreeMap<String, Price>, PriceError> {
    let currency = if region.starts_with("cn-") { "CNY" } else { "USD" };
    let read = async |kind: [(&str, &str); 2], what| {
        let attributes: Vec<(&str, &str)> =
            COMMON.into_iter().chain([("regionCode", region)]).chain(kind).collect();
        let products = pricing.ec2_products(&attributes).await;
        let products = products.map_err(|error| PriceError::Ask { what, source: error.into() })?;
        let prices: BTreeMap<String, Price> =
            products.iter().filter_map(|json| product_price(json, currency)).collect();
        if prices.is_empty() { Err(PriceError::Empty { what }) } else { Ok(prices) }
    };
    let (shared, metal) =
        join(read(SHARED, "on-demand prices"), read(METAL, "on-demand prices of bare metal")).await;
    let mut prices = shared?;
    prices.extend(metal?);
    Ok(prices)
}

/// Spot prices of the region as they stand.
///
/// # Errors
/// If they cannot be read or are empty.
pub async fn spot_prices<E: Ec2>(
    ec2: &E,
    now: Timestamp,
) -> Result<BTreeMap<(String, String), Price>, PriceError> {
    let what = "Spot prices";
    let rows = ec2.spot_prices(now).await;
    let rows = rows.map_err(|error| PriceError::Ask { what, source: error.into() })?;
    let prices: BTreeMap<_, _> = rows.into_iter().filter_map(spot_price).collect();
    if prices.is_empty() { Err(PriceError::Empty { what }) } else { Ok(prices) }
}

/// A row without time or with an unreadable price is passed over.
fn spot_price(row: SpotPrice) -> Option<((String, String), Price)> {
    row.since?;
    Some(((row.instance_type, row.zone), dollars(&row.price).ok()?))
}

/// A product of the price list, as far as it matters.
#[derive(Deserialize)]
struct Listed {
    product: Product,
    terms: Terms,
}

#[derive(Deserialize)]
struct Product {
    attributes: Attributes,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attributes {
    instance_type: String,
}

#[derive(Deserialize)]
struct Terms {
    #[serde(rename = "OnDemand")]
    on_demand: BTreeMap<String, Term>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Term {
    price_dimensions: BTreeMap<String, Dimension>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Dimension {
    price_per_unit: BTreeMap<String, String>,
}

/// The first price that is not zero.
fn product_price(json: &str, currency: &str) -> Option<(String, Price)> {
    let listed: Listed = serde_json::from_str(json).ok()?;
    let dimensions =
        listed.terms.on_demand.values().flat_map(|term| term.price_dimensions.values());
    let prices = dimensions.filter_map(|one| dollars(one.price_per_unit.get(currency)?).ok());
    let price = prices.into_iter().next()?;
    Some((listed.product.attributes.instance_type, price))
}

/// The region whose price list is asked, as few have one.
pub fn price_list_region(region: &str) -> &'static str {
    match region.split('-').next() {
        Some("ap") => "ap-south-1",
        Some("cn") => "cn-northwest-1",
        Some("eu") => "eu-central-1",
        _ => "us-east-1",
    }
}

#[cfg(test)]
mod tests;
