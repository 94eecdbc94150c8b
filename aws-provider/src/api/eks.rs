//! The cluster, as EKS knows it.

use std::future::Future;

use super::ApiError;

/// Elastic Kubernetes Service, as far as it is used.
pub trait Eks: Send + Sync {
    /// A cluster by its name.
    fn cluster(&self, name: &str) -> impl Future<Output = Result<EksCluster, ApiError>> + Send;
}

/// A cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EksCluster {
    /// ARN.
    pub arn: String,
    /// URL of the API server.
    pub endpoint: String,
    /// Minor version of Kubernetes (`1.33`).
    pub version: String,
    /// Certificates that the API server's one is checked with, as PEM in base64.
    pub ca_bundle: Option<String>,
    /// Range of service addresses, for clusters of IPv4.
    pub service_ipv4_cidr: Option<String>,
    /// Range of service addresses, for clusters of IPv6.
    pub service_ipv6_cidr: Option<String>,
}
