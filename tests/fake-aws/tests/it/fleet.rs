use plimsoll_fake_aws::{
    AccountBuilder, AwsError, CapacityReservation, CapacityReservationSpecification,
    CapacityReservationTarget, CreateFleet, FaultRates, FleetAnswer, FleetAnswers, PoolFault,
    PoolMatcher, Quotas, Subnet, Times,
};
use scheduler_core::model::CapacityType::{OnDemand, Spot};
use scheduler_core::model::Price;

use crate::stage::{builder, code, data, fleet, launch, pool, stage, subnet, template};

/// Types and zones of what was launched, in the order of the answer.
fn launched(answer: &FleetAnswer) -> Vec<(&str, &str, usize)> {
    let entries = answer.instances.iter();
    entries.map(|one| (&*one.instance_type, &*one.zone, one.instance_ids.len())).collect()
}

/// Types and codes of the pools that refused.
fn refused(answer: &FleetAnswer) -> Vec<(&str, &str)> {
    let errors = answer.errors.iter();
    errors
        .map(|one| (one.source.asked.instance_type.as_deref().unwrap_or(""), &*one.error.code))
        .collect()
}

#[test]
fn the_cheapest_pool_gives_all_that_is_wanted() {
    let mut account = stage(builder());
    let asked = [("m5.2xlarge", 'a'), ("m5.large", 'b'), ("m5.xlarge", 'a')];
    let answer = account.call(fleet(5, OnDemand, &asked)).unwrap();
    assert_eq!(launched(&answer), [("m5.large", "us-east-1b", 5)]);
    assert_eq!(refused(&answer), []);
}

#[test]
fn a_pool_that_runs_dry_is_named_and_the_next_one_gives_the_rest() {
    let mut account = stage(builder());
    account.set_capacity(pool("m5.large", 'a', OnDemand), 2);
    let asked = [("m5.xlarge", 'a'), ("m5.large", 'a')];
    let answer = account.call(fleet(5, OnDemand, &asked)).unwrap();
    assert_eq!(launched(&answer), [("m5.large", "us-east-1a", 2), ("m5.xlarge", "us-east-1a", 3)]);
    assert_eq!(refused(&answer), [("m5.large", "InsufficientInstanceCapacity")]);
}

#[test]
fn what_cannot_be_had_is_left_out() {
    let mut account = stage(builder());
    account.set_capacity(pool("m5.large", 'a', OnDemand), 2);
    let answer = account.call(fleet(5, OnDemand, &[("m5.large", 'a')])).unwrap();
    assert_eq!(answer.ids().count(), 2);
    assert_eq!(refused(&answer), [("m5.large", "InsufficientInstanceCapacity")]);
}

#[test]
fn an_answer_may_have_an_entry_for_each_instance() {
    let mut account = stage(builder().fleet_answers(FleetAnswers::ByInstance));
    let answer = account.call(fleet(2, OnDemand, &[("m5.large", 'a')])).unwrap();
    let entry = ("m5.large", "us-east-1a", 1);
    assert_eq!(launched(&answer), [entry, entry]);
}

#[test]
fn priorities_come_before_prices_if_they_are_asked_for() {
    let mut account = stage(builder());
    let mut request = fleet(1, OnDemand, &[("m5.large", 'a'), ("m5.xlarge", 'a')]);
    request.launch_template_configs[0].overrides[0].priority = Some(0.192);
    request.launch_template_configs[0].overrides[1].priority = Some(0.19);
    let options = request.on_demand_options.as_mut().unwrap();
    options.allocation_strategy = Some("prioritized".to_owned());
    let answer = account.call(request).unwrap();
    assert_eq!(launched(&answer), [("m5.xlarge", "us-east-1a", 1)]);
}

#[test]
fn spot_prefers_a_pool_that_has_all_to_one_that_is_cheaper() {
    let mut account = stage(builder());
    account.set_capacity(pool("m5.large", 'a', Spot), 2);
    account.set_price(pool("m5.large", 'b', Spot), Price::from_micro_usd(90_000));
    let answer = account.call(fleet(5, Spot, &[("m5.large", 'a'), ("m5.large", 'b')])).unwrap();
    assert_eq!(launched(&answer), [("m5.large", "us-east-1b", 5)]);
}

#[test]
fn the_lowest_spot_price_counts_alone_if_it_is_asked_for() {
    let mut account = stage(builder());
    account.set_capacity(pool("m5.large", 'a', Spot), 2);
    account.set_price(pool("m5.large", 'b', Spot), Price::from_micro_usd(90_000));
    let mut request = fleet(5, Spot, &[("m5.large", 'b'), ("m5.large", 'a')]);
    let options = request.spot_options.as_mut().unwrap();
    options.allocation_strategy = Some("lowest-price".to_owned());
    let answer = account.call(request).unwrap();
    assert_eq!(launched(&answer), [("m5.large", "us-east-1a", 2), ("m5.large", "us-east-1b", 3)]);
}

#[test]
fn the_same_token_is_the_same_fleet() {
    let mut account = stage(builder());
    let request = CreateFleet {
        client_token: Some("once".to_owned()),
        ..fleet(2, OnDemand, &[("m5.large", 'a')])
    };
    let first = account.call(request.clone()).unwrap();
    account.lose_template("node");
    let second = account.call(request.clone()).unwrap();
    assert_eq!(first, second);
    assert_eq!(account.instances().count(), 2);
    let mut other = request;
    other.target_capacity_specification.total_target_capacity = 3;
    assert_eq!(code(&mut account, other), "IdempotentParameterMismatch");
}

#[test]
fn a_dry_run_launches_nothing() {
    let mut account = stage(builder());
    let request = CreateFleet { dry_run: true, ..fleet(2, OnDemand, &[("m5.large", 'a')]) };
    assert_eq!(code(&mut account, request), "DryRunOperation");
    assert_eq!(account.instances().count(), 0);
}

#[test]
fn a_template_that_is_not_there_refuses_the_call() {
    let mut account = stage(builder());
    account.lose_template("node");
    let request = fleet(1, OnDemand, &[("m5.large", 'a')]);
    assert_eq!(code(&mut account, request), "InvalidLaunchTemplateName.NotFoundException");
}

#[test]
fn what_does_not_exist_is_an_error_of_its_pool_only() {
    let mut account = stage(builder());
    let asked = [("m5.large", 'a'), ("m5.huge", 'a'), ("m5.xlarge", 'a'), ("m6g.large", 'a')];
    let mut request = fleet(1, OnDemand, &asked);
    let overrides = &mut request.launch_template_configs[0].overrides;
    overrides[0].subnet_id = Some("subnet-0f".to_owned());
    overrides[2].image_id = Some("ami-0f".to_owned());
    let answer = account.call(request).unwrap();
    let expected = [
        ("m5.large", "InvalidSubnetID.NotFound"),
        ("m5.huge", "InvalidParameterValue"),
        ("m5.xlarge", "InvalidAMIID.NotFound"),
        // The template's image is for x86.
        ("m6g.large", "InvalidParameterValue"),
    ];
    assert_eq!(refused(&answer), expected);
    assert_eq!(launched(&answer), []);
}

#[test]
fn a_type_that_a_zone_does_not_offer_is_unsupported_there() {
    let zone_d = Subnet::new(&subnet('a'), "us-east-1d", [10, 9, 0, 0], 24);
    let mut account = stage(builder().subnets([zone_d]));
    let mut request = fleet(1, OnDemand, &[("inf2.xlarge", 'a')]);
    request.launch_template_configs[0].overrides[0].availability_zone = None;
    let answer = account.call(request).unwrap();
    assert_eq!(refused(&answer), [("inf2.xlarge", "Unsupported")]);
}

#[test]
fn a_type_without_a_spot_price_is_not_sold_as_spot() {
    let mut account = stage(builder());
    let answer = account.call(fleet(1, Spot, &[("c8a.2xlarge", 'a')])).unwrap();
    assert_eq!(refused(&answer), [("c8a.2xlarge", "UnfulfillableCapacity")]);
}

#[test]
fn the_quota_of_standard_vcpus_ends_a_fleet_midway() {
    let quotas = Quotas { on_demand_vcpus: Some(7), spot_vcpus: Some(2) };
    let mut account = stage(builder().quotas(quotas));
    let answer = account.call(fleet(5, OnDemand, &[("m5.large", 'a')])).unwrap();
    assert_eq!(answer.ids().count(), 3);
    assert_eq!(refused(&answer), [("m5.large", "VcpuLimitExceeded")]);
    let answer = account.call(fleet(2, Spot, &[("m5.large", 'a')])).unwrap();
    assert_eq!(answer.ids().count(), 1);
    assert_eq!(refused(&answer), [("m5.large", "MaxSpotInstanceCountExceeded")]);
    // Others than standard instances have quotas of their own.
    let answer = account.call(fleet(1, OnDemand, &[("g5.xlarge", 'a')])).unwrap();
    assert_eq!(answer.ids().count(), 1);
}

#[test]
fn a_full_subnet_is_named_and_another_one_serves() {
    let mut account = stage(builder());
    account.set_free_addresses(&subnet('a'), 1);
    let answer = account.call(fleet(3, OnDemand, &[("m5.large", 'a'), ("m5.large", 'b')])).unwrap();
    assert_eq!(launched(&answer), [("m5.large", "us-east-1a", 1), ("m5.large", "us-east-1b", 2)]);
    assert_eq!(refused(&answer), [("m5.large", "InsufficientFreeAddressesInSubnet")]);
}

#[test]
fn prefixes_take_sixteen_addresses_each() {
    let mut account = builder().build();
    let mut data = data(&mut account);
    data.network_interface[0].ipv4_prefix_count = Some(2);
    template(&mut account, "node", data);
    account.set_free_addresses(&subnet('a'), 100);
    launch(&mut account, 2, OnDemand);
    assert_eq!(account.subnets().next().unwrap().free, 100 - 2 * 33);
}

#[test]
fn a_scripted_shortage_hits_the_pools_that_match() {
    let mut account = stage(builder());
    let spot = PoolMatcher::any().capacity_type(Spot).zone("us-east-1a");
    account.fail_pool(spot, PoolFault::NoCapacity, Times::Always);
    let asked = [("m5.large", 'a'), ("m5.large", 'b')];
    let answer = account.call(fleet(1, Spot, &asked)).unwrap();
    assert_eq!(launched(&answer)[0].1, "us-east-1b");
    let answer = account.call(fleet(1, OnDemand, &asked)).unwrap();
    assert_eq!(launched(&answer)[0].1, "us-east-1a");
}

#[test]
fn a_share_of_pools_is_empty_by_seed() {
    let types = ["m5.large", "m5.xlarge", "m5.2xlarge", "c5.large", "c5.xlarge", "r5.large"];
    let empty = |seed: u64| {
        let rates = FaultRates { empty_pools_ppm: 300_000, ..FaultRates::default() };
        let mut account = stage(builder().seed(seed).fault_rates(rates));
        let has = |instance_type: &&str| {
            let asked = [(*instance_type, 'a'), (*instance_type, 'b'), (*instance_type, 'c')];
            let count = asked
                .iter()
                .filter(|one| account.call(fleet(1, Spot, &[**one])).unwrap().ids().count() == 0);
            count.count()
        };
        types.iter().map(has).sum::<usize>()
    };
    assert_eq!(empty(1), empty(1));
    let total: usize = (0..20).map(empty).sum();
    // 360 pools were asked.
    assert!((72..144).contains(&total), "{total}");
}

#[test]
fn any_error_can_be_put_in_place_of_capacity() {
    let mut account = stage(builder());
    let error = AwsError::client("AuthFailure.ServiceLinkedRoleCreationNotPermitted", "no role");
    let fault = PoolFault::Refused(error);
    account.fail_pool(PoolMatcher::any().instance_type("m5.*"), fault, Times::Next(1));
    let answer = account.call(fleet(1, Spot, &[("m5.large", 'a')])).unwrap();
    let expected = [("m5.large", "AuthFailure.ServiceLinkedRoleCreationNotPermitted")];
    assert_eq!(refused(&answer), expected);
    launch(&mut account, 1, Spot);
}

#[test]
fn a_missing_permission_to_run_instances_is_an_error_of_every_pool() {
    let mut account = stage(builder());
    account.deny("ec2:RunInstances");
    let answer = account.call(fleet(1, OnDemand, &[("m5.large", 'a')])).unwrap();
    assert_eq!(refused(&answer), [("m5.large", "UnauthorizedOperation")]);
    assert!(answer.errors[0].error.message.contains("Encoded authorization failure message: "));
}

#[test]
fn a_capacity_reservation_gives_what_it_has() {
    let reservation = CapacityReservation::new("cr-1", "m5.large", "us-east-1a", 2);
    let mut account = builder().capacity_reservation(reservation).build();
    let mut data = data(&mut account);
    data.capacity_reservation_specification = Some(CapacityReservationSpecification {
        capacity_reservation_preference: Some("capacity-reservations-only".to_owned()),
        capacity_reservation_target: Some(CapacityReservationTarget {
            capacity_reservation_id: Some("cr-1".to_owned()),
            ..CapacityReservationTarget::default()
        }),
    });
    template(&mut account, "node", data);
    let asked = [("m5.large", 'a'), ("m5.large", 'b')];
    let answer = account.call(fleet(3, OnDemand, &asked)).unwrap();
    assert_eq!(launched(&answer), [("m5.large", "us-east-1a", 2)]);
    assert_eq!(account.vcpus_in_use(OnDemand), 0);
    let expected = [
        ("m5.large", "ReservationCapacityExceeded"),
        ("m5.large", "ReservationCapacityIncompatible"),
    ];
    assert_eq!(refused(&answer), expected);
}

#[test]
fn other_kinds_of_fleets_and_strategies_are_refused() {
    let mut account = stage(builder());
    let maintain =
        CreateFleet { r#type: "maintain".to_owned(), ..fleet(1, Spot, &[("m5.large", 'a')]) };
    assert_eq!(code(&mut account, maintain), "UnsupportedOperation");
    let mut request = fleet(1, Spot, &[("m5.large", 'a')]);
    request.spot_options.as_mut().unwrap().allocation_strategy = Some("luck".to_owned());
    assert_eq!(code(&mut account, request), "InvalidParameterValue");
    assert_eq!(code(&mut account, fleet(0, Spot, &[])), "InvalidParameterValue");
}

#[test]
fn the_same_seed_launches_the_same_instances() {
    let ids = |builder: AccountBuilder| launch(&mut stage(builder), 2, Spot);
    assert_eq!(ids(builder().seed(3)), ids(builder().seed(3)));
    assert_ne!(ids(builder().seed(3)), ids(builder().seed(4)));
}
