//! Who we are, and what was denied.

use std::future::Future;

use super::ApiError;

/// Security Token Service, as far as it is used.
pub trait Sts: Send + Sync {
    /// Account and ARN of the credentials in use.
    fn caller(&self) -> impl Future<Output = Result<Caller, ApiError>> + Send;
    /// The JSON text behind the encoded message of an EC2 denial.
    fn decode(&self, encoded: &str) -> impl Future<Output = Result<String, ApiError>> + Send;
}

/// Whose credentials are in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Account.
    pub account: String,
    /// ARN of the role or user.
    pub arn: String,
}
