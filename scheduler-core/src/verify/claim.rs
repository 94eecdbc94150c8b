//! Claims that one pod of the cluster may use at a time.

use std::collections::BTreeMap;

use super::violation::Violation;
use super::world::{Group, World};

/// Checks that a pod which the plan places is the only one with any such claim. A pod that is being
/// deleted still has its claims.
pub(super) fn check(world: &World<'_>, found: &mut Vec<Violation>) {
    let mut users: BTreeMap<&str, Vec<&Group<'_>>> = BTreeMap::new();
    for group in &world.groups {
        for claim in &world.specs[group.spec].exclusive_claims {
            users.entry(claim).or_default().push(group);
        }
    }
    for (claim, groups) in users {
        let pods: i64 = groups.iter().map(|group| group.bound + group.placed).sum();
        let placed = groups.iter().find_map(|group| Some((group.site, group.first?)));
        if let Some((site, pod)) = placed.filter(|_| pods > 1) {
            found.push(Violation::ClaimShared {
                place: world.sites[site].place(),
                pod: pod.clone(),
                claim: claim.to_owned(),
            });
        }
    }
}
