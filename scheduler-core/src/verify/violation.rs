//! What can be wrong with a plan, as data.

mod display;
mod subject;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::subject::Subject;
use crate::model::{CapacityType, NodeName, NodePoolName, OfferingKey, PodId, Price, Resources};

/// The node that a violation is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Place {
    /// A node that exists, or a claim in flight.
    Existing(NodeName),
    /// A node that the plan launches.
    New {
        /// Position among the plan's launches, from 0.
        index: usize,
        /// Instance type.
        instance_type: String,
        /// Zone.
        zone: String,
        /// Capacity type.
        capacity_type: CapacityType,
    },
    /// A node that the plan launches for a static pool.
    Static {
        /// Position among the plan's launches for static pools, from 0.
        index: usize,
        /// Pool.
        node_pool: NodePoolName,
        /// Instance type.
        instance_type: String,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Existing(name) => write!(f, "node {name}"),
            Self::New { index, instance_type, zone, capacity_type } => {
                write!(f, "launch {index} ({instance_type} {capacity_type} in {zone})")
            }
            Self::Static { index, node_pool, instance_type } => {
                write!(f, "launch {index} of static pools ({instance_type} of {node_pool})")
            }
        }
    }
}

/// What is wrong with an alternative offering of a launch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AlternativeFault {
    /// It is the chosen offering.
    Chosen,
    /// It is not dearer than the one before it in the list, or is the same one again.
    OutOfOrder,
    /// The pool has no such offering.
    Unknown,
    /// It is reserved capacity, which is promised to one node.
    Reserved,
    /// It cannot be bought now.
    Unavailable,
    /// Its price is another one.
    Price(Price),
    /// The price with the expected cost of interruptions is another.
    RiskPrice(Price),
    /// It costs more than alternatives may.
    AboveCeiling,
    /// The pool does not admit it.
    Pool {
        /// Label key.
        key: String,
    },
    /// The pod cannot run on it.
    Pod(PodId),
    /// It has not enough of a resource for daemons and pods.
    TooSmall {
        /// Kubernetes resource name.
        resource: String,
    },
    /// It is in another domain of a spread, affinity or anti-affinity constraint that is about one
    /// of the pods.
    Topology {
        /// Topology key.
        key: String,
    },
    /// A daemon that would run there takes a host port of a pod.
    HostPort(u16),
}

/// Why a node must not be terminated as empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TerminationFault {
    /// There is no such node.
    UnknownNode,
    /// The plan says so twice.
    Repeated,
    /// It belongs to no pool of the snapshot that could give it up for this reason.
    NoPool,
    /// It is going away already.
    Deleting,
    /// The node, or a pod on it, must not be disrupted.
    DoNotDisrupt,
    /// It has pods other than daemons.
    HasPods,
    /// The plan expects a pod on it, or holds room there.
    HasNominations,
    /// It is not initialized.
    NotInitialized,
    /// `consolidateAfter` has not passed since the last pod event, or is `Never`.
    TooEarly,
    /// More nodes of its pool are disrupted than the budgets allow.
    Budget,
}

/// What is wrong with a kind of pods in the certificate of the lower bound.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum KindFault {
    /// The plan places such pods, and the certificate does not list them.
    Missing,
    /// The pod is not the first of the pending pods of a kind that the plan places.
    Unknown,
    /// It is listed after a kind whose first pod comes later, or twice.
    OutOfOrder,
    /// The plan places another number of them.
    Placed {
        /// Number in the certificate.
        listed: i64,
        /// Number of pods that the plan places.
        actual: i64,
    },
    /// They are worth less than nothing.
    NegativeValue(i64),
}

/// Something in a plan that breaks a constraint.
///
/// Where a constraint is about like pods on one node, `pod` names the first of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Violation {
    /// The plan names a pod that is not pending.
    UnknownPod {
        /// The pod.
        pod: PodId,
    },
    /// A pod has two places, or a place and an entry among the unschedulable ones.
    PodRepeated {
        /// The pod.
        pod: PodId,
    },
    /// A chunk of a buffer is nominated, or a pod is given held room only.
    WrongNomination {
        /// The pod.
        pod: PodId,
    },
    /// A pending pod is neither placed nor listed as unschedulable.
    PodMissing {
        /// The pod.
        pod: PodId,
    },
    /// A pod with a feature that is not supported has a place.
    UnsupportedPod {
        /// Where it was placed.
        place: Place,
        /// The pod.
        pod: PodId,
    },
    /// A pod is expected on a node that does not exist.
    UnknownNode {
        /// The node.
        node: NodeName,
        /// The pod.
        pod: PodId,
    },
    /// A pod is expected on a node that is going away.
    NodeDeleting {
        /// The node.
        node: NodeName,
        /// The pod.
        pod: PodId,
    },
    /// A launch is for no pod.
    EmptyLaunch {
        /// The launch.
        place: Place,
    },
    /// There is no such pool.
    UnknownPool {
        /// The launch.
        place: Place,
        /// The pool that it names.
        node_pool: NodePoolName,
    },
    /// The pool has a fixed number of nodes and takes no part in provisioning.
    StaticPool {
        /// The launch.
        place: Place,
        /// The pool.
        node_pool: NodePoolName,
    },
    /// The pool's catalogue has no such type.
    UnknownInstanceType {
        /// The launch.
        place: Place,
    },
    /// The type is not sold in that zone in that way.
    UnknownOffering {
        /// The launch.
        place: Place,
    },
    /// The offering cannot be bought now.
    UnavailableOffering {
        /// The launch.
        place: Place,
    },
    /// The offering has another price.
    WrongPrice {
        /// The launch.
        place: Place,
        /// Price in the plan.
        planned: Price,
        /// Price of the offering.
        actual: Price,
    },
    /// A label that the node would not have, or would have with another value, or a label that the
    /// pool's requirements do not admit.
    WrongLabel {
        /// The launch.
        place: Place,
        /// Label key.
        key: String,
        /// Value in the plan.
        planned: Option<String>,
    },
    /// The taints are not those of the pool.
    WrongTaints {
        /// The launch.
        place: Place,
    },
    /// The capacity is not that of the type.
    WrongCapacity {
        /// The launch.
        place: Place,
    },
    /// The allocatable amounts are not those of the type.
    WrongAllocatable {
        /// The launch.
        place: Place,
    },
    /// The daemons' requests are not those of the `DaemonSet`s that run there.
    WrongDaemons {
        /// The launch.
        place: Place,
        /// Requests in the plan.
        planned: Resources,
        /// Requests of the `DaemonSet`s that run on such a node.
        actual: Resources,
    },
    /// The requests are not those of daemons and pods.
    WrongRequests {
        /// The launch.
        place: Place,
        /// Requests in the plan.
        planned: Resources,
        /// Requests of the daemons and pods together.
        actual: Resources,
    },
    /// Pods and daemons ask for more than the node has.
    Overfull {
        /// The node.
        place: Place,
        /// Kubernetes resource name.
        resource: String,
        /// What pods and daemons ask for.
        wanted: i64,
        /// What they can use.
        available: i64,
    },
    /// A pod does not tolerate a taint.
    TaintNotTolerated {
        /// The node.
        place: Place,
        /// The pod.
        pod: PodId,
        /// The taint.
        taint: String,
    },
    /// The node's labels satisfy none of the pod's alternatives.
    RequirementsUnmet {
        /// The node.
        place: Place,
        /// The pod.
        pod: PodId,
    },
    /// A host port is taken twice.
    HostPortClash {
        /// The node.
        place: Place,
        /// The pod.
        pod: PodId,
        /// Port number.
        port: u16,
    },
    /// The node has no label of a key that the pod must be spread over.
    TopologyLabelMissing {
        /// The node.
        place: Place,
        /// The pod.
        pod: PodId,
        /// Topology key.
        topology_key: String,
    },
    /// A spread constraint does not hold.
    SpreadBroken {
        /// The node.
        place: Place,
        /// The pod.
        pod: PodId,
        /// Topology key.
        topology_key: String,
        /// Its `maxSkew`.
        max_skew: u32,
        /// Pods in the domain of the pod less those in the emptiest domain.
        skew: i64,
    },
    /// No order of binding gives the pod the neighbours that it must have.
    AffinityUnmet {
        /// The node.
        place: Place,
        /// The pod.
        pod: PodId,
    },
    /// An anti-affinity term, the pod's own or that of another pod, does not hold.
    AntiAffinityBroken {
        /// The node.
        place: Place,
        /// The pod.
        pod: PodId,
        /// Topology key.
        topology_key: String,
    },
    /// Several pods use a claim that only one may use.
    ClaimShared {
        /// The node.
        place: Place,
        /// The pod.
        pod: PodId,
        /// Namespace and name of the claim.
        claim: String,
    },
    /// The nodes of a pool exceed one of its limits.
    LimitExceeded {
        /// The pool.
        node_pool: NodePoolName,
        /// Limited resource (`nodes` is the count).
        resource: String,
        /// The limit.
        limit: i64,
        /// Amount with the plan carried out.
        total: i64,
    },
    /// A node is launched without pods, or with pods as if there were none, of a pool that is none
    /// with a fixed number of nodes.
    NotStatic {
        /// The launch.
        place: Place,
        /// The pool.
        node_pool: NodePoolName,
    },
    /// A static pool would have more nodes than `replicas` by launches, or fewer by terminations.
    Replicas {
        /// The pool.
        node_pool: NodePoolName,
        /// Its `replicas`.
        replicas: i64,
        /// Nodes with the plan carried out.
        then: i64,
    },
    /// More nodes are launched into a reservation than it has left.
    ReservationExceeded {
        /// Its id.
        reservation: String,
        /// Instances that it has left.
        remaining: u32,
        /// Nodes that the plan launches into it.
        launches: usize,
    },
    /// A kind of pods in the certificate of the lower bound is wrong.
    CertificateKind {
        /// The first pod of the kind.
        first: PodId,
        /// What is wrong.
        fault: KindFault,
    },
    /// A launch claims another worth of its pods than the certificate gives them.
    WrongWorth {
        /// The launch.
        place: Place,
        /// Worth in the plan, all resources together.
        planned: Price,
        /// Worth by the certificate.
        actual: Price,
    },
    /// An alternative of a launch would not do.
    Alternative {
        /// The launch.
        place: Place,
        /// The alternative.
        offering: OfferingKey,
        /// What is wrong with it.
        fault: AlternativeFault,
    },
    /// The offerings of a launch are fewer than `minValues` of the pool asks for.
    MinValues {
        /// The launch.
        place: Place,
        /// Label key.
        key: String,
        /// Distinct values that must remain.
        wanted: u32,
        /// Distinct values that remain.
        found: usize,
    },
    /// A launch says the opposite of whether its offerings are fewer than `minValues` asks for.
    WrongRelaxation {
        /// The launch.
        place: Place,
        /// What it says.
        told: bool,
    },
    /// A node must not be terminated.
    Termination {
        /// The node.
        node: NodeName,
        /// Why not.
        fault: TerminationFault,
    },
    /// A figure of the report disagrees with the plan.
    WrongReport {
        /// Field of the report.
        field: String,
        /// The figure; prices in micro-dollars an hour.
        reported: i64,
        /// What it should be; for `lower_bound` the most that it may be.
        actual: i64,
    },
}
