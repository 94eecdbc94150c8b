//! Which service a request is for, and the call that it makes.

use super::form::Tree;
use super::reply::Reply;
use super::{ec2, eks, json, query};
use crate::account::Account;
use crate::account::action::Service;
use crate::error::AwsError;

/// A request as it came in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Incoming {
    pub(crate) path: String,
    pub(crate) host: String,
    /// Header `Authorization`; empty if there is none.
    pub(crate) authorization: String,
    /// Header `X-Amz-Target`; empty if there is none.
    pub(crate) target: String,
    pub(crate) body: Vec<u8>,
}

impl Incoming {
    /// Whether nothing needs to be signed: who asks for a session by a token has no key yet.
    fn is_web_identity(&self) -> bool {
        const ACTION: &[u8] = b"Action=AssumeRoleWithWebIdentity";
        self.body.windows(ACTION.len()).any(|window| window == ACTION)
    }

    /// The service by the scope of the signature, else by what else tells it.
    fn service(&self) -> Result<Service, AwsError> {
        if self.authorization.is_empty() {
            if self.is_web_identity() {
                return Ok(Service::Sts);
            }
            let message = "Request is missing Authentication Token";
            let error = AwsError::client("MissingAuthenticationToken", message);
            return Err(error.with_status(403));
        }
        let credential = self.authorization.split_once("Credential=").map(|(_, rest)| rest);
        let scope = credential.and_then(|rest| rest.split([',', ' ']).next()).unwrap_or_default();
        // KEY/DATE/REGION/SERVICE/aws4_request
        let name = scope.split('/').nth(3).unwrap_or_default();
        let by_scope = Service::ALL.into_iter().find(|one| one.as_str() == name);
        let by_host = || {
            let label = self.host.split(['.', ':']).next().unwrap_or_default();
            Service::ALL.into_iter().find(|one| one.as_str() == label)
        };
        by_scope.or_else(by_host).ok_or_else(|| {
            let message = format!("the scope '{scope}' names no service that is served here");
            AwsError::client("IncompleteSignature", message)
        })
    }
}

/// Serves a request.
pub(crate) fn serve(incoming: &Incoming, account: &mut Account) -> Reply {
    let service = match incoming.service() {
        Ok(service) => service,
        // Nobody knows which format the caller reads; most read EC2's.
        Err(error) => return Reply::refuse(Service::Ec2, &error),
    };
    let served = match service {
        Service::Ec2 => form(incoming).and_then(|(name, tree)| ec2::serve(&name, tree, account)),
        Service::Iam => form(incoming).and_then(|(name, tree)| query::iam(&name, tree, account)),
        Service::Sts => form(incoming).and_then(|(name, tree)| query::sts(&name, tree, account)),
        Service::Pricing | Service::Sqs | Service::Ssm => {
            json::serve(&incoming.target, &incoming.body, account)
        }
        Service::Eks => eks::serve(&incoming.path, account),
    };
    served.unwrap_or_else(|error| Reply::refuse(service, &error))
}

/// The name of the call and its parameters.
fn form(incoming: &Incoming) -> Result<(String, Tree), AwsError> {
    let mut tree = Tree::parse(&incoming.body)?;
    let version = tree.take_text("Version");
    let action = tree.take_text("Action");
    let action = action.filter(|_| version.is_some()).ok_or_else(|| {
        AwsError::client("MissingAction", "The request has no parameters Action and Version")
    })?;
    Ok((action, tree))
}

/// What is said of a call that is not served here.
pub(super) fn no_action(name: &str) -> AwsError {
    AwsError::client(
        "InvalidAction",
        format!("The action {name} is not valid for this web service."),
    )
}
