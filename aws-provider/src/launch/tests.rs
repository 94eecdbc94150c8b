use std::collections::BTreeMap;

use scheduler_core::model::{Requirement, ReservationKind, well_known};
use scheduler_core::testkit::{
    InstanceTypeBuilder, Sale, instance_type, on_demand, reserved, spot,
};

use super::*;
use crate::api::ec2::{
    AllocationStrategy, Fleet, FleetError, FleetInstances, FleetTarget, MarketType,
    NetworkInterface, ReservationTarget,
};
use crate::launch_spec::{
    Boot, InterfaceKind, IpFamily, LaunchInterface, LaunchNetwork, LaunchPlacement, LaunchSubnet,
};
use crate::quota::{Quotas, VcpusInUse};
use crate::reservation::ReservationCounts;
use crate::subnet::FreeAddresses;
use crate::unavailable::{PoolKey, Unavailable};

/// A wish for these types in zones a and b.
fn wish(types: impl IntoIterator<Item = InstanceTypeBuilder>) -> LaunchWish {
    let types: Vec<InstanceType> = types.into_iter().map(InstanceTypeBuilder::build).collect();
    let subnet = |zone: &str| LaunchSubnet {
        id: format!("subnet-{zone}"),
        zone: zone.to_owned(),
        zone_id: format!("use1-az-{zone}"),
    };
    let boot = Boot {
        image: "ami-1".to_owned(),
        user_data: "#!/bin/sh".to_owned(),
        efa_interfaces: 0,
        instance_types: types.iter().map(|one| one.name.clone()).collect(),
    };
    LaunchWish {
        node_pool: "general".to_owned(),
        spec: LaunchSpec {
            node_class: "default".to_owned(),
            subnets: vec![subnet("a"), subnet("b")],
            security_groups: vec!["sg-1".to_owned()],
            boots: vec![boot],
            ..LaunchSpec::default()
        },
        requirements: Requirements::new(),
        requests: Resources::new(100, 1 << 20).with_pods(1),
        types: Arc::new(types),
        min_values: MinValuesPolicy::Strict,
        prices: PriceSource::Market,
        reserved_capacity: ReservedCapacity::Enabled,
    }
}

fn requiring(mut wish: LaunchWish, key: &str, requirement: Requirement) -> LaunchWish {
    wish.requirements.add(key, requirement);
    wish
}

fn at_start() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

/// The plan in a market about which nothing is known but this.
fn plan_with(
    wish: &LaunchWish,
    change: impl FnOnce(&mut Unavailable, &mut ReservationCounts),
) -> Result<FleetPlan, crate::error::Shortage> {
    let mut unavailable = Unavailable::default();
    let mut reservations = ReservationCounts::default();
    change(&mut unavailable, &mut reservations);
    let market = Market {
        unavailable: &unavailable,
        quotas: &Quotas::default(),
        in_use: &VcpusInUse::default(),
        subnets: &FreeAddresses::new(jiff::SignedDuration::from_mins(1)),
        reservations: &reservations,
        now: at_start(),
    };
    plan(wish, &market)
}

fn planned(wish: &LaunchWish) -> FleetPlan {
    plan_with(wish, |_, _| {}).expect("something can be launched")
}

/// The pools of a plan as text, by type and zone.
fn pools(wish: &LaunchWish) -> String {
    let plan = planned(wish);
    let pools = plan.templates.iter().flat_map(|(_, pools)| pools);
    let mut names: Vec<String> =
        pools.map(|one| format!("{}/{}", one.instance_type, one.zone)).collect();
    names.sort();
    format!("{}: {}", plan.capacity_type, names.join(" "))
}

fn refused(wish: &LaunchWish) -> String {
    plan_with(wish, |_, _| {}).expect_err("nothing can be launched").to_string()
}

#[test]
fn only_types_that_suit_the_requirements_are_named() {
    let types = || {
        [
            instance_type("m5.large").offering("a", on_demand("$0.096")),
            instance_type("m7g.large").offering("a", on_demand("$0.082")),
        ]
    };
    let wish = requiring(wish(types()), well_known::ARCH, Requirement::any_of(["amd64"]));
    assert_eq!(pools(&wish), "on-demand: m5.large/a");
}

#[test]
fn only_types_that_hold_the_requests_are_named() {
    let mut wish = wish([
        instance_type("m5.large").offering("a", on_demand("$0.096")),
        instance_type("m5.xlarge").offering("a", on_demand("$0.192")),
    ]);
    wish.requests = Resources::new(3000, 1 << 30);
    assert_eq!(pools(&wish), "on-demand: m5.xlarge/a");
}

#[test]
fn only_offerings_that_are_available_in_a_required_zone_are_named() {
    let large = instance_type("m5.large")
        .offering("a", on_demand("$0.096").sold_out())
        .offering("b", on_demand("$0.096"));
    assert_eq!(pools(&wish([large.clone()])), "on-demand: m5.large/b");
    let in_a = requiring(wish([large]), well_known::ZONE, Requirement::any_of(["a"]));
    assert_eq!(
        refused(&in_a),
        "no instance type is left to launch: no offering of m5.large that is available is in a \
         zone and of a capacity type that the requirements admit; allow more instance types, zones \
         or capacity types in the NodePool"
    );
}

#[test]
fn a_zone_without_a_subnet_is_not_named() {
    let large = instance_type("m5.large")
        .offering("a", on_demand("$0.096"))
        .offering("c", on_demand("$0.090"));
    assert_eq!(pools(&wish([large])), "on-demand: m5.large/a");
}

#[test]
fn requirements_that_exclude_everything_are_told_by_key() {
    let large = instance_type("m5.large").offering("a", on_demand("$0.096"));
    let wish = requiring(wish([large]), well_known::ARCH, Requirement::any_of(["arm64"]));
    assert!(refused(&wish).contains("requirement kubernetes.io/arch excludes m5.large"));
}

#[test]
fn reserved_comes_before_spot_and_spot_before_on_demand() {
    let large = || {
        instance_type("m5.large").offering("a", on_demand("$0.096")).offering("a", spot("$0.040"))
    };
    assert_eq!(pools(&wish([large()])), "spot: m5.large/a");
    let with_reservation = large().offering("b", reserved("cr-1", 2));
    assert_eq!(pools(&wish([with_reservation.clone()])), "reserved: m5.large/b");
    let mut without_gate = wish([with_reservation]);
    without_gate.reserved_capacity = ReservedCapacity::Disabled;
    assert_eq!(pools(&without_gate), "spot: m5.large/a");
}

#[test]
fn spot_that_is_dearer_than_on_demand_is_left_out() {
    let types = |price| {
        wish([
            instance_type("m5.large").offering("a", on_demand("$0.096")),
            instance_type("m5.xlarge").offering("a", spot(price)),
            instance_type("c7g.large").offering("a", spot("$0.030")),
        ])
    };
    assert_eq!(pools(&types("$0.100")), "spot: c7g.large/a");
    assert_eq!(pools(&types("$0.090")), "spot: c7g.large/a m5.xlarge/a");
}

#[test]
fn spot_is_not_held_against_on_demand_with_min_values() {
    let types = wish([
        instance_type("m5.large").offering("a", on_demand("$0.096")),
        instance_type("m5.xlarge").offering("a", spot("$0.100")),
    ]);
    let mut two = Requirement::exists();
    two.min_values = Some(2);
    let wish = requiring(types, well_known::INSTANCE_TYPE, two);
    assert_eq!(pools(&wish), "spot: m5.xlarge/a");
}

#[test]
fn metal_and_accelerators_are_named_only_where_there_is_nothing_else() {
    let metal = || instance_type("m5.metal").cpu("96").offering("a", on_demand("$0.010"));
    let gpu = || instance_type("g5.large").offering("a", on_demand("$0.010"));
    let plain = instance_type("m5.large").offering("a", on_demand("$0.096"));
    assert_eq!(pools(&wish([metal(), gpu(), plain])), "on-demand: m5.large/a");
    assert_eq!(pools(&wish([metal(), gpu()])), "on-demand: g5.large/a m5.metal/a");
}

#[test]
fn the_sixty_cheapest_types_are_named() {
    let numbered = |number: u32| {
        let price = format!("$0.{:03}", 100 + number);
        instance_type(&format!("x{number}.large")).offering("a", on_demand(&price))
    };
    let plan = planned(&wish((0..70).rev().map(numbered)));
    let dearest = plan.pools.values().map(|(price, _)| price.micro_usd()).max();
    assert_eq!((plan.pools.len(), dearest), (60, Some(159_000)));
}

#[test]
fn min_values_that_cannot_be_had_refuse_the_launch_unless_they_may_be_relaxed() {
    let large = instance_type("m5.large").offering("a", on_demand("$0.096"));
    let mut two = Requirement::exists();
    two.min_values = Some(2);
    let mut wish = requiring(wish([large]), well_known::INSTANCE_TYPE, two);
    assert!(refused(&wish).contains(
        "minValues of node.kubernetes.io/instance-type asks for 2 values and only 1 are left"
    ));
    wish.min_values = MinValuesPolicy::BestEffort;
    assert_eq!(pools(&wish), "on-demand: m5.large/a");
}

#[test]
fn of_reservations_in_a_zone_the_one_with_most_left_is_used() {
    let large = instance_type("m5.large")
        .offering("a", reserved("cr-1", 1))
        .offering("a", reserved("cr-2", 3))
        .offering("b", reserved("cr-3", 1));
    let plan = planned(&wish([large]));
    let used: Vec<&str> =
        plan.pools.values().filter_map(|(_, one)| Some(one.as_ref()?.id.as_str())).collect();
    assert_eq!(used, ["cr-2", "cr-3"]);
}

#[test]
fn a_reservation_that_has_run_out_since_the_plan_is_not_asked_for() {
    let large = instance_type("m5.large")
        .offering("a", reserved("cr-1", 1))
        .offering("b", on_demand("$0.096"));
    let plan = plan_with(&wish([large]), |_, counts| counts.exhausted("cr-1", at_start()));
    assert_eq!(plan.expect("there is on-demand").capacity_type, CapacityType::OnDemand);
}

#[test]
fn one_capacity_block_is_launched_into_and_its_market_is_named() {
    let mut wish = wish([instance_type("m5.large")
        .offering("a", reserved("cr-1", 1))
        .offering("b", reserved("cr-2", 1))]);
    for offering in &mut Arc::make_mut(&mut wish.types)[0].offerings {
        if let Some(reservation) = &mut offering.reservation {
            reservation.kind = ReservationKind::CapacityBlock;
        }
    }
    let plan = planned(&wish);
    let (template, _) = &plan.templates[0];
    assert_eq!((plan.pools.len(), plan.target), (1, FleetTarget::CapacityBlock));
    assert_eq!(template.data.market, Some(MarketType::CapacityBlock));
    assert_eq!(template.data.reservation, Some(ReservationTarget::Only("cr-1".to_owned())));
    assert_eq!(plan.strategy, None);
}

#[test]
fn the_strategy_follows_from_capacity_type_and_source_of_prices() {
    let strategy = |sale: Sale, prices| {
        let mut wish = wish([instance_type("m5.large").offering("a", sale)]);
        wish.prices = prices;
        planned(&wish).strategy
    };
    let on_demand = || on_demand("$0.096");
    let spot = || spot("$0.040");
    assert_eq!(
        [
            strategy(on_demand(), PriceSource::Market),
            strategy(on_demand(), PriceSource::Overlay),
            strategy(spot(), PriceSource::Market),
            strategy(spot(), PriceSource::Overlay),
        ],
        [
            Some(AllocationStrategy::LowestPrice),
            Some(AllocationStrategy::Prioritized),
            Some(AllocationStrategy::PriceCapacityOptimized),
            Some(AllocationStrategy::CapacityOptimizedPrioritized),
        ]
    );
}

#[test]
fn ordinary_launches_keep_out_of_open_reservations() {
    let of = |gate| {
        let mut wish = wish([instance_type("m5.large").offering("a", on_demand("$0.096"))]);
        wish.reserved_capacity = gate;
        planned(&wish).templates[0].0.data.reservation.clone()
    };
    assert_eq!(of(ReservedCapacity::Enabled), Some(ReservationTarget::None));
    assert_eq!(of(ReservedCapacity::Disabled), None);
}

#[test]
fn few_types_for_an_on_demand_launch_that_could_be_spot_are_worth_a_warning() {
    let large = || instance_type("m5.large").offering("a", on_demand("$0.096"));
    assert_eq!(planned(&wish([large()])).too_few_for_spot, Some(1));
    let on_demand_only =
        requiring(wish([large()]), well_known::CAPACITY_TYPE, Requirement::any_of(["on-demand"]));
    assert_eq!(planned(&on_demand_only).too_few_for_spot, None);
}

#[test]
fn what_failed_since_the_plan_is_not_asked_for() {
    let large = instance_type("m5.large")
        .offering("a", on_demand("$0.096"))
        .offering("b", on_demand("$0.096"));
    let plan = plan_with(&wish([large]), |unavailable, _| {
        let pool = PoolKey::new(CapacityType::OnDemand, "m5.large", "a");
        unavailable.mark_pool(pool, at_start());
    });
    let pools: Vec<_> = plan.expect("zone b is left").pools.into_keys().collect();
    assert_eq!(pools, [("m5.large".to_owned(), "b".to_owned())]);
}

fn interfaces(change: impl FnOnce(&mut LaunchSpec)) -> Vec<NetworkInterface> {
    let mut wish = wish([instance_type("m5.large").offering("a", on_demand("$0.096"))]);
    change(&mut wish.spec);
    planned(&wish).templates[0].0.data.network_interfaces.clone()
}

#[test]
fn a_node_has_one_interface_unless_class_or_claim_want_others() {
    let one = interfaces(|_| {});
    assert_eq!((one.len(), one[0].kind.as_deref()), (1, None));
    let efa = interfaces(|spec| spec.boots[0].efa_interfaces = 2);
    let places: Vec<_> =
        efa.iter().map(|one| (one.card, one.device, one.kind.as_deref())).collect();
    assert_eq!(places, [(0, 0, Some("efa")), (1, 1, Some("efa"))]);
}

#[test]
fn an_efa_only_interface_has_nothing_to_do_with_addresses() {
    let interface = |card, device, kind| LaunchInterface { card, device, kind };
    let both = interfaces(|spec| {
        spec.network = LaunchNetwork {
            interfaces: vec![
                interface(0, 0, InterfaceKind::Interface),
                interface(0, 1, InterfaceKind::EfaOnly),
            ],
            public_ip: Some(false),
            prefixes: Some(1),
            ..LaunchNetwork::default()
        };
    });
    let shown: Vec<_> = both.iter().map(|one| (one.public_ip, one.ipv4_prefixes)).collect();
    assert_eq!(shown, [(Some(false), Some(1)), (None, None)]);
    assert!(both.iter().all(|one| one.security_groups == ["sg-1"]));
}

#[test]
fn nodes_of_an_ipv6_cluster_get_an_address_and_prefixes_of_it() {
    let one = interfaces(|spec| {
        spec.network.ip_family = IpFamily::V6;
        spec.network.prefixes = Some(2);
    });
    let shown = (one[0].ipv6_addresses, one[0].ipv6_prefixes, one[0].ipv4_prefixes);
    assert_eq!(shown, (Some(1), Some(2), None));
}

fn error(code: &str, message: &str, instance_type: &str) -> FleetError {
    FleetError {
        code: code.to_owned(),
        message: message.to_owned(),
        instance_type: Some(instance_type.to_owned()),
        zone: Some("a".to_owned()),
        subnet: Some("subnet-a".to_owned()),
    }
}

fn judged(errors: Vec<FleetError>, change: impl FnOnce(&mut LaunchWish)) -> Answer {
    let mut wish = wish([
        instance_type("m5.large").offering("a", on_demand("$0.096")),
        instance_type("m5.xlarge").offering("a", on_demand("$0.192")),
    ]);
    change(&mut wish);
    let fleet = Fleet { errors, ..Fleet::default() };
    judge(&fleet, &planned(&wish), &wish, at_start())
}

#[test]
fn an_answer_tells_type_zone_capacity_type_and_price() {
    let wish = wish([instance_type("m5.large").offering("b", spot("$0.040"))]);
    let pool = FleetInstances {
        ids: vec!["i-1".to_owned()],
        instance_type: "m5.large".to_owned(),
        is_spot: true,
        template: None,
        subnet: Some("subnet-b".to_owned()),
        zone: None,
        image: None,
    };
    let fleet = Fleet { instances: vec![pool], ..Fleet::default() };
    let launched = judge(&fleet, &planned(&wish), &wish, at_start()).launched.remove(0);
    assert_eq!(launched.provider_id(), "aws:///b/i-1");
    assert_eq!(launched.zone_id.as_deref(), Some("use1-az-b"));
    assert_eq!(launched.capacity_type, CapacityType::Spot);
    assert_eq!(launched.image, "ami-1");
    assert_eq!(launched.price, Some(Price::from_micro_usd(40_000)));
    let labels = launched.labels(&wish);
    assert_eq!(labels[well_known::NODE_POOL], "general");
    assert_eq!(labels["topology.k8s.aws/zone-id"], "use1-az-b");
    assert_eq!(labels["karpenter.k8s.aws/instance-family"], "m5");
}

#[test]
fn a_launch_in_a_placement_group_is_labelled_with_it() {
    let mut wish = wish([instance_type("m5.large").offering("a", on_demand("$0.096"))]);
    wish.spec.placement_group = Some(LaunchPlacement { group: "pg-1".to_owned(), partition: None });
    let pool = FleetInstances {
        ids: vec!["i-1".to_owned()],
        instance_type: "m5.large".to_owned(),
        is_spot: false,
        template: None,
        subnet: None,
        zone: Some("a".to_owned()),
        image: None,
    };
    let fleet = Fleet { instances: vec![pool], ..Fleet::default() };
    let launched = judge(&fleet, &planned(&wish), &wish, at_start()).launched.remove(0);
    let labels = launched.labels(&wish);
    assert_eq!(labels["karpenter.k8s.aws/placement-group-id"], "pg-1");
    assert_eq!(labels["karpenter.k8s.aws/placement-group-partition"], "");
}

#[test]
fn an_error_of_capacity_marks_its_pool_and_counts() {
    let answer = judged(vec![error("InsufficientInstanceCapacity", "", "m5.large")], |_| {});
    let pool = PoolKey::new(CapacityType::OnDemand, "m5.large", "a");
    assert_eq!(answer.findings, [Finding::Pool(pool)]);
    assert_eq!(answer.refusals[0].zone_id, "use1-az-a");
    assert_eq!(answer.refusals[0].reason, Reason::LaunchFailed);
    assert!(matches!(answer.error, CloudError::InsufficientCapacity(_)));
}

#[test]
fn a_throttled_fleet_marks_nothing() {
    let answer = judged(vec![error("RequestLimitExceeded", "", "m5.large")], |_| {});
    assert_eq!(answer.findings, []);
    assert!(matches!(answer.error, CloudError::Throttled(_)), "{:?}", answer.error);
}

#[test]
fn a_full_subnet_is_marked_and_its_pools_are_not() {
    let answer = judged(vec![error("InsufficientFreeAddressesInSubnet", "", "m5.large")], |_| {});
    assert_eq!(answer.findings, [Finding::Subnet("subnet-a".to_owned())]);
    assert_eq!(answer.error.reason(), Reason::InsufficientFreeAddressesInSubnet);
}

#[test]
fn a_spot_role_that_cannot_be_made_marks_spot_as_a_whole() {
    let code = "AuthFailure.ServiceLinkedRoleCreationNotPermitted";
    let answer = judged(vec![error(code, "", "m5.large")], |_| {});
    assert_eq!(answer.findings, [Finding::CapacityType(CapacityType::Spot)]);
    assert!(answer.error.to_string().contains("aws iam create-service-linked-role"));
}

#[test]
fn a_spread_group_that_is_full_takes_no_type_of_the_zone() {
    let message = "You have reached the limit of instances in this spread placement group";
    let answer = judged(vec![error("InsufficientInstanceCapacity", message, "m5.large")], |wish| {
        wish.spec.placement_group =
            Some(LaunchPlacement { group: "pg-1".to_owned(), partition: None });
    });
    let marked: Vec<String> = answer
        .findings
        .iter()
        .map(|finding| match finding {
            Finding::Pool(pool) => pool.to_string(),
            other => panic!("expected a pool, found {other:?}"),
        })
        .collect();
    assert_eq!(marked, ["on-demand:m5.large:a:pg-1", "on-demand:m5.xlarge:a:pg-1"]);
}

#[test]
fn a_reservation_that_is_used_up_is_marked_and_no_pool() {
    let answer = judged(vec![error("ReservationCapacityExceeded", "", "m5.large")], |wish| {
        wish.types =
            Arc::new(vec![instance_type("m5.large").offering("a", reserved("cr-1", 1)).build()]);
    });
    assert_eq!(answer.findings, [Finding::Reservation("cr-1".to_owned())]);
}

#[test]
fn one_error_that_is_none_of_capacity_decides_and_all_are_told() {
    let answer = judged(
        vec![
            error("InsufficientInstanceCapacity", "none left", "m5.large"),
            error("UnauthorizedOperation", "You are not authorized", "m5.xlarge"),
        ],
        |_| {},
    );
    let CloudError::Denied { source, .. } = answer.error else { panic!("expected a denial") };
    let told = source.to_string();
    assert!(told.contains("none left") && told.contains("You are not authorized"), "{told}");
}

#[test]
fn alike_claims_make_one_order_and_others_one_of_their_own() {
    let alike = || Arc::new(wish([instance_type("m5.large").offering("a", on_demand("$0.096"))]));
    let other = Arc::new(wish([instance_type("m5.large").offering("b", on_demand("$0.096"))]));
    let claims = [("two", alike()), ("other", other), ("one", alike())];
    let orders = orders(claims.map(|(name, wish)| (name.to_owned(), wish)));
    let sizes: BTreeMap<Vec<String>, u32> =
        orders.iter().map(|one| (one.claims.clone(), one.size)).collect();
    let expected = BTreeMap::from([
        (vec!["one".to_owned(), "two".to_owned()], 2),
        (vec!["other".to_owned()], 1),
    ]);
    assert_eq!(sizes, expected);
}

#[test]
fn a_token_follows_from_the_claims_and_ec2_takes_it() {
    let token = |claims: &[&str]| {
        LaunchToken::new(&claims.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(token(&["a", "b"]), token(&["a", "b"]));
    assert_ne!(token(&["a", "b"]), token(&["ab"]));
    assert_eq!(token(&["a"]).as_str().len(), 64);
}

#[test]
fn min_values_count_among_the_sixty_cheapest_only() {
    let numbered = |number: u32| {
        let price = format!("$0.{:03}", 100 + number);
        instance_type(&format!("x{number}.large")).offering("a", on_demand(&price))
    };
    let wished = |wanted| {
        let mut requirement = Requirement::exists();
        requirement.min_values = Some(wanted);
        requiring(wish((0..70).map(numbered)), well_known::INSTANCE_TYPE, requirement)
    };
    assert_eq!(planned(&wished(60)).pools.len(), 60);
    assert!(refused(&wished(61)).contains("only 60 are left"));
}

#[test]
fn each_code_of_capacity_is_a_shortage() {
    for code in [
        "InsufficientInstanceCapacity",
        "MaxSpotInstanceCountExceeded",
        "VcpuLimitExceeded",
        "UnfulfillableCapacity",
        "Unsupported",
        "InsufficientFreeAddressesInSubnet",
        "MaxFleetCountExceeded",
        "ReservationCapacityExceeded",
        "AuthFailure.ServiceLinkedRoleCreationNotPermitted",
    ] {
        let answer = judged(vec![error(code, "", "m5.large")], |_| {});
        assert!(matches!(answer.error, CloudError::InsufficientCapacity(_)), "{code}");
    }
}

#[test]
fn a_refusal_without_a_pool_counts_with_the_general_reason_and_no_zone() {
    let nowhere = FleetError {
        code: "InvalidBlockDeviceMapping".to_owned(),
        message: "no".to_owned(),
        instance_type: None,
        zone: None,
        subnet: None,
    };
    let refusal = judged(vec![nowhere], |_| {}).refusals.remove(0);
    assert_eq!((refusal.reason, refusal.zone_id.as_str()), (Reason::LaunchFailed, ""));
}

#[test]
fn of_kinds_of_reservations_the_one_with_the_cheapest_is_used_and_default_before_others() {
    let used = |prices: [i64; 3]| {
        let mut wish = wish([instance_type("m5.large")
            .offering("a", reserved("cr-1-default", 1))
            .offering("a", reserved("cr-2-block", 1))
            .offering("a", reserved("cr-3-interruptible", 1))]);
        for (offering, price) in Arc::make_mut(&mut wish.types)[0].offerings.iter_mut().zip(prices)
        {
            offering.price = Price::from_micro_usd(price);
            let Some(reservation) = &mut offering.reservation else { continue };
            if reservation.id.ends_with("block") {
                reservation.kind = ReservationKind::CapacityBlock;
            }
            reservation.interruptible = reservation.id.ends_with("interruptible");
        }
        let plan = planned(&wish);
        let mut used: Vec<String> =
            plan.pools.values().filter_map(|(_, one)| Some(one.as_ref()?.id.clone())).collect();
        assert_eq!(used.len(), 1);
        (used.remove(0), plan.target)
    };
    let default = ("cr-1-default".to_owned(), FleetTarget::OnDemand);
    let block = ("cr-2-block".to_owned(), FleetTarget::CapacityBlock);
    let interruptible = ("cr-3-interruptible".to_owned(), FleetTarget::InterruptibleReservation);
    assert_eq!(used([1, 2, 3]), default);
    assert_eq!(used([2, 1, 2]), block);
    assert_eq!(used([2, 2, 1]), interruptible);
    assert_eq!(used([1, 1, 1]), default);
    assert_eq!(used([2, 1, 1]), block);
}
