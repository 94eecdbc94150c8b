//! Topology spread (`karpenter-core.md` §4.7), on the state after the plan.

use std::collections::BTreeMap;

use super::domain::{DomainMap, Domains};
use super::face::first_untolerated;
use super::selection::Selections;
use super::violation::Violation;
use super::world::{Group, World, admitted};
use crate::model::well_known::HOSTNAME;
use crate::model::{PodSpec, Requirements, SpreadPolicy, Toleration, TopologySpread};

/// Which nodes count for a constraint; `None` is all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Filter<'a> {
    /// Labels that a node must have: the keys of all required constraints of the pod.
    keys: Vec<&'a str>,
    alternatives: Option<&'a [Requirements]>,
    tolerations: Option<&'a [Toleration]>,
}

/// Pods per domain, and how many the emptiest domain has.
#[derive(Debug)]
struct Counts {
    by_domain: Vec<i64>,
    least: i64,
}

/// Checks the required constraints of every pod that the plan places.
pub(super) fn check<'a>(
    world: &World<'a>,
    domains: &mut Domains<'a>,
    selections: &mut Selections<'a>,
    found: &mut Vec<Violation>,
) {
    let mut passing: BTreeMap<Filter<'a>, Vec<bool>> = BTreeMap::new();
    for (index, spec) in world.specs.iter().enumerate() {
        let groups = || world.by_spec[index].iter().map(|group| &world.groups[*group]);
        if groups().all(|group| group.placed == 0) {
            continue;
        }
        for spread in spec.topology_spread.iter().filter(|one| one.required) {
            let map = domains.of(world, &spread.topology_key);
            let selected = selections.of_spread(world, &spec.namespace, &spread.selector);
            let counts = if spread.topology_key == HOSTNAME {
                // A new node is always possible, so the emptiest host has no pod.
                Counts { by_domain: count(world, &map, &selected, |_| true), least: 0 }
            } else {
                let filter = Filter::new(spec, spread);
                let of_sites = || {
                    let sites = world.sites.iter();
                    sites.map(|site| filter.passes(|key| site.label(key), site.taints())).collect()
                };
                let passing = passing.entry(filter.clone()).or_insert_with(of_sites);
                let by_domain = count(world, &map, &selected, |site| passing[site]);
                let least = least(&map, &by_domain, passing, spread.min_domains);
                Counts { by_domain, least }
            };
            for group in groups().filter(|group| group.placed > 0) {
                found.extend(judge(world, group, spread, &map, &counts));
            }
        }
    }
}

impl<'a> Filter<'a> {
    fn new(spec: &'a PodSpec, spread: &TopologySpread) -> Self {
        let alternatives = spec.spread_alternatives();
        let narrows = !alternatives.iter().any(Requirements::is_empty);
        let honors_affinity = spread.node_affinity_policy == SpreadPolicy::Honor && narrows;
        let required = spec.topology_spread.iter().filter(|one| one.required);
        let keys = required.map(|one| one.topology_key.as_str()).filter(|key| *key != HOSTNAME);
        let honors_taints = spread.node_taints_policy == SpreadPolicy::Honor;
        Self {
            keys: keys.collect(),
            alternatives: honors_affinity.then_some(alternatives),
            tolerations: honors_taints.then_some(&spec.tolerations),
        }
    }

    fn passes<'l>(
        &self,
        label: impl Fn(&str) -> Option<&'l str>,
        taints: &[crate::model::Taint],
    ) -> bool {
        self.keys.iter().all(|key| label(key).is_some())
            && self.alternatives.is_none_or(|alternatives| admitted(alternatives, label))
            && self.tolerations.is_none_or(|own| first_untolerated(own, taints).is_none())
    }
}

/// Pods of the selected specs by domain, on the nodes that count.
fn count(
    world: &World<'_>,
    map: &DomainMap,
    selected: &[usize],
    counts: impl Fn(usize) -> bool,
) -> Vec<i64> {
    let mut by_domain = vec![0; map.len];
    for group in selected.iter().flat_map(|spec| &world.by_spec[*spec]) {
        let group = &world.groups[*group];
        if let Some(domain) = map.of_site[group.site].filter(|_| counts(group.site)) {
            let bound = if world.specs[group.spec].terminating { 0 } else { group.bound };
            by_domain[domain] += bound + group.placed;
        }
    }
    by_domain
}

/// Pods in the emptiest domain that has a node that counts; 0 if there are fewer domains than
/// `min_domains`. Domains without a node do not exist for kube-scheduler.
fn least(map: &DomainMap, by_domain: &[i64], passing: &[bool], min_domains: Option<u32>) -> i64 {
    let mut eligible = vec![false; map.len];
    for (site, domain) in map.of_site.iter().enumerate() {
        if let Some(domain) = domain.filter(|_| passing[site]) {
            eligible[domain] = true;
        }
    }
    let domains = eligible.iter().filter(|one| **one).count();
    if min_domains.is_some_and(|wanted| domains < wanted as usize) {
        return 0;
    }
    let counts = by_domain.iter().zip(&eligible).filter(|(_, eligible)| **eligible);
    counts.map(|(count, _)| *count).min().unwrap_or(0)
}

fn judge(
    world: &World<'_>,
    group: &Group<'_>,
    spread: &TopologySpread,
    map: &DomainMap,
    counts: &Counts,
) -> Option<Violation> {
    let place = world.sites[group.site].place();
    let pod = group.first?.clone();
    let topology_key = spread.topology_key.clone();
    let Some(domain) = map.of_site[group.site] else {
        return Some(Violation::TopologyLabelMissing { place, pod, topology_key });
    };
    let skew = counts.by_domain[domain] - counts.least;
    let max_skew = spread.max_skew;
    (skew > i64::from(max_skew)).then_some(Violation::SpreadBroken {
        place,
        pod,
        topology_key,
        max_skew,
        skew,
    })
}
