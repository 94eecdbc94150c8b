//! Instance profiles.

use std::future::Future;

use jiff::Timestamp;

use super::{ApiError, Tags};

/// What an asynchronous call gives.
type Answer<T> = Result<T, ApiError>;

/// Identity and Access Management, as far as it is used.
pub trait Iam: Send + Sync {
    /// A profile by its name.
    fn instance_profile(&self, name: &str) -> impl Future<Output = Answer<InstanceProfile>> + Send;
    /// All profiles below a path. Whoever deletes re-checks the path: not every service that
    /// speaks this protocol honours it.
    fn instance_profiles(
        &self,
        path: &str,
    ) -> impl Future<Output = Answer<Vec<InstanceProfile>>> + Send;
    /// Creates a profile without a role.
    fn create_instance_profile(
        &self,
        name: &str,
        path: &str,
        tags: &Tags,
    ) -> impl Future<Output = Answer<()>> + Send;
    /// Deletes a profile that has no role.
    fn delete_instance_profile(&self, name: &str) -> impl Future<Output = Answer<()>> + Send;
    /// Puts a role into a profile.
    fn add_role(&self, profile: &str, role: &str) -> impl Future<Output = Answer<()>> + Send;
    /// Takes a role out of a profile.
    fn remove_role(&self, profile: &str, role: &str) -> impl Future<Output = Answer<()>> + Send;
}

/// An instance profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceProfile {
    /// Name.
    pub name: String,
    /// Path (`/karpenter/…/`).
    pub path: String,
    /// Name of its role, without path.
    pub role: Option<String>,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// Tags; lists leave them out.
    pub tags: Tags,
}
