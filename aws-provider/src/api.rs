//! Ports: what is asked of AWS, one trait a service, in plain structs of our own.
//!
//! No SDK type appears here or anywhere else in this crate; `aws-provider-sdk` implements the
//! traits with the SDK, tests with an account in memory. Methods that list follow all pages and
//! tolerate empty ones. What can go wrong is an [`ApiError`]; [`crate::error`] says what it means.

pub mod ec2;
pub mod eks;
pub mod iam;
pub mod pricing;
pub mod sqs;
pub mod ssm;
pub mod sts;

use std::collections::BTreeMap;

use thiserror::Error;

/// Tags of a resource.
pub type Tags = BTreeMap<String, String>;

/// A call that failed, as it came back, without judgement.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{service} {operation} failed: {fault}")]
pub struct ApiError {
    /// The service.
    pub service: Service,
    /// The operation by its API name (`CreateFleet`).
    pub operation: &'static str,
    /// What went wrong.
    pub fault: Fault,
    /// The id under which AWS knows the call.
    pub request_id: Option<String>,
}

impl ApiError {
    /// The error code of the service, if it answered with one.
    pub fn code(&self) -> Option<&str> {
        match &self.fault {
            Fault::Service { code, .. } => Some(code),
            Fault::Unreadable { .. } | Fault::NoAnswer { .. } | Fault::NoCredentials { .. } => None,
        }
    }
}

/// How a call failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// The service answered with an error of its protocol.
    #[error("{code}: {message}")]
    Service {
        /// Its code.
        code: String,
        /// Its message.
        message: String,
        /// HTTP status; 0 if unknown.
        status: u16,
    },
    /// Something answered, but not in the service's protocol: a proxy's or load balancer's page.
    #[error("status {status} with an answer that is not of the protocol")]
    Unreadable {
        /// HTTP status.
        status: u16,
    },
    /// There was no answer: no connection, or none in time. The call may have been carried out.
    #[error("no answer: {message}")]
    NoAnswer {
        /// What the client says.
        message: String,
    },
    /// The call was not sent, because there are no credentials to sign it with.
    #[error("no credentials: {message}")]
    NoCredentials {
        /// What the chain of credential providers says.
        message: String,
    },
}

/// AWS services that are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// Elastic Compute Cloud.
    Ec2,
    /// Elastic Kubernetes Service.
    Eks,
    /// Identity and Access Management.
    Iam,
    /// Price List.
    Pricing,
    /// Simple Queue Service.
    Sqs,
    /// Systems Manager.
    Ssm,
    /// Security Token Service.
    Sts,
}

impl Service {
    /// The prefix of its actions in IAM policies.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2",
            Self::Eks => "eks",
            Self::Iam => "iam",
            Self::Pricing => "pricing",
            Self::Sqs => "sqs",
            Self::Ssm => "ssm",
            Self::Sts => "sts",
        }
    }
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// A filter of a `Describe` call: the values are alternatives, filters of one call must all hold.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Filter {
    /// Name (`instance-state-name`, `tag:Name`).
    pub name: String,
    /// Admitted values.
    pub values: Vec<String>,
}

impl Filter {
    /// A filter with these values.
    pub fn new<V: Into<String>>(
        name: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        Self { name: name.into(), values: values.into_iter().map(Into::into).collect() }
    }

    /// The tag has this value; `*` as value asks for the key alone.
    pub fn tag(key: &str, value: &str) -> Self {
        if value == "*" { Self::tag_key(key) } else { Self::new(format!("tag:{key}"), [value]) }
    }

    /// There is a tag of this key.
    pub fn tag_key(key: &str) -> Self {
        Self::new("tag-key", [key])
    }
}
