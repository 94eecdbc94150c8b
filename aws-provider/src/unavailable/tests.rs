use jiff::SignedDuration;

use super::*;

fn at(minutes: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
}

fn pool(instance_type: &str, zone: &str) -> PoolKey {
    PoolKey::new(CapacityType::Spot, instance_type, zone)
}

#[test]
fn a_marked_pool_is_unavailable_and_only_that() {
    let mut unavailable = Unavailable::default();
    unavailable.mark_pool(pool("m5.large", "a"), at(0));
    let asked = |pool: &PoolKey| unavailable.is_available(pool, &[], at(1));
    assert!(!asked(&pool("m5.large", "a")));
    assert!(asked(&pool("m5.large", "b")));
    assert!(asked(&pool("m5.xlarge", "a")));
    assert!(asked(&PoolKey::new(CapacityType::OnDemand, "m5.large", "a")));
}

#[test]
fn a_marked_capacity_type_is_unavailable_everywhere() {
    let mut unavailable = Unavailable::default();
    unavailable.mark_capacity_type(CapacityType::Spot, at(0));
    assert!(!unavailable.is_available(&pool("m5.large", "a"), &[], at(1)));
    let on_demand = PoolKey::new(CapacityType::OnDemand, "m5.large", "a");
    assert!(unavailable.is_available(&on_demand, &[], at(1)));
}

#[test]
fn a_zone_is_unavailable_once_all_its_subnets_are_full() {
    let mut unavailable = Unavailable::default();
    let subnets = ["subnet-1".to_owned(), "subnet-2".to_owned()];
    unavailable.mark_subnet("subnet-1", at(0));
    assert!(unavailable.is_available(&pool("m5.large", "a"), &subnets, at(1)));
    unavailable.mark_subnet("subnet-2", at(0));
    assert!(!unavailable.is_available(&pool("m5.large", "a"), &subnets, at(1)));
}

#[test]
fn a_mark_lasts_longer_each_time_that_the_shortage_goes_on() {
    let mut unavailable = Unavailable::default();
    let mut now = at(0);
    let mut lengths = Vec::new();
    for _ in 0..6 {
        unavailable.mark_pool(pool("m5.large", "a"), now);
        let end = unavailable.next_end(now).expect("there is a mark");
        lengths.push((end - now).get_seconds() / 60);
        now = end;
    }
    assert_eq!(lengths, [3, 6, 12, 24, 30, 30]);
}

#[test]
fn many_failures_at_once_are_one_failure() {
    let mut unavailable = Unavailable::default();
    unavailable.mark_pool(pool("m5.large", "a"), at(0));
    unavailable.mark_pool(pool("m5.large", "a"), at(2));
    assert_eq!(unavailable.next_end(at(2)), Some(at(5)));
}

#[test]
fn an_old_shortage_is_forgotten() {
    let mut unavailable = Unavailable::default();
    unavailable.mark_pool(pool("m5.large", "a"), at(0));
    unavailable.mark_pool(pool("m5.large", "a"), at(20));
    assert_eq!(unavailable.next_end(at(20)), Some(at(23)));
}

#[test]
fn a_pool_that_gives_something_starts_anew() {
    let mut unavailable = Unavailable::default();
    unavailable.mark_pool(pool("m5.large", "a"), at(0));
    unavailable.clear_pool(&pool("m5.large", "a"));
    assert!(unavailable.is_available(&pool("m5.large", "a"), &[], at(1)));
    unavailable.mark_pool(pool("m5.large", "a"), at(4));
    assert_eq!(unavailable.next_end(at(4)), Some(at(7)));
}

#[test]
fn the_sequence_grows_when_a_mark_begins_and_when_it_ends() {
    let mut unavailable = Unavailable::default();
    let start = unavailable.sequence("m5.large");
    unavailable.mark_pool(pool("m5.large", "a"), at(0));
    unavailable.mark_pool(pool("c5.large", "a"), at(0));
    let marked = unavailable.sequence("m5.large");
    unavailable.sweep(at(2));
    let standing = unavailable.sequence("m5.large");
    unavailable.sweep(at(3));
    let ended = unavailable.sequence("m5.large");
    unavailable.mark_subnet("subnet-1", at(3));
    assert_eq!((marked - start, standing - marked, ended - standing), (1, 0, 1));
    assert_eq!(unavailable.sequence("m5.large") - ended, 1);
}

#[test]
fn a_placement_group_has_marks_of_its_own() {
    let group = Some(GroupKey { id: "pg-1".to_owned(), partition: Some(2) });
    let within = pool("m5.large", "a").within(group);
    assert_eq!(within.to_string(), "spot:m5.large:a:pg-1:2");
    let mut unavailable = Unavailable::default();
    unavailable.mark_pool(within.clone(), at(0));
    assert!(!unavailable.is_available(&within, &[], at(1)));
    assert!(unavailable.is_available(&pool("m5.large", "a"), &[], at(1)));
}
