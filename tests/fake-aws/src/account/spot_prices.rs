//! What Spot costs, and did cost.

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
        let next_token = self.next_token.as_deref();
        let wanted = Wanted { max_results: self.max_results, next_token, limit: HISTORY_PAGE };
        let after = wanted.after()?;
        let mut found = Vec::new();
        for (machine, zone) in self.pools(account) {
            // All of three months is more than a million rows: only those that a page can show are
            // made.
            let last_key = key(&machine.name, zone, end);
            if after.as_ref().is_some_and(|after| last_key < *after) {
                continue;
            }
            for price in account.history(machine, zone, start, end) {
                let is_new = after.as_ref().is_none_or(|after| price.key() > *after);
                if is_new && passes(&self.filter, &price)? {
                    found.push(price);
                }
            }
            if found.len() > HISTORY_PAGE {
                break;
            }
        }
        page(found, SpotPrice::key, wanted, account.settings.paging)
    }
}

impl DescribeSpotPriceHistory {
    /// The pools that are asked for, in order of their keys.
    fn pools<'a>(
        &'a self,
        account: &'a Account,
    ) -> impl Iterator<Item = (&'a Arc<Ec2Type>, &'a str)> {
        let products = &self.product_description;
        let of_linux = products.is_empty() || products.iter().any(|one| one == PRODUCT);
        let names = &self.instance_type;
        let machines = account
            .machines
            .all()
            .filter(move |machine| of_linux && (names.is_empty() || names.contains(&machine.name)));
        let pools = machines
            .flat_map(|machine| machine.spot.keys().map(move |zone| (machine, zone.as_str())));
        let wanted = self.availability_zone.as_deref();
        pools.filter(move |(_, zone)| wanted.is_none_or(|wanted| wanted == *zone))
    }
}

impl SpotPrice {
    fn key(&self) -> String {
        key(&self.instance_type, &self.zone, self.since)
    }
}

/// Key of a row. A space comes before whatever names are made of, so keys are in order of names.
fn key(instance_type: &str, zone: &str, since: Timestamp) -> String {
    format!("{instance_type} {zone} {:012}", since.as_second())
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
        // Every pool changes at hours of its own, which stay the same between two pages.
        let name = format!("{}/{zone}", machine.name);
        let period = CHANGES_EVERY.as_secs();
        let phase = (self.draw.of("price change", &name) % period.unsigned_abs()) as i64;
        let now = self.now.as_second();
        let last = now - (now - phase).rem_euclid(period);
        let last = Timestamp::from_second(last).unwrap_or(self.now);
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
