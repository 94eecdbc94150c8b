//! An independent check of a plan against the snapshot it was made for.
//!
//! Written from the constraints alone, on names and labels: no code and no index is shared with
//! the lowering or the packer, so that a mistake there is not repeated here. What is checked is the
//! state after the plan has been carried out, as kube-scheduler would judge it
//! (`karpenter-core.md` §3, §4.5–4.12).

mod affinity;
mod alternative;
mod anti_affinity;
mod certificate;
mod claim;
mod domain;
mod face;
mod fixed;
mod launch;
mod launchable;
mod node;
mod pool;
mod report;
mod selection;
mod spread;
mod supply;
mod terminate;
mod violation;
mod world;

use crate::model::Price;
use crate::plan::Plan;
use crate::snapshot::ClusterSnapshot;
pub use violation::{AlternativeFault, KindFault, Place, Subject, TerminationFault, Violation};

/// Checks a plan and returns what is wrong with it, in a fixed order; nothing means that every
/// constraint holds once the plan is carried out, and that the reported lower bound is the one
/// which the plan's certificate proves.
///
/// Like pods on one node are reported once, by the first of them. The work grows with the number
/// of pods, and with (distinct pod specs × nodes), never with pods × pods.
pub fn verify(snapshot: &ClusterSnapshot, plan: &Plan) -> Vec<Violation> {
    let (mut found, proven) = judge(snapshot, plan);
    if let Some(proven) = proven {
        report::check_bound(plan, proven, &mut found);
    }
    found.sort();
    found
}

/// Puts the lower bound that the plan's certificate proves into its report, and returns what is
/// wrong with the plan, as [`verify`] would.
pub(crate) fn seal(snapshot: &ClusterSnapshot, plan: &mut Plan) -> Vec<Violation> {
    let (found, proven) = judge(snapshot, plan);
    plan.report.lower_bound = proven.unwrap_or_default();
    found
}

/// What is wrong with a plan, the reported bound left out, and the bound that it proves, unless
/// the proof itself is wrong.
fn judge(snapshot: &ClusterSnapshot, plan: &Plan) -> (Vec<Violation>, Option<Price>) {
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
    claim::check(&world, &mut found);
    pool::check_limits(&world, &mut found);
    pool::check_reservations(&world, plan, &mut found);
    fixed::check(&world, plan, &mut faces, &mut found);
    terminate::check(&world, plan, &mut found);
    report::check(&world, plan, &mut found);
    let proven = certificate::check(&world, plan, &mut found);
    found.sort();
    found.dedup();
    (found, proven)
}
