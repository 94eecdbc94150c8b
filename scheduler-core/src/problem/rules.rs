//! Constraints between pods: spread, affinity, anti-affinity, as rules over classes and domains.
//!
//! A domain is a value of a topology key, or a single node for the hostname. A rule says which
//! classes it binds (owners) and which ones it counts (selected); bound pods enter as the counts
//! that it starts from.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::admission::{Admission, Admissions};
use super::class::Class;
use super::shapes::{ShapeTable, tolerates_taints};
use super::sites::{SiteSummary, site_label};
use crate::model::well_known::HOSTNAME;
use crate::model::{
    PodAffinityTerm, PodSpec, Requirements, SpreadPolicy, Toleration, TopologySpread,
};
use crate::snapshot::{ClusterSnapshot, NodeWithPods};

/// Where a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Every node is a domain.
    Host,
    /// Nodes with the same value of this key are a domain.
    Key(usize),
}

/// What a rule demands of its owners.
#[derive(Debug)]
pub(crate) enum Kind {
    /// At most so many more selected pods than in the emptiest domain.
    Spread(Spread),
    /// No selected pod in the domain.
    Anti,
    /// A selected pod in the domain of every term.
    Affinity,
}

/// A required topology spread constraint.
#[derive(Debug)]
pub(crate) struct Spread {
    pub(crate) max_skew: i64,
    /// Number of domains that exist is below `minDomains`: the emptiest counts as 0.
    pub(crate) too_few_domains: bool,
    /// Values that the emptiest domain is looked for among.
    pub(crate) eligible: Vec<bool>,
    /// Existing nodes whose pods count.
    pub(crate) counted_nodes: Vec<bool>,
    /// Shapes whose pods count.
    pub(crate) counted_shapes: Arc<Admission>,
}

/// One constraint.
#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) kind: Kind,
    /// One place; for affinity one a term.
    pub(crate) places: Vec<Place>,
    /// By class: whether the rule binds it.
    pub(crate) owner: Vec<bool>,
    /// By class: whether the rule counts it.
    pub(crate) selected: Vec<bool>,
    /// Bound pods that are selected, by place and domain.
    pub(crate) bound_selected: Vec<Vec<i64>>,
    /// Bound pods that own the rule, by domain; of anti-affinity only.
    pub(crate) bound_owners: Vec<i64>,
    /// Bound pods that are selected, in whatever domain of any place. kube-scheduler does not see
    /// those on nodes without the label, and lets another pod start the group.
    pub(crate) bound_total: i64,
}

/// All rules of a problem.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub(crate) all: Vec<Rule>,
    /// Topology keys other than the hostname.
    pub(crate) keys: Vec<String>,
    /// By key: the values.
    pub(crate) values: Vec<Vec<String>>,
    /// By key and existing node: the value.
    pub(crate) node_values: Vec<Vec<Option<usize>>>,
    /// By key and shape: the value.
    pub(crate) shape_values: Vec<Vec<Option<usize>>>,
    /// By class: the rules that bind or count it.
    pub(crate) of_class: Vec<Vec<usize>>,
}

impl Rules {
    /// The rules of a snapshot's pending classes.
    pub(crate) fn new(
        snapshot: &ClusterSnapshot,
        summaries: &[Arc<SiteSummary>],
        classes: &[Class],
        table: &ShapeTable,
        admissions: &mut Admissions,
    ) -> Self {
        let mut builder = Builder {
            snapshot,
            classes,
            table,
            admissions,
            bound: Bound::new(summaries),
            rules: Self { of_class: vec![Vec::new(); classes.len()], ..Self::default() },
        };
        builder.add_spreads();
        builder.add_anti_affinity();
        builder.add_affinity();
        builder.rules
    }

    /// Whether the class has to be put into domains of a key before nodes are opened for it.
    pub(crate) fn is_tied(&self, class: usize) -> bool {
        !self.keys_of([class]).is_empty()
    }

    /// Keys whose values the rules that bind or count these classes depend on, ascending.
    pub(crate) fn keys_of(&self, classes: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let rules = classes.into_iter().flat_map(|class| &self.of_class[class]);
        let places = rules.flat_map(|rule| &self.all[*rule].places);
        let mut keys: Vec<usize> = places
            .filter_map(|place| match place {
                Place::Host => None,
                Place::Key(key) => Some(*key),
            })
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Whether the class must be on a node with other pods.
    pub(crate) fn is_follower(&self, class: usize) -> bool {
        self.of_class[class].iter().any(|rule| {
            let rule = &self.all[*rule];
            matches!(rule.kind, Kind::Affinity)
                && rule.owner[class]
                && rule.places.contains(&Place::Host)
        })
    }
}

/// Distinct specs of bound pods and where they are.
#[derive(Debug, Default)]
struct Bound<'a> {
    specs: Vec<&'a PodSpec>,
    /// By spec: nodes and numbers of pods.
    at: Vec<Vec<(usize, i64)>>,
}

impl<'a> Bound<'a> {
    fn new(summaries: &'a [Arc<SiteSummary>]) -> Self {
        let mut bound = Self::default();
        let mut by_address: BTreeMap<usize, usize> = BTreeMap::new();
        let mut by_value: BTreeMap<&PodSpec, usize> = BTreeMap::new();
        for (node, summary) in summaries.iter().enumerate() {
            for (spec, count) in &summary.bound {
                let number = *by_address.entry(Arc::as_ptr(spec).addr()).or_insert_with(|| {
                    *by_value.entry(spec).or_insert_with(|| {
                        bound.specs.push(spec);
                        bound.at.push(Vec::new());
                        bound.specs.len() - 1
                    })
                });
                bound.at[number].push((node, *count));
            }
        }
        bound
    }
}

struct Builder<'a> {
    snapshot: &'a ClusterSnapshot,
    classes: &'a [Class],
    table: &'a ShapeTable,
    admissions: &'a mut Admissions,
    bound: Bound<'a>,
    rules: Rules,
}

impl<'a> Builder<'a> {
    fn add_spreads(&mut self) {
        type Identity<'a> =
            (&'a str, &'a TopologySpread, Option<&'a [Requirements]>, Option<&'a [Toleration]>);
        let classes = self.classes;
        let mut owners: BTreeMap<Identity<'a>, Vec<usize>> = BTreeMap::new();
        for (index, class) in classes.iter().enumerate() {
            for spread in class.spec.topology_spread.iter().filter(|one| one.required) {
                let (alternatives, tolerations) = filter(&class.spec, spread);
                let identity = (class.spec.namespace.as_str(), spread, alternatives, tolerations);
                owners.entry(identity).or_default().push(index);
            }
        }
        for ((namespace, spread, alternatives, tolerations), owners) in owners {
            let place = self.place(&spread.topology_key);
            let kind = self.spread(spread, place, alternatives, tolerations);
            let counted = |node: usize| match &kind {
                Kind::Spread(spread) => place == Place::Host || spread.counted_nodes[node],
                Kind::Anti | Kind::Affinity => true,
            };
            let selects = |spec: &PodSpec| {
                spec.namespace == namespace && spread.selector.selects(&spec.labels)
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
                },
            );
        }
    }

    fn spread(
        &mut self,
        spread: &TopologySpread,
        place: Place,
        alternatives: Option<&[Requirements]>,
        tolerations: Option<&[Toleration]>,
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
            alternatives.is_none_or(|all| all.iter().any(admits))
                && tolerations.is_none_or(|own| tolerates_taints(own, &node.node.taints))
        };
        let counted_nodes: Vec<bool> = self.snapshot.nodes.iter().map(counts).collect();
        let mut eligible = Vec::new();
        if let Place::Key(key) = place {
            eligible = vec![false; self.rules.values[key].len()];
            for shape in counted_shapes.admitted.iter() {
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
        let domains = eligible.iter().filter(|one| **one).count();
        Kind::Spread(Spread {
            max_skew: i64::from(spread.max_skew),
            too_few_domains: spread.min_domains.is_some_and(|wanted| domains < wanted as usize),
            eligible,
            counted_nodes,
            counted_shapes,
        })
    }

    fn add_anti_affinity(&mut self) {
        let classes = self.classes;
        let mut owners: BTreeMap<&PodAffinityTerm, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
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
        let owners: Vec<(PodAffinityTerm, Vec<usize>, Vec<usize>)> = owners
            .into_iter()
            .map(|(term, (pending, bound))| (term.clone(), pending, bound))
            .collect();
        for (term, pending, bound) in owners {
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
                },
            );
        }
    }

    fn add_affinity(&mut self) {
        let classes = self.classes;
        let mut owners: BTreeMap<&[PodAffinityTerm], Vec<usize>> = BTreeMap::new();
        for (index, class) in classes.iter().enumerate() {
            if !class.spec.pod_affinity.is_empty() {
                owners.entry(&class.spec.pod_affinity).or_default().push(index);
            }
        }
        for (terms, owners) in owners {
            let selects = |spec: &PodSpec| {
                terms.iter().all(|term| term.selects(&spec.namespace, &spec.labels))
            };
            let places: Vec<Place> =
                terms.iter().map(|term| self.place(&term.topology_key)).collect();
            let bound_selected =
                places.iter().map(|place| self.count(*place, selects, |_| true)).collect();
            let in_a_domain =
                |node: usize| places.iter().any(|place| self.node_domain(*place, node).is_some());
            let specs = self.bound.specs.iter().zip(&self.bound.at);
            let bound_total = specs
                .filter(|(spec, _)| selects(spec))
                .flat_map(|(_, at)| at.iter().filter(|(node, _)| in_a_domain(*node)))
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

/// What narrows the nodes that count for a spread: alternatives and tolerations, where honoured.
fn filter<'a>(
    spec: &'a PodSpec,
    spread: &TopologySpread,
) -> (Option<&'a [Requirements]>, Option<&'a [Toleration]>) {
    let alternatives = spec.node_alternatives.as_slice();
    let narrows = !alternatives.iter().any(Requirements::is_empty);
    let affinity = spread.node_affinity_policy == SpreadPolicy::Honor && narrows;
    let taints = spread.node_taints_policy == SpreadPolicy::Honor;
    (affinity.then_some(alternatives), taints.then_some(spec.tolerations.as_slice()))
}
