use super::*;
use crate::api::{ApiError, Fault, Service};
use crate::memory::{MemoryEc2, now};

fn at_start() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn price(micro_usd: i64) -> Price {
    Price::from_micro_usd(micro_usd)
}

fn product(instance_type: &str, currency: &str, amount: &str) -> String {
    serde_json::json!({
        "product": {"attributes": {"instanceType": instance_type}},
        "terms": {"OnDemand": {"x": {"priceDimensions": {
            "free": {"pricePerUnit": {currency: "0.0000000000"}},
            "y": {"pricePerUnit": {currency: amount}},
        }}}},
    })
    .to_string()
}

/// A price list that knows one virtual machine and one of bare metal.
#[derive(Clone, Default)]
struct PriceList {
    currency: &'static str,
    metal_fails: bool,
    has_no_metal: bool,
}

impl Pricing for PriceList {
    async fn ec2_products(&self, attributes: &[(&str, &str)]) -> Result<Vec<String>, ApiError> {
        assert!(attributes.contains(&("operatingSystem", "Linux")));
        if attributes.contains(&("tenancy", "Shared")) {
            return Ok(vec![product("m5.large", self.currency, "0.0960000000"), "junk".to_owned()]);
        }
        if self.metal_fails {
            let fault = Fault::Unreadable { status: 503 };
            let (service, operation) = (Service::Pricing, "GetProducts");
            return Err(ApiError { service, operation, fault, request_id: None });
        }
        let metal = product("m5.metal", self.currency, "4.6080000000");
        Ok(if self.has_no_metal { Vec::new() } else { vec![metal] })
    }
}

fn list(currency: &'static str) -> PriceList {
    PriceList { currency, ..PriceList::default() }
}

#[test]
fn on_demand_prices_are_those_of_virtual_machines_and_bare_metal() {
    let prices = now(on_demand_prices(&list("USD"), "us-east-1")).expect("there are prices");
    let expected = BTreeMap::from([
        ("m5.large".to_owned(), price(96_000)),
        ("m5.metal".to_owned(), price(4_608_000)),
    ]);
    assert_eq!(prices, expected);
}

#[test]
fn china_pays_in_its_own_currency() {
    assert!(now(on_demand_prices(&list("CNY"), "cn-north-1")).is_ok());
    assert!(now(on_demand_prices(&list("USD"), "cn-north-1")).is_err());
}

#[test]
fn half_of_the_prices_are_none() {
    let failing = PriceList { metal_fails: true, ..list("USD") };
    let empty = PriceList { has_no_metal: true, ..list("USD") };
    let error = |list| now(on_demand_prices(&list, "us-east-1")).unwrap_err().to_string();
    assert_eq!(error(failing), "on-demand prices of bare metal cannot be read");
    assert_eq!(
        error(empty),
        "on-demand prices of bare metal are empty, so the prices known before are kept"
    );
}

#[test]
fn types_that_are_missing_keep_their_price() {
    let mut prices = Prices::of(&Catalog::embedded().expect("it is built in"));
    let before = prices.on_demand("c5.large");
    let news = BTreeMap::from([("m5.large".to_owned(), price(1))]);
    prices.merge_on_demand(news, at_start());
    assert_eq!(prices.on_demand("m5.large"), Some(price(1)));
    assert_eq!(prices.on_demand("c5.large"), before);
    assert_eq!(prices.on_demand_as_of(), "1970-01-01T00:00:00Z");
}

#[test]
fn built_in_prices_say_of_when_they_are() {
    let prices = Prices::of(&Catalog::embedded().expect("it is built in"));
    assert_eq!(prices.on_demand_as_of(), "2026-07-20T13:44:30Z");
}

fn row(instance_type: &str, zone: &str, price: &str, since: Option<Timestamp>) -> SpotPrice {
    let (instance_type, zone) = (instance_type.to_owned(), zone.to_owned());
    SpotPrice { instance_type, zone, price: price.to_owned(), since }
}

#[test]
fn spot_costs_as_much_as_on_demand_until_its_prices_are_known() {
    let mut prices = Prices::of(&Catalog::embedded().expect("it is built in"));
    assert_eq!(prices.spot("m5.large", "any"), prices.on_demand("m5.large"));
    let ec2 = MemoryEc2::default();
    ec2.account().prices =
        vec![row("m5.large", "a", "0.0350", Some(at_start())), row("m5.large", "b", "0.04", None)];
    prices.merge_spot(now(spot_prices(&ec2, at_start())).expect("there is one price"));
    assert_eq!(prices.spot("m5.large", "a"), Some(price(35_000)));
    assert_eq!(prices.spot("m5.large", "b"), None);
}

#[test]
fn spot_prices_that_are_empty_are_an_error() {
    let empty = now(spot_prices(&MemoryEc2::default(), at_start()));
    assert_eq!(empty, Err(PriceError::Empty { what: "Spot prices" }));
}

#[test]
fn the_last_of_several_rows_counts_and_unreadable_ones_do_not() {
    let ec2 = MemoryEc2::default();
    let since = Some(at_start());
    ec2.account().prices = vec![
        row("m5.large", "a", "0.01", since),
        row("m5.large", "a", "0.02", since),
        row("m5.large", "b", "much", since),
    ];
    let prices = now(spot_prices(&ec2, at_start())).expect("there is one price");
    assert_eq!(prices.into_values().collect::<Vec<_>>(), [price(20_000)]);
}

#[test]
fn isolated_networks_and_govcloud_have_no_price_list() {
    assert!(has_price_list("eu-west-1", Network::Open));
    assert!(!has_price_list("eu-west-1", Network::Isolated));
    assert!(!has_price_list("us-gov-west-1", Network::Open));
}

#[test]
fn each_part_of_the_world_has_its_price_list() {
    let asked = ["ap-northeast-1", "cn-north-1", "eu-west-3", "sa-east-1"].map(price_list_region);
    assert_eq!(asked, ["ap-south-1", "cn-northwest-1", "eu-central-1", "us-east-1"]);
}
