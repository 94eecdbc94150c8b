//! The EKS cluster, and who the caller is.

use serde::Deserialize;

use super::action::{Action, Call, Service};
use super::{Account, AwsError};

/// An EKS cluster, as far as nodes need to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// Kubernetes version (`1.33`).
    pub version: String,
    /// Where its API server is.
    pub endpoint: String,
    /// Certificate of its authority, in Base64.
    pub certificate_authority: String,
    /// Addresses of its services.
    pub service_cidr: String,
}

impl Cluster {
    /// A cluster whose API server is nowhere.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: "1.33".to_owned(),
            endpoint: format!("https://{name}.eks.invalid"),
            certificate_authority: "Y2VydGlmaWNhdGU=".to_owned(),
            service_cidr: "10.100.0.0/16".to_owned(),
        }
    }
}

/// EKS `DescribeCluster`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct DescribeCluster {
    /// Its name.
    pub name: String,
}

/// A cluster as EKS describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterDescription {
    /// The cluster.
    pub cluster: Cluster,
    /// Its ARN.
    pub arn: String,
}

impl Call for DescribeCluster {
    const ACTION: Action = Action::new(Service::Eks, "DescribeCluster");
    type Answer = ClusterDescription;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        let cluster = account.cluster.clone().filter(|one| one.name == self.name);
        let cluster = cluster.ok_or_else(|| {
            let message = format!("No cluster found for name: {}.", self.name);
            AwsError::client("ResourceNotFoundException", message).with_status(404)
        })?;
        let arn = account.arn("eks", &format!("cluster/{}", cluster.name));
        Ok(ClusterDescription { cluster, arn })
    }
}

/// STS `GetCallerIdentity`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct GetCallerIdentity {}

/// Who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Account number.
    pub account_id: String,
    /// ARN of user or session.
    pub arn: String,
    /// Unique id.
    pub user_id: String,
}

impl Call for GetCallerIdentity {
    const ACTION: Action = Action::new(Service::Sts, "GetCallerIdentity");
    type Answer = Identity;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        let account_id = account.settings.account_id.clone();
        let arn = format!("arn:aws:sts::{account_id}:assumed-role/plimsoll/session");
        Ok(Identity { account_id, arn, user_id: "AROAEXAMPLE:session".to_owned() })
    }
}

/// STS `AssumeRoleWithWebIdentity`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct AssumeRoleWithWebIdentity {
    /// The role.
    pub role_arn: String,
    /// Name of the session.
    pub role_session_name: String,
    /// What proves that the caller is a service account.
    pub web_identity_token: String,
    /// How long, in seconds; an hour if it is not said.
    pub duration_seconds: Option<u32>,
}

/// Credentials that end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Key id.
    pub access_key_id: String,
    /// Secret, which opens nothing.
    pub secret_access_key: String,
    /// Token of the session.
    pub session_token: String,
    /// When they end.
    pub expiration: jiff::Timestamp,
    /// The role and its session.
    pub assumed_role: Identity,
}

impl Call for AssumeRoleWithWebIdentity {
    const ACTION: Action = Action::new(Service::Sts, "AssumeRoleWithWebIdentity");
    type Answer = Session;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        if self.web_identity_token.is_empty() {
            let message = "No OpenIDConnect provider found in your account for an empty token";
            return Err(AwsError::client("InvalidIdentityToken", message));
        }
        let Some((_, role)) = self.role_arn.split_once(":role/") else {
            let message = "Request ARN is invalid";
            return Err(AwsError::client("ValidationError", message));
        };
        let role = role.rsplit('/').next().unwrap_or(role);
        let (account_id, session) = (&account.settings.account_id, &self.role_session_name);
        let assumed_role = Identity {
            account_id: account_id.clone(),
            arn: format!("arn:aws:sts::{account_id}:assumed-role/{role}/{session}"),
            user_id: format!("AROAEXAMPLE:{session}"),
        };
        let lasts = std::time::Duration::from_secs(self.duration_seconds.unwrap_or(3600).into());
        let key = account.draw.next("access key");
        Ok(Session {
            access_key_id: format!("ASIA{key:016X}"),
            secret_access_key: "not-a-secret".to_owned(),
            session_token: "not-a-token".to_owned(),
            expiration: account.after(lasts),
            assumed_role,
        })
    }
}
