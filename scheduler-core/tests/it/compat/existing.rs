//! EX: nodes that exist or are on their way.

use scheduler_core::model::NodeStage;
use scheduler_core::model::well_known::{HOSTNAME, ZONE};
use scheduler_core::testkit::{check, in_flight, node, pod, pool};

use super::{arrive, counts, counts_in, plan_of, three_zones};

#[test]
fn a_second_batch_uses_what_the_first_has_launched() {
    let first = three_zones().pod(pod("web").cpu("1")).build();
    let first = in_flight(&first, &plan_of(&first));
    for (later, nodes) in [(pod("api").zones(["a"]), 0), (pod("api").zones(["b"]), 1)] {
        let second = arrive(&first, later);
        assert_eq!(plan_of(&second).launches().count(), nodes);
    }
    let second = arrive(&first, pod("api").cpu("1500m"));
    assert_eq!(plan_of(&second).launches().count(), 1);
}

#[test]
fn nodes_on_their_way_count_for_spreads() {
    let started = three_zones().pod(pod("web").spread_zone(1).spread_host(1).replicas(2)).build();
    let started = in_flight(&started, &plan_of(&started));
    let web = pod("web").renamed("more").spread_constraint(super::spread_of("web", ZONE));
    let web = web.spread_constraint(super::spread_of("web", HOSTNAME)).replicas(4);
    let snapshot = arrive(&started, web);
    let after = scheduler_core::testkit::carry_out(&snapshot, &plan_of(&snapshot));
    assert_eq!(counts_in(&after, "web", ZONE), "2,2,2");
    assert_eq!(counts_in(&after, "web", HOSTNAME), "1,1,1,1,1,1");
}

#[test]
fn a_hundred_small_pods_fill_a_node_that_nobody_manages() {
    let cluster = three_zones()
        .offering("m7g.4xlarge", "a", scheduler_core::testkit::on_demand("$0.653"))
        .node(node("n1").of("m7g.4xlarge", "a").unmanaged())
        .pod(pod("web").cpu("10m").memory("10Mi").replicas(100));
    let plan = plan_of(&cluster.build());
    assert_eq!((plan.nominations().count(), plan.launches().count()), (100, 0));
}

#[test]
fn a_pod_that_no_node_takes_gets_one_from_a_pool_that_does() {
    let cluster = three_zones()
        .node_pool(pool("gold").label("tier", "gold"))
        .node(node("n1").unmanaged())
        .pod(pod("web").requires("tier", ["gold"]));
    check(cluster, "launch m7g.large in a from gold for web");
}

#[test]
fn a_group_of_a_zone_goes_on_where_it_is_expected() {
    let group = pod("web").cpu("1500m").near("web", ZONE);
    let first = three_zones().pod(group.clone().zones(["b"])).build();
    let first = in_flight(&first, &plan_of(&first));
    let second = arrive(&first, group.renamed("more").replicas(2));
    let plan = plan_of(&second);
    assert!(plan.launches().count() == 2 && plan.launches().all(|node| node.zone == "b"));
}

#[test]
fn room_for_the_largest_pod_is_not_wasted_on_nodes_that_start() {
    let cluster = three_zones()
        .node(node("n1").stage(NodeStage::Registered))
        .pod(pod("web").cpu("1").replicas(2));
    assert_eq!(counts(cluster, "web", HOSTNAME), "2");
}
