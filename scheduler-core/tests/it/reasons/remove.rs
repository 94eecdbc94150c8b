//! Takes out of a cluster exactly what a reason names.

use std::sync::Arc;

use scheduler_core::ClusterSnapshot;
use scheduler_core::model::{
    NodePool, Offering, Pod, PodSpec, Requirements, TaintEffect, Toleration,
};
use scheduler_core::plan::reason::Nearest;
use scheduler_core::plan::{Blocker, ReasonCode, Unschedulable};

/// Removes everything that a reason names.
pub(super) fn remove(snapshot: &mut ClusterSnapshot, reason: &Unschedulable) {
    if reason.code == ReasonCode::NoNodePool {
        Arc::make_mut(&mut snapshot.supply).node_pools.iter_mut().for_each(|p| p.replicas = None);
    }
    for blocker in &reason.blockers {
        match blocker {
            Blocker::Limit { node_pool, resource } => {
                pool(snapshot, node_pool).limits.0.remove(resource);
            }
            Blocker::MinValues { node_pool, key, available, .. } => {
                let pool = pool(snapshot, node_pool);
                change(&mut pool.requirements, key, |one| one.min_values = Some(*available));
            }
            Blocker::NoInstanceType { node_pool } => {
                pool(snapshot, node_pool).requirements = Requirements::new();
            }
            Blocker::Offering => {
                let nearest = reason.nearest.as_ref().expect("an offering has a place");
                for_each_offering(snapshot, |name, one| {
                    if is_of(nearest, name, one) {
                        one.available = true;
                        one.reservation.iter_mut().for_each(|one| one.remaining = 100);
                    }
                });
            }
            Blocker::Reservation { id } => for_each_offering(snapshot, |_, one| {
                let reservation = one.reservation.as_mut().filter(|one| one.id == *id);
                if let Some(reservation) = reservation {
                    reservation.remaining = 100;
                }
            }),
            Blocker::AntiAffinity { topology_key } => {
                forget_distance(snapshot, reason, topology_key);
            }
            Blocker::Resource { name, wanted, available } => {
                let asked = waiting(snapshot, reason).requests.get(name);
                let rest = asked - (wanted - available);
                waiting(snapshot, reason).requests.set(name, rest.max(0));
                // The daemons alone do not fit: nothing but a larger type helps.
                let nearest = reason.nearest.as_ref().expect("a lack is one of a candidate");
                enlarge(snapshot, &nearest.instance_type, (name, (-rest).max(0)));
            }
            Blocker::Requirement { .. }
            | Blocker::Taint { .. }
            | Blocker::Spread { .. }
            | Blocker::Affinity { .. }
            | Blocker::HostPort { .. }
            | Blocker::ClaimInUse { .. }
            | Blocker::Unsupported { .. } => {
                loosen(waiting(snapshot, reason), blocker);
            }
            Blocker::Refused { violation } => unreachable!("a plan was refused: {violation}"),
        }
    }
}

/// Removes what a pod itself asks for.
fn loosen(spec: &mut PodSpec, blocker: &Blocker) {
    match blocker {
        Blocker::Requirement { key, wanted, .. } => {
            for alternative in &mut spec.node_alternatives {
                if alternative.get(key).is_some_and(|one| one.to_string() == *wanted) {
                    *alternative = without(alternative, key);
                }
            }
        }
        Blocker::Taint { taint } => spec.tolerations.push(toleration(taint)),
        Blocker::Spread { topology_key, max_skew } => spec
            .topology_spread
            .retain(|one| one.topology_key != *topology_key || one.max_skew != *max_skew),
        Blocker::Affinity { topology_key } => {
            spec.pod_affinity.retain(|term| term.topology_key != *topology_key);
        }
        Blocker::HostPort { port } => spec.host_ports.retain(|one| one.port != *port),
        Blocker::ClaimInUse { claim } => {
            spec.exclusive_claims.remove(claim);
        }
        Blocker::Unsupported { .. } => spec.unsupported = None,
        Blocker::Offering
        | Blocker::Resource { .. }
        | Blocker::Limit { .. }
        | Blocker::Reservation { .. }
        | Blocker::AntiAffinity { .. }
        | Blocker::MinValues { .. }
        | Blocker::NoInstanceType { .. }
        | Blocker::Refused { .. } => unreachable!("it is not about the pod alone"),
    }
}

/// The pod keeps no distance, and nobody keeps one from it.
fn forget_distance(snapshot: &mut ClusterSnapshot, reason: &Unschedulable, topology_key: &str) {
    let pod = snapshot.pending.iter().find(|pod| pod.id == reason.pod).expect("the pod waits");
    let about = Arc::clone(&pod.spec);
    let forget = |pod: &mut Arc<Pod>| {
        let own = pod.id == reason.pod;
        spec(pod).pod_anti_affinity.retain(|term| {
            let names_it = own || term.selects(&about.namespace, &about.labels);
            term.topology_key != topology_key || !names_it
        });
    };
    snapshot.pending.iter_mut().for_each(forget);
    for node in &mut snapshot.nodes {
        Arc::make_mut(node).pods.iter_mut().for_each(forget);
    }
}

/// What the pod that the reason is about asks for.
fn waiting<'a>(snapshot: &'a mut ClusterSnapshot, reason: &Unschedulable) -> &'a mut PodSpec {
    let is_it = |pod: &&mut Arc<Pod>| pod.id == reason.pod;
    spec(snapshot.pending.iter_mut().find(is_it).expect("the pod waits"))
}

fn enlarge(snapshot: &mut ClusterSnapshot, instance_type: &str, (name, more): (&str, i64)) {
    for catalog in Arc::make_mut(&mut snapshot.supply).catalogs.values_mut() {
        for one in Arc::make_mut(catalog).iter_mut().filter(|one| one.name == instance_type) {
            let amount = one.capacity.get(name);
            one.capacity.set(name, amount + more);
        }
    }
}

fn spec(pod: &mut Arc<Pod>) -> &mut PodSpec {
    Arc::make_mut(&mut Arc::make_mut(pod).spec)
}

fn pool<'a>(snapshot: &'a mut ClusterSnapshot, name: &str) -> &'a mut NodePool {
    let pools = &mut Arc::make_mut(&mut snapshot.supply).node_pools;
    pools.iter_mut().find(|pool| pool.name == name).expect("the pool is there")
}

fn for_each_offering(snapshot: &mut ClusterSnapshot, change: impl Fn(&str, &mut Offering)) {
    for catalog in Arc::make_mut(&mut snapshot.supply).catalogs.values_mut() {
        for one in Arc::make_mut(catalog) {
            one.offerings.iter_mut().for_each(|offering| change(&one.name, offering));
        }
    }
}

fn is_of(nearest: &Nearest, instance_type: &str, one: &Offering) -> bool {
    nearest.instance_type == instance_type
        && nearest.zone == one.zone
        && nearest.capacity_type == one.capacity_type
}

fn without(all: &Requirements, key: &str) -> Requirements {
    let mut rest = Requirements::new();
    all.iter().filter(|(one, _)| *one != key).for_each(|(key, one)| rest.add(key, one.clone()));
    rest
}

fn change(
    all: &mut Requirements,
    key: &str,
    change: impl Fn(&mut scheduler_core::model::Requirement),
) {
    let mut one = all.get(key).expect("the requirement is there").clone();
    change(&mut one);
    *all = without(all, key);
    all.add(key, one);
}

/// Tolerates a taint that is written as `key=value:Effect`.
fn toleration(taint: &str) -> Toleration {
    let (label, effect) = taint.rsplit_once(':').expect("a taint has an effect");
    let (key, value) = label.split_once('=').unwrap_or((label, ""));
    let effects = [TaintEffect::NoSchedule, TaintEffect::NoExecute];
    let effect = effects.into_iter().find(|one| format!("{one:?}") == effect);
    Toleration { key: key.to_owned(), value: value.to_owned(), effect, ..Toleration::default() }
}
