//! What a failure means: the one table from AWS codes to [`CloudError`] and [`Reason`].
//!
//! ```text
//! ApiError, FleetError ──► Reason (for conditions and counters) ──► CloudError (for decisions)
//! ```

mod denial;
mod reason;
mod shortage;

use thiserror::Error;

pub use denial::{Denial, DeniedBy};
pub use reason::Reason;
pub use shortage::{Refused, Shortage};

use crate::api::sts::Sts;
use crate::api::{ApiError, Fault};

/// Codes of things that are gone, which is what somebody who deletes wants.
const GONE: [&str; 10] = [
    "InvalidCapacityReservationId.NotFound",
    "InvalidInstanceID.NotFound",
    TEMPLATE_GONE,
    "InvalidLaunchTemplateId.NotFound",
    "QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",
    "NoSuchEntity",
    "ParameterNotFound",
    "InvalidPlacementGroup.Unknown",
    "ResourceNotFoundException",
];

/// Codes by which services ask for fewer calls.
const THROTTLED: [&str; 6] = [
    "RequestLimitExceeded",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "RequestThrottled",
    "SlowDown",
];

/// Codes of a fleet that say: not now, not here. Another pool, or the same one later, may do.
const CAPACITY: [&str; 8] = [
    "InsufficientInstanceCapacity",
    "MaxSpotInstanceCountExceeded",
    "VcpuLimitExceeded",
    "UnfulfillableCapacity",
    "Unsupported",
    SUBNET_FULL,
    "MaxFleetCountExceeded",
    "ReservationCapacityExceeded",
];

/// Spot cannot be used before the account has its service-linked role.
pub(crate) const NO_SPOT_ROLE: &str = "AuthFailure.ServiceLinkedRoleCreationNotPermitted";
/// The template of a launch was deleted by somebody.
pub(crate) const TEMPLATE_GONE: &str = "InvalidLaunchTemplateName.NotFoundException";
/// A client token was used before, for a request that differs.
pub(crate) const TOKEN_REUSED: &str = "IdempotentParameterMismatch";
/// A subnet is full.
pub(crate) const SUBNET_FULL: &str = "InsufficientFreeAddressesInSubnet";
/// The first status of server faults.
const SERVER_FAULT: u16 = 500;

/// A failure, by what can be done about it. Callers match on the variant, never on text.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CloudError {
    /// Nothing that was asked for can be had now. Plan again without the offerings named.
    #[error("{0}")]
    InsufficientCapacity(Shortage),
    /// It does not exist, or not any more.
    #[error("{what} does not exist")]
    NotFound {
        /// What, by kind and name.
        what: String,
    },
    /// What it depends on is not ready; it is worth trying again once that has changed.
    #[error("{what} is not ready: {why}")]
    NotReady {
        /// What, by kind and name.
        what: String,
        /// Why.
        why: String,
    },
    /// Too many calls. Wait, and make fewer.
    #[error("AWS asks for fewer calls")]
    Throttled(#[source] ApiError),
    /// Not permitted; somebody has to change a policy.
    #[error("{denial}")]
    Denied {
        /// What was denied, to whom, and what to change.
        denial: Box<Denial>,
        /// The answer.
        #[source]
        source: ApiError,
    },
    /// Refused for what it says; the same request will be refused again.
    #[error("AWS refuses the request ({reason})")]
    Invalid {
        /// For conditions and counters.
        reason: Reason,
        /// The answer.
        #[source]
        source: ApiError,
    },
    /// Nobody's fault that we know of; it may work next time. The call may have been carried out.
    #[error("AWS did not carry the call out, or did not say so")]
    Transient(#[source] ApiError),
}

impl CloudError {
    /// The reason that conditions and counters give.
    pub fn reason(&self) -> Reason {
        match self {
            Self::InsufficientCapacity(shortage) => shortage.reason(),
            Self::NotFound { .. } | Self::NotReady { .. } => Reason::LaunchFailed,
            Self::Throttled(source) | Self::Transient(source) | Self::Denied { source, .. } => {
                Reason::of_fault(&source.fault)
            }
            Self::Invalid { reason, .. } => *reason,
        }
    }

    /// The same error; of a denial whose action AWS has not named, with what STS reads out of its
    /// encoded message. If STS may not tell, nothing changes.
    pub async fn explained<S: Sts>(self, sts: &S) -> Self {
        let Self::Denied { denial, source } = self else { return self };
        let decoded = match &denial.encoded {
            Some(encoded) if !denial.is_action_certain => sts.decode(encoded).await.ok(),
            _ => None,
        };
        let denial = match decoded {
            Some(json) => Box::new(denial.decoded(&json)),
            None => denial,
        };
        Self::Denied { denial, source }
    }

    /// Whether the same request may succeed later with nothing changed by anybody.
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Throttled(_) | Self::Transient(_) | Self::NotReady { .. })
    }
}

impl From<ApiError> for CloudError {
    fn from(error: ApiError) -> Self {
        if let Some(denial) = Denial::of(&error) {
            return Self::Denied { denial: Box::new(denial), source: error };
        }
        match &error.fault {
            // A page of a proxy is no verdict on the request.
            Fault::NoAnswer { .. } | Fault::NoCredentials { .. } | Fault::Unreadable { .. } => {
                Self::Transient(error)
            }
            Fault::Service { code, message, status } => {
                if THROTTLED.contains(&code.as_str()) {
                    Self::Throttled(error)
                } else if GONE.contains(&code.as_str()) {
                    Self::NotFound { what: message.clone() }
                } else if *status >= SERVER_FAULT || code == "InternalError" {
                    Self::Transient(error)
                } else {
                    Self::Invalid { reason: Reason::of(code, message), source: error }
                }
            }
        }
    }
}

impl ApiError {
    /// Whether the thing that was named is gone.
    pub fn is_gone(&self) -> bool {
        self.code().is_some_and(|code| GONE.contains(&code))
    }

    /// Whether the thing that was to be made is there already.
    pub fn is_there_already(&self) -> bool {
        self.code() == Some("EntityAlreadyExists")
    }

    /// Whether the service asks for fewer calls.
    pub fn is_throttled(&self) -> bool {
        self.code().is_some_and(|code| THROTTLED.contains(&code))
    }

    /// Whether the fault is the service's, or nobody answered at all.
    pub const fn is_server_fault(&self) -> bool {
        match &self.fault {
            Fault::Service { status, .. } | Fault::Unreadable { status } => *status >= SERVER_FAULT,
            Fault::NoAnswer { .. } => true,
            Fault::NoCredentials { .. } => false,
        }
    }
}

/// What a deletion came to: that the thing is gone is as good.
pub(crate) fn unless_gone(answer: Result<(), ApiError>) -> Result<(), ApiError> {
    match answer {
        Err(error) if !error.is_gone() => Err(error),
        _ => Ok(()),
    }
}

/// Whether a code of a fleet means that there is no capacity, in the widest sense.
pub fn is_capacity(code: &str) -> bool {
    CAPACITY.contains(&code)
}

#[cfg(test)]
mod tests;
