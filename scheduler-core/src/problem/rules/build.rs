//! Rules from the specs of pods.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::bound::Bound;
use super::wish::{Term, Wish};
use super::{Kind, Place, Rule, Rules, Spread};
use crate::model::well_known::HOSTNAME;
use crate::model::{
    PodAffinityTerm, PodSpec, Requirements, SpreadPolicy, Toleration, TopologySpread,
};
use crate::problem::admission::Admissions;
use crate::problem::class::Class;
use crate::problem::shapes::{ShapeTable, tolerates_taints};
use crate::problem::sites::{SiteSummary, site_label};
use crate::snapshot::{ClusterSnapshot, NodeWithPods};

/// Makes the rules of a snapshot's pending classes.
pub(in crate::problem) struct Builder<'a> {
    snapshot: &'a ClusterSnapshot,
    classes: &'a [Class],
    table: &'a ShapeTable,
    admissions: &'a mut Admissions,
    bound: Bound<'a>,
    rules: Rules,
}

/// Classes and distinct bound specs that own a term.
type Owners = (Vec<usize>, Vec<usize>);

impl<'a> Builder<'a> {
    pub(in crate::problem) fn new(
        snapshot: &'a ClusterSnapshot,
        summaries: &'a [Arc<SiteSummary>],
        classes: &'a [Class],
        table: &'a ShapeTable,
        admissions: &'a mut Admissions,
    ) -> Self {
        let rules = Rules { of_class: vec![Vec::new(); classes.len()], ..Rules::default() };
        let bound = Bound::new(summaries);
        Self { snapshot, classes, table, admissions, bound, rules }
    }

    /// The required constraints, and these wishes as if they were required; a wish never comes
    /// before a required one.
    pub(in crate::problem) fn rules(mut self, granted: &[Wish]) -> Rules {
        self.add_required_spreads();
        self.add_required_anti_affinity();
        self.add_required_affinity();
        self.add_exclusive_claims();
        if !granted.is_empty() {
            self.grant(granted);
        }
        self.rules
    }

    fn grant(&mut self, granted: &[Wish]) {
        let classes = self.classes;
        let mut spreads: Vec<(usize, &TopologySpread)> = Vec::new();
        let mut near: BTreeMap<&[PodAffinityTerm], Vec<usize>> = BTreeMap::new();
        let mut apart: BTreeMap<&PodAffinityTerm, Owners> = BTreeMap::new();
        for wish in granted {
            let spec = &classes[wish.class].spec;
            let preferences = &spec.pod_preferences;
            match wish.term {
                Term::Spread(number) => spreads.push((wish.class, &spec.topology_spread[number])),
                Term::Near(number) => near
                    .entry(std::slice::from_ref(&preferences[number].term))
                    .or_default()
                    .push(wish.class),
                Term::Apart(number) => {
                    apart.entry(&preferences[number].term).or_default().0.push(wish.class);
                }
            }
        }
        self.add_spreads(spreads);
        self.add_anti_affinity(apart);
        self.add_affinity(near);
    }

    fn add_required_spreads(&mut self) {
        let spreads = self.classes.iter().enumerate().flat_map(|(index, class)| {
            let required = class.spec.topology_spread.iter().filter(|one| one.required);
            required.map(move |spread| (index, spread))
        });
        self.add_spreads(spreads);
    }

    /// Adds constraints, each with a class that owns it.
    fn add_spreads(&mut self, spreads: impl IntoIterator<Item = (usize, &'a TopologySpread)>) {
        type Identity<'a> = (
            &'a str,
            &'a TopologySpread,
            Option<&'a [Requirements]>,
            Option<&'a [Toleration]>,
            Vec<&'a str>,
        );
        let classes = self.classes;
        let mut owners: BTreeMap<Identity<'a>, Vec<usize>> = BTreeMap::new();
        for (class, spread) in spreads {
            let spec = &classes[class].spec;
            let (alternatives, tolerations) = filter(spec, spread);
            let identity =
                (spec.namespace.as_str(), spread, alternatives, tolerations, keys_asked(spec));
            owners.entry(identity).or_default().push(class);
        }
        for ((namespace, spread, alternatives, tolerations, keys), owners) in owners {
            let place = self.place(&spread.topology_key);
            let kind = self.spread(spread, place, (alternatives, tolerations), &keys);
            let counted = |node: usize| match &kind {
                Kind::Spread(spread) => place == Place::Host || spread.counted_nodes[node],
                Kind::Anti | Kind::Affinity => true,
            };
            // Nor does kube-scheduler count pods that are being deleted.
            let selects = |spec: &PodSpec| {
                !spec.terminating
                    && spec.namespace == namespace
                    && spread.selector.selects(&spec.labels)
            };
            let bound_selected = vec![self.count(place, selects, counted)];
            let selected = classes.iter().map(|class| selects(&class.spec)).collect();
            self.push(
                owners,
                Rule {
                    kind,
                    places: vec![place],
                    owner: Vec::new(),
                    selected,
                    bound_selected,
                    bound_owners: Vec::new(),
                    bound_total: 0,
                    claim: None,
                },
            );
        }
    }

    fn spread(
        &mut self,
        spread: &TopologySpread,
        place: Place,
        (alternatives, tolerations): (Option<&[Requirements]>, Option<&[Toleration]>),
        keys: &[&str],
    ) -> Kind {
        let everything = ([Requirements::new()], [Toleration::everything()]);
        let counted_shapes = self.admissions.get(
            &self.snapshot.supply,
            self.table,
            alternatives.unwrap_or(&everything.0),
            tolerations.unwrap_or(&everything.1),
        );
        let counts = |node: &Arc<NodeWithPods>| {
            let label = |key: &str| site_label(node, key);
            let admits = |one: &Requirements| one.iter().all(|(key, want)| want.admits(label(key)));
            keys.iter().all(|key| label(key).is_some())
                && alternatives.is_none_or(|all| all.iter().any(admits))
                && tolerations.is_none_or(|own| tolerates_taints(own, &node.node.taints))
        };
        let counted_nodes: Vec<bool> = self.snapshot.nodes.iter().map(counts).collect();
        let mut eligible = Vec::new();
        if let Place::Key(key) = place {
            eligible = vec![false; self.rules.values[key].len()];
            // A domain in which nothing can be bought now exists only if a node is there.
            for shape in counted_shapes.usable.iter() {
                if let Some(value) = self.rules.shape_values[key][shape] {
                    eligible[value] = true;
                }
            }
            for (node, value) in self.rules.node_values[key].iter().enumerate() {
                if let Some(value) = value.filter(|_| counted_nodes[node]) {
                    eligible[value] = true;
                }
            }
        }
        Kind::Spread(Spread {
            max_skew: i64::from(spread.max_skew),
            min_domains: spread.min_domains.unwrap_or(0) as usize,
            eligible,
            counted_nodes,
            counted_shapes,
        })
    }

    fn add_required_anti_affinity(&mut self) {
        let classes = self.classes;
        let mut owners: BTreeMap<&PodAffinityTerm, Owners> = BTreeMap::new();
        for (index, class) in classes.iter().enumerate() {
            for term in &class.spec.pod_anti_affinity {
                owners.entry(term).or_default().0.push(index);
            }
        }
        for (index, spec) in self.bound.specs.iter().enumerate() {
            for term in &spec.pod_anti_affinity {
                owners.entry(term).or_default().1.push(index);
            }
        }
        self.add_anti_affinity(owners);
    }

    fn add_anti_affinity(&mut self, owners: BTreeMap<&'a PodAffinityTerm, Owners>) {
        let classes = self.classes;
        for (term, (pending, bound)) in owners {
            let selects = |spec: &PodSpec| term.selects(&spec.namespace, &spec.labels);
            let selected: Vec<bool> = classes.iter().map(|class| selects(&class.spec)).collect();
            if pending.is_empty() && !selected.contains(&true) {
                continue;
            }
            let place = self.place(&term.topology_key);
            let bound_selected = vec![self.count(place, selects, |_| true)];
            let mut bound_owners = vec![0; self.domains(place)];
            for spec in bound {
                for (node, count) in &self.bound.at[spec] {
                    if let Some(domain) = self.node_domain(place, *node) {
                        bound_owners[domain] += count;
                    }
                }
            }
            self.push(
                pending,
                Rule {
                    kind: Kind::Anti,
                    places: vec![place],
                    owner: Vec::new(),
                    selected,
                    bound_selected,
                    bound_owners,
                    bound_total: 0,
                    claim: None,
                },
            );
        }
    }

    fn add_required_affinity(&mut self) {
        let classes = self.classes;
        let mut owners: BTreeMap<&[PodAffinityTerm], Vec<usize>> = BTreeMap::new();
        for (index, class) in classes.iter().enumerate() {
            if !class.spec.pod_affinity.is_empty() {
                owners.entry(&class.spec.pod_affinity).or_default().push(index);
            }
        }
        self.add_affinity(owners);
    }

    fn add_affinity(&mut self, owners: BTreeMap<&'a [PodAffinityTerm], Vec<usize>>) {
        let classes = self.classes;
        for (terms, owners) in owners {
            let selects = |spec: &PodSpec| {
                terms.iter().all(|term| term.selects(&spec.namespace, &spec.labels))
            };
            let places: Vec<Place> =
                terms.iter().map(|term| self.place(&term.topology_key)).collect();
            let bound_selected =
                places.iter().map(|place| self.count(*place, selects, |_| true)).collect();
            let specs = self.bound.specs.iter().zip(&self.bound.at);
            // A pod on a node without any of the keys is in no domain: it does not start the group.
            let is_somewhere =
                |node: usize| places.iter().any(|place| self.node_domain(*place, node).is_some());
            let bound_total = specs
                .filter(|(spec, _)| selects(spec))
                .flat_map(|(_, at)| at.iter().filter(|(node, _)| is_somewhere(*node)))
                .map(|(_, count)| *count)
                .sum();
            let selected = classes.iter().map(|class| selects(&class.spec)).collect();
            self.push(
                owners,
                Rule {
                    kind: Kind::Affinity,
                    places,
                    owner: Vec::new(),
                    selected,
                    bound_selected,
                    bound_owners: Vec::new(),
                    bound_total,
                    claim: None,
                },
            );
        }
    }

    fn add_exclusive_claims(&mut self) {
        let classes = self.classes;
        let claims: BTreeSet<&String> =
            classes.iter().flat_map(|class| &class.spec.exclusive_claims).collect();
        for claim in claims {
            let place = self.everywhere();
            let selects = |spec: &PodSpec| spec.exclusive_claims.contains(claim);
            let selected: Vec<bool> = classes.iter().map(|class| selects(&class.spec)).collect();
            let bound = self.count(place, selects, |_| true);
            self.push(
                (0..classes.len()).filter(|class| selected[*class]).collect(),
                Rule {
                    kind: Kind::Anti,
                    places: vec![place],
                    owner: Vec::new(),
                    selected,
                    bound_selected: vec![bound.clone()],
                    bound_owners: bound,
                    bound_total: 0,
                    claim: Some(claim.clone()),
                },
            );
        }
    }

    fn push(&mut self, owners: Vec<usize>, mut rule: Rule) {
        rule.owner = vec![false; self.classes.len()];
        for owner in owners {
            rule.owner[owner] = true;
        }
        let number = self.rules.all.len();
        for class in 0..self.classes.len() {
            if rule.owner[class] || rule.selected[class] {
                self.rules.of_class[class].push(number);
            }
        }
        self.rules.all.push(rule);
    }

    /// Where a topology key counts; a new key is numbered with all its values.
    fn place(&mut self, key: &str) -> Place {
        if key == HOSTNAME {
            return Place::Host;
        }
        if let Some(known) = self.rules.keys.iter().position(|one| one == key) {
            return Place::Key(known);
        }
        let node_labels: Vec<Option<&str>> =
            self.snapshot.nodes.iter().map(|node| site_label(node, key)).collect();
        let shapes = self.table.shapes.iter();
        let shape_labels: Vec<Option<&str>> =
            shapes.map(|shape| self.table.label(shape, key)).collect();
        let mut values: Vec<&str> =
            node_labels.iter().chain(&shape_labels).filter_map(|value| *value).collect();
        values.sort_unstable();
        values.dedup();
        let number = |value: Option<&str>| value.and_then(|one| values.binary_search(&one).ok());
        self.rules.node_values.push(node_labels.iter().copied().map(number).collect());
        self.rules.shape_values.push(shape_labels.iter().copied().map(number).collect());
        self.rules.values.push(values.into_iter().map(str::to_owned).collect());
        self.rules.keys.push(key.to_owned());
        Place::Key(self.rules.keys.len() - 1)
    }

    /// The whole cluster as one domain, under a key that no label can have.
    fn everywhere(&mut self) -> Place {
        if let Some(known) = self.rules.keys.iter().position(String::is_empty) {
            return Place::Key(known);
        }
        self.rules.node_values.push(vec![Some(0); self.snapshot.nodes.len()]);
        self.rules.shape_values.push(vec![Some(0); self.table.shapes.len()]);
        self.rules.values.push(vec![String::new()]);
        self.rules.keys.push(String::new());
        Place::Key(self.rules.keys.len() - 1)
    }

    fn domains(&self, place: Place) -> usize {
        match place {
            Place::Host => self.snapshot.nodes.len(),
            Place::Key(key) => self.rules.values[key].len(),
        }
    }

    fn node_domain(&self, place: Place, node: usize) -> Option<usize> {
        match place {
            Place::Host => Some(node),
            Place::Key(key) => self.rules.node_values[key][node],
        }
    }

    /// Bound pods by domain.
    fn count(
        &self,
        place: Place,
        selects: impl Fn(&PodSpec) -> bool,
        counted: impl Fn(usize) -> bool,
    ) -> Vec<i64> {
        let mut counts = vec![0; self.domains(place)];
        for (spec, at) in self.bound.specs.iter().zip(&self.bound.at) {
            if !selects(spec) {
                continue;
            }
            for (node, count) in at.iter().filter(|(node, _)| counted(*node)) {
                if let Some(domain) = self.node_domain(place, *node) {
                    counts[domain] += count;
                }
            }
        }
        counts
    }
}

/// Keys of the required spreads, without the hostname: a node that lacks one counts for none of the
/// pod's spreads.
fn keys_asked(spec: &PodSpec) -> Vec<&str> {
    let required = spec.topology_spread.iter().filter(|one| one.required);
    let mut keys: Vec<&str> =
        required.map(|one| one.topology_key.as_str()).filter(|key| *key != HOSTNAME).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// What narrows the nodes that count for a spread: alternatives and tolerations, where honoured.
fn filter<'a>(
    spec: &'a PodSpec,
    spread: &TopologySpread,
) -> (Option<&'a [Requirements]>, Option<&'a [Toleration]>) {
    let alternatives = spec.spread_alternatives();
    let narrows = !alternatives.iter().any(Requirements::is_empty);
    let affinity = spread.node_affinity_policy == SpreadPolicy::Honor && narrows;
    let taints = spread.node_taints_policy == SpreadPolicy::Honor;
    (affinity.then_some(alternatives), taints.then_some(spec.tolerations.as_slice()))
}
