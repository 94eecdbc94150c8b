//! Required pod anti-affinity in both directions, by counts per domain.

use std::collections::BTreeMap;

use super::domain::{DomainMap, Domains};
use super::selection::Selections;
use super::violation::Violation;
use super::world::{Group, World};
use crate::model::PodAffinityTerm;

/// Pods of a term in one domain.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// Pods with the term.
    owners: i64,
    /// Pods that it selects.
    selected: i64,
    /// Pods that are both.
    both: i64,
}

/// A tally with the plan and without it.
#[derive(Clone, Copy, Debug, Default)]
struct Change {
    after: Tally,
    before: Tally,
}

/// Checks every term of every pod, bound or placed, against every pod that the plan places.
pub(super) fn check<'a>(
    world: &World<'a>,
    domains: &mut Domains<'a>,
    selections: &mut Selections<'a>,
    found: &mut Vec<Violation>,
) {
    let mut owners: BTreeMap<&PodAffinityTerm, Vec<usize>> = BTreeMap::new();
    for (index, spec) in world.specs.iter().enumerate() {
        for term in &spec.pod_anti_affinity {
            let specs = owners.entry(term).or_default();
            if specs.last() != Some(&index) {
                specs.push(index);
            }
        }
    }
    for (term, owners) in owners {
        let selected = selections.of_term(world, term);
        let map = domains.of(world, &term.topology_key);
        let mut changes = vec![Change::default(); map.len];
        for spec in &owners {
            let both = selected.binary_search(spec).is_ok();
            count(world, &map, *spec, &mut changes, |tally, pods| {
                tally.owners += pods;
                tally.both += if both { pods } else { 0 };
            });
        }
        for spec in selected.iter() {
            count(world, &map, *spec, &mut changes, |tally, pods| tally.selected += pods);
        }
        let concerned = |spec: usize| {
            owners.binary_search(&spec).is_ok() || selected.binary_search(&spec).is_ok()
        };
        report(world, term, &map, &changes, concerned, found);
    }
}

impl Tally {
    /// Ordered pairs of different pods of which the first keeps away from the second.
    fn pairs(&self) -> i128 {
        i128::from(self.owners) * i128::from(self.selected) - i128::from(self.both)
    }
}

fn count(
    world: &World<'_>,
    map: &DomainMap,
    spec: usize,
    changes: &mut [Change],
    add: impl Fn(&mut Tally, i64),
) {
    for group in &world.by_spec[spec] {
        let group = &world.groups[*group];
        if let Some(domain) = map.of_site[group.site] {
            add(&mut changes[domain].after, group.bound + group.placed);
            add(&mut changes[domain].before, group.bound);
        }
    }
}

/// Names one placed pod for each domain in which the plan makes a bad pair.
fn report(
    world: &World<'_>,
    term: &PodAffinityTerm,
    map: &DomainMap,
    changes: &[Change],
    concerned: impl Fn(usize) -> bool,
    found: &mut Vec<Violation>,
) {
    let broken: Vec<bool> =
        changes.iter().map(|change| change.after.pairs() > change.before.pairs()).collect();
    if !broken.contains(&true) {
        return;
    }
    let mut named = vec![false; map.len];
    let placed = |group: &&Group<'_>| group.placed > 0 && concerned(group.spec);
    for group in world.groups.iter().filter(placed) {
        let (Some(domain), Some(pod)) = (map.of_site[group.site], group.first) else {
            continue;
        };
        if broken[domain] && !std::mem::replace(&mut named[domain], true) {
            found.push(Violation::AntiAffinityBroken {
                place: world.sites[group.site].place(),
                pod: pod.clone(),
                topology_key: term.topology_key.clone(),
            });
        }
    }
}
