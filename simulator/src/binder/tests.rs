use std::collections::BTreeMap;

use scheduler_core::model::well_known::{HOSTNAME, ZONE};
use scheduler_core::testkit::{PodBuilder, pod};

use super::*;

/// A binder with nodes of 4 cores and 4 GiB, one a zone given.
fn binder(zones: &[&str]) -> Binder {
    let mut binder = Binder::new(Scoring::LeastAllocated);
    for (number, zone) in zones.iter().enumerate() {
        add_node(&mut binder, number as u32, zone, Vec::new());
    }
    binder
}

fn add_node(binder: &mut Binder, number: u32, zone: &str, taints: Vec<Taint>) {
    let labels = BTreeMap::from([
        (HOSTNAME.to_owned(), format!("node-{number}")),
        (ZONE.to_owned(), zone.to_owned()),
    ]);
    let room = Resources::new(4000, 4 << 30).with_pods(10);
    binder.add_node(NodeId(number), labels, taints, room);
}

fn spec(binder: &mut Binder, pod: PodBuilder) -> SpecId {
    let pods = pod.build();
    binder.spec_id(&pods[0].spec)
}

/// Binds like pods one after the other and lists their nodes.
fn bind(binder: &mut Binder, pod: PodBuilder, count: usize) -> Vec<Option<u32>> {
    let spec = spec(binder, pod);
    let one = |_| {
        let node = binder.choose(spec)?;
        binder.place(spec, node);
        Some(node.0)
    };
    (0..count).map(one).collect()
}

#[test]
fn pods_go_to_the_emptiest_node_and_ties_to_the_oldest() {
    let mut binder = binder(&["a", "a"]);
    assert_eq!(bind(&mut binder, pod("web").cpu("1"), 4), [Some(0), Some(1), Some(0), Some(1)]);
}

#[test]
fn most_allocated_fills_one_node_first() {
    let mut binder = binder(&["a", "a"]);
    binder.scoring = Scoring::MostAllocated;
    assert_eq!(bind(&mut binder, pod("web").cpu("2"), 3), [Some(0), Some(0), Some(1)]);
}

#[test]
fn a_pod_that_fits_nowhere_waits_until_room_is_freed() {
    let mut binder = binder(&["a"]);
    let large = spec(&mut binder, pod("large").cpu("3"));
    binder.place(large, NodeId(0));
    assert_eq!(binder.choose(large), None);
    binder.remove(large, NodeId(0));
    assert_eq!(binder.choose(large), Some(NodeId(0)));
}

#[test]
fn pod_slots_are_a_resource() {
    let mut binder = binder(&["a"]);
    let nodes = bind(&mut binder, pod("tiny").cpu("1m").memory("1Mi"), 11);
    assert_eq!(nodes.iter().flatten().count(), 10);
}

#[test]
fn a_required_zone_spread_keeps_the_skew() {
    let mut binder = binder(&["a", "a", "b"]);
    let nodes = bind(&mut binder, pod("web").cpu("1").spread_zone(1), 6);
    // Zone a has twice the room, but pods alternate.
    let in_b = nodes.iter().flatten().filter(|node| **node == 2).count();
    let in_a = nodes.iter().flatten().filter(|node| **node < 2).count();
    assert_eq!((in_a, in_b), (3, 3));
}

#[test]
fn a_full_zone_blocks_a_spread() {
    let mut binder = binder(&["a", "b"]);
    bind(&mut binder, pod("other").cpu("4").zones(["b"]), 1);
    assert_eq!(bind(&mut binder, pod("web").cpu("1").spread_zone(1), 2), [Some(0), None]);
}

#[test]
fn only_zones_that_the_pod_may_use_count_for_its_spread() {
    let mut binder = binder(&["a", "b"]);
    let nodes = bind(&mut binder, pod("web").cpu("1").spread_zone(1).zones(["a"]), 3);
    assert_eq!(nodes, [Some(0), Some(0), Some(0)]);
}

#[test]
fn a_node_that_leaves_takes_its_pods_out_of_the_counts() {
    let mut binder = binder(&["a", "b"]);
    let web = || pod("web").cpu("1").spread_zone(1);
    assert_eq!(bind(&mut binder, web(), 2), [Some(0), Some(1)]);
    binder.remove_node(NodeId(1));
    add_node(&mut binder, 2, "b", Vec::new());
    assert_eq!(bind(&mut binder, web(), 1), [Some(2)]);
}

#[test]
fn a_spread_with_more_domains_asked_for_than_there_are_is_a_cap() {
    let mut binder = binder(&["a", "a"]);
    let pods = pod("web").spread_host(2).build();
    let mut spec = pods[0].spec.as_ref().clone();
    spec.topology_spread[0].min_domains = Some(u32::MAX);
    let spec = binder.spec_id(&Arc::new(spec));
    let mut bound = 0;
    while let Some(node) = binder.choose(spec) {
        binder.place(spec, node);
        bound += 1;
    }
    assert_eq!(bound, 4);
}

#[test]
fn anti_affinity_keeps_the_pod_away() {
    let mut binder = binder(&["a", "a"]);
    let nodes = bind(&mut binder, pod("web").anti_affinity_host(), 3);
    assert_eq!(nodes, [Some(0), Some(1), None]);
}

#[test]
fn anti_affinity_of_a_bound_pod_keeps_others_away() {
    let mut binder = binder(&["a", "b"]);
    // The spec that is kept away is known before the one that keeps it away, and after it.
    let noise = spec(&mut binder, pod("noise"));
    bind(&mut binder, pod("quiet").away_from("noise", ZONE).zones(["a"]), 1);
    assert_eq!(binder.choose(noise), Some(NodeId(1)));
    assert_eq!(bind(&mut binder, pod("noise").cpu("2"), 1), [Some(1)]);
}

#[test]
fn a_counter_that_comes_late_counts_what_is_there() {
    let mut binder = binder(&["a", "b"]);
    bind(&mut binder, pod("noise").zones(["a"]), 1);
    assert_eq!(bind(&mut binder, pod("quiet").away_from("noise", ZONE), 1), [Some(1)]);
}

#[test]
fn affinity_follows_its_target() {
    let mut binder = binder(&["a", "b"]);
    assert_eq!(bind(&mut binder, pod("web").near("cache", ZONE), 1), [None]);
    bind(&mut binder, pod("cache").zones(["b"]), 1);
    assert_eq!(bind(&mut binder, pod("web").near("cache", ZONE), 1), [Some(1)]);
}

#[test]
fn the_first_pod_of_a_group_with_affinity_to_itself_starts_it() {
    let mut binder = binder(&["a", "b"]);
    let nodes = bind(&mut binder, pod("web").cpu("1").near("web", ZONE), 3);
    assert_eq!(nodes, [Some(0), Some(0), Some(0)]);
}

#[test]
fn a_taint_keeps_pods_off_that_do_not_tolerate_it() {
    let mut binder = binder(&[]);
    let effect = scheduler_core::model::TaintEffect::NoSchedule;
    add_node(&mut binder, 0, "a", vec![Taint { key: "team".into(), value: "x".into(), effect }]);
    assert_eq!(bind(&mut binder, pod("web"), 1), [None]);
    assert_eq!(bind(&mut binder, pod("own").tolerates("team"), 1), [Some(0)]);
}

#[test]
fn a_host_port_is_taken_once_per_node() {
    let mut binder = binder(&["a"]);
    let web = spec(&mut binder, pod("web").host_port(80));
    binder.place(web, NodeId(0));
    assert_eq!(binder.choose(web), None);
    binder.remove(web, NodeId(0));
    assert_eq!(binder.choose(web), Some(NodeId(0)));
}

#[test]
fn nothing_is_bound_to_a_cordoned_node() {
    let mut binder = binder(&["a", "a"]);
    binder.cordon(NodeId(0));
    assert_eq!(bind(&mut binder, pod("web"), 1), [Some(1)]);
}
