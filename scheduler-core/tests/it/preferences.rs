//! Soft constraints: kept where that is worth its price, given up where it is not.

use std::collections::BTreeMap;

use scheduler_core::model::Attraction::{Apart, Near};
use scheduler_core::model::Requirement;
use scheduler_core::model::well_known::{HOSTNAME, NODE_NAME, ZONE};
use scheduler_core::testkit::{ClusterBuilder, check, cluster, on_demand, pod, pool};
use scheduler_core::{Engine, Plan, PreferencePolicy, Settings};

use super::plan;

/// One size on sale in two zones, the second a little dearer.
fn shop() -> ClusterBuilder {
    cluster().offering("m7g.large", "a", on_demand("$0.079")).offering(
        "m7g.large",
        "b",
        on_demand("$0.080"),
    )
}

/// Pods of an app by zone.
fn by_zone<'p>(plan: &'p Plan, app: &str) -> BTreeMap<&'p str, usize> {
    let mut counts = BTreeMap::new();
    for node in plan.launches() {
        let pods = node.pods.iter().filter(|pod| pod.name.starts_with(app)).count();
        if pods > 0 {
            *counts.entry(node.zone.as_str()).or_default() += pods;
        }
    }
    counts
}

/// Four pods that fill a node each and would rather be spread over zones.
fn spread() -> ClusterBuilder {
    shop().pod(pod("web").cpu("1500m").rather_spread(ZONE, 1).replicas(4))
}

#[test]
fn a_soft_spread_is_kept_where_it_costs_little() {
    assert_eq!(by_zone(&plan(spread()), "web"), BTreeMap::from([("a", 2), ("b", 2)]));
}

#[test]
fn a_soft_spread_buys_no_second_node() {
    let cluster = shop().pod(pod("web").rather_spread(ZONE, 1).replicas(4));
    check(cluster, "launch m7g.large in a for web-1, web-2, web-3, web-4");
}

#[test]
fn soft_constraints_are_left_aside_where_the_setting_says_so() {
    let settings = Settings { preferences: PreferencePolicy::Ignore, ..Settings::default() };
    let plan = Engine::new(settings).plan_now(&spread().build());
    assert_eq!(by_zone(&plan, "web"), BTreeMap::from([("a", 4)]));
}

#[test]
fn pods_that_would_rather_be_apart_share_nodes_with_others() {
    let cluster = shop()
        .pod(pod("web").cpu("900m").rather(Apart, "web", HOSTNAME, 1).replicas(2))
        .pod(pod("job").cpu("900m").replicas(2));
    check(
        cluster,
        "launch m7g.large in a for job-1, web-1
         launch m7g.large in a for job-2, web-2",
    );
}

#[test]
fn pods_that_would_rather_be_apart_buy_no_node_each() {
    let cluster = shop().pod(pod("web").rather(Apart, "web", HOSTNAME, 100).replicas(3));
    check(cluster, "launch m7g.large in a for web-1, web-2, web-3");
}

#[test]
fn a_pod_follows_the_pod_that_it_would_rather_be_near() {
    let cluster = shop()
        .pod(pod("db").cpu("1500m").zones(["b"]))
        .pod(pod("web").cpu("1500m").rather(Near, "db", ZONE, 100));
    assert_eq!(by_zone(&plan(cluster), "web"), BTreeMap::from([("b", 1)]));
}

#[test]
fn a_wish_that_nobody_can_grant_takes_no_place_and_no_other_wish() {
    let plan = plan(spread().pod(pod("lonely").rather(Near, "nobody", ZONE, 100)));
    assert_eq!(plan.report.placed, 5);
    assert_eq!(by_zone(&plan, "web"), BTreeMap::from([("a", 2), ("b", 2)]));
    assert_eq!((plan.report.stats.wishes, plan.report.stats.granted), (2, 1));
}

#[test]
fn a_lighter_preference_is_kept_where_a_heavier_one_cannot_be_had() {
    let web = pod("web").prefers_zones(100, ["z"]).prefers_zones(20, ["b"]);
    check(shop().pod(web), "launch m7g.large in b for web");
    let neither = pod("web").prefers_zones(100, ["z"]).prefers_zones(20, ["y"]);
    check(shop().pod(neither), "launch m7g.large in a for web");
}

#[test]
fn a_pool_that_would_rather_have_no_pods_is_used_last() {
    let cluster = shop()
        .node_pool(pool("quiet").weight(10).zones(["a"]).soft_taint("quiet"))
        .node_pool(pool("plain").zones(["b"]));
    check(cluster.pod(pod("web")), "launch m7g.large in b from plain for web");
}

#[test]
fn a_pool_that_would_rather_have_no_pods_takes_those_that_no_other_takes() {
    let cluster = shop()
        .node_pool(pool("quiet").zones(["a"]).soft_taint("quiet"))
        .node_pool(pool("plain").zones(["b"]));
    let cluster = cluster.pod(pod("web").zones(["a"]));
    check(cluster, "launch m7g.large in a from quiet for web");
}

#[test]
fn a_pod_that_tolerates_the_soft_taint_goes_where_it_is_cheapest() {
    let cluster = shop()
        .node_pool(pool("quiet").zones(["a"]).soft_taint("quiet"))
        .node_pool(pool("plain").zones(["b"]));
    let cluster = cluster.pod(pod("web").tolerates("quiet"));
    check(cluster, "launch m7g.large in a from quiet for web");
}

#[test]
fn a_new_node_is_none_that_a_pod_prefers_by_name() {
    let preferring = |name: Requirement| {
        let zone = (ZONE, Requirement::any_of(["b"]));
        shop().pod(pod("web").prefers(100, [zone, (NODE_NAME, name)]))
    };
    check(preferring(Requirement::any_of(["n1"])), "launch m7g.large in a for web");
    check(preferring(Requirement::none_of(["n1"])), "launch m7g.large in b for web");
}
