//! An independent check of a plan against the snapshot it was made for.
//!
//! Written from the constraints alone, on names and labels: no code and no index is shared with
//! the lowering or the packer, so that a mistake there is not repeated here. What is checked is the
//! state after the plan has been carried out, as kube-scheduler would judge it
//! (`karpenter-core.md` §3, §4.5–4.12).

mod affinity;
mod alternative;
mod anti_affinity;
mod domain;
mod face;
mod launch;
mod node;
mod pool;
mod report;
mod selection;
mod spread;
mod supply;
mod terminate;
mod universe;
mod violation;
mod world;

use crate::plan::Plan;
use crate::snapshot::ClusterSnapshot;
pub use violation::{AlternativeFault, Place, TerminationFault, Violation};

/// Checks a plan and returns what is wrong with it, in a fixed order; nothing means that every
/// constraint holds once the plan is carried out.
///
/// Like pods on one node are reported once, by the first of them. The work grows with the number
/// of pods, and with (distinct pod specs × nodes), never with pods × pods.
pub fn verify(snapshot: &ClusterSnapshot, plan: &Plan) -> Vec<Violation> {
    let mut found = Vec::new();
    let world = world::World::new(snapshot, plan, &mut found);
    let mut faces = face::Faces::new(&snapshot.supply, world.specs.len());
    let mut domains = domain::Domains::default();
    let mut selections = selection::Selections::new(&world.specs);
    launch::check(&world, &mut faces, &mut selections, &mut found);
    node::check(&world, &mut faces, &mut found);
    spread::check(&world, &mut domains, &mut selections, &mut found);
    affinity::check(&world, &mut domains, &mut selections, &mut found);
    anti_affinity::check(&world, &mut domains, &mut selections, &mut found);
    pool::check_limits(&world, &mut found);
    terminate::check(&world, plan, &mut found);
    report::check(&world, plan, &mut found);
    found.sort();
    found.dedup();
    found
}
