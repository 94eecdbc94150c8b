use std::sync::Arc;

use scheduler_core::MinValuesPolicy;
use scheduler_core::model::{CapacityType, Price, Requirements, Resources};
use scheduler_core::testkit::{instance_type, on_demand, reserved, spot};

use super::*;
use crate::api::Tags;
use crate::error::{CloudError, Shortage};
use crate::launch::{
    Attempt, LaunchOrder, LaunchReport, LaunchWish, PriceSource, ReservedCapacity,
};
use crate::launch_spec::{Boot, LaunchSpec, LaunchSubnet};
use crate::memory::{self, MemoryEc2, now};
use crate::tags;

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

fn instances() -> Instances<MemoryEc2> {
    let instances = Instances::new(MemoryEc2::default(), "demo", SignedDuration::from_mins(1));
    instances.describe_subnets(&[subnet("a"), subnet("b")], at(0));
    instances
}

fn subnet(zone: &str) -> Subnet {
    Subnet {
        id: format!("subnet-{zone}"),
        zone: zone.to_owned(),
        zone_id: format!("use1-az-{zone}"),
        free_addresses: 1000,
        vpc: "vpc-1".to_owned(),
        tags: Tags::new(),
    }
}

/// m5.large in two zones, a the cheaper one, or else m5.xlarge.
fn wish() -> Arc<LaunchWish> {
    let types = vec![
        instance_type("m5.large")
            .offering("a", on_demand("$0.096"))
            .offering("b", on_demand("$0.097"))
            .build(),
        instance_type("m5.xlarge").offering("a", on_demand("$0.192")).build(),
    ];
    let boot = Boot {
        image: "ami-1".to_owned(),
        instance_types: types.iter().map(|one| one.name.clone()).collect(),
        ..Boot::default()
    };
    let subnets = ["a", "b"].map(|zone| {
        let Subnet { id, zone, zone_id, .. } = subnet(zone);
        LaunchSubnet { id, zone, zone_id }
    });
    Arc::new(LaunchWish {
        node_pool: "general".to_owned(),
        spec: LaunchSpec {
            node_class: "default".to_owned(),
            subnets: subnets.to_vec(),
            boots: vec![boot],
            tags: tags::for_launch("demo", "general", "default", &Tags::new()),
            ..LaunchSpec::default()
        },
        requirements: Requirements::new(),
        requests: Resources::new(100, 1 << 20),
        types: Arc::new(types),
        min_values: MinValuesPolicy::Strict,
        prices: PriceSource::Market,
        reserved_capacity: ReservedCapacity::Enabled,
    })
}

fn order(claims: &[&str]) -> LaunchOrder {
    LaunchOrder::new(claims.iter().map(|one| (*one).to_owned()).collect(), wish())
}

fn again(order: &LaunchOrder) -> LaunchOrder {
    LaunchOrder { attempt: Attempt::Again, ..order.clone() }
}

/// Who got which instance, and who none.
fn told(report: &LaunchReport) -> String {
    let pairs = report.launched.iter().map(|(claim, one)| format!("{claim}={}", one.id));
    let without = report.without.iter().map(|claim| format!("{claim}=none"));
    pairs.chain(without).collect::<Vec<_>>().join(" ")
}

fn refuse(instances: &Instances<MemoryEc2>, instance_type: &str, zone: &str, code: &str) {
    let key = (instance_type.to_owned(), zone.to_owned());
    instances.ec2().account().refusals.insert(key, (code.to_owned(), String::new()));
}

#[test]
fn alike_claims_are_launched_by_one_call_each_with_an_instance() {
    let instances = instances();
    let report = now(instances.launch(&order(&["one", "two", "three"]), at(0)));
    assert_eq!(told(&report), "one=i-0001 three=i-0002 two=i-0003");
    assert_eq!(instances.ec2().account().fleets.len(), 1);
    assert_eq!(report.launched[0].1.price.map(Price::micro_usd), Some(96_000));
}

#[test]
fn whoever_gets_no_instance_hears_why() {
    let instances = instances();
    refuse(&instances, "m5.xlarge", "a", "InsufficientInstanceCapacity");
    refuse(&instances, "m5.large", "b", "InsufficientInstanceCapacity");
    instances.ec2().account().left = Some(1);
    let report = now(instances.launch(&order(&["one", "two"]), at(0)));
    assert_eq!(told(&report), "one=i-0001 two=none");
    assert_eq!(
        report.error.map(|error| error.to_string()).as_deref(),
        Some(
            "EC2 has no capacity for m5.large in b as on-demand, m5.xlarge in a as on-demand; \
             allow more instance types, zones or capacity types in the NodePool"
        )
    );
    assert_eq!(report.refusals.len(), 2);
}

#[test]
fn a_pool_that_failed_is_not_asked_again_until_its_mark_ends() {
    let instances = instances();
    refuse(&instances, "m5.large", "a", "InsufficientInstanceCapacity");
    now(instances.launch(&order(&["one"]), at(0)));
    now(instances.launch(&order(&["two"]), at(1)));
    now(instances.launch(&order(&["three"]), at(181)));
    let account = instances.ec2().account();
    let asked_in_a = |fleet: usize| {
        let pools = account.fleets[fleet].templates.iter().flat_map(|one| &one.overrides);
        pools.filter(|one| one.instance_type == "m5.large" && one.zone == "a").count()
    };
    assert_eq!([asked_in_a(0), asked_in_a(1), asked_in_a(2)], [1, 0, 1]);
}

#[test]
fn planning_sees_what_failed_and_when_to_look_again() {
    let instances = instances();
    refuse(&instances, "m5.large", "a", "InsufficientInstanceCapacity");
    let before = instances.sequence("m5.large");
    now(instances.launch(&order(&["one"]), at(0)));
    let mut types = wish().types.to_vec();
    instances.apply(&mut types, &BTreeMap::new(), None, at(1));
    let available: Vec<bool> = types[0].offerings.iter().map(|one| one.available).collect();
    assert_eq!(available, [false, true]);
    assert!(instances.sequence("m5.large") > before);
    assert_eq!(instances.next_change(at(1)), Some(at(180)));
}

#[test]
fn a_quota_keeps_planning_from_what_does_not_fit() {
    let instances = instances();
    for (instance_type, zone) in [("m5.large", "a"), ("m5.large", "b"), ("m5.xlarge", "a")] {
        refuse(&instances, instance_type, zone, "VcpuLimitExceeded");
    }
    let report = now(instances.launch(&order(&["one"]), at(0)));
    let shortage = report.error.expect("nothing was launched");
    assert!(matches!(shortage, CloudError::InsufficientCapacity(Shortage::Quota { .. })));
    let mut types = vec![instance_type("c7g.xlarge").offering("a", on_demand("$0.1")).build()];
    instances.apply(&mut types, &BTreeMap::new(), None, at(1));
    assert!(!types[0].offerings[0].available);
}

#[test]
fn a_launch_whose_answer_was_lost_is_found_by_its_tag() {
    let instances = instances();
    instances.ec2().account().lose_answer = true;
    let order = order(&["one", "two"]);
    let report = now(instances.launch(&order, at(0)));
    assert_eq!(told(&report), "one=none two=none");
    assert!(report.error.is_some_and(|error| error.is_retryable()));
    let report = now(instances.launch(&again(&order), at(1)));
    assert_eq!(told(&report), "one=i-0001 two=i-0002");
    assert_eq!(instances.ec2().account().instances.len(), 2);
}

#[test]
fn after_a_restart_only_claims_without_an_instance_get_one_and_nothing_is_launched() {
    let before = instances();
    let order = order(&["one", "two", "three"]);
    now(before.launch(&order, at(0)));
    let rest = LaunchOrder {
        claims: vec!["three".to_owned(), "two".to_owned()],
        taken: BTreeSet::from(["i-0001".to_owned()]),
        ..again(&order)
    };
    let report = now(before.launch(&rest, at(5)));
    assert_eq!(told(&report), "three=i-0002 two=i-0003");
    assert_eq!(before.ec2().account().instances.len(), 3);
}

#[test]
fn an_order_is_not_sent_anew_while_ec2_does_not_list_what_it_has_launched() {
    let instances = instances();
    let order = order(&["one"]);
    now(instances.launch(&order, at(0)));
    // The first pool has failed since, so the call would be another one.
    refuse(&instances, "m5.large", "a", "InsufficientInstanceCapacity");
    now(instances.launch(&self::order(&["other"]), at(1)));
    let hidden = instances.ec2().account().instances.remove("i-0001");
    let report = now(instances.launch(&again(&order), at(2)));
    assert_eq!(told(&report), "one=none");
    assert!(matches!(report.error, Some(CloudError::NotReady { .. })));
    instances.ec2().account().instances.extend(hidden.map(|one| (one.id.clone(), one)));
    assert_eq!(told(&now(instances.launch(&again(&order), at(3)))), "one=i-0001");
}

#[test]
fn a_template_that_was_deleted_behind_our_back_is_made_again() {
    let instances = instances();
    now(instances.launch(&order(&["one"]), at(0)));
    instances.ec2().account().templates.clear();
    let report = now(instances.launch(&order(&["two"]), at(1)));
    assert_eq!(told(&report), "two=i-0002");
}

#[test]
fn a_call_that_fails_gives_its_addresses_back() {
    let instances = instances();
    let throttled = memory::refusal("CreateFleet", "RequestLimitExceeded");
    instances.ec2().account().failures.insert("CreateFleet", vec![throttled]);
    let report = now(instances.launch(&order(&["one"]), at(0)));
    assert!(matches!(report.error, Some(CloudError::Throttled(_))));
    let subnets = wish().spec.subnets.clone();
    let free = instances.free_addresses(&subnets, at(1));
    assert_eq!(free, BTreeMap::from([("a".to_owned(), 1000), ("b".to_owned(), 1000)]));
    now(instances.launch(&order(&["two", "three"]), at(1)));
    assert_eq!(instances.free_addresses(&subnets, at(1))["a"], 1000 - 2 * 29);
}

#[test]
fn context_is_passed_on_and_the_launch_is_tagged_with_its_token() {
    let instances = instances();
    let mut wish = (*wish()).clone();
    wish.spec.context = Some("context-1".to_owned());
    let order = LaunchOrder::new(vec!["one".to_owned()], Arc::new(wish));
    now(instances.launch(&order, at(0)));
    let account = instances.ec2().account();
    assert_eq!(account.fleets[0].context.as_deref(), Some("context-1"));
    assert_eq!(account.fleets[0].tags[tags::LAUNCH], order.token.as_str());
    assert_eq!(account.instances["i-0001"].tags[tags::CLUSTER], "demo");
}

fn with_instances(ids: &[&str]) -> Instances<MemoryEc2> {
    let instances = instances();
    let all = ids.iter().map(|id| ((*id).to_owned(), memory::instance(id)));
    instances.ec2().account().instances.extend(all);
    instances
}

fn ids(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[test]
fn many_instances_are_described_by_one_call() {
    let instances = with_instances(&["i-1", "i-2"]);
    let answers = now(instances.describe(&ids(&["i-1", "i-2"])));
    assert!(answers.values().all(Result::is_ok));
    assert_eq!(instances.ec2().account().calls, ["DescribeInstances i-1 i-2"]);
}

#[test]
fn an_unknown_instance_fails_no_other() {
    let instances = with_instances(&["i-1"]);
    let answers = now(instances.describe(&ids(&["i-1", "i-9"])));
    assert!(answers["i-1"].is_ok());
    assert!(matches!(answers["i-9"], Err(CloudError::NotFound { .. })));
}

#[test]
fn an_error_of_the_batch_reaches_all_if_each_alone_meets_it_too() {
    let instances = with_instances(&["i-1", "i-2"]);
    let denied = || memory::refusal("DescribeInstances", "UnauthorizedOperation");
    let failures = vec![denied(), denied(), denied()];
    instances.ec2().account().failures.insert("DescribeInstances", failures);
    let answers = now(instances.describe(&ids(&["i-1", "i-2"])));
    assert!(answers.values().all(|one| matches!(one, Err(CloudError::Denied { .. }))));
}

#[test]
fn instances_are_terminated_by_one_call_and_one_that_is_gone_stops_none() {
    let instances = with_instances(&["i-1", "i-2"]);
    let outcomes = now(instances.terminate(&ids(&["i-1", "i-2", "i-9"])));
    assert_eq!((&outcomes["i-1"], &outcomes["i-2"]), (&Ok(()), &Ok(())));
    assert!(matches!(outcomes["i-9"], Err(CloudError::NotFound { .. })));
    let calls = instances.ec2().account().calls.clone();
    let ends: Vec<_> = calls.iter().filter(|one| one.starts_with("Terminate")).collect();
    assert_eq!(ends, ["TerminateInstances i-1 i-2"]);
}

#[test]
fn an_instance_on_its_way_out_is_not_terminated_again() {
    let instances = with_instances(&["i-1"]);
    now(instances.terminate(&ids(&["i-1"])));
    instances.ec2().account().calls.clear();
    assert_eq!(now(instances.terminate(&ids(&["i-1"])))["i-1"], Ok(()));
    assert_eq!(instances.ec2().account().calls, ["DescribeInstances i-1"]);
}

#[test]
fn a_termination_that_fails_is_told() {
    let instances = with_instances(&["i-1"]);
    let throttled = || memory::refusal("TerminateInstances", "RequestLimitExceeded");
    let failures = vec![throttled(), throttled()];
    instances.ec2().account().failures.insert("TerminateInstances", failures);
    let outcomes = now(instances.terminate(&ids(&["i-1"])));
    assert!(matches!(outcomes["i-1"], Err(CloudError::Throttled(_))));
}

#[test]
fn nothing_is_asked_about_instances_in_a_zone_that_traffic_was_moved_out_of() {
    let instances = with_instances(&["i-1"]);
    now(instances.list()).expect("the account lists instances");
    instances.ec2().account().calls.clear();
    instances.shift_zones(BTreeSet::from(["use1-az-a".to_owned()]));
    assert!(now(instances.get("i-1")).is_ok());
    let outcomes = now(instances.terminate(&ids(&["i-1"])));
    let tagged = now(instances.tag("i-1", TagsToSet { node: "node", claim: "claim" }));
    assert!(matches!(outcomes["i-1"], Err(CloudError::NotReady { .. })));
    assert!(matches!(tagged, Err(CloudError::NotReady { .. })));
    assert!(instances.ec2().account().calls.is_empty());
}

#[test]
fn a_zone_that_traffic_was_moved_out_of_sells_nothing() {
    let instances = instances();
    instances.shift_zones(BTreeSet::from(["use1-az-a".to_owned()]));
    let mut types = wish().types.to_vec();
    instances.apply(&mut types, &BTreeMap::new(), None, at(1));
    let available: Vec<bool> = types[0].offerings.iter().map(|one| one.available).collect();
    assert_eq!(available, [false, true]);
}

#[test]
fn instances_that_vanished_are_forgotten_except_where_traffic_was_moved_out() {
    let instances = with_instances(&["i-1"]);
    now(instances.list()).expect("the account lists instances");
    instances.ec2().account().instances.clear();
    instances.shift_zones(BTreeSet::from(["use1-az-a".to_owned()]));
    now(instances.list()).expect("the account lists instances");
    assert!(instances.remembered("i-1").is_some());
    instances.shift_zones(BTreeSet::new());
    now(instances.list()).expect("the account lists instances");
    assert!(instances.remembered("i-1").is_none());
}

#[test]
fn only_instances_of_the_cluster_are_listed() {
    let instances = with_instances(&["i-1"]);
    let tags = tags::for_launch("other", "general", "default", &Tags::new());
    let foreign = Instance { tags, ..memory::instance("i-2") };
    instances.ec2().account().instances.insert("i-2".to_owned(), foreign);
    let listed = now(instances.list()).expect("the account lists instances");
    assert_eq!(listed.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["i-1"]);
}

fn tagged(present: &[(&str, &str)]) -> (Tags, usize) {
    let instances = with_instances(&["i-1"]);
    let mut instance = memory::instance("i-1");
    instance.tags = present.iter().map(|(key, it)| ((*key).to_owned(), (*it).to_owned())).collect();
    instances.ec2().account().instances.insert("i-1".to_owned(), instance);
    let wanted = TagsToSet { node: "node-1", claim: "claim-1" };
    let set = now(instances.tag("i-1", wanted)).expect("the account sets tags");
    let calls = instances.ec2().account().calls.clone();
    (set, calls.iter().filter(|one| one.starts_with("CreateTags")).count())
}

#[test]
fn exactly_the_missing_tags_are_set() {
    let all = [(tags::NAME, "node-1"), (tags::NODE_CLAIM, "claim-1"), (tags::CLUSTER, "demo")];
    for subset in 0..8 {
        let present: Vec<_> =
            all.into_iter().enumerate().filter(|(at, _)| subset >> at & 1 == 1).collect();
        let present: Vec<_> = present.into_iter().map(|(_, tag)| tag).collect();
        let (set, calls) = tagged(&present);
        let expected: Vec<&str> =
            all.iter().filter(|tag| !present.contains(tag)).map(|(key, _)| *key).collect();
        let mut found: Vec<&str> = set.keys().map(String::as_str).collect();
        found.sort_by_key(|key| all.iter().position(|(other, _)| other == key));
        assert_eq!((found, calls), (expected.clone(), usize::from(!expected.is_empty())));
    }
}

#[test]
fn a_name_that_somebody_gave_stays() {
    let (set, _) = tagged(&[(tags::NAME, "mine")]);
    assert!(!set.contains_key(tags::NAME));
}

#[test]
fn a_missing_instance_is_not_tagged() {
    let instances = instances();
    let wanted = TagsToSet { node: "node-1", claim: "claim-1" };
    assert!(matches!(now(instances.tag("i-9", wanted)), Err(CloudError::NotFound { .. })));
}

#[test]
fn leaked_instances_are_old_enough_and_nobodys() {
    let young = Instance { launched: at(80), ..memory::instance("i-young") };
    let mut launching = memory::instance("i-launching");
    launching.tags.insert(tags::LAUNCH.to_owned(), "token-1".to_owned());
    let mut ending = memory::instance("i-ending");
    ending.state = crate::api::ec2::InstanceState::ShuttingDown;
    let all = [memory::instance("i-leaked"), memory::instance("i-owned"), young, launching, ending];
    let found = leaked(&all, &ids(&["i-owned"]), &ids(&["token-1"]), at(100));
    assert_eq!(found, ["i-leaked"]);
}

#[test]
fn an_instance_that_fell_into_an_open_reservation_is_on_demand() {
    let mut instance = memory::instance("i-1");
    instance.capacity_reservation = Some("cr-1".to_owned());
    assert_eq!(Held::of(&instance).capacity_type, CapacityType::OnDemand);
    instance.reservation_preference = Some("capacity-reservations-only".to_owned());
    instance.lifecycle = Some("capacity-block".to_owned());
    let (id, kind, interruptible) = Held::of(&instance).reservation.expect("it is reserved");
    assert_eq!((id.as_str(), kind.as_str(), interruptible), ("cr-1", "capacity-block", false));
}

#[test]
fn a_provider_id_is_read_back_and_others_are_not() {
    assert_eq!(instance_id(&provider_id("us-east-1a", "i-1")), Some("i-1"));
    for other in ["i-1", "gce:///zone/i-1", "aws:///us-east-1a/", "aws:///i-1"] {
        assert_eq!(instance_id(other), None, "{other}");
    }
}

#[test]
fn spot_is_asked_for_where_it_is_offered() {
    let instances = instances();
    let mut wish = (*wish()).clone();
    let spot = instance_type("m5.large").offering("a", spot("$0.040")).build();
    wish.types = Arc::new(vec![spot]);
    let order = LaunchOrder::new(vec!["one".to_owned()], Arc::new(wish));
    let report = now(instances.launch(&order, at(0)));
    assert_eq!(report.launched[0].1.capacity_type, CapacityType::Spot);
}

#[test]
fn of_an_instance_that_nobody_remembers_only_the_description_tells_its_zone() {
    let instances = with_instances(&["i-1"]);
    instances.shift_zones(BTreeSet::from(["use1-az-a".to_owned()]));
    let outcomes = now(instances.terminate(&ids(&["i-1"])));
    assert!(matches!(outcomes["i-1"], Err(CloudError::NotReady { .. })));
    assert_eq!(instances.ec2().account().calls, ["DescribeInstances i-1"]);
}

#[test]
fn an_instance_that_nobody_remembers_is_tagged() {
    let instances = with_instances(&["i-1"]);
    let set = now(instances.tag("i-1", TagsToSet { node: "node-1", claim: "claim-1" }));
    assert!(set.is_ok_and(|tags| tags.contains_key(tags::NODE_CLAIM)));
}

#[test]
fn after_a_subnet_has_run_out_of_addresses_launches_go_to_another() {
    let instances = instances();
    let full = "InsufficientFreeAddressesInSubnet";
    refuse(&instances, "m5.large", "a", full);
    refuse(&instances, "m5.xlarge", "a", full);
    let report = now(instances.launch(&order(&["one"]), at(0)));
    assert_eq!(report.launched[0].1.zone, "b");
    assert_eq!(instances.free_addresses(&wish().spec.subnets, at(1))["a"], 0);
    now(instances.launch(&order(&["two"]), at(1)));
    let account = instances.ec2().account();
    let pools = account.fleets[1].templates.iter().flat_map(|one| &one.overrides);
    assert!(pools.into_iter().all(|pool| pool.zone == "b"));
}

#[test]
fn a_launch_into_a_reservation_lowers_its_count() {
    let instances = instances();
    instances.sync_reservation("cr-1", 1, at(0));
    let mut wish = (*wish()).clone();
    let kind = instance_type("m5.large").offering("a", reserved("cr-1", 1));
    wish.types = Arc::new(vec![kind.build()]);
    let wish = Arc::new(wish);
    let report =
        now(instances.launch(&LaunchOrder::new(vec!["one".to_owned()], wish.clone()), at(0)));
    let labels = report.launched[0].1.labels(&wish);
    assert_eq!(labels["karpenter.k8s.aws/capacity-reservation-id"], "cr-1");
    assert_eq!(labels["karpenter.k8s.aws/capacity-reservation-type"], "default");
    assert_eq!(labels["karpenter.k8s.aws/capacity-reservation-interruptible"], "false");
    let next = now(instances.launch(&LaunchOrder::new(vec!["two".to_owned()], wish), at(1)));
    assert_eq!(told(&next), "two=none");
}

#[test]
fn a_throttled_launch_leaves_its_reservation_available() {
    let instances = instances();
    instances.sync_reservation("cr-1", 1, at(0));
    let mut wish = (*wish()).clone();
    let kind = instance_type("m5.large").offering("a", reserved("cr-1", 1));
    wish.types = Arc::new(vec![kind.build()]);
    let order = LaunchOrder::new(vec!["one".to_owned()], Arc::new(wish));
    let throttled = memory::refusal("CreateFleet", "RequestLimitExceeded");
    instances.ec2().account().failures.insert("CreateFleet", vec![throttled]);
    assert_eq!(told(&now(instances.launch(&order, at(0)))), "one=none");
    assert_eq!(told(&now(instances.launch(&order, at(1)))), "one=i-0001");
}

#[test]
fn what_was_just_launched_counts_for_the_quota() {
    let instances = instances();
    now(instances.launch(&order(&["one", "two"]), at(0)));
    for (instance_type, zone) in [("m5.large", "a"), ("m5.large", "b"), ("m5.xlarge", "a")] {
        refuse(&instances, instance_type, zone, "VcpuLimitExceeded");
    }
    now(instances.launch(&order(&["three"]), at(0)));
    now(instances.terminate(&ids(&["i-0001"])));
    let mut types = vec![instance_type("c7g.large").offering("a", on_demand("$0.1")).build()];
    instances.apply(&mut types, &BTreeMap::new(), None, at(1));
    assert!(types[0].offerings[0].available, "two vCPUs have come free");
}
