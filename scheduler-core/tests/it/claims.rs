//! Claims that one pod of the cluster may use at a time.

use scheduler_core::plan::Action;
use scheduler_core::testkit::{
    ClusterBuilder, check, cluster, hand_made, launch, node, on_demand, pod,
};
use scheduler_core::verify::{Violation, verify};

use crate::verifier::{ids, offering};

fn shop() -> ClusterBuilder {
    cluster().offering("m7g.large", "a", on_demand("$0.082"))
}

#[test]
fn a_claim_in_use_keeps_a_second_pod_waiting() {
    let used = shop().node(node("n1").pod(pod("first").claims("default/data")));
    check(
        used.pod(pod("other")).pod(pod("second").claims("default/data")),
        "nominate other to n1\nunschedulable second: PLM-1013",
    );
}

#[test]
fn a_claim_is_in_use_until_its_pod_is_gone() {
    let leaving = pod("first").claims("default/data").terminating();
    let used = shop().node(node("n1").deleting().pod(leaving));
    check(used.pod(pod("second").claims("default/data")), "unschedulable second: PLM-1013");
}

#[test]
fn of_several_waiting_pods_with_one_claim_one_is_placed() {
    check(
        shop()
            .pod(pod("a").claims("default/data").replicas(2))
            .pod(pod("b").claims("default/data")),
        "launch m7g.large in a for a-1
         unschedulable a-2: PLM-1013
         unschedulable b: PLM-1013",
    );
}

#[test]
fn pods_with_different_claims_do_not_mind_each_other() {
    let cluster = shop().pod(pod("a").claims("default/a")).pod(pod("b").claims("default/b"));
    check(cluster, "launch m7g.large in a for a, b");
}

#[test]
fn the_verifier_sees_two_pods_with_one_claim() {
    let snapshot = shop().pod(pod("web").claims("default/data").replicas(2)).build();
    let planned =
        launch(&snapshot, "default", &offering("m7g.large", "a"), &ids(["web-1", "web-2"]));
    let plan = hand_made(&snapshot, vec![Action::Launch(Box::new(planned))]);
    assert!(matches!(&verify(&snapshot, &plan)[..],
        [Violation::ClaimShared { claim, .. }] if claim == "default/data"));
}

#[test]
fn the_verifier_sees_a_claim_that_a_running_pod_uses() {
    let used = shop().node(node("n1").pod(pod("first").claims("default/data")));
    let snapshot = used.pod(pod("web").claims("default/data")).build();
    let planned = launch(&snapshot, "default", &offering("m7g.large", "a"), &ids(["web"]));
    let plan = hand_made(&snapshot, vec![Action::Launch(Box::new(planned))]);
    assert!(matches!(verify(&snapshot, &plan)[..], [Violation::ClaimShared { .. }]));
}
