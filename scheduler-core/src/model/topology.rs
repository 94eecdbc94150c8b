//! Spreading and affinity between pods.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::label::Labels;
use super::requirement::Requirements;

/// Selects pods by their labels.
///
/// Built by the border from `matchLabels`, `matchExpressions` and `matchLabelKeys`; a selector that
/// is absent there selects nothing and is left out together with its constraint's effect.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LabelSelector {
    /// Requirements on the pod's labels. Label keys of pods are never normalised, but no pod label
    /// uses one of the rewritten node keys.
    pub requirements: Requirements,
    /// A selector that selects nothing.
    #[serde(default)]
    pub nothing: bool,
}

impl LabelSelector {
    /// Selects pods that carry all these labels.
    pub fn from_labels(labels: &Labels) -> Self {
        Self { requirements: Requirements::from_labels(labels), nothing: false }
    }

    /// Selects no pod.
    pub fn nothing() -> Self {
        Self { requirements: Requirements::new(), nothing: true }
    }

    /// Whether the selector selects a pod with these labels.
    pub fn selects(&self, labels: &Labels) -> bool {
        !self.nothing && self.requirements.admit(labels)
    }
}

/// Whether a node-side rule narrows the domains that count for a spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SpreadPolicy {
    /// Nodes that the pod could not use do not count.
    Honor,
    /// All nodes count.
    Ignore,
}

/// A topology spread constraint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TopologySpread {
    /// Node label whose values are the domains.
    pub topology_key: String,
    /// Largest difference of counts between a domain and the emptiest one; at least 1.
    pub max_skew: u32,
    /// Pods that count; only pods of the same namespace.
    pub selector: LabelSelector,
    /// `DoNotSchedule` if true, `ScheduleAnyway` otherwise.
    pub required: bool,
    /// With fewer domains than this the emptiest one counts as 0.
    #[serde(default)]
    pub min_domains: Option<u32>,
    /// Whether node affinity narrows the domains; Kubernetes' default is `Honor`.
    pub node_affinity_policy: SpreadPolicy,
    /// Whether taints narrow the domains; Kubernetes' default is `Ignore`.
    pub node_taints_policy: SpreadPolicy,
}

/// Namespaces in which a pod affinity term looks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NamespaceScope {
    /// Every namespace.
    All,
    /// These namespaces.
    These(BTreeSet<String>),
}

impl NamespaceScope {
    /// Exactly one namespace.
    pub fn one(namespace: impl Into<String>) -> Self {
        Self::These(BTreeSet::from([namespace.into()]))
    }

    /// Whether pods of this namespace count.
    pub fn contains(&self, namespace: &str) -> bool {
        match self {
            Self::All => true,
            Self::These(names) => names.contains(namespace),
        }
    }
}

/// A term of pod affinity or anti-affinity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PodAffinityTerm {
    /// Node label whose values are the domains.
    pub topology_key: String,
    /// Pods that the term is about.
    pub selector: LabelSelector,
    /// Where these pods are looked for.
    pub namespaces: NamespaceScope,
}

impl PodAffinityTerm {
    /// Whether the term is about a pod with this namespace and these labels.
    pub fn selects(&self, namespace: &str, labels: &Labels) -> bool {
        self.namespaces.contains(namespace) && self.selector.selects(labels)
    }
}

/// Whether a pod wants to be near other pods or away from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Attraction {
    /// In one domain with them (`podAffinity`).
    Near,
    /// In no domain with them (`podAntiAffinity`).
    Apart,
}

/// A preferred term of pod affinity or anti-affinity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PreferredPodTerm {
    /// Weight, 1 to 100.
    pub weight: u32,
    /// Whether to be near or apart.
    pub attraction: Attraction,
    /// From whom, and where.
    pub term: PodAffinityTerm,
}
