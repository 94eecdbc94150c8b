//! DS: what daemons take of new and of existing nodes.

use scheduler_core::model::well_known::{ARCH, INSTANCE_TYPE};
use scheduler_core::model::{NodePool, NodeStage, Requirement, Taint, TaintEffect};
use scheduler_core::testkit::{
    ClusterBuilder, PodBuilder, check, cluster, node, on_demand, pod, pool,
};

use super::three_zones;

/// Two CPUs are enough for the pod, unless the daemon counts.
fn needs_two(daemon: PodBuilder) -> ClusterBuilder {
    three_zones().daemon_set(daemon).pod(pod("web").cpu("2"))
}

const SMALL: &str = "launch m7g.large in a for web";
const LARGE: &str = "launch m7g.xlarge in a for web";

fn daemon() -> PodBuilder {
    pod("logs").cpu("500m")
}

#[test]
fn a_daemon_makes_a_larger_type_necessary() {
    check(needs_two(daemon()), LARGE);
}

#[test]
fn a_daemon_too_large_for_every_type_leaves_no_room_for_pods() {
    check(needs_two(pod("logs").cpu("10")), "unschedulable web: PLM-1004");
}

#[test]
fn a_daemon_without_requests_takes_a_pod_slot_only() {
    let idle = pod("logs").cpu("0").memory("0");
    check(needs_two(idle), SMALL);
}

#[test]
fn a_daemon_that_does_not_tolerate_the_pools_taint_does_not_run_there() {
    let tainted = |daemon| {
        let cluster = three_zones().node_pool(pool("default").taint("team", "a"));
        cluster.daemon_set(daemon).pod(pod("web").cpu("2").tolerates("team"))
    };
    check(tainted(daemon()), SMALL);
    check(tainted(daemon().tolerates("team")), LARGE);
}

#[test]
fn a_daemon_that_no_type_of_the_pool_admits_does_not_run_there() {
    check(needs_two(daemon().requires(ARCH, ["s390x"])), SMALL);
}

#[test]
fn a_daemon_runs_where_the_pool_gives_the_label_that_it_asks_for() {
    let labelled = |daemon| {
        let cluster = three_zones().node_pool(pool("default").label("team", "a"));
        cluster.daemon_set(daemon).pod(pod("web").cpu("2"))
    };
    check(labelled(daemon().requires("team", ["a"])), LARGE);
    check(labelled(daemon().requires("team", ["b"])), SMALL);
    check(labelled(daemon().requires("other", ["a"])), SMALL);
    check(labelled(daemon().requirement("other", &Requirement::none_of(["a"]))), LARGE);
}

#[test]
fn one_of_several_terms_of_a_daemon_is_enough_and_its_preferences_do_not_matter() {
    check(needs_two(daemon().either([("team", "x"), (ARCH, "arm64")])), LARGE);
    check(needs_two(daemon().prefers_zones(100, ["nowhere"])), LARGE);
}

#[test]
fn a_taint_that_only_advises_keeps_no_daemon_away() {
    let mut advised: NodePool = pool("default").build();
    advised.taints.push(Taint {
        key: "team".to_owned(),
        value: String::new(),
        effect: TaintEffect::PreferNoSchedule,
    });
    let cluster = three_zones().node_pool(advised.into()).daemon_set(daemon());
    check(cluster.pod(pod("web").cpu("2")), LARGE);
}

#[test]
fn a_port_of_a_daemon_is_taken_only_on_types_where_it_runs() {
    let daemon = pod("logs").host_port(8080).requires(INSTANCE_TYPE, ["m7g.large"]);
    let cluster = || three_zones().daemon_set(daemon.clone());
    check(cluster().pod(pod("web").host_port(8080)), LARGE);
    check(cluster().pod(pod("web").host_port(8081)), SMALL);
}

#[test]
fn daemons_beyond_those_expected_do_not_make_room() {
    let shop = || three_zones().daemon_set(daemon());
    // The expected daemon runs; an unknown one takes another half.
    let crowded = || node("n1").pod(pod("unknown").cpu("500m"));
    check(shop().node(crowded()).pod(pod("web").cpu("1")), "nominate web to n1");
    check(shop().node(crowded()).pod(pod("web").cpu("1100m")), SMALL);
}

#[test]
fn a_pod_fits_beside_a_daemon_before_and_after_it_has_come() {
    let shop = || {
        let shop = cluster().offering("m7g.4xlarge", "a", on_demand("$0.653"));
        shop.daemon_set(pod("logs").cpu("1")).pod(pod("web").cpu("14900m"))
    };
    for stage in [NodeStage::Launched, NodeStage::Registered, NodeStage::Initialized] {
        let expected = node("n1").of("m7g.4xlarge", "a").stage(stage);
        check(shop().node(expected), "nominate web to n1");
    }
}

#[test]
fn a_daemon_that_waits_for_its_node_to_be_ready_counts_before_it_is() {
    for key in ["karpenter.sh/registered", "karpenter.sh/initialized"] {
        let cluster = || {
            three_zones().daemon_set(daemon().requires(key, ["true"])).pod(pod("web").cpu("1800m"))
        };
        check(cluster(), LARGE);
        check(cluster().node(node("n1").stage(NodeStage::Launched)), LARGE);
        let other = three_zones().daemon_set(daemon().requires(key, ["false"]));
        check(other.pod(pod("web").cpu("1800m")), SMALL);
    }
}

#[test]
fn a_daemon_whose_labels_an_unmanaged_node_lacks_keeps_no_room_there() {
    let cluster = |daemon| {
        let unmanaged = node("n1").unmanaged().stage(NodeStage::Launched);
        three_zones().daemon_set(daemon).node(unmanaged).pod(pod("web").cpu("2"))
    };
    check(cluster(daemon().requires("team", ["a"])), "nominate web to n1");
    check(cluster(daemon()), LARGE);
}
