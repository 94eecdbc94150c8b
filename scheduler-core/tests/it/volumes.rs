//! Volumes that several pods mount take one place of their node.

use scheduler_core::Packer;
use scheduler_core::model::attachment::{EBS_DRIVER, attachable_volumes};
use scheduler_core::plan::Action;
use scheduler_core::testkit::{
    ClusterBuilder, PodBuilder, check, cluster, hand_made, instance_type, launch, node, on_demand,
    pod,
};
use scheduler_core::verify::{Violation, verify};

use crate::plan_with;
use crate::verifier::{ids, nominates, offering};

/// Nodes with two places for volumes.
fn shop() -> ClusterBuilder {
    let small = instance_type("m7g.large")
        .resource(&attachable_volumes(EBS_DRIVER), 2)
        .offering("a", on_demand("$0.082"));
    cluster().instance_type(small)
}

/// A pod with so many volumes of its own.
fn with_own(name: &str, volumes: i64) -> PodBuilder {
    pod(name).resource(&attachable_volumes(EBS_DRIVER), volumes)
}

/// A pod that shares these volumes.
fn sharing<const N: usize>(name: &str, volumes: [&str; N]) -> PodBuilder {
    volumes.into_iter().fold(pod(name), |pod, volume| pod.shares(EBS_DRIVER, volume))
}

/// Pods that get a place, and the new nodes for them.
fn placed_on(cluster: ClusterBuilder) -> (usize, usize) {
    let snapshot = cluster.build();
    let plan = plan_with(Packer::DualGreedy, &snapshot);
    assert_eq!(verify(&snapshot, &plan), []);
    (plan.report.placed, plan.launches().count())
}

#[test]
fn pods_of_one_claim_need_one_place_of_a_new_node() {
    let pods = sharing("web", ["data"]).replicas(4);
    check(shop().pod(pods), "launch m7g.large in a for web-1, web-2, web-3, web-4");
}

#[test]
fn pods_of_one_claim_need_one_place_of_a_running_node() {
    let cluster = shop()
        .node(node("n1").pod(with_own("db", 1)))
        .pod(sharing("one", ["data"]))
        .pod(sharing("two", ["data"]));
    check(cluster, "nominate one to n1\nnominate two to n1");
}

#[test]
fn a_volume_that_is_attached_already_takes_no_further_place() {
    let full = node("n1").pod(with_own("db", 1)).pod(sharing("first", ["data"]));
    check(shop().node(full.clone()).pod(sharing("web", ["data"])), "nominate web to n1");
    let other = shop().node(full).pod(sharing("web", ["other"]));
    check(other, "launch m7g.large in a for web");
}

#[test]
fn pods_that_share_a_volume_give_up_its_place_together() {
    let bound = node("n1").pod(sharing("one", ["data"])).pod(sharing("two", ["data"]));
    assert_eq!(shop().node(bound).build().nodes[0].used().get(&attachable_volumes(EBS_DRIVER)), 1);
}

#[test]
fn a_new_node_takes_no_more_shared_volumes_than_it_has_places() {
    let pods = ["a", "b", "c"].map(|volume| sharing(volume, [volume]).replicas(2));
    let cluster = pods.into_iter().fold(shop(), ClusterBuilder::pod);
    assert_eq!(placed_on(cluster), (6, 2));
}

#[test]
fn a_pod_that_needs_every_place_of_a_node_gets_one_beside_shared_volumes() {
    let cluster = shop().pod(with_own("db", 2)).pod(sharing("web", ["data"]).replicas(2));
    assert_eq!(placed_on(cluster), (3, 2));
}

#[test]
fn own_and_shared_volumes_are_counted_together() {
    let cluster = shop().pod(with_own("db", 1).replicas(2)).pod(sharing("web", ["data"]));
    assert_eq!(placed_on(cluster), (3, 2));
}

#[test]
fn a_pod_with_more_shared_volumes_than_any_node_has_places_is_too_large() {
    check(shop().pod(sharing("web", ["a", "b", "c"])), "unschedulable web: PLM-1004");
}

#[test]
fn the_verifier_counts_a_shared_volume_once_on_a_new_node() {
    let snapshot = shop().pod(sharing("web", ["a", "b"]).replicas(2)).build();
    let planned =
        launch(&snapshot, "default", &offering("m7g.large", "a"), &ids(["web-1", "web-2"]));
    assert_eq!(planned.requests.get(&attachable_volumes(EBS_DRIVER)), 2);
    let plan = hand_made(&snapshot, vec![Action::Launch(Box::new(planned))]);
    assert_eq!(verify(&snapshot, &plan), []);
}

#[test]
fn the_verifier_sees_too_many_shared_volumes_on_a_new_node() {
    let snapshot = shop().pod(sharing("web", ["a", "b"])).pod(sharing("api", ["c"])).build();
    let planned = launch(&snapshot, "default", &offering("m7g.large", "a"), &ids(["api", "web"]));
    let plan = hand_made(&snapshot, vec![Action::Launch(Box::new(planned))]);
    assert!(matches!(verify(&snapshot, &plan)[..], [Violation::Overfull { wanted: 3, .. }]));
}

#[test]
fn the_verifier_counts_what_is_attached_to_a_running_node_once() {
    let used = node("n1").pod(with_own("db", 1)).pod(sharing("first", ["data"]));
    let faults = |volume: &str| {
        let snapshot = shop().node(used.clone()).pod(sharing("web", [volume])).build();
        verify(&snapshot, &hand_made(&snapshot, vec![nominates("web", "n1")]))
    };
    assert_eq!(faults("data"), []);
    assert!(matches!(faults("other")[..], [Violation::Overfull { wanted: 3, .. }]));
}
