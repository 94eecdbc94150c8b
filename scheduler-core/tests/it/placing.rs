//! Which offering a pod gets, and why it gets none.

use scheduler_core::model::well_known::ARCH;
use scheduler_core::model::{Taint, TaintEffect, Unsupported};
use scheduler_core::testkit::{
    ClusterBuilder, check, cluster, instance_type, on_demand, pod, pool, spot,
};

use super::plan;

/// One size on sale in one zone.
fn shop() -> ClusterBuilder {
    cluster().offering("m7g.large", "a", on_demand("$0.082"))
}

/// Two sizes on sale in one zone.
fn two_sizes() -> ClusterBuilder {
    shop().offering("m7g.xlarge", "a", on_demand("$0.163"))
}

#[test]
fn a_pod_goes_to_the_cheapest_zone_it_accepts() {
    let cluster = shop()
        .offering("m7g.large", "b", on_demand("$0.079"))
        .offering("m7g.large", "c", on_demand("$0.070"))
        .pod(pod("web").cpu("500m").zones(["a", "b"]));
    check(cluster, "launch m7g.large in b for web");
}

#[test]
fn an_offering_that_is_sold_out_is_not_used() {
    let cluster = shop().offering("m7g.large", "b", on_demand("$0.079").sold_out()).pod(pod("web"));
    check(cluster, "launch m7g.large in a for web");
}

#[test]
fn an_offering_that_recently_failed_is_not_used() {
    let cluster = shop().offering("m7g.large", "b", on_demand("$0.079"));
    check(cluster.unavailable("m7g.large", "b").pod(pod("web")), "launch m7g.large in a for web");
}

#[test]
fn spot_is_used_where_it_is_cheaper() {
    let cluster = shop().offering("m7g.large", "a", spot("$0.035")).pod(pod("web"));
    check(cluster, "launch m7g.large spot in a for web");
}

#[test]
fn spot_that_saves_less_than_its_interruptions_cost_is_not_used() {
    // One in five instances a month at one dollar each is 274 millionths of a dollar an hour.
    let risky = spot("$0.0819").interrupted(200);
    let cluster = shop().offering("m7g.large", "a", risky).pod(pod("web"));
    check(cluster, "launch m7g.large in a for web");
}

#[test]
fn pods_share_a_node_that_holds_them_all() {
    let cluster = shop().pod(pod("web").cpu("600m").replicas(3));
    check(cluster, "launch m7g.large in a for web-1, web-2, web-3");
}

#[test]
fn one_larger_node_is_launched_where_it_is_cheaper_than_two() {
    let cluster = shop()
        .offering("m7g.xlarge", "a", on_demand("$0.150"))
        .pod(pod("web").cpu("1500m").replicas(2));
    check(cluster, "launch m7g.xlarge in a for web-1, web-2");
}

#[test]
fn pod_slots_are_a_resource() {
    let cluster = cluster().offering("m7g.medium", "a", on_demand("$0.041"));
    let plan = plan(cluster.pod(pod("web").cpu("10m").memory("1Mi").replicas(9)));
    assert_eq!((plan.launches().count(), plan.report.placed), (2, 9));
}

#[test]
fn a_pod_with_a_gpu_goes_to_a_type_with_one() {
    let cluster = shop()
        .offering("g5.xlarge", "a", on_demand("$1.006"))
        .pod(pod("train").resource("nvidia.com/gpu", 1));
    check(cluster, "launch g5.xlarge in a for train");
}

#[test]
fn daemons_take_their_share_of_a_new_node() {
    let cluster = two_sizes().daemon_set(pod("logs").cpu("1")).pod(pod("web").cpu("1500m"));
    check(cluster, "launch m7g.xlarge in a for web");
}

#[test]
fn a_daemon_counts_only_on_types_that_admit_it() {
    let daemon = pod("logs").cpu("1").requires(ARCH, ["amd64"]);
    let cluster = two_sizes().daemon_set(daemon).pod(pod("web").cpu("1500m"));
    check(cluster, "launch m7g.large in a for web");
}

#[test]
fn what_the_system_reserves_is_not_for_pods() {
    let reserved = instance_type("m7g.large").reserved("70m", "1Gi");
    let cluster = cluster()
        .instance_type(reserved.offering("a", on_demand("$0.082")))
        .offering("m7g.xlarge", "a", on_demand("$0.163"))
        .pod(pod("web").cpu("1950m"));
    check(cluster, "launch m7g.xlarge in a for web");
}

#[test]
fn one_of_several_node_affinity_terms_is_enough() {
    let cluster = shop().pod(pod("web").either([(ARCH, "amd64"), (ARCH, "arm64")]));
    check(cluster, "launch m7g.large in a for web");
}

#[test]
fn an_open_label_of_the_pool_gets_the_value_that_the_pod_asks_for() {
    let cluster = shop().node_pool(pool("default").requires("team", ["blue", "red"]));
    let plan = plan(cluster.pod(pod("web").requires("team", ["red"])));
    let labels = plan.launches().map(|node| node.labels.get("team").map(String::as_str));
    assert_eq!(labels.collect::<Vec<_>>(), [Some("red")]);
}

#[test]
fn a_preference_is_kept_where_it_costs_nothing() {
    let cluster = shop()
        .offering("m7g.large", "b", on_demand("$0.082"))
        .pod(pod("web").prefers_zones(10, ["b"]));
    check(cluster, "launch m7g.large in b for web");
}

#[test]
fn a_preference_that_nothing_satisfies_is_dropped() {
    check(shop().pod(pod("web").prefers_zones(10, ["b"])), "launch m7g.large in a for web");
}

#[test]
fn a_pod_larger_than_any_node_is_too_large() {
    check(two_sizes().pod(pod("web").memory("64Gi")), "unschedulable web: PLM-1004");
}

#[test]
fn a_pod_that_fits_only_without_the_daemons_is_too_large() {
    let cluster = shop().daemon_set(pod("logs").cpu("1")).pod(pod("web").cpu("2"));
    check(cluster, "unschedulable web: PLM-1004");
}

#[test]
fn a_requirement_that_no_offering_satisfies_is_named() {
    check(shop().pod(pod("web").zones(["z"])), "unschedulable web: PLM-1002");
}

#[test]
fn a_taint_that_the_pod_does_not_tolerate_is_named() {
    let cluster = shop().node_pool(pool("default").taint("team", "a")).pod(pod("web"));
    check(cluster, "unschedulable web: PLM-1003");
}

#[test]
fn a_taint_that_only_advises_keeps_no_pod_off() {
    let mut advising = pool("default").build();
    advising.taints.push(Taint {
        key: "team".to_owned(),
        value: String::new(),
        effect: TaintEffect::PreferNoSchedule,
    });
    check(shop().node_pool(advising.into()).pod(pod("web")), "launch m7g.large in a for web");
}

#[test]
fn a_pod_whose_types_are_all_sold_out_says_so() {
    let cluster = cluster().offering("m7g.large", "a", on_demand("$0.082").sold_out());
    check(cluster.pod(pod("web")), "unschedulable web: PLM-1005");
}

#[test]
fn a_feature_that_is_not_supported_is_refused_and_not_ignored() {
    let cluster = shop().pod(pod("web").unsupported(Unsupported::ResourceClaims));
    check(cluster, "unschedulable web: PLM-1011");
}

#[test]
fn one_pod_without_a_place_does_not_hold_up_the_others() {
    let cluster = shop().pod(pod("big").cpu("99")).pod(pod("web"));
    check(
        cluster,
        "launch m7g.large in a for web
         unschedulable big: PLM-1004",
    );
}
