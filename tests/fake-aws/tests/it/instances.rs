use std::collections::BTreeSet;
use std::time::Duration;

use plimsoll_fake_aws::{
    AccountBuilder, CreateTags, DescribeInstanceStatus, DescribeInstances, Filter, Impairment,
    InstanceState, LaunchTemplateRef, Page, Paging, Placement, PlacementGroup, RunInstances,
    Subnet, Tag, TagSpecification, Tags, TerminateInstances, Timing,
};
use scheduler_core::model::CapacityType::{OnDemand, Spot};

use crate::stage::{
    builder, code, data, fleet, image, launch, pool, refusal, stage, subnet, template,
};

/// An instance id that nobody has.
const NOBODY: &str = "i-0123";

fn slow() -> AccountBuilder {
    builder().timing(Timing::default())
}

fn by_ids(ids: &[String]) -> DescribeInstances {
    DescribeInstances { instance_id: ids.to_vec(), ..DescribeInstances::default() }
}

fn terminate(ids: &[String]) -> TerminateInstances {
    TerminateInstances { instance_id: ids.to_vec(), ..TerminateInstances::default() }
}

#[test]
fn a_fresh_instance_is_not_described_at_once() {
    let mut account = stage(slow());
    let ids = launch(&mut account, 1, OnDemand);
    assert_eq!(code(&mut account, by_ids(&ids)), "InvalidInstanceID.NotFound");
    assert_eq!(account.call(DescribeInstances::default()).unwrap().items, []);
    account.advance(Duration::from_secs(1));
    let found = account.call(by_ids(&ids)).unwrap().items;
    assert_eq!(found[0].state, InstanceState::Pending);
    account.advance(Duration::from_secs(4));
    assert_eq!(account.call(by_ids(&ids)).unwrap().items[0].state, InstanceState::Running);
}

#[test]
fn an_instance_is_as_template_and_fleet_say() {
    let mut account = stage(builder());
    let mut request = fleet(1, Spot, &[("m5.large", 'b')]);
    request.tag_specification = vec![TagSpecification {
        resource_type: "instance".to_owned(),
        tag: vec![Tag { key: "karpenter.sh/nodepool".to_owned(), value: "web".to_owned() }],
    }];
    let answer = account.call(request).unwrap();
    let one = account.instance(answer.ids().next().unwrap()).unwrap();
    assert_eq!(one.pool, pool("m5.large", 'b', Spot));
    assert_eq!((&one.subnet_id, one.zone_id.as_str()), (&subnet('b'), "use1-az5"));
    assert_eq!(one.data.security_groups(), ["sg-00000000000000001"]);
    assert_eq!(one.tags["karpenter.sh/nodepool"], "web");
    assert_eq!(one.tags["aws:ec2:fleet-id"], answer.fleet_id);
    assert!(one.spot_request_id.as_ref().unwrap().starts_with("sir-"));
    assert!(one.private_ip.to_string().starts_with("10.0.32."), "{}", one.private_ip);
}

#[test]
fn a_template_decides_on_a_public_address_before_the_subnet() {
    let public = Subnet::new(&subnet('a'), "us-east-1a", [10, 0, 0, 0], 24).public();
    let has_address = |associate: Option<bool>| {
        let mut account = builder().subnets([public.clone()]).build();
        let mut data = data(&mut account);
        data.network_interface[0].associate_public_ip_address = associate;
        template(&mut account, "node", data);
        let ids = launch(&mut account, 1, OnDemand);
        account.instance(&ids[0]).unwrap().public_address().is_some()
    };
    assert!(has_address(None));
    assert!(!has_address(Some(false)));
}

#[test]
fn an_on_demand_instance_has_no_spot_request() {
    let mut account = stage(builder());
    let ids = launch(&mut account, 1, OnDemand);
    assert_eq!(account.instance(&ids[0]).unwrap().spot_request_id, None);
}

#[test]
fn filters_are_joined_by_and_and_their_values_by_or() {
    let mut account = stage(builder());
    let ids = launch(&mut account, 3, OnDemand);
    account.call(terminate(&ids[..1])).unwrap();
    let tag = |id: &String, value: &str| CreateTags {
        resource_id: vec![id.clone()],
        tag: vec![Tag { key: "team".to_owned(), value: value.to_owned() }],
        ..CreateTags::default()
    };
    account.call(tag(&ids[1], "blue")).unwrap();
    account.call(tag(&ids[2], "red")).unwrap();
    let mut found = |filter: Vec<Filter>| {
        let page = account.call(DescribeInstances { filter, ..DescribeInstances::default() });
        page.unwrap().items.len()
    };
    let living = Filter::new("instance-state-name", ["pending", "running"]);
    assert_eq!(found(vec![living.clone()]), 2);
    assert_eq!(found(vec![living.clone(), Filter::new("tag:team", ["red", "green"])]), 1);
    assert_eq!(found(vec![living, Filter::new("tag-key", ["team"])]), 2);
    assert_eq!(found(vec![Filter::new("tag:team", ["b*"])]), 1);
}

#[test]
fn an_unknown_filter_is_refused() {
    let mut account = stage(builder());
    launch(&mut account, 1, OnDemand);
    let filter = vec![Filter::new("colour", ["red"])];
    let request = DescribeInstances { filter, ..DescribeInstances::default() };
    assert_eq!(code(&mut account, request), "InvalidParameterValue");
}

#[test]
fn instances_come_in_pages() {
    let mut account = stage(builder().paging(Paging::AtMost(2)));
    launch(&mut account, 5, OnDemand);
    let (mut sizes, mut next_token) = (Vec::new(), None);
    loop {
        let request = DescribeInstances { next_token, ..DescribeInstances::default() };
        let Page { items, next_token: next } = account.call(request).unwrap();
        sizes.push(items.len());
        next_token = next;
        if next_token.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [2, 2, 1]);
}

#[test]
fn a_terminated_instance_shuts_down_first_and_is_forgotten_last() {
    let mut account = stage(slow());
    let ids = launch(&mut account, 1, OnDemand);
    account.advance(Duration::from_secs(10));
    let change = account.call(terminate(&ids)).unwrap().remove(0);
    assert_eq!(change.previous, InstanceState::Running);
    assert_eq!(change.current, InstanceState::ShuttingDown);
    account.advance(Duration::from_secs(30));
    assert_eq!(account.call(by_ids(&ids)).unwrap().items[0].state, InstanceState::Terminated);
    // Once more does no harm.
    let change = account.call(terminate(&ids)).unwrap().remove(0);
    assert_eq!(change.current, InstanceState::Terminated);
    account.advance(Duration::from_hours(1));
    assert_eq!(code(&mut account, by_ids(&ids)), "InvalidInstanceID.NotFound");
}

#[test]
fn an_instance_that_ends_before_it_runs_never_runs() {
    let mut account = stage(slow());
    let ids = launch(&mut account, 1, OnDemand);
    account.call(terminate(&ids)).unwrap();
    account.advance(Duration::from_secs(10));
    assert_eq!(account.instance(&ids[0]).unwrap().state, InstanceState::ShuttingDown);
}

#[test]
fn one_unknown_id_is_named_and_nothing_is_terminated() {
    let mut account = stage(builder());
    let mut ids = launch(&mut account, 1, OnDemand);
    ids.push(NOBODY.to_owned());
    let error = refusal(&mut account, terminate(&ids));
    assert_eq!(error.code, "InvalidInstanceID.NotFound");
    assert_eq!(error.message, "The instance ID 'i-0123' does not exist");
    assert_eq!(account.living().count(), 1);
}

#[test]
fn a_terminated_instance_gives_back_what_it_took() {
    let mut account = stage(builder());
    account.set_capacity(pool("m5.large", 'a', OnDemand), 1);
    let free = account.subnets().next().unwrap().free;
    let ids = launch(&mut account, 1, OnDemand);
    assert_eq!(account.vcpus_in_use(OnDemand), 2);
    account.call(terminate(&ids)).unwrap();
    assert_eq!(account.vcpus_in_use(OnDemand), 0);
    assert_eq!(account.subnets().next().unwrap().free, free);
    launch(&mut account, 1, OnDemand);
}

#[test]
fn an_instance_that_vanishes_leaves_no_trace() {
    let mut account = stage(builder());
    let ids = launch(&mut account, 2, OnDemand);
    let told = account.messages("demo").count();
    account.lose_instance(&ids[0]);
    assert_eq!(account.messages("demo").count(), told);
    assert_eq!(account.vcpus_in_use(OnDemand), 2);
    assert_eq!(code(&mut account, by_ids(&ids)), "InvalidInstanceID.NotFound");
    assert_eq!(account.call(DescribeInstances::default()).unwrap().items.len(), 1);
}

#[test]
fn tags_need_something_to_be_on() {
    let mut account = stage(builder());
    let tag = |id: &str, key: &str| CreateTags {
        resource_id: vec![id.to_owned()],
        tag: vec![Tag { key: key.to_owned(), value: "x".to_owned() }],
        ..CreateTags::default()
    };
    assert_eq!(code(&mut account, tag(NOBODY, "a")), "InvalidInstanceID.NotFound");
    assert_eq!(code(&mut account, tag(&subnet('a'), "aws:a")), "InvalidParameterValue");
    account.call(tag(&subnet('a'), "a")).unwrap();
    assert_eq!(account.subnets().next().unwrap().tags["a"], "x");
}

#[test]
fn what_is_wrong_with_an_instance_is_found_by_its_kind() {
    let mut account = stage(builder());
    let ids = launch(&mut account, 4, OnDemand);
    let now = account.now();
    account.impair(&ids[0], Impairment::Instance(now));
    account.impair(&ids[1], Impairment::System(now));
    account.impair(&ids[2], Impairment::Event("instance-retirement".to_owned(), now));
    account.advance(Duration::from_secs(1));
    let mut found = |filter: Filter| {
        let filter = vec![filter];
        let request = DescribeInstanceStatus { filter, ..DescribeInstanceStatus::default() };
        let items = account.call(request).unwrap().items;
        items.into_iter().map(|one| one.instance_id).collect::<Vec<_>>()
    };
    assert_eq!(found(Filter::new("instance-status.status", ["impaired"])), ids[..1]);
    assert_eq!(found(Filter::new("system-status.status", ["impaired"])), ids[1..2]);
    let codes = ["instance-reboot", "instance-retirement"];
    assert_eq!(found(Filter::new("event.code", codes)), ids[2..3]);
    account.mend(&ids[0]);
    assert_eq!(account.instance(&ids[0]).unwrap().state, InstanceState::Running);
}

#[test]
fn an_instance_of_a_partitioned_group_has_a_partition() {
    let group = PlacementGroup {
        id: "pg-1".to_owned(),
        name: "wide".to_owned(),
        strategy: "partition".to_owned(),
        partitions: Some(3),
        tags: Tags::new(),
    };
    let mut account = builder().placement_group(group).build();
    let mut data = data(&mut account);
    let group_id = Some("pg-1".to_owned());
    data.placement = Some(Placement { group_id, ..Placement::default() });
    template(&mut account, "node", data);
    let ids = launch(&mut account, 20, OnDemand);
    let partitions: BTreeSet<u32> =
        ids.iter().map(|id| account.instance(id).unwrap().partition_number.unwrap()).collect();
    assert_eq!(partitions, BTreeSet::from([1, 2, 3]));
}

fn run() -> RunInstances {
    RunInstances {
        min_count: 1,
        max_count: 1,
        launch_template: Some(LaunchTemplateRef {
            launch_template_name: Some("node".to_owned()),
            ..LaunchTemplateRef::default()
        }),
        ..RunInstances::default()
    }
}

#[test]
fn a_dry_run_of_one_instance_looks_at_everything() {
    let mut account = stage(builder());
    let mut request = RunInstances { dry_run: true, ..run() };
    assert_eq!(code(&mut account, request.clone()), "MissingParameter");
    request.data.instance_type = Some("m5.large".to_owned());
    assert_eq!(code(&mut account, request.clone()), "DryRunOperation");
    request.data.image_id = Some("ami-none".to_owned());
    assert_eq!(code(&mut account, request.clone()), "InvalidAMIID.Malformed");
    request.data.image_id = Some(image(&mut account, "arm64"));
    assert_eq!(code(&mut account, request.clone()), "InvalidParameterValue");
    request.data.image_id = None;
    account.deny("ec2:RunInstances");
    assert_eq!(code(&mut account, request), "UnauthorizedOperation");
    assert_eq!(account.instances().count(), 0);
}

#[test]
fn instances_can_be_run_without_a_fleet() {
    let mut account = stage(builder());
    let mut request = RunInstances { subnet_id: Some(subnet('c')), max_count: 2, ..run() };
    request.client_token = Some("once".to_owned());
    request.data = data(&mut account);
    request.data.instance_type = Some("m5.large".to_owned());
    for _ in 0..2 {
        let instances = account.call(request.clone()).unwrap();
        assert_eq!(instances.len(), 2);
        assert_eq!(instances[0].pool, pool("m5.large", 'c', OnDemand));
    }
    assert_eq!(account.instances().count(), 2);
}
