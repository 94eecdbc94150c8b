//! Prices: the Spot price history of EC2, and the price list.

use std::sync::Arc;
use std::time::Duration;

use aws_provider::Ec2Type;
use jiff::{SignedDuration, Timestamp};
use scheduler_core::model::{CapacityType, Price};
use serde::Deserialize;

use super::action::{Action, Call, Service};
use super::fault::Pool;
use super::filter::{Filter, Filterable, Tags, passes};
use super::page::{Page, Wanted, page};
use super::{Account, AwsError};

/// Most prices on a page of the history.
const HISTORY_PAGE: usize = 1000;
/// How often Spot prices changed in the past.
const CHANGES_EVERY: SignedDuration = SignedDuration::from_hours(6);
/// How far back the history goes.
const HISTORY: Duration = Duration::from_hours(90 * 24);
/// What Spot prices are for.
const PRODUCT: &str = "Linux/UNIX";

/// A Spot price from some instant on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpotPrice {
    /// EC2 name.
    pub instance_type: String,
    /// Name of its zone.
    pub zone: String,
    /// Id of its zone.
    pub zone_id: String,
    /// What it is for.
    pub product: &'static str,
    /// By the hour.
    pub price: Price,
    /// Since when.
    pub since: Timestamp,
}

/// `DescribeSpotPriceHistory`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeSpotPriceHistory {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// From then; what was the price then is told too.
    pub start_time: Option<Timestamp>,
    /// Until then.
    pub end_time: Option<Timestamp>,
    /// Only these.
    pub instance_type: Vec<String>,
    /// Only these.
    pub product_description: Vec<String>,
    /// Only there.
    pub availability_zone: Option<String>,
    /// Only what passes these.
    pub filter: Vec<Filter>,
    /// Most on a page, up to 1000.
    pub max_results: Option<usize>,
    /// Which page.
    pub next_token: Option<String>,
}

impl Call for DescribeSpotPriceHistory {
    const ACTION: Action = Action::new(Service::Ec2, "DescribeSpotPriceHistory");
    type Answer = Page<SpotPrice>;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        let earliest = account.now - SignedDuration::try_from(HISTORY).unwrap_or_default();
        let start = self.start_time.unwrap_or(earliest).max(earliest);
        let end = self.end_time.unwrap_or(account.now).min(account.now);
        let products = &self.product_description;
        let of_linux = products.is_empty() || products.iter().any(|one| one == PRODUCT);
        let machines = account.machines.all().filter(|_| of_linux);
        let mut found = Vec::new();
        for machine in machines {
            if !self.instance_type.is_empty() && !self.instance_type.contains(&machine.name) {
                continue;
            }
            for zone in machine.spot.keys() {
                if self.availability_zone.as_ref().is_some_and(|wanted| wanted != zone) {
                    continue;
                }
                for price in account.history(machine, zone, start, end) {
                    if passes(&self.filter, &price)? {
                        found.push(price);
                    }
                }
            }
        }
        let next_token = self.next_token.as_deref();
        let wanted = Wanted { max_results: self.max_results, next_token, limit: HISTORY_PAGE };
        let key = |one: &SpotPrice| format!("{} {} {}", one.instance_type, one.zone, one.since);
        page(found, key, wanted, account.settings.paging)
    }
}

impl Account {
    /// Spot prices between two instants, the one that held at the first included.
    fn history(
        &self,
        machine: &Arc<Ec2Type>,
        zone: &str,
        start: Timestamp,
        end: Timestamp,
    ) -> Vec<SpotPrice> {
        let pool = Pool {
            instance_type: machine.name.clone(),
            zone: zone.to_owned(),
            capacity_type: CapacityType::Spot,
        };
        let Some(current) = self.price(&pool) else { return Vec::new() };
        // The last change lies up to six hours back, elsewhere for every pool.
        let name = format!("{}/{zone}", machine.name);
        let ago = self.draw.of("price change", &name) % CHANGES_EVERY.as_secs().unsigned_abs();
        let last = self.now - SignedDuration::from_secs(ago as i64);
        let mut since = last;
        let mut prices = Vec::new();
        loop {
            let price = if since == last { current } else { self.past(current, &name, since) };
            if since <= end {
                prices.push(SpotPrice {
                    instance_type: machine.name.clone(),
                    zone: zone.to_owned(),
                    zone_id: self.network.zone_id(zone).to_owned(),
                    product: PRODUCT,
                    price,
                    since,
                });
            }
            if since <= start {
                return prices;
            }
            since -= CHANGES_EVERY;
        }
    }

    /// An earlier price, up to a tenth off today's.
    fn past(&self, current: Price, pool: &str, since: Timestamp) -> Price {
        let subject = format!("{pool} {}", since.as_second());
        let permille = 900 + (self.draw.of("past price", &subject) % 201) as i64;
        Price::from_micro_usd(current.micro_usd() * permille / 1000)
    }
}

impl Filterable for SpotPrice {
    fn tags(&self) -> &Tags {
        const NONE: &Tags = &Tags::new();
        NONE
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "instance-type" => vec![self.instance_type.clone()],
            "availability-zone" => vec![self.zone.clone()],
            "product-description" => vec![self.product.to_owned()],
            _ => return None,
        })
    }
}

/// Most products on a page.
const PRODUCTS_PAGE: usize = 100;

/// Pricing `GetProducts`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetProducts {
    /// `AmazonEC2`.
    pub service_code: String,
    /// Only what passes all of these.
    pub filters: Vec<ProductFilter>,
    /// Most on a page, up to 100.
    pub max_results: Option<usize>,
    /// Which page.
    pub next_token: Option<String>,
}

/// A filter of the price list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ProductFilter {
    /// `TERM_MATCH`.
    pub r#type: String,
    /// Name of an attribute.
    pub field: String,
    /// What it must be.
    pub value: String,
}

/// An instance type as it is sold by the hour.
#[derive(Clone, Debug)]
pub struct Product {
    /// The type.
    pub machine: Arc<Ec2Type>,
    /// Where.
    pub region: String,
}

impl Product {
    /// Attributes by name, as far as anybody filters by them.
    pub fn attributes(&self) -> [(&'static str, &str); 10] {
        let is_metal = self.machine.hypervisor.is_empty();
        [
            ("capacitystatus", "Used"),
            ("instanceType", &self.machine.name),
            ("marketoption", "OnDemand"),
            ("operatingSystem", "Linux"),
            ("preInstalledSw", "NA"),
            ("productFamily", self.family()),
            ("regionCode", &self.region),
            ("serviceCode", "AmazonEC2"),
            ("servicecode", "AmazonEC2"),
            // The list has bare metal under dedicated tenancy.
            ("tenancy", if is_metal { "Dedicated" } else { "Shared" }),
        ]
    }

    /// Its product family.
    pub fn family(&self) -> &'static str {
        let is_metal = self.machine.hypervisor.is_empty();
        if is_metal { "Compute Instance (bare metal)" } else { "Compute Instance" }
    }
}

impl Call for GetProducts {
    const ACTION: Action = Action::new(Service::Pricing, "GetProducts");
    type Answer = Page<Product>;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        let refuse = |message: String| AwsError::client("InvalidParameterException", message);
        if self.service_code != "AmazonEC2" {
            return Err(refuse(format!("Service '{}' is not in the list", self.service_code)));
        }
        if let Some(filter) = self.filters.iter().find(|filter| filter.r#type != "TERM_MATCH") {
            return Err(refuse(format!("Filters of type '{}' are not supported", filter.r#type)));
        }
        let products = account.machines.all().map(|machine| Product {
            machine: Arc::clone(machine),
            region: account.settings.region.clone(),
        });
        let found = products
            .filter(|product| {
                let attributes = product.attributes();
                self.filters.iter().all(|filter| {
                    attributes.contains(&(filter.field.as_str(), filter.value.as_str()))
                })
            })
            .collect();
        let next_token = self.next_token.as_deref();
        let wanted = Wanted { max_results: self.max_results, next_token, limit: PRODUCTS_PAGE };
        page(found, |product| product.machine.name.clone(), wanted, account.settings.paging)
    }
}
