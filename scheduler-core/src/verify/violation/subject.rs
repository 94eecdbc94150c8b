//! What a violation is about.

use super::{Place, Violation};
use crate::model::PodId;

/// What a violation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// A single pod.
    Pod(&'a PodId),
    /// A node as a whole.
    Node(&'a Place),
    /// Neither: a pool, a reservation or the report.
    Other,
}

impl Violation {
    /// What it is about.
    pub fn subject(&self) -> Subject<'_> {
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
            | Self::CertificateKind { first: pod, .. } => Subject::Pod(pod),
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
            | Self::WrongRelaxation { place, .. } => Subject::Node(place),
            Self::LimitExceeded { .. }
            | Self::Replicas { .. }
            | Self::ReservationExceeded { .. }
            | Self::Termination { .. }
            | Self::WrongReport { .. } => Subject::Other,
        }
    }
}
