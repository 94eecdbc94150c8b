use std::time::Duration;

use plimsoll_fake_aws::{
    DescribeInstances, Filter, Page, StateChanges, Subnet, TerminateInstances, Throttling,
};
use scheduler_core::model::CapacityType::OnDemand;

use crate::stage::{builder, fleet, stage, subnet};

#[test]
fn ten_thousand_instances_are_launched_described_and_ended() {
    let subnets = [Subnet::new(&subnet('a'), "us-east-1a", [10, 0, 0, 0], 16)];
    let builder = builder().subnets(subnets).throttling(Throttling::Off);
    let mut account = stage(builder.state_changes(StateChanges::None));
    for _ in 0..10 {
        let answer = account.call(fleet(1000, OnDemand, &[("m5.large", 'a')])).unwrap();
        assert_eq!(answer.ids().count(), 1000);
    }
    let (mut ids, mut next_token) = (Vec::new(), None);
    loop {
        let filter = vec![Filter::new("instance-state-name", ["pending", "running"])];
        let request = DescribeInstances { filter, next_token, ..DescribeInstances::default() };
        let Page { items, next_token: next } = account.call(request).unwrap();
        ids.extend(items.into_iter().map(|one| one.id));
        next_token = next;
        if next_token.is_none() {
            break;
        }
    }
    assert_eq!(ids.len(), 10_000);
    for instance_id in ids.chunks(500).map(<[String]>::to_vec) {
        account.call(TerminateInstances { instance_id, ..TerminateInstances::default() }).unwrap();
    }
    assert_eq!(account.living().count(), 0);
    account.advance(Duration::from_hours(2));
    assert_eq!(account.instances().count(), 0);
}
