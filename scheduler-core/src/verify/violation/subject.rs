//! What a violation is about.

use super::{Place, Violation};
use crate::model::PodId;

impl Violation {
    /// The pod that it names, if it names one.
    pub fn pod(&self) -> Option<&PodId> {
        match self {
            Self::UnknownPod { pod }
            | Self::PodRepeated { pod }
            | Self::WrongNomination { pod }
            | Self::PodMissing { pod }
            | Self::UnsupportedPod { pod, .. }
            | Self::UnknownNode { pod, .. }
            | Self::NodeDeleting { pod, .. }
            | Self::TaintNotTolerated { pod, .. }
            | Self::RequirementsUnmet { pod, .. }
            | Self::HostPortClash { pod, .. }
            | Self::TopologyLabelMissing { pod, .. }
            | Self::SpreadBroken { pod, .. }
            | Self::AffinityUnmet { pod, .. }
            | Self::AntiAffinityBroken { pod, .. }
            | Self::ClaimShared { pod, .. }
            | Self::CertificateKind { first: pod, .. } => Some(pod),
            Self::EmptyLaunch { .. }
            | Self::UnknownPool { .. }
            | Self::StaticPool { .. }
            | Self::UnknownInstanceType { .. }
            | Self::UnknownOffering { .. }
            | Self::UnavailableOffering { .. }
            | Self::WrongPrice { .. }
            | Self::WrongLabel { .. }
            | Self::WrongTaints { .. }
            | Self::WrongCapacity { .. }
            | Self::WrongAllocatable { .. }
            | Self::WrongDaemons { .. }
            | Self::WrongRequests { .. }
            | Self::Overfull { .. }
            | Self::LimitExceeded { .. }
            | Self::NotStatic { .. }
            | Self::Replicas { .. }
            | Self::ReservationExceeded { .. }
            | Self::WrongWorth { .. }
            | Self::Alternative { .. }
            | Self::MinValues { .. }
            | Self::WrongRelaxation { .. }
            | Self::Termination { .. }
            | Self::WrongReport { .. } => None,
        }
    }

    /// The node that it is about, if it is about one rather than a single pod of it.
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::EmptyLaunch { place }
            | Self::UnknownPool { place, .. }
            | Self::StaticPool { place, .. }
            | Self::UnknownInstanceType { place }
            | Self::UnknownOffering { place }
            | Self::UnavailableOffering { place }
            | Self::WrongPrice { place, .. }
            | Self::WrongLabel { place, .. }
            | Self::WrongTaints { place }
            | Self::WrongCapacity { place }
            | Self::WrongAllocatable { place }
            | Self::WrongDaemons { place, .. }
            | Self::WrongRequests { place, .. }
            | Self::Overfull { place, .. }
            | Self::NotStatic { place, .. }
            | Self::WrongWorth { place, .. }
            | Self::Alternative { place, .. }
            | Self::MinValues { place, .. }
            | Self::WrongRelaxation { place, .. } => Some(place),
            Self::UnknownPod { .. }
            | Self::PodRepeated { .. }
            | Self::WrongNomination { .. }
            | Self::PodMissing { .. }
            | Self::UnsupportedPod { .. }
            | Self::UnknownNode { .. }
            | Self::NodeDeleting { .. }
            | Self::TaintNotTolerated { .. }
            | Self::RequirementsUnmet { .. }
            | Self::HostPortClash { .. }
            | Self::TopologyLabelMissing { .. }
            | Self::SpreadBroken { .. }
            | Self::AffinityUnmet { .. }
            | Self::AntiAffinityBroken { .. }
            | Self::ClaimShared { .. }
            | Self::CertificateKind { .. }
            | Self::LimitExceeded { .. }
            | Self::Replicas { .. }
            | Self::ReservationExceeded { .. }
            | Self::Termination { .. }
            | Self::WrongReport { .. } => None,
        }
    }
}
