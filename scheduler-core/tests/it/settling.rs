//! Plans come to rest: what was planned is not planned again.

use proptest::prelude::*;
use scheduler_core::testkit::{carry_out, in_flight};
use scheduler_core::verify::verify;
use scheduler_core::{Action, Engine, Settings};

use super::plan_with;
use super::scene::{packers, scenes};

/// Steps in which a cluster of a handful of workloads must come to rest.
const STEPS_MAX: usize = 4;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn while_nodes_are_in_flight_their_pods_wait_for_them(
        scene in scenes(), packer in packers()
    ) {
        let snapshot = scene.cluster().build();
        let first = plan_with(packer, &snapshot);
        let flying = in_flight(&snapshot, &first);
        let second = plan_with(packer, &flying);
        prop_assert_eq!(verify(&flying, &second), &[]);
        for pod in flying.pending.iter().filter(|pod| pod.nominated.is_some()) {
            let kept = second.nominations().any(|(id, node)| {
                *id == pod.id && Some(node) == pod.nominated.as_ref()
            });
            prop_assert!(kept, "pod {} leaves {:?}", pod.id, pod.nominated);
        }
    }

    #[test]
    fn plans_that_are_carried_out_come_to_rest(scene in scenes(), packer in packers()) {
        let mut snapshot = scene.cluster().build();
        for _ in 0..STEPS_MAX {
            let next = plan_with(packer, &snapshot);
            snapshot = carry_out(&snapshot, &next);
        }
        let last = plan_with(packer, &snapshot);
        prop_assert_eq!(&last.actions, &[] as &[Action]);
    }

    #[test]
    fn the_engine_itself_comes_to_rest(scene in scenes()) {
        let mut snapshot = scene.cluster().build();
        let mut engine = Engine::new(Settings::default());
        let mut launched = 0;
        let mut looked_at = 0;
        for _ in 0..2 * STEPS_MAX {
            let next = engine.step(&snapshot);
            launched = next.launches().count();
            looked_at += next.report.pods;
            prop_assert_eq!(verify(&snapshot, &next), &[]);
            let wake_at = next.wake_at;
            snapshot = carry_out(&snapshot, &next);
            snapshot.now = wake_at.unwrap_or(snapshot.now).max(snapshot.now);
        }
        prop_assert_eq!((launched, looked_at > 0), (0, true));
    }
}
