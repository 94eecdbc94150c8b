//! Counts of pods per topology domain, kept as pods and nodes come and go.

use std::collections::BTreeMap;

use scheduler_core::model::{
    LabelSelector, Labels, NamespaceScope, PodAffinityTerm, PodSpec, Requirements, Taint,
    Toleration,
};

/// Which pods a counter counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// Pods that a selector selects in these namespaces.
    Selected(NamespaceScope, LabelSelector),
    /// Pods that carry this anti-affinity term.
    Carriers(PodAffinityTerm),
}

impl Counted {
    pub(super) fn includes(&self, spec: &PodSpec) -> bool {
        match self {
            Self::Selected(namespaces, selector) => {
                namespaces.contains(&spec.namespace) && selector.selects(&spec.labels)
            }
            Self::Carriers(term) => spec.pod_anti_affinity.contains(term),
        }
    }
}

/// Which nodes a counter looks at; `None` is every node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Eligible {
    /// The node must satisfy one of these.
    pub(super) alternatives: Option<Vec<Requirements>>,
    /// The node's taints must be tolerated.
    pub(super) tolerations: Option<Vec<Toleration>>,
}

impl Eligible {
    fn includes(&self, labels: &Labels, taints: &[Taint]) -> bool {
        self.alternatives.as_ref().is_none_or(|any| any.iter().any(|one| one.admit(labels)))
            && self.tolerations.as_ref().is_none_or(|own| {
                taints
                    .iter()
                    .filter(|taint| taint.is_hard())
                    .all(|taint| own.iter().any(|toleration| toleration.tolerates(taint)))
            })
    }
}

/// Pods per value of a node label.
#[derive(Debug)]
pub(super) struct Counter {
    pub(super) topology_key: String,
    pub(super) counted: Counted,
    pub(super) eligible: Eligible,
    domains: BTreeMap<String, Domain>,
    total: u32,
}

/// A domain with at least one node.
#[derive(Debug, Default)]
struct Domain {
    nodes: u32,
    pods: u32,
}

impl Counter {
    pub(super) fn new(topology_key: String, counted: Counted, eligible: Eligible) -> Self {
        Self { topology_key, counted, eligible, domains: BTreeMap::new(), total: 0 }
    }

    pub(super) fn node_joins(&mut self, labels: &Labels, taints: &[Taint]) {
        if let Some(value) = self.domain_of(labels, taints) {
            self.domains.entry(value).or_default().nodes += 1;
        }
    }

    pub(super) fn node_leaves(&mut self, labels: &Labels, taints: &[Taint]) {
        let Some(value) = self.domain_of(labels, taints) else {
            return;
        };
        if let Some(domain) = self.domains.get_mut(&value) {
            domain.nodes -= 1;
            if domain.nodes == 0 {
                self.domains.remove(&value);
            }
        }
    }

    pub(super) fn pods_come(&mut self, labels: &Labels, taints: &[Taint], pods: u32) {
        if let Some(value) = self.domain_of(labels, taints) {
            self.domains.entry(value).or_default().pods += pods;
            self.total += pods;
        }
    }

    pub(super) fn pods_leave(&mut self, labels: &Labels, taints: &[Taint], pods: u32) {
        if let Some(value) = self.domain_of(labels, taints) {
            self.domains.entry(value).or_default().pods -= pods;
            self.total -= pods;
        }
    }

    /// Counted pods in a domain.
    pub(super) fn pods_in(&self, domain: &str) -> i64 {
        self.domains.get(domain).map_or(0, |domain| i64::from(domain.pods))
    }

    /// Counted pods in all domains.
    pub(super) fn pods(&self) -> u32 {
        self.total
    }

    /// Counted pods in the emptiest domain; 0 if there are fewer domains than `min_domains`.
    pub(super) fn emptiest(&self, min_domains: usize) -> i64 {
        if self.domains.len() < min_domains {
            return 0;
        }
        self.domains.values().map(|domain| i64::from(domain.pods)).min().unwrap_or(0)
    }

    fn domain_of(&self, labels: &Labels, taints: &[Taint]) -> Option<String> {
        let value = labels.get(&self.topology_key)?;
        self.eligible.includes(labels, taints).then(|| value.clone())
    }
}
