//! The kinds of pods that are worth something, as numbers.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::well_known::HOSTNAME;
use crate::model::{PodSpec, Requirements, Resources, Toleration};

/// Kinds of pods with what one of each is worth and asks for.
#[derive(Debug)]
pub(super) struct Kinds<'a> {
    /// Kubernetes names of the resources that some kind asks for, in order.
    pub(super) resources: Vec<&'a str>,
    /// The kinds as things to pack.
    pub(super) items: Items,
    /// What each kind asks of a node's labels and taints, as a position in `asks`.
    pub(super) ask_of: Vec<usize>,
    /// Distinct demands on labels and taints.
    pub(super) asks: Vec<Ask<'a>>,
}

/// Things to pack: values, sizes and numbers.
#[derive(Debug)]
pub(super) struct Items {
    /// What one is worth, in 2⁻¹⁶ micro-dollars an hour; above zero.
    pub(super) values: Vec<i64>,
    /// Most of each on one node.
    limits: Vec<i64>,
    /// Number of resources.
    pub(super) width: usize,
    /// Amounts that one asks for: a row of resources for each.
    requests: Vec<i64>,
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
            items: Items::new(names.len(), kinds.len()),
            resources: names.into_iter().collect(),
            ask_of: Vec::with_capacity(kinds.len()),
            asks: Vec::new(),
        };
        let mut numbers: BTreeMap<Ask<'a>, usize> = BTreeMap::new();
        for (spec, placed, value) in kinds {
            let requests = known.resources.iter().map(|name| spec.requests.get(name));
            known.items.add(value, if is_alone(spec) { 1 } else { placed }, requests);
            let ask = Ask::of(spec);
            let number = *numbers.entry(ask).or_insert_with(|| {
                known.asks.push(ask);
                known.asks.len() - 1
            });
            known.ask_of.push(number);
        }
        known
    }

    /// The amounts of the resources that matter; less than nothing counts as nothing.
    pub(super) fn room(&self, amounts: &Resources) -> Vec<i64> {
        self.resources.iter().map(|name| amounts.get(name).max(0)).collect()
    }

    /// How many pods of a kind can be in a room that has nothing else in it, where these asks are
    /// admitted.
    pub(super) fn most(&self, kind: usize, room: &[i64], admitted: &[bool]) -> i64 {
        if admitted[self.ask_of[kind]] { self.items.most(kind, room) } else { 0 }
    }
}

impl Items {
    fn new(width: usize, number: usize) -> Self {
        Self {
            values: Vec::with_capacity(number),
            limits: Vec::with_capacity(number),
            width,
            requests: Vec::with_capacity(number * width),
        }
    }

    fn add(&mut self, value: i64, limit: i64, requests: impl Iterator<Item = i64>) {
        self.values.push(value);
        self.limits.push(limit);
        self.requests.extend(requests);
    }

    /// Some of the items, in this order.
    pub(super) fn only(&self, chosen: &[usize]) -> Self {
        let mut some = Self::new(self.width, chosen.len());
        for item in chosen {
            some.add(self.values[*item], self.limits[*item], self.request(*item).iter().copied());
        }
        some
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// What one asks for.
    pub(super) fn request(&self, item: usize) -> &[i64] {
        &self.requests[item * self.width..][..self.width]
    }

    fn most(&self, item: usize, room: &[i64]) -> i64 {
        let mut most = self.limits[item];
        for (asked, there) in self.request(item).iter().zip(room) {
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
