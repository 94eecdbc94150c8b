//! The cluster.

use aws_config::SdkConfig;
use aws_provider::api::eks::{Eks, EksCluster};
use aws_provider::api::{ApiError, Service};
use aws_sdk_eks::Client;

use crate::failure::failed;

/// EKS by the SDK.
#[derive(Clone, Debug)]
pub struct EksClient(Client);

impl EksClient {
    pub(crate) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }
}

impl Eks for EksClient {
    async fn cluster(&self, name: &str) -> Result<EksCluster, ApiError> {
        let answer = self.0.describe_cluster().name(name).send().await;
        let answer = answer.map_err(failed(Service::Eks, "DescribeCluster"))?;
        let Some(cluster) = answer.cluster else { return Ok(EksCluster::default()) };
        let network = cluster.kubernetes_network_config;
        Ok(EksCluster {
            arn: cluster.arn.unwrap_or_default(),
            endpoint: cluster.endpoint.unwrap_or_default(),
            version: cluster.version.unwrap_or_default(),
            ca_bundle: cluster.certificate_authority.and_then(|one| one.data),
            service_ipv4_cidr: network.as_ref().and_then(|one| one.service_ipv4_cidr.clone()),
            service_ipv6_cidr: network.and_then(|one| one.service_ipv6_cidr),
        })
    }
}
