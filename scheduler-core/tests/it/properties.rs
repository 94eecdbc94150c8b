//! What holds for every cluster, with either packer.

use std::sync::Arc;

use proptest::prelude::*;
use scheduler_core::bound::RunningBound;
use scheduler_core::model::{PodId, Price};
use scheduler_core::plan::{Action, ReasonCode};
use scheduler_core::testkit::{carry_out, describe, hand_made, launch};
use scheduler_core::verify::verify;
use scheduler_core::{ClusterSnapshot, Engine, Packer, Plan, Settings};

use super::plan_with;
use super::scene::{packers, scenes};

/// Plans on a pool of so many threads.
fn plan_on_threads(threads: usize, packer: Packer, snapshot: &ClusterSnapshot) -> Plan {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("threads can be started").install(|| plan_with(packer, snapshot))
}

/// A launch that would give one waiting pod a place.
fn a_new_place_for(snapshot: &ClusterSnapshot, pod: &PodId) -> Option<String> {
    let mut launches: Vec<Action> = Vec::new();
    for pool in &snapshot.supply.node_pools {
        for kind in snapshot.supply.catalog(pool) {
            for offering in &kind.offerings {
                let key = offering.key(&kind.name);
                let planned = launch(snapshot, &pool.name, &key, std::slice::from_ref(pod));
                launches.push(Action::Launch(Box::new(planned)));
            }
        }
    }
    first_right(snapshot, launches)
}

/// A node that exists and would give one waiting pod a place.
fn an_old_place_for(snapshot: &ClusterSnapshot, pod: &PodId) -> Option<String> {
    let nodes = snapshot.nodes.iter().map(|node| node.node.name.clone());
    let nominations = nodes.map(|node| Action::Nominate { pod: pod.clone(), node });
    first_right(snapshot, nominations.collect())
}

/// The first action that is right on its own, by the judgement of the verifier.
fn first_right(snapshot: &ClusterSnapshot, actions: Vec<Action>) -> Option<String> {
    let mut plans = actions.into_iter().map(|action| hand_made(snapshot, vec![action]));
    plans.find(|plan| verify(snapshot, plan).is_empty()).map(|plan| describe(&plan))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_plan_breaks_no_constraint(
        scene in scenes(), packer in packers()
    ) {
        let snapshot = scene.cluster().build();
        let plan = plan_with(packer, &snapshot);
        prop_assert_eq!(&plan.report.violations, &[]);
        prop_assert_eq!(verify(&snapshot, &plan), &[]);
    }

    #[test]
    fn no_plan_costs_less_than_its_bound(scene in scenes(), packer in packers()) {
        let plan = plan_with(packer, &scene.cluster().build());
        prop_assert!(plan.report.lower_bound <= plan.report.price);
        prop_assert!(!plan.report.bound_method.is_empty());
    }

    #[test]
    fn new_nodes_for_an_empty_cluster_have_a_bound_above_zero(
        scene in scenes(), packer in packers()
    ) {
        let plan = plan_with(packer, &scene.without_nodes().cluster().build());
        prop_assert_eq!(plan.report.lower_bound.micro_usd() > 0, plan.report.placed > 0);
    }

    #[test]
    fn no_set_of_nodes_costs_less_than_the_bound_of_its_running_pods(
        scene in scenes(), packer in packers()
    ) {
        let snapshot = scene.without_nodes().cluster().build();
        let plan = plan_with(packer, &snapshot);
        let mut bound = RunningBound::new(&snapshot.supply);
        let placed = plan.launches().flat_map(|node| &node.pods);
        for id in placed {
            let pod = snapshot.pending.iter().find(|pod| pod.id == *id);
            bound.add(&pod.expect("the plan names pods that wait").spec);
        }
        prop_assert_eq!(bound.price().micro_usd() > 0, plan.report.placed > 0);
        prop_assert!(bound.price() <= plan.report.price);
    }

    #[test]
    fn pods_that_have_ended_leave_no_trace_in_the_bound(scene in scenes()) {
        let snapshot = scene.cluster().build();
        let mut bound = RunningBound::new(&snapshot.supply);
        snapshot.pending.iter().for_each(|pod| bound.add(&pod.spec));
        snapshot.pending.iter().for_each(|pod| bound.remove(&pod.spec));
        prop_assert_eq!(bound.price(), Price::ZERO);
    }

    #[test]
    fn the_order_in_which_a_cluster_is_told_does_not_matter(
        scene in scenes(), packer in packers(), seed in any::<u64>()
    ) {
        let told = plan_with(packer, &scene.cluster().build());
        let retold = plan_with(packer, &scene.cluster().shuffled(seed).build());
        prop_assert_eq!(told, retold);
    }

    #[test]
    fn planning_twice_gives_the_same_plan(scene in scenes(), packer in packers()) {
        let snapshot = scene.cluster().build();
        let mut engine = Engine::new(Settings { packer, ..Settings::default() });
        prop_assert_eq!(engine.plan_now(&snapshot), engine.plan_now(&snapshot));
    }

    #[test]
    fn an_engine_that_has_planned_something_else_plans_the_same(
        first in scenes(), second in scenes()
    ) {
        let snapshot = second.cluster().build();
        let mut engine = Engine::new(Settings::default());
        engine.plan_now(&first.cluster().build());
        prop_assert_eq!(engine.plan_now(&snapshot), plan_with(Packer::DualGreedy, &snapshot));
    }

    #[test]
    fn the_number_of_threads_does_not_matter(scene in scenes(), packer in packers()) {
        let snapshot = scene.cluster().build();
        let alone = plan_on_threads(1, packer, &snapshot);
        prop_assert_eq!(alone, plan_on_threads(4, packer, &snapshot));
    }

    #[test]
    fn a_reason_that_blames_the_supply_means_that_no_launch_would_do(
        scene in scenes(), packer in packers()
    ) {
        let snapshot = scene.cluster().build();
        for one in plan_with(packer, &snapshot).report.unschedulable {
            let for_good = [
                ReasonCode::NoNodePool,
                ReasonCode::Requirements,
                ReasonCode::Taints,
                ReasonCode::TooLarge,
                ReasonCode::NoOffering,
            ];
            if for_good.contains(&one.code) {
                prop_assert_eq!(a_new_place_for(&snapshot, &one.pod), None, "{:?}", one);
            }
        }
    }

    #[test]
    fn a_pod_without_a_place_has_none_once_the_plan_is_carried_out(scene in scenes()) {
        let snapshot = scene.cluster().build();
        let plan = plan_with(Packer::DualGreedy, &snapshot);
        let next = carry_out(&snapshot, &plan);
        for one in &plan.report.unschedulable {
            prop_assert_eq!(an_old_place_for(&next, &one.pod), None, "{:?}", one);
            prop_assert_eq!(a_new_place_for(&next, &one.pod), None, "{:?}", one);
        }
    }

    #[test]
    fn a_plan_survives_being_written_down(scene in scenes()) {
        let snapshot = scene.cluster().build();
        let plan = plan_with(Packer::DualGreedy, &snapshot);
        let record = serde_json::to_string(&(&snapshot, &plan)).expect("records can be written");
        let read: (ClusterSnapshot, Plan) =
            serde_json::from_str(&record).expect("records can be read");
        prop_assert_eq!(&read.1, &plan);
        prop_assert_eq!(verify(&read.0, &read.1), &[]);
        let supply = Arc::new(read.0.supply.as_ref().clone());
        prop_assert_eq!(supply, snapshot.supply);
    }
}
