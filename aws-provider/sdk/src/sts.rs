//! Who we are.

use aws_config::SdkConfig;
use aws_provider::api::sts::{Caller, Sts};
use aws_provider::api::{ApiError, Service};
use aws_sdk_sts::Client;

use crate::failure::failed;

/// STS by the SDK.
#[derive(Clone, Debug)]
pub struct StsClient(Client);

impl StsClient {
    pub(crate) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }
}

impl Sts for StsClient {
    async fn caller(&self) -> Result<Caller, ApiError> {
        let answer = self.0.get_caller_identity().send().await;
        let answer = answer.map_err(failed(Service::Sts, "GetCallerIdentity"))?;
        let (account, arn) = (answer.account.unwrap_or_default(), answer.arn.unwrap_or_default());
        Ok(Caller { account, arn })
    }

    async fn decode(&self, encoded: &str) -> Result<String, ApiError> {
        let call = self.0.decode_authorization_message().encoded_message(encoded);
        let answer = call.send().await;
        let answer = answer.map_err(failed(Service::Sts, "DecodeAuthorizationMessage"))?;
        Ok(answer.decoded_message.unwrap_or_default())
    }
}
