//! The parameters of Systems Manager, in which AWS publishes its images.

use std::future::Future;

use super::ApiError;

/// Systems Manager, as far as it is used.
pub trait Ssm: Send + Sync {
    /// The value of a parameter by its name or ARN.
    fn parameter(&self, name: &str) -> impl Future<Output = Result<String, ApiError>> + Send;
}
