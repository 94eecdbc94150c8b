//! Violations in sentences.

use std::fmt;

use super::{AlternativeFault, KindFault, TerminationFault, Violation};
use crate::model::{OfferingKey, Price, Resources};

impl fmt::Display for Violation {
    #[expect(clippy::too_many_lines, reason = "one arm a variant, each a sentence")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownPod { pod } => write!(f, "pod {pod} is not pending"),
            Self::PodRepeated { pod } => write!(f, "pod {pod} appears twice in the plan"),
            Self::WrongNomination { pod } => {
                write!(f, "pod {pod}: chunks of buffers are held, and all others nominated")
            }
            Self::PodMissing { pod } => {
                write!(f, "pod {pod} is neither placed nor listed as unschedulable")
            }
            Self::UnsupportedPod { place, pod } => {
                write!(f, "{place}: pod {pod} uses a feature that cannot be planned for")
            }
            Self::UnknownNode { node, pod } => {
                write!(f, "node {node}: there is no such node for pod {pod}")
            }
            Self::NodeDeleting { node, pod } => {
                write!(f, "node {node}: the node is going away and takes no pod {pod}")
            }
            Self::EmptyLaunch { place } => write!(f, "{place}: the node is for no pod"),
            Self::UnknownPool { place, node_pool } => {
                write!(f, "{place}: there is no NodePool {node_pool}")
            }
            Self::StaticPool { place, node_pool } => {
                write!(f, "{place}: NodePool {node_pool} has a fixed number of nodes")
            }
            Self::UnknownInstanceType { place } => {
                write!(f, "{place}: the catalogue of the pool has no such instance type")
            }
            Self::UnknownOffering { place } => {
                write!(f, "{place}: the instance type is not offered there in that way")
            }
            Self::UnavailableOffering { place } => {
                write!(f, "{place}: the offering cannot be bought now")
            }
            Self::WrongPrice { place, planned, actual } => {
                write!(f, "{place}: the price is {actual}, not {planned}")
            }
            Self::WrongLabel { place, key, planned: Some(value) } => {
                write!(f, "{place}: the node would not have label {key}={value}, or must not")
            }
            Self::WrongLabel { place, key, planned: None } => {
                write!(f, "{place}: the node must have label {key}")
            }
            Self::WrongTaints { place } => write!(f, "{place}: the taints are not the pool's"),
            Self::WrongCapacity { place } => {
                write!(f, "{place}: the capacity is not the instance type's")
            }
            Self::WrongAllocatable { place } => {
                write!(f, "{place}: the allocatable amounts are not the instance type's")
            }
            Self::WrongDaemons { place, planned, actual } => {
                write!(f, "{place}: the daemons ask for {actual}, not {planned}")
            }
            Self::WrongRequests { place, planned, actual } => {
                write!(f, "{place}: daemons and pods ask for {actual}, not {planned}")
            }
            Self::Overfull { place, resource, wanted, available } => {
                let wanted = Resources::display_amount(resource, *wanted);
                let available = Resources::display_amount(resource, *available);
                write!(f, "{place}: {resource} {wanted} is asked for, {available} is there")
            }
            Self::TaintNotTolerated { place, pod, taint } => {
                write!(f, "{place}: pod {pod} does not tolerate taint {taint}")
            }
            Self::RequirementsUnmet { place, pod } => {
                write!(f, "{place}: the labels satisfy no node requirement of pod {pod}")
            }
            Self::HostPortClash { place, pod, port } => {
                write!(f, "{place}: host port {port} of pod {pod} is taken")
            }
            Self::TopologyLabelMissing { place, pod, topology_key } => {
                write!(f, "{place}: no label {topology_key}, over which pod {pod} is spread")
            }
            Self::SpreadBroken { place, pod, topology_key, max_skew, skew } => {
                write!(f, "{place}: pod {pod} skews {topology_key} by {skew}, above {max_skew}")
            }
            Self::AffinityUnmet { place, pod } => {
                write!(f, "{place}: the pods that pod {pod} must be near to are not there")
            }
            Self::AntiAffinityBroken { place, pod, topology_key } => {
                write!(
                    f,
                    "{place}: pod {pod} is in one {topology_key} with a pod to keep away from"
                )
            }
            Self::ClaimShared { place, pod, claim } => {
                write!(f, "{place}: pod {pod} is not the only one with claim {claim}")
            }
            Self::LimitExceeded { node_pool, resource, limit, total } => {
                let limit = Resources::display_amount(resource, *limit);
                let total = Resources::display_amount(resource, *total);
                write!(f, "NodePool {node_pool}: {resource} {total} exceeds the limit of {limit}")
            }
            Self::NotStatic { place, node_pool } => {
                write!(f, "{place}: NodePool {node_pool} is not static, or the node has pods")
            }
            Self::Replicas { node_pool, replicas, then } => {
                write!(f, "NodePool {node_pool}: {then} nodes where replicas is {replicas}")
            }
            Self::ReservationExceeded { reservation, remaining, launches } => {
                write!(
                    f,
                    "reservation {reservation}: {launches} nodes are launched, {remaining} are left"
                )
            }
            Self::CertificateKind { first, fault } => write!(f, "pods like {first}: {fault}"),
            Self::WrongWorth { place, planned, actual } => {
                write!(
                    f,
                    "{place}: the pods are said to be worth {planned}, the certificate gives them {actual}"
                )
            }
            Self::Alternative { place, offering, fault } => {
                let OfferingKey { instance_type, zone, capacity_type, .. } = offering;
                write!(f, "{place}: alternative {instance_type} {capacity_type} in {zone}: {fault}")
            }
            Self::MinValues { place, key, wanted, found } => {
                write!(f, "{place}: {found} values of {key} remain, minValues is {wanted}")
            }
            Self::WrongRelaxation { place, told: true } => {
                write!(f, "{place}: minValues is said to be relaxed, and is met")
            }
            Self::WrongRelaxation { place, told: false } => {
                write!(f, "{place}: minValues is not met, and not said to be relaxed")
            }
            Self::Termination { node, fault } => write!(f, "node {node}: {fault}"),
            Self::WrongReport { field, reported, actual } => {
                let money = |micro_usd: i64| Price::from_micro_usd(micro_usd);
                let (told, right) = (money(*reported), money(*actual));
                match field.as_str() {
                    "price" => write!(f, "report: the price is {told}, the launches cost {right}"),
                    "lower_bound" => {
                        write!(
                            f,
                            "report: the lower bound is {told}, the certificate proves {right}"
                        )
                    }
                    "gap" => write!(
                        f,
                        "report: the shares of the gap are {told} together, the price is {right} \
                         over the proven bound"
                    ),
                    field => write!(f, "report: {field} is {reported}, the plan says {actual}"),
                }
            }
        }
    }
}

impl fmt::Display for AlternativeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Chosen => write!(f, "it is the chosen offering"),
            Self::Reserved => write!(f, "reserved capacity is promised to one node"),
            Self::OutOfOrder => write!(f, "it is listed out of order or twice"),
            Self::Unknown => write!(f, "the pool has no such offering"),
            Self::Unavailable => write!(f, "it cannot be bought now"),
            Self::Price(actual) => write!(f, "the price is {actual}"),
            Self::RiskPrice(actual) => write!(f, "the price with interruptions is {actual}"),
            Self::AboveCeiling => write!(f, "it is dearer than the ceiling for alternatives"),
            Self::Pool { key } => write!(f, "the pool does not admit its {key}"),
            Self::Pod(pod) => write!(f, "pod {pod} cannot run on it"),
            Self::TooSmall { resource } => write!(f, "it has too little {resource}"),
            Self::Topology { key } => write!(f, "it is in another {key}, which a pod depends on"),
            Self::HostPort(port) => write!(f, "a daemon takes host port {port} there"),
        }
    }
}

impl fmt::Display for KindFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => write!(f, "the plan places some, and they are not listed"),
            Self::Unknown => write!(f, "it is not the first pod of a kind that the plan places"),
            Self::OutOfOrder => write!(f, "they are listed out of order or twice"),
            Self::Placed { listed, actual } => {
                write!(f, "{listed} are listed, the plan places {actual}")
            }
            Self::NegativeValue(value) => write!(f, "their value of {value} is below zero"),
        }
    }
}

impl fmt::Display for TerminationFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownNode => "there is no such node to terminate",
            Self::Repeated => "the plan terminates it twice",
            Self::NoPool => "it belongs to no NodePool that may give it up",
            Self::Deleting => "it is going away already",
            Self::DoNotDisrupt => "it must not be disrupted",
            Self::HasPods => "it is not empty",
            Self::HasNominations => "the plan expects a pod on it",
            Self::NotInitialized => "it is not initialized",
            Self::TooEarly => "consolidateAfter has not passed",
            Self::Budget => "the disruption budgets of its pool do not allow it",
        })
    }
}
