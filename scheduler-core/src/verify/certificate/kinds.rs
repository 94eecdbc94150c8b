//! The kinds of pods that are worth something, as numbers.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::well_known::HOSTNAME;
use crate::model::{PodSpec, Requirements, Resources, Toleration};

/// Kinds of pods with what one of each is worth and asks for.
#[derive(Debug)]
pub(super) struct Kinds<'a> {
    /// Kubernetes names of the resources that some kind asks for, in order.
    pub(super) resources: Vec<&'a str>,
    /// What one pod is worth, in 2⁻¹⁶ micro-dollars an hour; above zero.
    pub(super) values: Vec<i64>,
    /// Most pods on one node.
    pub(super) limits: Vec<i64>,
    /// Amounts that a pod asks for: a row of `resources` for each kind.
    requests: Vec<i64>,
    /// What each kind asks of a node's labels and taints, as a position in `asks`.
    pub(super) ask_of: Vec<usize>,
    /// Distinct demands on labels and taints.
    pub(super) asks: Vec<Ask<'a>>,
}

/// What a pod asks of a node's labels and taints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ask<'a> {
    pub(super) alternatives: &'a [Requirements],
    pub(super) tolerations: &'a [Toleration],
}

impl<'a> Ask<'a> {
    pub(super) fn of(spec: &'a PodSpec) -> Self {
        Self { alternatives: &spec.node_alternatives, tolerations: &spec.tolerations }
    }
}

impl<'a> Kinds<'a> {
    /// Kinds from specs with the number of placed pods and the value of one. Worthless kinds are
    /// left out.
    pub(super) fn new(kinds: impl Iterator<Item = (&'a PodSpec, i64, i64)>) -> Self {
        let kinds: Vec<_> = kinds.filter(|(_, _, value)| *value > 0).collect();
        let names: BTreeSet<&str> = kinds
            .iter()
            .flat_map(|(spec, ..)| spec.requests.iter().map(|(name, _)| name))
            .collect();
        let mut known = Self {
            resources: names.into_iter().collect(),
            values: Vec::with_capacity(kinds.len()),
            limits: Vec::with_capacity(kinds.len()),
            requests: Vec::new(),
            ask_of: Vec::with_capacity(kinds.len()),
            asks: Vec::new(),
        };
        let mut numbers: BTreeMap<Ask<'a>, usize> = BTreeMap::new();
        for (spec, placed, value) in kinds {
            known.values.push(value);
            known.limits.push(if is_alone(spec) { 1 } else { placed });
            known.requests.extend(known.resources.iter().map(|name| spec.requests.get(name)));
            let ask = Ask::of(spec);
            let number = *numbers.entry(ask).or_insert_with(|| {
                known.asks.push(ask);
                known.asks.len() - 1
            });
            known.ask_of.push(number);
        }
        known
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// What a pod of a kind asks for.
    pub(super) fn request(&self, kind: usize) -> &[i64] {
        let width = self.resources.len();
        &self.requests[kind * width..][..width]
    }

    /// The amounts of the resources that matter; less than nothing counts as nothing.
    pub(super) fn room(&self, amounts: &Resources) -> Vec<i64> {
        self.resources.iter().map(|name| amounts.get(name).max(0)).collect()
    }

    /// How many pods of a kind fit into a room that has nothing else in it.
    pub(super) fn most(&self, kind: usize, room: &[i64]) -> i64 {
        let mut most = self.limits[kind];
        for (asked, there) in self.request(kind).iter().zip(room) {
            // Dividing is the dear part, and mostly not needed.
            if asked.saturating_mul(most) > *there {
                most = there / asked;
            }
        }
        most
    }
}

/// Whether no two pods of a spec can share a node: they have a host port, or keep away from each
/// other.
fn is_alone(spec: &PodSpec) -> bool {
    let own = |term: &crate::model::PodAffinityTerm| {
        term.topology_key == HOSTNAME && term.selects(&spec.namespace, &spec.labels)
    };
    !spec.host_ports.is_empty() || spec.pod_anti_affinity.iter().any(own)
}
