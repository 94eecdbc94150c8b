use jiff::{SignedDuration, Timestamp};
use plimsoll_api::crd::ec2_node_class::CapacityReservationSelectorTerm;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;
use crate::api::Tags;
use crate::api::ec2::CapacityReservation;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn terms<T: DeserializeOwned>(terms: Value) -> Vec<T> {
    serde_json::from_value(terms).unwrap()
}

fn subnet(id: &str, free_addresses: u32) -> Subnet {
    Subnet {
        id: id.to_owned(),
        zone: "us-east-1a".to_owned(),
        zone_id: "use1-az1".to_owned(),
        free_addresses,
        vpc: "vpc-1".to_owned(),
        tags: Tags::new(),
    }
}

fn group(id: &str, name: &str) -> SecurityGroup {
    SecurityGroup { id: id.to_owned(), name: name.to_owned(), tags: Tags::new() }
}

fn reservation(id: &str) -> CapacityReservation {
    CapacityReservation {
        id: id.to_owned(),
        instance_type: "m5.large".to_owned(),
        zone: "us-east-1a".to_owned(),
        owner: "123456789012".to_owned(),
        kind: "default".to_owned(),
        match_criteria: "targeted".to_owned(),
        state: "active".to_owned(),
        available: 2,
        is_interruptible: false,
        ends: None,
        tags: Tags::new(),
    }
}

fn block(id: &str, ends_in_mins: i64) -> CapacityReservation {
    CapacityReservation {
        kind: "capacity-block".to_owned(),
        ends: Some(NOW + SignedDuration::from_mins(ends_in_mins)),
        ..reservation(id)
    }
}

fn states(answers: Vec<CapacityReservation>) -> Vec<(String, String)> {
    let (found, _) = reservations(answers, NOW);
    found.into_iter().map(|one| (one.id, one.state.unwrap())).collect()
}

#[test]
fn tags_of_a_term_must_all_hold_and_terms_are_alternatives() {
    let terms = terms(json!([{"tags": {"a": "1", "b": "*"}}, {"tags": {"c": "2"}}]));
    let expected = [
        vec![Filter::new("tag:a", ["1"]), Filter::new("tag-key", ["b"])],
        vec![Filter::new("tag:c", ["2"])],
    ];
    assert_eq!(subnet_queries(&terms), expected);
}

#[test]
fn all_ids_of_subnets_are_asked_for_in_one_call() {
    let terms = terms(json!([{"id": "subnet-1"}, {"tags": {"a": "1"}}, {"id": "subnet-2"}]));
    let expected = [
        vec![Filter::new("tag:a", ["1"])],
        vec![Filter::new("subnet-id", ["subnet-1", "subnet-2"])],
    ];
    assert_eq!(subnet_queries(&terms), expected);
}

#[test]
fn ids_and_names_of_security_groups_have_a_call_each() {
    let terms = terms(json!([
        {"name": "nodes"}, {"id": "sg-1"}, {"tags": {"a": "1"}}, {"name": "shared"}, {"id": "sg-2"}
    ]));
    let expected = [
        vec![Filter::new("tag:a", ["1"])],
        vec![Filter::new("group-id", ["sg-1", "sg-2"])],
        vec![Filter::new("group-name", ["nodes", "shared"])],
    ];
    assert_eq!(security_group_queries(&terms), expected);
}

#[test]
fn subnets_come_by_free_addresses_then_id_each_once() {
    let answers = [subnet("b", 10), subnet("c", 20), subnet("a", 10), subnet("c", 20)];
    let ids: Vec<String> = subnets(answers).into_iter().map(|one| one.id).collect();
    assert_eq!(ids, ["c", "a", "b"]);
}

#[test]
fn security_groups_come_by_id_each_once() {
    let found = security_groups([group("sg-2", "b"), group("sg-1", "a"), group("sg-2", "b")]);
    let ids: Vec<&str> = found.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["sg-1", "sg-2"]);
}

#[test]
fn no_answer_selects_nothing() {
    assert_eq!(subnets([]), []);
    assert_eq!(security_groups([]), []);
}

#[test]
fn reservations_are_asked_for_by_id_or_by_all_that_a_term_says() {
    let terms: Vec<CapacityReservationSelectorTerm> = terms(json!([
        {"id": "cr-1"},
        {"tags": {"a": "1"}, "ownerID": "123456789012", "instanceMatchCriteria": "open"},
        {"instanceMatchCriteria": "targeted"},
    ]));
    let queries = reservation_queries(&terms);
    assert_eq!(
        (queries[0].ids.as_slice(), queries[0].filters.len()),
        (&["cr-1".to_owned()][..], 0)
    );
    let expected = [
        Filter::new("state", ["active"]),
        Filter::new("owner-id", ["123456789012"]),
        Filter::new("instance-match-criteria", ["open"]),
        Filter::new("tag:a", ["1"]),
    ];
    assert_eq!(queries[1].filters, expected);
    let expected =
        [Filter::new("state", ["active"]), Filter::new("instance-match-criteria", ["targeted"])];
    assert_eq!(queries[2].filters, expected);
}

#[test]
fn only_active_reservations_that_have_not_ended_count() {
    let mut ended = reservation("cr-ended");
    ended.ends = Some(NOW);
    let others = ["pending", "expired", "cancelled", "failed", "scheduled"];
    let others = others.map(|state| CapacityReservation {
        state: state.to_owned(),
        ..reservation(&format!("cr-{state}"))
    });
    let answers = others.into_iter().chain([ended, reservation("cr-1"), reservation("cr-1")]);
    assert_eq!(states(answers.collect()), [("cr-1".to_owned(), "active".to_owned())]);
}

#[test]
fn a_capacity_block_expires_40_minutes_before_its_end_and_others_never_do() {
    let mut ending = reservation("cr-ends");
    ending.ends = Some(NOW + SignedDuration::from_mins(10));
    let found = states(vec![block("cr-a", 41), block("cr-b", 40), ending]);
    let expected = [("cr-a", "active"), ("cr-b", "expiring"), ("cr-ends", "active")];
    assert_eq!(found, expected.map(|(id, state)| (id.to_owned(), state.to_owned())));
}

#[test]
fn claims_of_expiring_reservations_are_to_go() {
    let (found, _) = reservations([block("cr-a", 41), block("cr-b", 40)], NOW);
    assert_eq!(expiring_reservations(&found), ["cr-b"]);
}

#[test]
fn a_reservation_of_an_unknown_kind_is_told_and_the_others_stay() {
    let mut strange = reservation("cr-2");
    strange.kind = "lunar".to_owned();
    let (found, unreadable) = reservations([strange, reservation("cr-1")], NOW);
    assert_eq!(found.len(), 1);
    let expected =
        "capacity reservation cr-2 has unknown reservation type \"lunar\"; it is left out";
    assert_eq!(unreadable[0].to_string(), expected);
}

#[test]
fn a_placement_group_is_asked_for_by_name_even_if_that_looks_like_an_id() {
    let by_name = PlacementGroupSelector { name: Some("pg-1".to_owned()), ..Default::default() };
    let by_id = PlacementGroupSelector { id: Some("pg-1".to_owned()), ..Default::default() };
    assert_eq!(placement_query(Some(&by_name)), Some(PlacementQuery::Name("pg-1".to_owned())));
    assert_eq!(placement_query(Some(&by_id)), Some(PlacementQuery::Id("pg-1".to_owned())));
    assert_eq!(placement_query(None), None);
}

#[test]
fn the_first_placement_group_of_an_answer_counts() {
    let group = |id: &str| PlacementGroup {
        id: id.to_owned(),
        name: "group".to_owned(),
        strategy: "cluster".to_owned(),
        partitions: None,
        spread_level: None,
    };
    assert_eq!(placement_group(vec![group("pg-1"), group("pg-2")]), Some(group("pg-1")));
    assert_eq!(placement_group(Vec::new()), None);
}
