//! Required pod affinity, as kube-scheduler would find it when it binds the pods of the plan.
//!
//! A pod may go where, for every term, the node's domain holds a pod that all its terms select. If
//! there is no such pod in any domain and it selects itself, it may go anywhere: it starts the group.
//! Since a pod may wait for others of the same plan, places are granted in rounds until nothing
//! changes; pods that wait for each other in a circle are never granted theirs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::domain::{DomainMap, Domains};
use super::selection::Selections;
use super::violation::Violation;
use super::world::World;
use crate::model::PodAffinityTerm;

/// The terms of a pod, and the pods that all of them select.
#[derive(Debug)]
struct Wish<'a> {
    terms: &'a [PodAffinityTerm],
    /// By spec: whether all terms select it.
    selected: Vec<bool>,
    /// By term: the domains of its key.
    maps: Vec<Arc<DomainMap<'a>>>,
    /// By term and domain: selected pods that have been granted a place, bound ones included.
    granted: Vec<Vec<i64>>,
    /// By term and domain: selected pods that the plan places.
    placed: Vec<Vec<i64>>,
    /// Selected pods in some domain that were there before the plan.
    bound_total: i64,
    /// Selected pods that the plan places in some domain.
    placed_total: i64,
}

/// Checks the affinity of every pod that the plan places.
pub(super) fn check<'a>(
    world: &World<'a>,
    domains: &mut Domains<'a>,
    selections: &mut Selections<'a>,
    found: &mut Vec<Violation>,
) {
    let mut wishes: Vec<Wish<'a>> = Vec::new();
    let mut numbers: BTreeMap<&[PodAffinityTerm], usize> = BTreeMap::new();
    let mut waiting = Vec::new();
    for (index, group) in world.groups.iter().enumerate() {
        let terms = world.specs[group.spec].pod_affinity.as_slice();
        if group.placed == 0 || terms.is_empty() {
            continue;
        }
        let number = *numbers.entry(terms).or_insert_with(|| {
            wishes.push(Wish::new(world, terms, domains, selections));
            wishes.len() - 1
        });
        waiting.push((index, number));
    }
    if waiting.is_empty() {
        return;
    }
    for group in &world.groups {
        let waits = !world.specs[group.spec].pod_affinity.is_empty();
        let there = group.bound + if waits { 0 } else { group.placed };
        for wish in &mut wishes {
            wish.grant(group.site, group.spec, there);
        }
    }
    loop {
        let before = waiting.len();
        waiting.retain(|(index, number)| {
            let group = &world.groups[*index];
            let granted = wishes[*number].is_met(group.site, group.spec);
            if granted {
                for wish in &mut wishes {
                    wish.grant(group.site, group.spec, group.placed);
                }
            }
            !granted
        });
        if waiting.len() == before {
            break;
        }
    }
    for (index, _) in waiting {
        let group = &world.groups[index];
        if let Some(pod) = group.first {
            let place = world.sites[group.site].place();
            found.push(Violation::AffinityUnmet { place, pod: pod.clone() });
        }
    }
}

impl<'a> Wish<'a> {
    fn new(
        world: &World<'a>,
        terms: &'a [PodAffinityTerm],
        domains: &mut Domains<'a>,
        selections: &mut Selections<'a>,
    ) -> Self {
        let mut selected = vec![true; world.specs.len()];
        for term in terms {
            let by_term = selections.of_term(world, term);
            for (spec, selected) in selected.iter_mut().enumerate() {
                *selected &= by_term.binary_search(&spec).is_ok();
            }
        }
        let maps: Vec<Arc<DomainMap<'a>>> =
            terms.iter().map(|term| domains.of(world, &term.topology_key)).collect();
        let none: Vec<Vec<i64>> = maps.iter().map(|map| vec![0; map.len]).collect();
        let granted = none.clone();
        let mut wish =
            Self { terms, selected, maps, granted, placed: none, bound_total: 0, placed_total: 0 };
        for group in world.groups.iter().filter(|group| wish.selected[group.spec]) {
            // Outside of all domains kube-scheduler does not see them.
            if wish.maps.iter().all(|map| map.of_site[group.site].is_none()) {
                continue;
            }
            wish.bound_total += group.bound;
            wish.placed_total += group.placed;
            for (map, placed) in wish.maps.iter().zip(&mut wish.placed) {
                if let Some(domain) = map.of_site[group.site] {
                    placed[domain] += group.placed;
                }
            }
        }
        wish
    }

    /// Notes pods that have their place for good.
    fn grant(&mut self, site: usize, spec: usize, pods: i64) {
        if pods == 0 || !self.selected[spec] {
            return;
        }
        for (map, granted) in self.maps.iter().zip(&mut self.granted) {
            if let Some(domain) = map.of_site[site] {
                granted[domain] += pods;
            }
        }
    }

    /// Whether a pod of this spec could be bound to the node now.
    fn is_met(&self, site: usize, spec: usize) -> bool {
        let domain = |term: usize| self.maps[term].of_site[site];
        let mut terms = 0..self.terms.len();
        let met = terms.clone().all(|term| domain(term).is_some_and(|d| self.granted[term][d] > 0));
        // The first of its group: all others that it looks for come after it, to the same domain.
        let first = self.bound_total == 0
            && self.selected[spec]
            && terms.all(|term| {
                domain(term).is_some_and(|d| self.placed[term][d] == self.placed_total)
            });
        met || first
    }
}
