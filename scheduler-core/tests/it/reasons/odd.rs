//! What ordinary random clusters lack: the rarer reasons for which a pod has no place.

use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use scheduler_core::ClusterSnapshot;
use scheduler_core::model::well_known::{CAPACITY_TYPE, INSTANCE_TYPE};
use scheduler_core::model::{Requirement, Unsupported};
use scheduler_core::testkit::{instance_type, on_demand, pod, reserved};

use crate::scene::Scene;

/// A peculiarity of a cluster.
#[derive(Clone, Debug)]
pub(super) enum Odd {
    /// A pod that uses what is not supported.
    Unsupported,
    /// A pod whose volume is in a zone without offerings.
    VolumeElsewhere,
    /// Pods for reserved capacity, of which there is so much.
    Reserved(u32),
    /// Pods and daemons that want the same port; the pods want others as well.
    Port,
    /// Pods that want the same volume each for itself.
    Claim,
    /// The pools want so many types to choose among.
    MinValues(u32),
    /// No pool launches nodes for pods.
    AllStatic,
    /// The pools leave no type.
    NoType,
    /// Nothing is on sale.
    SoldOut,
}

pub(super) fn odds() -> impl Strategy<Value = Vec<Odd>> {
    let one = prop_oneof![
        2 => Just(Odd::Unsupported),
        4 => Just(Odd::VolumeElsewhere),
        4 => (0..3_u32).prop_map(Odd::Reserved),
        4 => Just(Odd::Port),
        4 => Just(Odd::Claim),
        4 => (2..5_u32).prop_map(Odd::MinValues),
        1 => Just(Odd::AllStatic),
        1 => Just(Odd::NoType),
        1 => Just(Odd::SoldOut),
    ];
    vec(one, 0..=2)
}

/// The cluster of a scene with these peculiarities.
pub(super) fn build(scene: &Scene, odds: &[Odd]) -> ClusterSnapshot {
    let mut cluster = scene.cluster();
    let has = |is: fn(&Odd) -> bool| odds.iter().any(is);
    if has(|odd| matches!(odd, Odd::Unsupported)) {
        cluster = cluster.pod(pod("new").unsupported(Unsupported::ResourceClaims));
    }
    if has(|odd| matches!(odd, Odd::VolumeElsewhere)) {
        cluster = cluster.pod(pod("disk").tolerates("team").volume_in(["z"]).replicas(2));
    }
    if let Some(Odd::Reserved(left)) = odds.iter().find(|odd| matches!(odd, Odd::Reserved(_))) {
        let kept = pod("kept").cpu("20").tolerates("team");
        let sale = reserved("cr-1", *left);
        cluster = cluster
            .instance_type(
                instance_type("m5.8xlarge").offering("a", sale).offering("a", on_demand("$2")),
            )
            .pod(kept.requires(CAPACITY_TYPE, ["reserved"]).replicas(3));
    }
    if has(|odd| matches!(odd, Odd::Port)) {
        let ports = pod("port").tolerates("team").host_port(7070).host_port(9090);
        let daemon = pod("porter").tolerates("team").host_port(9090);
        cluster = cluster.pod(ports).daemon_set(daemon);
    }
    if has(|odd| matches!(odd, Odd::Claim)) {
        cluster = cluster.pod(pod("sole").tolerates("team").claims("default/sole").replicas(2));
    }
    let mut snapshot = cluster.build();
    let supply = Arc::make_mut(&mut snapshot.supply);
    for odd in odds {
        for pool in &mut supply.node_pools {
            match odd {
                Odd::MinValues(least) => {
                    let mut wanted = Requirement::exists();
                    wanted.min_values = Some(*least);
                    pool.requirements.add(INSTANCE_TYPE, wanted);
                }
                Odd::AllStatic => pool.replicas = Some(0),
                Odd::NoType => {
                    pool.requirements.add(INSTANCE_TYPE, Requirement::any_of(["p9.mega"]));
                }
                Odd::Unsupported
                | Odd::VolumeElsewhere
                | Odd::Reserved(_)
                | Odd::Port
                | Odd::Claim
                | Odd::SoldOut => {}
            }
        }
        if matches!(odd, Odd::SoldOut) {
            for catalog in supply.catalogs.values_mut() {
                let types = Arc::make_mut(catalog).iter_mut();
                types.flat_map(|one| &mut one.offerings).for_each(|one| one.available = false);
            }
        }
    }
    snapshot
}
