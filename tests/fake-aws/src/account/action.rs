//! The calls that the account understands.

use std::fmt;

use crate::account::Account;
use crate::error::AwsError;

/// A service of AWS, named as in the scope of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// EC2.
    Ec2,
    /// EKS.
    Eks,
    /// IAM.
    Iam,
    /// The price list.
    Pricing,
    /// SQS.
    Sqs,
    /// Systems Manager.
    Ssm,
    /// STS.
    Sts,
}

impl Service {
    /// Every service.
    pub(crate) const ALL: [Self; 7] =
        [Self::Ec2, Self::Eks, Self::Iam, Self::Pricing, Self::Sqs, Self::Ssm, Self::Sts];

    /// Its name in the scope of a signature, which is also that in permissions.
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

/// A kind of call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Action {
    /// Who serves it.
    pub service: Service,
    /// Its name in the API reference (`CreateFleet`).
    pub name: &'static str,
}

impl Action {
    pub(crate) const fn new(service: Service, name: &'static str) -> Self {
        Self { service, name }
    }

    /// Whether the call changes nothing.
    pub(crate) fn only_reads(self) -> bool {
        ["Describe", "Get", "List"].iter().any(|verb| self.name.starts_with(verb))
    }

    /// The permission that the call asks for (`ec2:CreateFleet`).
    pub(crate) fn permission(self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.service.as_str(), self.name)
    }
}

/// A request: what is asked, and how the account answers.
pub trait Call {
    /// What kind of call it is.
    const ACTION: Action;
    /// What comes back.
    type Answer;

    /// Does what is asked. [`Account::call`] asks before whether the caller may.
    ///
    /// # Errors
    /// As the service does.
    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError>;
}
