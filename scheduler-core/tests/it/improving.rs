//! What improvement adds to the first answer, and what a plan says about its own cost.

use proptest::prelude::*;
use scheduler_core::model::well_known::INSTANCE_TYPE;
use scheduler_core::model::{NodeStage, Price};
use scheduler_core::plan::GapReason;
use scheduler_core::testkit::{
    ClusterBuilder, Variety, check, cluster, instance_type, mixed, node, on_demand, pod, pool,
    spot, waiting,
};
use scheduler_core::verify::verify;
use scheduler_core::{ClusterSnapshot, Engine, Observation, Plan, Settings};

use super::plan;
use super::scene::scenes;

/// Two sizes of which the larger is the cheaper by the vCPU, and one with much memory.
fn shop() -> ClusterBuilder {
    cluster()
        .offering("m7g.large", "a", on_demand("$0.082"))
        .offering("m7g.xlarge", "a", on_demand("$0.160"))
        .offering("r7g.large", "a", on_demand("$0.107"))
}

fn plan_in(steps: u32, snapshot: &ClusterSnapshot) -> Plan {
    let settings = Settings { improvement_steps: steps, ..Settings::default() };
    Engine::new(settings).plan_now(snapshot)
}

fn batch(seed: u64, pods: usize) -> ClusterSnapshot {
    let shop = cluster()
        .offering("m7g.2xlarge", "a", on_demand("$0.33"))
        .offering("c7g.4xlarge", "a", on_demand("$0.58"))
        .offering("r7g.2xlarge", "a", on_demand("$0.43"))
        .offering("r7g.4xlarge", "a", on_demand("$0.86"));
    waiting(&shop.build().supply, mixed(seed, pods, Variety::AllDifferent))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn more_steps_place_no_fewer_pods(scene in scenes()) {
        let snapshot = scene.cluster().build();
        let (first, last) = (plan_in(0, &snapshot), plan_in(2_000, &snapshot));
        prop_assert_eq!(verify(&snapshot, &first), []);
        prop_assert_eq!(verify(&snapshot, &last), []);
        prop_assert!(last.report.placed >= first.report.placed);
    }

    #[test]
    fn the_shares_of_the_gap_add_up(scene in scenes()) {
        let report = plan_in(500, &scene.cluster().build()).report;
        let shares: Price = report.gap.iter().map(|share| share.price).sum();
        prop_assert_eq!(shares + report.lower_bound, report.price);
    }
}

#[test]
fn improvement_saves_money_on_a_mixed_batch() {
    for seed in 1..=3 {
        let snapshot = batch(seed, 150);
        let (first, last) = (plan_in(0, &snapshot).report, plan_in(5_000, &snapshot).report);
        assert!(last.price < first.price, "seed {seed}: {} for {}", last.price, first.price);
        assert!(last.lower_bound <= last.price);
    }
}

#[test]
fn the_same_number_of_steps_gives_the_same_plan() {
    let snapshot = batch(1, 80);
    assert_eq!(plan_in(1_000, &snapshot), plan_in(1_000, &snapshot));
}

#[test]
fn a_prepared_plan_is_the_plan_of_the_step_that_closes_the_window() {
    let at = |millis: i64| shop().at_millis(millis).pod(pod("web").created_millis(0)).build();
    let mut prepared = Engine::new(Settings::default());
    prepared.step(&at(0));
    prepared.prepare(&at(0));
    let mut other = Engine::new(Settings::default());
    other.step(&at(0));
    let plan = prepared.step(&at(1_000));
    assert_eq!(plan.launches().count(), 1);
    assert_eq!(plan, other.step(&at(1_000)));
}

#[test]
fn a_prepared_plan_is_not_used_for_other_pods() {
    let first = shop().pod(pod("web")).build();
    let mut engine = Engine::new(Settings::default());
    engine.step(&first);
    engine.prepare(&first);
    let both = shop().pod(pod("web")).pod(pod("db")).build();
    assert_eq!(engine.plan_now(&both).report.placed, 2);
}

#[test]
fn the_first_answer_does_not_use_improvement_steps() {
    let snapshot = batch(1, 150);
    let mut engine = Engine::new(Settings::default());
    assert_eq!(engine.first_answer(&snapshot).report, plan_in(0, &snapshot).report);
}

#[test]
fn a_blast_radius_spreads_a_workload_over_nodes() {
    let snapshot = || shop().pod(pod("web").cpu("100m").replicas(4)).build();
    let nodes = |percent: Option<u32>| {
        let settings = Settings { blast_radius_percent: percent, ..Settings::default() };
        let plan = Engine::new(settings).plan_now(&snapshot());
        let mut pods: Vec<usize> = plan.launches().map(|node| node.pods.len()).collect();
        pods.sort_unstable();
        pods
    };
    assert_eq!(nodes(None), [4]);
    assert_eq!(nodes(Some(50)), [2, 2]);
    assert_eq!(nodes(Some(1)), [1, 1, 1, 1]);
}

#[test]
fn a_blast_radius_counts_the_pods_that_run_already() {
    let web = || pod("web").cpu("100m");
    let snapshot = shop().node(node("n1").pod(web()).pod(web())).pod(web().replicas(2)).build();
    let settings = Settings { blast_radius_percent: Some(50), ..Settings::default() };
    let plan = Engine::new(settings).plan_now(&snapshot);
    assert_eq!((plan.nominations().count(), plan.launches().count()), (0, 1));
}

#[test]
fn alternatives_go_by_price_with_interruptions_up_to_the_ceiling() {
    let kind = |name: &str| instance_type(name).cpu("2").memory("8Gi").pods(29);
    let snapshot = cluster()
        .instance_type(kind("cheap").offering("a", spot("$0.040")))
        .instance_type(kind("near").offering("a", spot("$0.050")))
        .instance_type(kind("far").offering("a", spot("$0.061")))
        .pod(pod("web"))
        .build();
    let plan = plan_in(100, &snapshot);
    let launch = plan.launches().next().expect("a node is launched");
    let names: Vec<&str> =
        launch.alternatives.iter().map(|one| one.instance_type.as_str()).collect();
    assert_eq!((launch.instance_type.as_str(), names), ("cheap", vec!["near"]));
}

#[test]
fn a_node_says_what_its_pods_are_worth() {
    let plan = plan(shop().pod(pod("web").cpu("1900m").memory("100Mi")));
    let launch = plan.launches().next().expect("a node is launched");
    let worth: Price = launch.worth.values().copied().sum();
    assert!(worth > Price::ZERO && worth <= launch.price);
    assert!(launch.worth.contains_key("cpu"));
}

#[test]
fn what_is_paid_over_the_bound_has_its_reason() {
    let reasons = |cluster: ClusterBuilder| -> Vec<GapReason> {
        plan(cluster).report.gap.iter().map(|share| share.reason).collect()
    };
    let half_empty = || shop().pod(pod("web").cpu("100m").replicas(3));
    assert_eq!(reasons(half_empty().pod(pod("db").cpu("1900m"))), [GapReason::WholeNodes]);
    let heavy = shop()
        .node_pool(pool("first").weight(10).requires(INSTANCE_TYPE, ["m7g.xlarge"]))
        .node_pool(pool("second"));
    assert!(reasons(heavy.pod(pod("web").cpu("1900m"))).contains(&GapReason::Weights));
    let apart = shop().pod(pod("web").cpu("100m").replicas(3).anti_affinity_host());
    assert!(
        reasons(apart).iter().all(|one| *one == GapReason::Rules || *one == GapReason::WholeNodes)
    );
}

#[test]
fn an_unsafe_offering_that_is_cheaper_is_named_as_a_reason() {
    let cluster = cluster()
        .offering("m7g.large", "a", on_demand("$0.0402"))
        .offering("m7g.large", "b", spot("$0.040").interrupted(200))
        .pod(pod("web").cpu("1900m"));
    let report = plan(cluster).report;
    let safer = report.gap.iter().find(|share| share.reason == GapReason::Interruptions);
    assert_eq!(safer.map(|share| share.price.micro_usd()), Some(200));
}

/// The cluster after the launch of the first plan was answered: another type came, with both pods
/// expected on it; a third pod's launch brought nothing.
fn answered(instance_type: &str) -> ClusterBuilder {
    let expected = |name: &str| pod(name).cpu("900m").nominated("n1");
    shop()
        .node(node("n1").of(instance_type, "a").stage(NodeStage::Launched))
        .pod(expected("web-1"))
        .pod(expected("web-2"))
        .pod(pod("db").cpu("1900m"))
}

#[test]
fn a_launch_that_brought_another_type_keeps_the_pods_that_fit() {
    check(
        answered("m7g.medium"),
        "nominate web-1 to n1
         launch m7g.xlarge in a for db, web-2",
    );
}

#[test]
fn a_launch_that_brought_nothing_is_replanned_around_the_others() {
    check(
        answered("m7g.large"),
        "nominate web-1 to n1
         nominate web-2 to n1
         launch m7g.large in a for db",
    );
}

#[test]
fn a_launch_that_failed_is_replanned_at_once_on_another_offering() {
    let at = |millis: i64| {
        shop()
            .at_millis(millis)
            .offering("m7g.large", "b", on_demand("$0.083"))
            .pod(pod("web").created_millis(0))
    };
    let mut engine = Engine::new(Settings::default());
    engine.step(&at(0).build());
    engine.step(&at(1_000).build());
    engine.observe(&Observation::LaunchFailed);
    let plan = engine.step(&at(1_001).unavailable("m7g.large", "a").build());
    let zones: Vec<&str> = plan.launches().map(|node| node.zone.as_str()).collect();
    assert_eq!(zones, ["b"]);
}
