//! On-demand prices.

use std::future::Future;

use super::ApiError;

/// The price list, as far as it is used.
pub trait Pricing: Send + Sync {
    /// Products of service `AmazonEC2` whose attributes have these values, each as the JSON text
    /// that the price list consists of.
    fn ec2_products(
        &self,
        attributes: &[(&str, &str)],
    ) -> impl Future<Output = Result<Vec<String>, ApiError>> + Send;
}
