//! Reason codes: why a pod has no place, as data.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::{CapacityType, PodId};
use crate::verify::Violation;

/// One registry of reasons, used wherever a reason is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String")]
#[serde(try_from = "String")]
pub enum ReasonCode {
    /// No pool may launch anything.
    NoNodePool,
    /// No offering satisfies the pod's node requirements.
    Requirements,
    /// Every pool that would do has a taint that the pod does not tolerate.
    Taints,
    /// The pod is larger than any node that it may use.
    TooLarge,
    /// The types that would do cannot be bought now.
    NoOffering,
    /// A `NodePool` limit stands in the way.
    Limits,
    /// A topology spread constraint cannot be kept.
    TopologySpread,
    /// No node or domain has the pods that this pod must be near to.
    PodAffinity,
    /// Every domain has pods that this pod must be away from.
    PodAntiAffinity,
    /// A host port is taken wherever the pod could go.
    HostPort,
    /// The pod uses a feature that is not supported.
    Unsupported,
    /// A pool that would do cannot be as flexible as its `minValues` ask for.
    MinValues,
    /// Another pod uses a claim that only one pod may use.
    ClaimInUse,
    /// The engine made a plan for the pod that its own check refused.
    Internal,
}

impl ReasonCode {
    /// Every code, in order.
    pub const ALL: [Self; 14] = [
        Self::NoNodePool,
        Self::Requirements,
        Self::Taints,
        Self::TooLarge,
        Self::NoOffering,
        Self::Limits,
        Self::TopologySpread,
        Self::PodAffinity,
        Self::PodAntiAffinity,
        Self::HostPort,
        Self::Unsupported,
        Self::MinValues,
        Self::ClaimInUse,
        Self::Internal,
    ];

    /// The stable code that people see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoNodePool => "PLM-1001",
            Self::Requirements => "PLM-1002",
            Self::Taints => "PLM-1003",
            Self::TooLarge => "PLM-1004",
            Self::NoOffering => "PLM-1005",
            Self::Limits => "PLM-1006",
            Self::TopologySpread => "PLM-1007",
            Self::PodAffinity => "PLM-1008",
            Self::PodAntiAffinity => "PLM-1009",
            Self::HostPort => "PLM-1010",
            Self::Unsupported => "PLM-1011",
            Self::MinValues => "PLM-1012",
            Self::ClaimInUse => "PLM-1013",
            Self::Internal => "PLM-1014",
        }
    }

    /// The code of this text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<ReasonCode> for String {
    fn from(code: ReasonCode) -> Self {
        code.as_str().to_owned()
    }
}

impl TryFrom<String> for ReasonCode {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("unknown reason code {text:?}"))
    }
}

/// A pod without a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unschedulable {
    /// The pod.
    pub pod: PodId,
    /// The reason that decides.
    pub code: ReasonCode,
    /// A smallest set of obstacles whose removal would give the pod a place, on the candidate that
    /// comes nearest.
    pub blockers: Vec<Blocker>,
    /// The candidate that comes nearest.
    pub nearest: Option<Nearest>,
}

/// The candidate that comes nearest to holding a pod.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Nearest {
    /// Pool.
    pub node_pool: String,
    /// Instance type.
    pub instance_type: String,
    /// Zone.
    pub zone: String,
    /// Capacity type.
    pub capacity_type: CapacityType,
}

/// One obstacle between a pod and a candidate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Blocker {
    /// A requirement of the pod that the candidate's label does not satisfy.
    Requirement {
        /// Label key.
        key: String,
        /// What the pod asks for.
        wanted: String,
        /// The candidate's value; `None` if it has no such label.
        found: Option<String>,
    },
    /// A taint that the pod does not tolerate.
    Taint {
        /// The taint.
        taint: String,
    },
    /// More of a resource than the candidate has.
    Resource {
        /// Kubernetes resource name.
        name: String,
        /// What pod and daemons ask for.
        wanted: i64,
        /// What the candidate has for pods and daemons.
        available: i64,
    },
    /// The offering cannot be bought.
    Offering,
    /// A limit of the pool.
    Limit {
        /// Pool.
        node_pool: String,
        /// Limited resource.
        resource: String,
    },
    /// The reservation has nothing left.
    Reservation {
        /// Its id.
        id: String,
    },
    /// A spread constraint.
    Spread {
        /// Topology key.
        topology_key: String,
        /// Its `maxSkew`.
        max_skew: u32,
    },
    /// A pod affinity term.
    Affinity {
        /// Topology key.
        topology_key: String,
    },
    /// An anti-affinity term, the pod's own or another pod's.
    AntiAffinity {
        /// Topology key.
        topology_key: String,
    },
    /// Too few values of a label are left to choose among for the `minValues` of a pool.
    MinValues {
        /// Pool.
        node_pool: String,
        /// Label key.
        key: String,
        /// What the pool asks for.
        wanted: u32,
        /// Values that are left.
        available: u32,
    },
    /// The requirements of a pool leave none of its instance types.
    NoInstanceType {
        /// Pool.
        node_pool: String,
    },
    /// A host port.
    HostPort {
        /// Port number.
        port: u16,
    },
    /// A claim that only one pod may use, and that another one uses or is given.
    ClaimInUse {
        /// Namespace and name.
        claim: String,
    },
    /// A plan that the engine's own check refused.
    Refused {
        /// What was wrong with it.
        violation: Box<Violation>,
    },
    /// A feature that is not supported; the text says which.
    Unsupported {
        /// What was found.
        feature: String,
    },
}
