//! What was denied, and by what.

use std::fmt;

use serde::Deserialize;

use super::reason::DENIALS;
use crate::api::{ApiError, Fault};

/// A call that is not permitted.
///
/// Displays as one sentence that names the fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The IAM action that is missing. The call's own name, if AWS does not tell: a launch may
    /// also fail on `iam:PassRole` and others, which only the encoded message says.
    pub action: String,
    /// Whether AWS named the action itself.
    pub is_action_certain: bool,
    /// Who was denied, by ARN.
    pub principal: Option<String>,
    /// What it was denied on, by ARN.
    pub resource: Option<String>,
    /// What stands in the way.
    pub by: DeniedBy,
    /// The message that `sts:DecodeAuthorizationMessage` makes readable.
    pub encoded: Option<String>,
}

/// What stands in the way of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeniedBy {
    /// No policy of the role allows it.
    NoPolicy,
    /// The role's permissions boundary denies it.
    PermissionsBoundary,
    /// A service control policy of the organization denies it.
    ServiceControlPolicy,
    /// A policy denies it outright.
    ExplicitDeny,
    /// The role's trust policy does not let the service account assume it.
    TrustPolicy,
    /// The image is not shared with the account.
    Image,
}

/// The action of IRSA.
const ASSUME_BY_TOKEN: &str = "sts:AssumeRoleWithWebIdentity";
/// What comes before the encoded part of a message.
const ENCODED: &str = "Encoded authorization failure message: ";

impl Denial {
    /// The denial behind a failed call, if it is one.
    pub(super) fn of(error: &ApiError) -> Option<Self> {
        match &error.fault {
            Fault::Service { code, message, .. } => {
                let is_denial = DENIALS.iter().any(|denial| code.contains(denial));
                is_denial.then(|| Self::read(error, message))
            }
            Fault::NoCredentials { message } => {
                let is_denial = message.contains(ASSUME_BY_TOKEN)
                    || DENIALS.iter().any(|denial| message.contains(denial));
                is_denial.then(|| Self::read(error, message))
            }
            Fault::Unreadable { .. } | Fault::NoAnswer { .. } => None,
        }
    }

    fn read(error: &ApiError, message: &str) -> Self {
        let named = word_after(message, "ot authorized to perform: ")
            .or_else(|| word_after(message, "ot authorized to perform "))
            .filter(|word| word.contains(':'));
        Self {
            is_action_certain: named.is_some(),
            by: DeniedBy::read(message, named),
            action: named
                .map_or_else(|| format!("{}:{}", error.service, error.operation), str::to_owned),
            principal: word_after(message, "User: ").map(str::to_owned),
            resource: word_after(message, "on resource: ").map(str::to_owned),
            encoded: word_after(message, ENCODED).map(str::to_owned),
        }
    }

    /// The denial with what the decoded message tells of it. What cannot be read changes nothing.
    #[must_use]
    pub fn decoded(mut self, json: &str) -> Self {
        let Ok(decoded) = serde_json::from_str::<Decoded>(json) else { return self };
        self.is_action_certain = true;
        self.action = decoded.context.action;
        self.resource = decoded.context.resource.or(self.resource);
        self.principal = decoded.context.principal.and_then(|one| one.arn).or(self.principal);
        if decoded.explicit_deny && self.by == DeniedBy::NoPolicy {
            self.by = DeniedBy::ExplicitDeny;
        }
        self
    }
}

/// What `sts:DecodeAuthorizationMessage` answers, as far as it matters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Decoded {
    #[serde(default)]
    explicit_deny: bool,
    context: Context,
}

#[derive(Deserialize)]
struct Context {
    action: String,
    resource: Option<String>,
    principal: Option<Principal>,
}

#[derive(Deserialize)]
struct Principal {
    arn: Option<String>,
}

impl DeniedBy {
    fn read(message: &str, action: Option<&str>) -> Self {
        if action == Some(ASSUME_BY_TOKEN) {
            Self::TrustPolicy
        } else if message.contains("Not authorized for images") {
            Self::Image
        } else if message.contains("explicit deny in a permissions boundary") {
            Self::PermissionsBoundary
        } else if message.contains("explicit deny in a service control policy") {
            Self::ServiceControlPolicy
        } else if message.contains("explicit deny") {
            Self::ExplicitDeny
        } else {
            Self::NoPolicy
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = self.principal.as_deref().unwrap_or("the role of the controller");
        let action = &self.action;
        match self.by {
            DeniedBy::NoPolicy => write!(
                f,
                "{role} may not {action}: add {action} to the policy of the role that the \
                 controller's service account assumes"
            ),
            DeniedBy::PermissionsBoundary => write!(
                f,
                "{role} may not {action}: its permissions boundary denies it, so allow {action} \
                 there"
            ),
            DeniedBy::ServiceControlPolicy => write!(
                f,
                "{role} may not {action}: a service control policy of the organization denies it, \
                 so ask those who manage the organization to allow {action}"
            ),
            DeniedBy::ExplicitDeny => write!(
                f,
                "{role} may not {action}: a policy denies it outright, so remove the statement \
                 that denies {action}"
            ),
            DeniedBy::TrustPolicy => write!(
                f,
                "the controller's service account may not assume its role: name the service \
                 account and the cluster's identity provider in the trust policy of the role, and \
                 the role in the annotation eks.amazonaws.com/role-arn of the service account"
            ),
            DeniedBy::Image => write!(
                f,
                "the image may not be used by this account: share it with the account, or select \
                 another one in amiSelectorTerms of the EC2NodeClass"
            ),
        }?;
        match (&self.encoded, self.is_action_certain) {
            (Some(_), false) => f.write_str(
                " (the call needs other permissions too; allow sts:DecodeAuthorizationMessage to \
                 see which one is missing)",
            ),
            _ => Ok(()),
        }
    }
}

/// The word that follows a text, without punctuation at its end.
fn word_after<'a>(message: &'a str, text: &str) -> Option<&'a str> {
    let start = message.find(text)? + text.len();
    let word = message[start..].split_whitespace().next()?;
    Some(word.trim_end_matches(['.', ',', ';']))
}
