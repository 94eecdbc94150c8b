//! Systems Manager.

use aws_config::SdkConfig;
use aws_provider::api::ssm::Ssm;
use aws_provider::api::{ApiError, Service};
use aws_sdk_ssm::Client;

use crate::failure::failed;

/// Systems Manager by the SDK.
#[derive(Clone, Debug)]
pub struct SsmClient(Client);

impl SsmClient {
    pub(crate) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }
}

impl Ssm for SsmClient {
    async fn parameter(&self, name: &str) -> Result<String, ApiError> {
        let answer = self.0.get_parameter().name(name).send().await;
        let answer = answer.map_err(failed(Service::Ssm, "GetParameter"))?;
        Ok(answer.parameter.and_then(|one| one.value).unwrap_or_default())
    }
}
