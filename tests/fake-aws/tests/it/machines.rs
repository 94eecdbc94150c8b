use jiff::SignedDuration;
use plimsoll_fake_aws::{
    AccountBuilder, Call, DescribeInstanceTypeOfferings, DescribeInstanceTypes,
    DescribeSpotPriceHistory, Filter, GetProducts, Page, ProductFilter,
};
use scheduler_core::model::CapacityType::Spot;
use scheduler_core::model::Price;

use crate::stage::{builder, code, pool};

/// All pages of a call.
fn all<T, C: Call<Answer = Page<T>>>(
    builder: AccountBuilder,
    ask: impl Fn(Option<String>) -> C,
) -> Vec<Vec<T>> {
    let mut account = builder.build();
    let (mut pages, mut token) = (Vec::new(), None);
    loop {
        let Page { items, next_token } = account.call(ask(token)).unwrap();
        pages.push(items);
        token = next_token;
        if token.is_none() {
            return pages;
        }
    }
}

#[test]
fn instance_types_come_in_pages_of_a_hundred() {
    let ask = |next_token| DescribeInstanceTypes { next_token, ..DescribeInstanceTypes::default() };
    let pages = all(builder(), ask);
    assert_eq!(pages.len(), 14);
    assert_eq!(pages.iter().map(Vec::len).sum::<usize>(), 1340);
}

#[test]
fn instance_types_pass_filters() {
    let mut account = builder().build();
    let filter = vec![
        Filter::new("processor-info.supported-architecture", ["arm64"]),
        Filter::new("instance-type", ["m7g.*"]),
        Filter::new("bare-metal", ["false"]),
    ];
    let request = DescribeInstanceTypes { filter, ..DescribeInstanceTypes::default() };
    let found = account.call(request).unwrap().items;
    assert!(found.len() > 3 && found.iter().all(|one| one.family == "m7g" && one.size != "metal"));
}

#[test]
fn a_dry_run_and_an_unknown_type_are_refused() {
    let mut account = builder().build();
    let request = DescribeInstanceTypes { dry_run: true, ..DescribeInstanceTypes::default() };
    assert_eq!(code(&mut account, request), "DryRunOperation");
    let request = DescribeInstanceTypes {
        instance_type: vec!["m5.huge".to_owned()],
        ..DescribeInstanceTypes::default()
    };
    assert_eq!(code(&mut account, request), "InvalidInstanceType");
}

#[test]
fn offerings_are_by_zone_or_by_its_id() {
    let mut account = builder().build();
    let mut found = |kind: &str| {
        let request = DescribeInstanceTypeOfferings {
            location_type: Some(kind.to_owned()),
            filter: vec![Filter::new("instance-type", ["inf2.xlarge"])],
            ..DescribeInstanceTypeOfferings::default()
        };
        let (_, page) = account.call(request).unwrap();
        page.items.into_iter().map(|one| one.location).collect::<Vec<_>>()
    };
    let zones = ["us-east-1a", "us-east-1b", "us-east-1c", "us-east-1f"];
    assert_eq!(found("availability-zone"), zones);
    assert_eq!(found("availability-zone-id"), ["use1-az3", "use1-az4", "use1-az5", "use1-az6"]);
    assert_eq!(found("region"), ["us-east-1"]);
}

#[test]
fn a_history_from_now_on_has_one_price_for_each_pool() {
    let now = builder().build().now();
    let ask = |next_token| DescribeSpotPriceHistory {
        start_time: Some(now),
        product_description: vec!["Linux/UNIX".to_owned()],
        next_token,
        ..DescribeSpotPriceHistory::default()
    };
    let rows: Vec<_> = all(builder(), ask).into_iter().flatten().collect();
    let mut pools: Vec<_> = rows.iter().map(|one| (&one.instance_type, &one.zone)).collect();
    pools.dedup();
    assert_eq!(pools.len(), rows.len());
    assert!(rows.len() > 878 * 3, "{}", rows.len());
    assert!(rows.iter().all(|one| one.since <= now && one.price.micro_usd() > 0));
}

#[test]
fn a_history_goes_back_as_far_as_it_is_asked() {
    let mut account = builder().build();
    let request = DescribeSpotPriceHistory {
        start_time: Some(account.now() - SignedDuration::from_hours(24)),
        instance_type: vec!["m5.large".to_owned()],
        availability_zone: Some("us-east-1a".to_owned()),
        ..DescribeSpotPriceHistory::default()
    };
    let rows = account.call(request).unwrap().items;
    assert_eq!(rows.len(), 5);
    let current = account.price(&pool("m5.large", 'a', Spot)).unwrap();
    assert_eq!(rows.last().unwrap().price, current);
}

#[test]
fn pages_of_a_history_leave_nothing_out() {
    let names = ["m5.large", "m5.xlarge"];
    let ask = |next_token| DescribeSpotPriceHistory {
        instance_type: names.map(str::to_owned).to_vec(),
        next_token,
        ..DescribeSpotPriceHistory::default()
    };
    let pages = all(builder(), ask);
    assert_eq!(pages.iter().map(Vec::len).rev().skip(1).collect::<Vec<_>>(), [1000, 1000, 1000]);
    let count = |name: &str| pages.iter().flatten().filter(|one| one.instance_type == name).count();
    // Four a day for three months in five zones, and what held at the beginning.
    for name in names {
        assert!((1800..=1805).contains(&count(name)), "{name}: {}", count(name));
    }
}

#[test]
fn the_history_has_a_price_that_was_changed() {
    let mut account = builder().build();
    account.set_price(pool("m5.large", 'a', Spot), Price::from_micro_usd(12_345));
    let request = DescribeSpotPriceHistory {
        start_time: Some(account.now()),
        filter: vec![
            Filter::new("instance-type", ["m5.large"]),
            Filter::new("availability-zone", ["us-east-1a"]),
        ],
        ..DescribeSpotPriceHistory::default()
    };
    assert_eq!(account.call(request).unwrap().items[0].price.micro_usd(), 12_345);
}

fn products(fields: &[(&str, &str)]) -> GetProducts {
    let filters = fields.iter().map(|(field, value)| ProductFilter {
        r#type: "TERM_MATCH".to_owned(),
        field: (*field).to_owned(),
        value: (*value).to_owned(),
    });
    GetProducts {
        service_code: "AmazonEC2".to_owned(),
        filters: filters.collect(),
        ..GetProducts::default()
    }
}

#[test]
fn the_price_list_tells_bare_metal_from_the_rest() {
    let mut account = builder().build();
    let mut found = |fields: &[(&str, &str)]| account.call(products(fields)).unwrap().items;
    let shared = found(&[
        ("regionCode", "us-east-1"),
        ("serviceCode", "AmazonEC2"),
        ("preInstalledSw", "NA"),
        ("operatingSystem", "Linux"),
        ("capacitystatus", "Used"),
        ("marketoption", "OnDemand"),
        ("tenancy", "Shared"),
        ("productFamily", "Compute Instance"),
    ]);
    assert_eq!(shared.len(), 100);
    let metal =
        found(&[("tenancy", "Dedicated"), ("productFamily", "Compute Instance (bare metal)")]);
    assert!(metal.iter().all(|one| one.machine.name.contains("metal")));
    assert!(!metal.is_empty());
    assert!(found(&[("regionCode", "mars-1")]).is_empty());
}
