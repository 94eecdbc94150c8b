//! Constraints between pods: spread, affinity, anti-affinity, as rules over classes and domains.
//!
//! A domain is a value of a topology key, or a single node for the hostname. A rule says which
//! classes it binds (owners) and which ones it counts (selected); bound pods enter as the counts
//! that it starts from.

mod bound;
mod build;
pub(crate) mod wish;

use std::sync::Arc;

pub(super) use self::build::Builder;
use super::admission::Admission;

/// Where a rule counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Every node is a domain.
    Host,
    /// Nodes with the same value of this key are a domain.
    Key(usize),
}

/// What a rule demands of its owners.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// At most so many more selected pods than in the emptiest domain.
    Spread(Spread),
    /// No selected pod in the domain.
    Anti,
    /// A selected pod in the domain of every term.
    Affinity,
}

/// A required topology spread constraint.
#[derive(Clone, Debug)]
pub(crate) struct Spread {
    pub(crate) max_skew: i64,
    /// With fewer domains than this the emptiest counts as 0.
    pub(crate) min_domains: usize,
    /// Values that the emptiest domain is looked for among: those with a node that counts, and
    /// those where one can be bought now.
    pub(crate) eligible: Vec<bool>,
    /// Existing nodes whose pods count.
    pub(crate) counted_nodes: Vec<bool>,
    /// Shapes whose pods count.
    pub(crate) counted_shapes: Arc<Admission>,
}

/// One constraint.
#[derive(Clone, Debug)]
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
    /// Bound pods that are selected, wherever they are.
    pub(crate) bound_total: i64,
    /// The claim that only one pod of the cluster may use, if the rule stands for that: pods that
    /// name it keep away from each other, all nodes being one domain.
    pub(crate) claim: Option<String>,
}

/// What some rules see of a shape: the values of their keys, and whether its pods count.
#[derive(Clone, Debug)]
pub(crate) struct Views {
    pub(crate) keys: Vec<usize>,
    /// What spreads over keys count, once each.
    pub(crate) counted: Vec<Arc<Admission>>,
}

impl Views {
    /// What is seen of a shape. Shapes with the same view may stand in for each other.
    pub(crate) fn of<'v>(
        &'v self,
        rules: &'v Rules,
        shape: usize,
    ) -> impl Iterator<Item = Option<usize>> + 'v {
        let values = self.keys.iter().map(move |key| rules.shape_values[*key][shape]);
        let counts = move |one: &Arc<Admission>| Some(usize::from(one.admitted.contains(shape)));
        values.chain(self.counted.iter().map(counts))
    }
}

/// All rules of a problem.
#[derive(Clone, Debug, Default)]
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

    /// What rules about these classes see of a shape.
    pub(crate) fn views_of(&self, classes: impl IntoIterator<Item = usize> + Clone) -> Views {
        let keys = self.keys_of(classes.clone());
        let of_classes = classes.into_iter().flat_map(|class| &self.of_class[class]);
        let mut counted: Vec<Arc<Admission>> = Vec::new();
        for rule in of_classes.map(|rule| &self.all[*rule]) {
            if let Kind::Spread(spread) = &rule.kind
                && rule.places[0] != Place::Host
                && !counted.iter().any(|known| Arc::ptr_eq(known, &spread.counted_shapes))
            {
                counted.push(spread.counted_shapes.clone());
            }
        }
        Views { keys, counted }
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
