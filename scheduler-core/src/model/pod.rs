//! Pods and `DaemonSet`s.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::attachment::SharedVolume;
use super::id::{NodeName, PodId};
use super::label::Labels;
use super::requirement::Requirements;
use super::resources::Resources;
use super::taint::Toleration;
use super::topology::{NamespaceScope, PodAffinityTerm, PreferredPodTerm, TopologySpread};

/// Everything about a pod that matters for placing it. Pods with equal specs are interchangeable.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PodSpec {
    /// Namespace: selectors of spread and affinity look at it.
    pub namespace: String,
    /// The pod's labels.
    #[serde(default)]
    pub labels: Labels,
    /// Effective requests (containers, sidecars, init containers, overhead), with `pods: 1`, and the
    /// volumes that no other pod mounts.
    pub requests: Resources,
    /// Volumes that other pods mount as well; each takes one place of its node for all of them.
    #[serde(default)]
    pub shared_volumes: BTreeSet<SharedVolume>,
    /// Claims, as `namespace/name`, that one pod of the cluster may use at a time (access mode
    /// `ReadWriteOncePod`) and that some other pod names as well.
    #[serde(default)]
    pub exclusive_claims: BTreeSet<String>,
    /// Alternatives, each the node selector ∧ one required node-affinity term ∧ one place where the
    /// pod's volumes can be reached. Never empty: a pod without any of them has one alternative
    /// that admits everything.
    pub node_alternatives: Vec<Requirements>,
    /// The same without the volumes, where these leave fewer nodes; `None` if there is no
    /// difference. See [`PodSpec::spread_alternatives`].
    #[serde(default)]
    pub affinity_alternatives: Option<Vec<Requirements>>,
    /// Preferred node-affinity terms, heaviest first.
    #[serde(default)]
    pub node_preferences: Vec<PreferredTerm>,
    /// Tolerations.
    #[serde(default)]
    pub tolerations: Vec<Toleration>,
    /// Host ports.
    #[serde(default)]
    pub host_ports: Vec<HostPort>,
    /// Topology spread constraints.
    #[serde(default)]
    pub topology_spread: Vec<TopologySpread>,
    /// Required pod affinity.
    #[serde(default)]
    pub pod_affinity: Vec<PodAffinityTerm>,
    /// Required pod anti-affinity.
    #[serde(default)]
    pub pod_anti_affinity: Vec<PodAffinityTerm>,
    /// Preferred terms of pod affinity and anti-affinity.
    #[serde(default)]
    pub pod_preferences: Vec<PreferredPodTerm>,
    /// Value of the pod's priority class.
    #[serde(default)]
    pub priority: i32,
    /// Owner of the pod as `Kind/name` (`Deployment/web`), for people.
    #[serde(default)]
    pub owner: Option<String>,
    /// Name of the owning `DaemonSet` in the pod's namespace, if the pod is a daemon.
    #[serde(default)]
    pub daemon_set: Option<String>,
    /// The pod must not be disrupted voluntarily.
    #[serde(default)]
    pub do_not_disrupt: bool,
    /// The pod is being deleted. It keeps its room and what affinity says of it, and no longer counts
    /// for spreads.
    #[serde(default)]
    pub terminating: bool,
    /// A feature of the pod that cannot be planned for.
    #[serde(default)]
    pub unsupported: Option<Unsupported>,
    /// The `CapacityBuffer`, as `namespace/name`, of which this is a chunk: room that is kept for
    /// pods to come. No such pod exists.
    #[serde(default)]
    pub buffer: Option<String>,
}

impl PodSpec {
    /// A chunk of a buffer that keeps room for such pods.
    ///
    /// It has the lowest priority, and holds nothing back that is to be disrupted. It is in a
    /// namespace that no pod can have: selectors of real pods do not see it, its own see real pods
    /// and other chunks.
    #[must_use]
    pub fn into_chunk(mut self, buffer: &str) -> Self {
        let namespace = format!("{} (CapacityBuffer)", self.namespace);
        for term in self.pod_affinity.iter_mut().chain(&mut self.pod_anti_affinity) {
            if let NamespaceScope::These(names) = &mut term.namespaces
                && names.contains(&self.namespace)
            {
                names.insert(namespace.clone());
            }
        }
        self.namespace = namespace;
        self.priority = i32::MIN;
        self.do_not_disrupt = false;
        self.buffer = Some(buffer.to_owned());
        self
    }

    /// What a spread that honours node affinity looks at: the pod's own selector and affinity.
    /// kube-scheduler does not narrow the domains to those where the volumes can be reached.
    pub fn spread_alternatives(&self) -> &[Requirements] {
        self.affinity_alternatives.as_ref().unwrap_or(&self.node_alternatives)
    }
}

/// A preferred node-affinity term.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PreferredTerm {
    /// Weight, 1 to 100.
    pub weight: u32,
    /// What is preferred.
    pub requirements: Requirements,
}

/// Transport protocol of a host port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

/// A port of the node that a pod occupies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct HostPort {
    /// Address; `None` is every address.
    pub ip: Option<String>,
    /// Port number.
    pub port: u16,
    /// Protocol.
    pub protocol: Protocol,
}

impl HostPort {
    /// Whether both ports cannot be on one node.
    pub fn conflicts(&self, other: &Self) -> bool {
        self.port == other.port
            && self.protocol == other.protocol
            && (self.ip.is_none() || other.ip.is_none() || self.ip == other.ip)
    }
}

/// A feature of a pod that is refused, not ignored.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Unsupported {
    /// Dynamic resource allocation (`spec.resourceClaims`).
    ResourceClaims,
    /// `matchFields` in required node affinity.
    MatchFields,
    /// A volume that could not be resolved; the text says which and why.
    Volume(String),
    /// Input that a message describes, such as a quantity out of range.
    Invalid(String),
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ResourceClaims => write!(f, "dynamic resource allocation is not supported"),
            Self::MatchFields => write!(f, "matchFields in node affinity is not supported"),
            Self::Volume(message) | Self::Invalid(message) => write!(f, "{message}"),
        }
    }
}

/// A pod of the cluster that is not finished. Whether it is bound, and where, is told by where the
/// [`ClusterSnapshot`](crate::snapshot::ClusterSnapshot) keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pod {
    /// Namespace and name.
    pub id: PodId,
    /// What matters for placing it; share one among the pods of a workload.
    pub spec: Arc<PodSpec>,
    /// Node that an earlier plan chose for this pending pod. Honoured as long as it still fits.
    #[serde(default)]
    pub nominated: Option<NodeName>,
    /// When the pod was created.
    pub created: Timestamp,
}

impl Pod {
    /// Whether this is no pod, but a chunk of a capacity buffer.
    pub fn is_chunk(&self) -> bool {
        self.spec.buffer.is_some()
    }
}

/// A `DaemonSet`: each node that admits its pods carries one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DaemonSet {
    /// Namespace and name.
    pub id: PodId,
    /// Spec of its pods, with `daemon_set` naming it.
    pub spec: PodSpec,
}
