use std::time::Duration;

use plimsoll_fake_aws::{
    AwsError, Call, CallFault, CreateFleet, DescribeInstances, DescribeSubnets, Failure,
    FaultRates, GetParameter, Times,
};
use scheduler_core::model::CapacityType::OnDemand;

use crate::stage::{builder, fleet, image, launch, refusal, stage};

#[test]
fn a_call_is_throttled_as_often_as_scripted() {
    let mut account = stage(builder());
    account.fail(DescribeSubnets::ACTION, CallFault::Throttled, Times::Next(2));
    for _ in 0..2 {
        let error = refusal(&mut account, DescribeSubnets::default());
        assert_eq!((error.code.as_str(), error.status), ("RequestLimitExceeded", 503));
    }
    account.call(DescribeSubnets::default()).unwrap();
}

#[test]
fn other_services_say_it_in_their_own_way() {
    let mut account = builder().build();
    account.fail(GetParameter::ACTION, CallFault::Throttled, Times::Next(1));
    let error = refusal(&mut account, GetParameter { name: "/x".to_owned() });
    assert_eq!(error.code, "ThrottlingException");
}

#[test]
fn faults_can_be_cleared() {
    let mut account = builder().build();
    account.fail(DescribeSubnets::ACTION, CallFault::Failed, Times::Always);
    assert_eq!(refusal(&mut account, DescribeSubnets::default()).status, 500);
    account.clear_faults();
    account.call(DescribeSubnets::default()).unwrap();
}

#[test]
fn the_work_is_done_though_the_answer_is_lost_and_its_token_finds_it() {
    let mut account = stage(builder());
    account.fail(CreateFleet::ACTION, CallFault::AnswerLost, Times::Next(1));
    let client_token = Some("once".to_owned());
    let request = CreateFleet { client_token, ..fleet(2, OnDemand, &[("m5.large", 'a')]) };
    assert_eq!(account.call(request.clone()), Err(Failure::AnswerLost));
    assert_eq!(account.instances().count(), 2);
    let answer = account.call(request).unwrap();
    assert_eq!(answer.ids().count(), 2);
    assert_eq!(account.instances().count(), 2);
}

#[test]
fn a_slow_answer_says_how_long_it_takes() {
    let mut account = stage(builder().latency(Duration::from_millis(50)));
    let slow = CallFault::Slow(Duration::from_secs(8));
    account.fail(CreateFleet::ACTION, slow, Times::Next(1));
    let served = account.serve(fleet(1, OnDemand, &[("m5.large", 'a')]));
    assert_eq!(served.delay, Duration::from_millis(8050));
    assert_eq!(served.result.unwrap().ids().count(), 1);
}

#[test]
fn any_error_can_be_answered() {
    let mut account = builder().build();
    let error = AwsError::client("PendingVerification", "wait");
    let fault = CallFault::Refused(error.clone());
    account.fail(DescribeSubnets::ACTION, fault, Times::Next(1));
    assert_eq!(refusal(&mut account, DescribeSubnets::default()), error);
}

#[test]
fn a_share_of_calls_goes_wrong_by_seed() {
    let rates = FaultRates {
        throttled_ppm: 100_000,
        failed_ppm: 100_000,
        lost_ppm: 50_000,
        ..FaultRates::default()
    };
    let failures = |seed: u64| {
        let mut account = builder().seed(seed).fault_rates(rates).build();
        let failures = (0..1000).map(|_| {
            account.advance(Duration::from_secs(1));
            account.call(DescribeSubnets::default()).err()
        });
        failures.collect::<Vec<_>>()
    };
    let some = failures(1);
    assert_eq!(some, failures(1));
    assert_ne!(some, failures(2));
    let count = |wanted: &dyn Fn(&Failure) -> bool| {
        some.iter().flatten().filter(|failure| wanted(failure)).count()
    };
    let throttled = count(&|one| matches!(one, Failure::Refused(error) if error.status == 503));
    assert!((70..130).contains(&throttled), "{throttled}");
    let garbled = count(&|one| *one == Failure::Garbled);
    assert!((25..75).contains(&garbled), "{garbled}");
    let lost = count(&|one| *one == Failure::AnswerLost);
    assert!((20..70).contains(&lost), "{lost}");
}

#[test]
fn a_storm_can_end() {
    let storm = FaultRates { failed_ppm: 1_000_000, ..FaultRates::default() };
    let mut account = builder().fault_rates(storm).build();
    assert!(account.call(DescribeSubnets::default()).is_err());
    account.set_fault_rates(FaultRates::default());
    account.call(DescribeSubnets::default()).unwrap();
}

#[test]
fn ec2_limits_calls_of_each_kind_and_refills() {
    let mut account = builder().build();
    let mut served = |seconds: u64| {
        account.advance(Duration::from_secs(seconds));
        (0..200).filter(|_| account.call(DescribeSubnets::default()).is_ok()).count()
    };
    assert_eq!(served(0), 100);
    assert_eq!(served(2), 40);
    account.call(DescribeInstances::default()).unwrap();
}

#[test]
fn without_the_permission_ec2_answers_with_a_text_to_decode() {
    let mut account = stage(builder());
    account.deny("ec2:CreateFleet");
    let error = refusal(&mut account, fleet(1, OnDemand, &[("m5.large", 'a')]));
    assert_eq!((error.code.as_str(), error.status), ("UnauthorizedOperation", 403));
    assert!(error.message.contains("ec2:CreateFleet"), "{}", error.message);
    assert!(error.message.contains("Encoded authorization failure message: "));
    account.allow("ec2:CreateFleet");
    launch(&mut account, 1, OnDemand);
}

#[test]
fn calls_are_counted_by_what_became_of_them() {
    let mut account = stage(builder());
    let before = account.calls(GetParameter::ACTION);
    image(&mut account, "arm64");
    assert_eq!(account.calls(GetParameter::ACTION), before + 1);
    account.fail(CreateFleet::ACTION, CallFault::Throttled, Times::Next(1));
    account.fail(CreateFleet::ACTION, CallFault::Garbled, Times::Next(1));
    for _ in 0..3 {
        drop(account.call(fleet(1, OnDemand, &[("m5.large", 'a')])));
    }
    let count = account.counters().of(CreateFleet::ACTION);
    assert_eq!((count.calls, count.throttled, count.failed), (3, 1, 1));
    assert_eq!(account.counters().launched(), 1);
}
