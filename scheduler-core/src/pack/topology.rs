//! Counts per domain while pods are being placed, and what the rules allow next.

use crate::problem::Problem;
use crate::problem::rules::{Kind, Place, Rule, Spread};
use crate::solution::{Content, NewNode};

/// A bin, as far as domains are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bin {
    /// An existing node.
    Site(usize),
    /// A node that the solution buys: its number and its shape.
    Node(usize, usize),
    /// A node of this shape that does not exist yet.
    Shape(usize),
}

/// Which places are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Values of keys: the domain is decided, the node is not.
    Keys,
    /// Single nodes.
    Hosts,
    /// Both.
    All,
}

/// Pods counted by the rules, bound ones included.
#[derive(Clone, Debug)]
pub(crate) struct Counts {
    /// By rule, place and domain: selected pods.
    selected: Vec<Vec<Vec<i64>>>,
    /// By rule and domain: owners of anti-affinity.
    owners: Vec<Vec<i64>>,
    /// By rule: selected pods in any domain.
    total: Vec<i64>,
    /// By rule, where it is a spread, and domain: whether there is a node that counts. Once known
    /// it decides which domains are eligible.
    existing: Option<Vec<Vec<bool>>>,
}

impl Counts {
    pub(crate) fn new(problem: &Problem<'_>) -> Self {
        let rules = &problem.rules.all;
        Self {
            selected: rules.iter().map(|rule| rule.bound_selected.clone()).collect(),
            owners: rules.iter().map(|rule| rule.bound_owners.clone()).collect(),
            total: rules.iter().map(|rule| rule.bound_total).collect(),
            existing: None,
        }
    }

    /// Notes pods of a class in a bin; a negative number takes them away.
    pub(crate) fn record(
        &mut self,
        problem: &Problem<'_>,
        (class, pods): Content,
        bin: Bin,
        scope: Scope,
    ) {
        for number in &problem.rules.of_class[class] {
            let rule = &problem.rules.all[*number];
            let mut counted = false;
            for (index, place) in rule.places.iter().enumerate() {
                let host = *place == Place::Host;
                if (host && scope == Scope::Keys) || (!host && scope == Scope::Hosts) {
                    continue;
                }
                counted |= index == 0;
                let Some(domain) = domain(problem, *place, bin) else { continue };
                if rule.selected[class] && counts(rule, *place, bin) {
                    *slot(&mut self.selected[*number][index], domain) += pods;
                }
                if rule.owner[class] && matches!(rule.kind, Kind::Anti) {
                    *slot(&mut self.owners[*number], domain) += pods;
                }
            }
            let exists = |place: &Place| exists(problem, *place, bin);
            if counted && rule.selected[class] && rule.places.iter().any(exists) {
                self.total[*number] += pods;
            }
        }
    }

    /// The first rule that keeps one more pod of the class out of the bin.
    pub(crate) fn first_broken(
        &self,
        problem: &Problem<'_>,
        class: usize,
        bin: Bin,
    ) -> Option<usize> {
        let broken = |number: &&usize| !self.allows(problem, class, **number, bin);
        problem.rules.of_class[class].iter().find(broken).copied()
    }

    fn allows(&self, problem: &Problem<'_>, class: usize, number: usize, bin: Bin) -> bool {
        let rule = &problem.rules.all[number];
        let selected = |index: usize| {
            let domain = domain(problem, rule.places[index], bin)?;
            Some(self.selected[number][index].get(domain).copied().unwrap_or(0))
        };
        let new_host = matches!(bin, Bin::Shape(_)) && rule.places[0] == Place::Host;
        match &rule.kind {
            Kind::Spread(spread) => {
                if !rule.owner[class] {
                    return true;
                }
                let here = if new_host { Some(0) } else { selected(0) };
                let own = i64::from(rule.selected[class]);
                here.is_some_and(|here| here + own - self.least(number, spread) <= spread.max_skew)
            }
            Kind::Anti => {
                let owners = domain(problem, rule.places[0], bin)
                    .map(|domain| self.owners[number].get(domain).copied().unwrap_or(0));
                !(rule.owner[class] && selected(0).unwrap_or(0) > 0
                    || rule.selected[class] && owners.unwrap_or(0) > 0)
            }
            Kind::Affinity => {
                if !rule.owner[class] {
                    return true;
                }
                let near = |index: usize| selected(index).is_some_and(|pods| pods > 0);
                let starts = self.total[number] == 0 && rule.selected[class];
                let exists = |place: &Place| exists(problem, *place, bin);
                (0..rule.places.len()).all(near) || starts && rule.places.iter().all(exists)
            }
        }
    }

    /// Selected pods in the emptiest eligible domain.
    pub(crate) fn least(&self, number: usize, spread: &Spread) -> i64 {
        // A new host is always possible, so the emptiest has no pod.
        if spread.eligible.is_empty() {
            return 0;
        }
        let eligible = self.existing.as_ref().map_or(&spread.eligible, |known| &known[number]);
        let domains = eligible.iter().filter(|one| **one).count();
        if domains < spread.min_domains {
            return 0;
        }
        let counts = self.selected[number][0].iter().zip(eligible);
        counts.filter(|(_, eligible)| **eligible).map(|(count, _)| *count).min().unwrap_or(0)
    }

    /// From now on only domains with a node are eligible, as for kube-scheduler.
    pub(crate) fn close_domains(&mut self, problem: &Problem<'_>, nodes: &[NewNode]) {
        let bought = nodes.iter().filter(|node| !node.contents.is_empty());
        let new = bought.map(|node| Bin::Shape(node.shape));
        let bins: Vec<Bin> = (0..problem.sites.len()).map(Bin::Site).chain(new).collect();
        let exists = |rule: &Rule| {
            let Kind::Spread(spread) = &rule.kind else { return Vec::new() };
            let mut exists = vec![false; spread.eligible.len()];
            for bin in bins.iter().filter(|bin| counts(rule, rule.places[0], **bin)) {
                if let Some(known) =
                    domain(problem, rule.places[0], *bin).and_then(|domain| exists.get_mut(domain))
                {
                    *known = true;
                }
            }
            exists
        };
        self.existing = Some(problem.rules.all.iter().map(exists).collect());
    }

    /// Whether a node of the shape would add a domain to those that are eligible, once these are
    /// closed: pods that have their place might then be too many for it.
    pub(crate) fn adds_domain(&self, problem: &Problem<'_>, shape: usize) -> bool {
        let Some(existing) = &self.existing else { return false };
        problem.rules.all.iter().zip(existing).any(|(rule, exists)| {
            let bin = Bin::Shape(shape);
            counts(rule, rule.places[0], bin)
                && domain(problem, rule.places[0], bin)
                    .is_some_and(|domain| exists.get(domain) == Some(&false))
        })
    }

    /// Whether a pod with affinity, already counted where it is, has nobody to be near to: the
    /// first of its group has not if others of the group are elsewhere.
    pub(crate) fn is_alone(
        &self,
        problem: &Problem<'_>,
        number: usize,
        class: usize,
        bin: Bin,
    ) -> bool {
        let rule = &problem.rules.all[number];
        let own = i64::from(rule.selected[class]);
        let company = (0..rule.places.len()).all(|index| {
            let domain = domain(problem, rule.places[index], bin);
            let there = domain.and_then(|domain| self.selected[number][index].get(domain));
            there.is_some_and(|pods| pods - own > 0)
        });
        let first = own > 0 && self.total[number] == own;
        !company && !first
    }

    /// By place and domain of an affinity rule: selected pods that do not wait for others by the
    /// rule themselves.
    pub(crate) fn footholds(
        problem: &Problem<'_>,
        number: usize,
        contents: impl Iterator<Item = (Bin, Content)>,
    ) -> Vec<Vec<i64>> {
        let rule = &problem.rules.all[number];
        let mut footholds = rule.bound_selected.clone();
        for (bin, (class, pods)) in contents {
            if rule.selected[class] && !rule.owner[class] {
                for (place, counts) in rule.places.iter().zip(&mut footholds) {
                    if let Some(domain) = domain(problem, *place, bin) {
                        *slot(counts, domain) += pods;
                    }
                }
            }
        }
        footholds
    }

    /// Whether pods of a group are in the bin's domains with nobody there who could have been the
    /// first: one who waits for nobody, or, if all of the group are there, any of them.
    pub(crate) fn is_unfounded(
        &self,
        problem: &Problem<'_>,
        number: usize,
        footholds: &[Vec<i64>],
        bin: Bin,
    ) -> bool {
        let places = &problem.rules.all[number].places;
        let pods = |counts: &[Vec<i64>], index: usize| {
            let domain = domain(problem, places[index], bin)?;
            counts[index].get(domain).copied()
        };
        let mut all = 0..places.len();
        let founded = all.clone().all(|index| pods(footholds, index).is_some_and(|pods| pods > 0));
        let selected = &self.selected[number];
        !founded && all.any(|index| pods(selected, index) != Some(self.total[number]))
    }

    /// Pods in the bin's domains that the spreads of a class count, all of them together.
    pub(crate) fn crowd(&self, problem: &Problem<'_>, class: usize, bin: Bin) -> i64 {
        let spreads = problem.rules.of_class[class].iter().filter(|number| {
            let rule = &problem.rules.all[**number];
            rule.owner[class] && matches!(rule.kind, Kind::Spread(_))
        });
        spreads.map(|number| self.selected_at(problem, *number, bin)).sum()
    }

    /// Selected pods of a spread in the bin's domain.
    pub(crate) fn selected_at(&self, problem: &Problem<'_>, number: usize, bin: Bin) -> i64 {
        let rule = &problem.rules.all[number];
        domain(problem, rule.places[0], bin)
            .and_then(|domain| self.selected[number][0].get(domain).copied())
            .unwrap_or(0)
    }
}

/// How many more pods of a class rules about single nodes, host ports and what is kept for shared
/// volumes allow next to these contents of a node that does not exist yet.
pub(crate) fn allowance(
    problem: &Problem<'_>,
    class: usize,
    contents: impl Iterator<Item = Content> + Clone,
) -> i64 {
    if problem.shared.allow(class, contents.clone()) {
        allowance_of_rules(problem, class, contents)
    } else {
        0
    }
}

/// The same, shared volumes left aside.
pub(crate) fn allowance_of_rules(
    problem: &Problem<'_>,
    class: usize,
    contents: impl Iterator<Item = Content> + Clone,
) -> i64 {
    let mut most = i64::MAX;
    for number in &problem.rules.of_class[class] {
        let rule = &problem.rules.all[*number];
        if rule.places[0] != Place::Host {
            continue;
        }
        let sum = |of: &[bool]| -> i64 {
            contents.clone().filter(|(class, _)| of[*class]).map(|(_, pods)| pods).sum()
        };
        most = most.min(next_to(rule, class, (sum(&rule.owner), sum(&rule.selected))));
    }
    if !problem.classes[class].spec.host_ports.is_empty() {
        let ports_of = |other: usize| &problem.classes[other].spec.host_ports;
        let clashes = |other: usize| problem.classes[class].clashes(ports_of(other));
        most = most.min(i64::from(!contents.clone().any(|(other, _)| clashes(other))));
    }
    let own = problem.classes[class].per_node;
    if own < i64::MAX {
        let present = contents.filter(|(other, _)| *other == class).map(|(_, pods)| pods);
        most = most.min(own - present.sum::<i64>());
    }
    most.max(0)
}

/// How many more pods of a class a rule about single nodes allows next to so many owners and
/// selected pods.
pub(crate) fn next_to(rule: &Rule, class: usize, (owners, selected): (i64, i64)) -> i64 {
    let (owner, counted) = (rule.owner[class], rule.selected[class]);
    match &rule.kind {
        Kind::Spread(spread) => {
            let left = spread.max_skew - selected;
            if (owner || owners > 0) && counted {
                left
            } else if owner && left < 0 {
                0
            } else {
                i64::MAX
            }
        }
        Kind::Anti if owner && selected > 0 || counted && owners > 0 => 0,
        Kind::Anti if owner && counted => 1,
        Kind::Anti | Kind::Affinity => i64::MAX,
    }
}

fn domain(problem: &Problem<'_>, place: Place, bin: Bin) -> Option<usize> {
    match (place, bin) {
        (Place::Host, Bin::Site(site)) => Some(site),
        (Place::Host, Bin::Node(node, _)) => Some(problem.sites.len() + node),
        (Place::Host, Bin::Shape(_)) => None,
        (Place::Key(key), Bin::Site(site)) => problem.rules.node_values[key][site],
        (Place::Key(key), Bin::Node(_, shape) | Bin::Shape(shape)) => {
            problem.rules.shape_values[key][shape]
        }
    }
}

/// Whether the bin is in some domain; a node that does not exist yet will be its own.
fn exists(problem: &Problem<'_>, place: Place, bin: Bin) -> bool {
    place == Place::Host || domain(problem, place, bin).is_some()
}

/// Whether pods in the bin count for the rule.
fn counts(rule: &Rule, place: Place, bin: Bin) -> bool {
    match (&rule.kind, place, bin) {
        (Kind::Anti | Kind::Affinity, ..) | (_, Place::Host, _) => true,
        (Kind::Spread(spread), _, Bin::Site(site)) => spread.counted_nodes[site],
        (Kind::Spread(spread), _, Bin::Node(_, shape) | Bin::Shape(shape)) => {
            spread.counted_shapes.admitted.contains(shape)
        }
    }
}

/// The count of a domain; nodes may have been added since the counts were made.
fn slot(counts: &mut Vec<i64>, domain: usize) -> &mut i64 {
    if counts.len() <= domain {
        counts.resize(domain + 1, 0);
    }
    &mut counts[domain]
}
