use std::collections::BTreeMap;

use scheduler_core::model::{CapacityType, ImageFamily, InstanceType, NodeClass, Price};

use super::*;
use crate::CatalogOptions;
use crate::api::ec2::NetworkCard;
use crate::memory::{MemoryEc2, now, refusal};

fn at(hours: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(hours)
}

/// m5.large as EC2 describes it, with another name perhaps.
fn large(name: &str) -> InstanceTypeInfo {
    InstanceTypeInfo {
        name: name.to_owned(),
        architectures: vec!["x86_64".to_owned()],
        usage_classes: vec!["on-demand".to_owned(), "spot".to_owned()],
        hypervisor: "nitro".to_owned(),
        vcpus: 2,
        memory_mib: 8192,
        cpu_manufacturer: "Intel".to_owned(),
        clock_mhz: Some(3100),
        max_ebs_attachments: Some(27),
        ebs_bandwidth_mbps: Some(4750),
        ipv4_per_interface: 10,
        cards: vec![NetworkCard { index: 0, interfaces_max: 3, baseline_mbps: Some(750) }],
        ena: true,
        ..InstanceTypeInfo::default()
    }
}

fn offering(instance_type: &str, zone: &str) -> TypeOffering {
    TypeOffering { instance_type: instance_type.to_owned(), zone: zone.to_owned() }
}

fn account(types: &[InstanceTypeInfo], offerings: &[TypeOffering]) -> MemoryEc2 {
    let ec2 = MemoryEc2::default();
    ec2.account().types = types.to_vec();
    ec2.account().offerings = offerings.to_vec();
    ec2
}

fn learnt(ec2: &MemoryEc2) -> Discovery {
    let mut discovery = Discovery::default();
    discovery.learn(now(discover(ec2)).expect("the account answers"), at(0));
    discovery
}

fn embedded() -> Catalog {
    Catalog::embedded().expect("it is built in")
}

fn resolved(catalog: &Catalog, name: &str) -> InstanceType {
    let class = NodeClass::new("default", ImageFamily::Al2023);
    let types = catalog.instance_types(&class, &CatalogOptions::default());
    types.iter().find(|one| one.name == name).cloned().expect("the catalogue lists the type")
}

#[test]
fn a_type_that_is_described_is_what_the_catalogue_has_of_it() {
    let ec2 = account(&[large("m5.large")], &[offering("m5.large", "us-east-1a")]);
    let prices = Prices::of(&embedded());
    let live = resolved(&learnt(&ec2).catalog("us-east-1", &prices, &embedded()), "m5.large");
    let built_in = resolved(&embedded(), "m5.large");
    assert_eq!(live.capacity, built_in.capacity);
    assert_eq!(live.allocatable(), built_in.allocatable());
    assert_eq!(live.requirements, built_in.requirements);
}

#[test]
fn offerings_are_where_the_type_is_offered_at_the_prices_that_are_known() {
    let zones = [offering("m5.large", "a"), offering("m5.large", "b")];
    let mut prices = Prices::of(&embedded());
    let spot = ("m5.large".to_owned(), "b".to_owned());
    prices.merge_spot(BTreeMap::from([(spot, Price::from_micro_usd(35_000))]));
    let discovery = learnt(&account(&[large("m5.large")], &zones));
    let live = resolved(&discovery.catalog("us-east-1", &prices, &embedded()), "m5.large");
    let sold: Vec<_> =
        live.offerings.iter().map(|one| (one.zone.as_str(), one.capacity_type)).collect();
    let (spot, on_demand) = (CapacityType::Spot, CapacityType::OnDemand);
    assert_eq!(sold, [("a", on_demand), ("b", spot), ("b", on_demand)]);
}

#[test]
fn a_type_without_a_price_is_known_and_not_sold() {
    let ec2 = account(&[large("m99.large")], &[offering("m99.large", "a")]);
    let prices = Prices::of(&embedded());
    let live = resolved(&learnt(&ec2).catalog("us-east-1", &prices, &embedded()), "m99.large");
    assert!(live.offerings.is_empty());
}

#[test]
fn empty_answers_keep_what_was_known() {
    let ec2 = account(&[large("m5.large")], &[offering("m5.large", "a")]);
    let mut discovery = learnt(&ec2);
    let before = discovery.clone();
    let empty = now(discover(&MemoryEc2::default())).expect("the account answers");
    assert_eq!(discovery.learn(empty, at(0)), Change::Same);
    assert_eq!(discovery, before);
}

#[test]
fn only_an_answer_that_differs_is_a_change() {
    let ec2 = account(&[large("m5.large"), large("c5.large")], &[offering("m5.large", "a")]);
    let mut discovery = learnt(&ec2);
    ec2.account().types.reverse();
    let again = now(discover(&ec2)).expect("the account answers");
    assert_eq!(discovery.learn(again, at(12)), Change::Same);
    ec2.account().offerings.push(offering("c5.large", "a"));
    let more = now(discover(&ec2)).expect("the account answers");
    assert_eq!(discovery.learn(more, at(24)), Change::Changed);
}

#[test]
fn a_failure_is_told_and_the_next_time_is_in_twelve_hours() {
    let ec2 = account(&[large("m5.large")], &[]);
    let throttled = refusal("DescribeInstanceTypeOfferings", "RequestLimitExceeded");
    ec2.account().failures.insert("DescribeInstanceTypeOfferings", vec![throttled]);
    assert!(matches!(now(discover(&ec2)), Err(CloudError::Throttled(_))));
    assert_eq!(Discovery::default().next(at(1)), at(1));
    assert_eq!(learnt(&ec2).next(at(1)), at(12));
}
