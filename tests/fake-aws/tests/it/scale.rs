use std::time::Duration;

use plimsoll_fake_aws::{
    Account, DescribeInstances, FaultRates, Filter, Page, Quotas, StateChanges, Subnet,
    TerminateInstances, Throttling,
};
use scheduler_core::model::CapacityType::{OnDemand, Spot};

use crate::stage::{builder, fleet, pool, stage, subnet};

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

/// Addresses that are free, and vCPUs in use.
fn books(account: &Account) -> (Vec<u32>, u64, u64) {
    let free = account.subnets().map(|one| one.free).collect();
    (free, account.vcpus_in_use(OnDemand), account.vcpus_in_use(Spot))
}

#[test]
fn whatever_goes_wrong_the_books_balance_in_the_end() {
    for seed in 0..20 {
        let rates = FaultRates {
            throttled_ppm: 100_000,
            failed_ppm: 100_000,
            lost_ppm: 100_000,
            empty_pools_ppm: 300_000,
            ..FaultRates::default()
        };
        let quotas = Quotas { on_demand_vcpus: Some(60), spot_vcpus: Some(40) };
        let mut account = stage(builder().seed(seed).quotas(quotas));
        account.set_capacity(pool("m5.large", 'a', Spot), 3);
        let before = books(&account);
        account.set_fault_rates(rates);
        for round in 0..10 {
            let asked = [("m5.large", 'a'), ("m5.xlarge", 'b'), ("c5.large", 'c')];
            let capacity_type = if round % 2 == 0 { Spot } else { OnDemand };
            drop(account.call(fleet(4, capacity_type, &asked)));
            let some = account.living().map(|one| one.id.clone()).step_by(3);
            let instance_id = some.collect();
            drop(account.call(TerminateInstances { instance_id, ..TerminateInstances::default() }));
            account.advance(Duration::from_secs(10));
        }
        let (_, on_demand, spot) = books(&account);
        assert!(on_demand <= 60 && spot <= 40, "seed {seed}: {on_demand}, {spot}");
        account.set_fault_rates(FaultRates::default());
        let instance_id = account.living().map(|one| one.id.clone()).collect();
        let all = TerminateInstances { instance_id, ..TerminateInstances::default() };
        account.call(all).unwrap();
        assert_eq!(books(&account), before, "seed {seed}");
        let answer = account.call(fleet(3, Spot, &[("m5.large", 'a')])).unwrap();
        assert_eq!(answer.ids().count(), 3, "seed {seed}");
    }
}
