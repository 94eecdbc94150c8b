//! NP and LIM: several pools, flexibility, limits.

use std::sync::Arc;

use scheduler_core::model::well_known::{HOSTNAME, INSTANCE_TYPE, NODE_POOL, OS, ZONE};
use scheduler_core::model::{NodePool, Operator, Requirement};
use scheduler_core::plan::{Blocker, Plan, ReasonCode, explain};
use scheduler_core::testkit::{
    ClusterBuilder, NODE_CLASS, NOW, PoolBuilder, carry_out, check, cluster, in_flight,
    instance_type, node, on_demand, pod, pool, spot,
};
use scheduler_core::{Engine, MinValuesPolicy, Settings, SnapshotBuilder, SupplyBuilder};

use super::{arrive, places_all, plan_of, three_zones};

#[test]
fn a_pod_may_name_its_pool() {
    let cluster = three_zones()
        .node_pool(pool("first").weight(100))
        .node_pool(pool("second"))
        .pod(pod("web").requires(NODE_POOL, ["second"]));
    check(cluster, "launch m7g.large in a from second for web");
}

#[test]
fn the_heaviest_pool_wins_at_any_price_unless_the_pod_chooses() {
    let shop = || {
        three_zones()
            .offering("m7g.large", "a", spot("$0.001"))
            .node_pool(
                pool("heavy").weight(100).label("tier", "gold").requires("n", ["1"]).zones(["c"]),
            )
            .node_pool(pool("light").weight(99).label("tier", "plain"))
    };
    check(shop().pod(pod("web")), "launch m7g.large in c from heavy for web");
    let plain = pod("web").requires("tier", ["plain"]);
    check(shop().pod(plain), "launch m7g.large spot in a from light for web");
}

fn at_least(mut requirement: Requirement, values: u32) -> Requirement {
    requirement.min_values = Some(values);
    requirement
}

/// A pool that wants so many types and zones to choose from.
fn flexible(types: u32, zones: u32) -> PoolBuilder {
    pool("default")
        .requirement(INSTANCE_TYPE, at_least(Requirement::exists(), types))
        .requirement(ZONE, at_least(Requirement::exists(), zones))
}

#[test]
fn a_pool_that_cannot_be_as_flexible_as_it_asks_launches_nothing() {
    let placed = |pool| places_all(three_zones().node_pool(pool).pod(pod("web")));
    assert!(placed(flexible(2, 3)));
    assert!(!placed(flexible(3, 1)) && !placed(flexible(1, 4)));
    // Only one type holds the pod.
    let large = pod("web").cpu("3");
    assert!(!places_all(three_zones().node_pool(flexible(2, 1)).pod(large)));
}

fn best_effort(cluster: ClusterBuilder) -> Plan {
    let snapshot = cluster.build();
    let policy = MinValuesPolicy::BestEffort;
    let settings = Settings { min_values_policy: policy, ..Settings::default() };
    let plan = Engine::new(settings).plan_now(&snapshot);
    assert_eq!(plan.report.violations, []);
    plan
}

#[test]
fn flexibility_gives_way_where_the_setting_says_so_and_the_node_tells() {
    let relaxed = |types| {
        let plan = best_effort(three_zones().node_pool(flexible(types, 1)).pod(pod("web")));
        let node = plan.launches().next().expect("there is a node");
        (node.instance_type.clone(), node.min_values_relaxed)
    };
    assert_eq!(relaxed(2), ("m7g.large".to_owned(), false));
    assert_eq!(relaxed(3), ("m7g.large".to_owned(), true));
}

#[test]
fn flexibility_of_the_heavier_pool_gives_way_before_a_lighter_pool_is_tried() {
    let shop = || {
        let light = pool("light").weight(1);
        three_zones().node_pool(flexible(3, 1).weight(10)).node_pool(light).pod(pod("web"))
    };
    let pool_of = |plan: &Plan| plan.launches().next().expect("a node").node_pool.clone();
    assert_eq!(pool_of(&best_effort(shop())), "default");
    assert_eq!(pool_of(&plan_of(&shop().build())), "light");
}

#[test]
fn flexibility_gives_way_for_pods_that_follow_others_too() {
    let together = pod("web").cpu("1").near("web", HOSTNAME).replicas(2);
    let plan = best_effort(three_zones().node_pool(flexible(3, 1)).pod(together));
    assert_eq!((plan.report.placed, plan.launches().count()), (2, 1));
}

#[test]
fn a_pod_hears_which_label_leaves_its_pool_too_few_values() {
    let large = pod("web").cpu("3");
    let plan = plan_of(&three_zones().node_pool(flexible(2, 1)).pod(large).build());
    let reason = &plan.report.unschedulable[0];
    let blocker = Blocker::MinValues {
        node_pool: "default".to_owned(),
        key: INSTANCE_TYPE.to_owned(),
        wanted: 2,
        available: 1,
    };
    assert_eq!((reason.code, &reason.blockers[..]), (ReasonCode::MinValues, &[blocker][..]));
}

#[test]
fn flexibility_may_be_asked_for_with_any_operator_and_the_largest_number_holds() {
    const CPU: &str = "karpenter.k8s.aws/instance-cpu";
    let shop = || {
        let sized = |name: &str, cpu: &str| {
            instance_type(name).label(CPU, cpu).offering("a", on_demand("$0.08"))
        };
        ["2", "4", "8"]
            .into_iter()
            .zip(["m7g.large", "m7g.xlarge", "m7g.2xlarge"])
            .fold(cluster(), |cluster, (cpu, name)| cluster.instance_type(sized(name, cpu)))
    };
    let placed = |key: &str, requirement: &Requirement, values| {
        let pool = pool("default").requirement(key, at_least(requirement.clone(), values));
        places_all(shop().node_pool(pool).pod(pod("web")))
    };
    let numeric = |operator, bound: &str| Requirement::new(operator, &[bound.to_owned()]).unwrap();
    let cases = [
        (INSTANCE_TYPE, Requirement::any_of(["m7g.large", "m7g.xlarge", "t4g.nano"]), 2),
        (INSTANCE_TYPE, Requirement::none_of(["m7g.large"]), 2),
        (INSTANCE_TYPE, Requirement::exists(), 3),
        (CPU, numeric(Operator::Gt, "2"), 2),
        (CPU, numeric(Operator::Lt, "8"), 2),
        (CPU, numeric(Operator::Gte, "2"), 3),
    ];
    for (key, requirement, most) in cases {
        assert!(placed(key, &requirement, most), "{requirement}");
        assert!(!placed(key, &requirement, most + 1), "{requirement}");
    }
    let twice = pool("default")
        .requirement(CPU, at_least(Requirement::exists(), 1))
        .requirement(CPU, at_least(numeric(Operator::Gt, "2"), 3));
    assert!(!places_all(shop().node_pool(twice).pod(pod("web"))));
}

#[test]
fn alternatives_go_beyond_their_ceiling_until_the_pool_is_flexible_enough() {
    let dear = three_zones().offering("m7g.16xlarge", "a", on_demand("$2.611"));
    let plan = plan_of(&dear.node_pool(flexible(3, 1)).pod(pod("web")).build());
    let node = plan.launches().next().expect("there is a node");
    assert!(node.alternatives.iter().any(|one| one.instance_type == "m7g.16xlarge"));
}

#[test]
fn a_pool_without_a_catalogue_leaves_the_others_to_serve() {
    let types = [instance_type("m7g.large").offering("a", on_demand("$0.08")).build()];
    let broken = NodePool { node_class: "gone".to_owned(), ..pool("broken").weight(10).build() };
    let supply = SupplyBuilder::new()
        .catalog(NODE_CLASS, Arc::new(types.to_vec()))
        .node_pool(broken)
        .node_pool(pool("default").build());
    let (supply, refusals) = supply.build();
    let (snapshot, _) = SnapshotBuilder::new(NOW, supply).pending_pods(pod("web").build()).build();
    assert_eq!((refusals.len(), plan_of(&snapshot).report.placed), (1, 1));
}

#[test]
fn pods_of_a_pool_that_filters_out_every_type_hear_of_requirements() {
    let pools = [
        pool("default").requires(OS, ["windows"]),
        pool("default").zones(["z"]),
        pool("default").requires(INSTANCE_TYPE, ["m7g.metal"]),
        pool("default").requires(INSTANCE_TYPE, ["m7g.large"]).requires(OS, ["windows"]),
    ];
    for pool in pools {
        let cluster = three_zones().node_pool(pool).pod(pod("web").replicas(2));
        check(
            cluster,
            "unschedulable web-1: PLM-1002
             unschedulable web-2: PLM-1002",
        );
    }
}

#[test]
fn pods_of_a_pool_that_filters_out_every_type_hear_of_that_pool() {
    let plan =
        plan_of(&three_zones().node_pool(pool("default").zones(["z"])).pod(pod("web")).build());
    let message = explain::message(&plan.report.unschedulable[0]);
    assert_eq!(message, "the requirements of NodePool default leave none of its instance types");
}

fn limited(resource: &str, amount: &str) -> ClusterBuilder {
    three_zones().node_pool(pool("default").limit(resource, amount))
}

#[test]
fn a_pool_over_its_limit_launches_nothing() {
    let cluster = limited("cpu", "1").node(node("n1").pod(pod("db").cpu("2")));
    check(cluster.pod(pod("web")), "unschedulable web: PLM-1006");
}

#[test]
fn a_pod_gets_a_node_only_if_the_smallest_that_holds_it_is_within_the_limit() {
    check(limited("cpu", "2").pod(pod("web").cpu("1")), "launch m7g.large in a for web");
    check(limited("cpu", "2").pod(pod("web").cpu("2500m")), "unschedulable web: PLM-1006");
}

#[test]
fn of_two_pods_for_which_one_node_is_within_the_limit_one_is_placed() {
    let cluster = limited("cpu", "2").pod(pod("web").cpu("1500m").replicas(2));
    let plan = plan_of(&cluster.build());
    assert_eq!((plan.report.placed, plan.launches().count()), (1, 1));
}

#[test]
fn limits_hold_for_any_resource() {
    let cluster = limited("nvidia.com/gpu", "1").offering("g5.xlarge", "a", on_demand("$1.006"));
    let plan =
        plan_of(&cluster.pod(pod("train").resource("nvidia.com/gpu", 1).replicas(2)).build());
    assert_eq!((plan.report.placed, plan.launches().count()), (1, 1));
}

#[test]
fn nodes_of_an_earlier_pass_count_in_the_next() {
    let first = limited("cpu", "3").pod(pod("web").cpu("1500m")).build();
    let plan = plan_of(&first);
    assert_eq!(plan.report.placed, 1);
    for after in [in_flight(&first, &plan), carry_out(&first, &plan)] {
        let second = plan_of(&arrive(&after, pod("api").cpu("1500m")));
        assert_eq!(second.launches().count(), 0);
    }
}

#[test]
fn the_third_node_of_a_pool_of_two_is_not_launched() {
    let mut snapshot = limited("nodes", "2").build();
    for (number, launches) in [(1, 1), (2, 1), (3, 0)] {
        let web = pod("web").anti_affinity_host().renamed(&format!("web-{number}"));
        snapshot = arrive(&snapshot, web);
        let plan = plan_of(&snapshot);
        assert_eq!(plan.launches().count(), launches, "pod {number}");
        snapshot = carry_out(&snapshot, &plan);
    }
}

#[test]
fn pods_that_follow_others_keep_the_pool_flexible_too() {
    let together = pod("web").cpu("1").near("web", HOSTNAME).replicas(4);
    let plan = plan_of(&three_zones().node_pool(flexible(2, 1)).pod(together).build());
    let node = plan.launches().next().expect("there is a node");
    assert_eq!((node.instance_type.as_str(), plan.report.placed), ("m7g.large", 2));
}

#[test]
fn static_pools_leave_pods_to_dynamic_ones() {
    let cluster = three_zones().node_pool(pool("fixed").replicas(2)).node_pool(pool("default"));
    check(
        cluster.pod(pod("web")),
        "launch m7g.large in a for static fixed
         launch m7g.large in a for static fixed
         launch m7g.large in a for web",
    );
}
