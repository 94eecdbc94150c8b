//! Clients with their configuration.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_http_client::Builder as HttpClientBuilder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

use crate::{Ec2Client, EksClient, IamClient, PricingClient, SqsClient, SsmClient, StsClient};

/// A call is sent so often at most, counting the first time.
const ATTEMPTS_MAX: u32 = 4;
/// What the SDK waits by itself before a second attempt.
const FIRST_BACKOFF: Duration = Duration::from_secs(1);
/// No longer than this is waited between two attempts.
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// A connection that takes longer will not come.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// An attempt may take as long as the slowest call, a long poll of 20 seconds, and then some.
const ATTEMPT_TIMEOUT: Duration = Duration::from_mins(1);
/// A call with all its attempts.
const CALL_TIMEOUT: Duration = Duration::from_mins(4);

/// What is not taken from the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientOptions {
    /// Where all services are, for an account that is not AWS's.
    pub endpoint: Option<String>,
    /// Region.
    pub region: Option<String>,
    /// Access key and secret.
    pub credentials: Option<(String, String)>,
    /// How long to wait before a call is repeated for the first time; a second if unset. Later
    /// waits are longer, and drawn at random up to that length.
    pub first_backoff: Option<Duration>,
}

/// The environment tells no region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRegion;

impl std::fmt::Display for NoRegion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "no AWS region is known: set AWS_REGION, or run where the instance metadata service \
             can be reached",
        )
    }
}

impl std::error::Error for NoRegion {}

/// A client for each service, all on one HTTP client.
#[derive(Clone, Debug)]
pub struct Clients {
    /// Region of all but the price list.
    pub region: String,
    /// EC2.
    pub ec2: Ec2Client,
    /// EKS.
    pub eks: EksClient,
    /// IAM.
    pub iam: IamClient,
    /// The price list, in the region that serves ours.
    pub pricing: PricingClient,
    /// SQS.
    pub sqs: SqsClient,
    /// SSM.
    pub ssm: SsmClient,
    /// STS.
    pub sts: StsClient,
}

impl Clients {
    /// Clients as the environment says. Nothing is called yet, unless the region has to be found
    /// out.
    ///
    /// # Errors
    /// If there is no region.
    pub async fn load(options: ClientOptions) -> Result<Self, NoRegion> {
        let config = load(options).await;
        let region = config.region().ok_or(NoRegion)?.to_string();
        let pricing = config
            .to_builder()
            .region(Region::new(aws_provider::pricing::price_list_region(&region)))
            .build();
        Ok(Self {
            region,
            ec2: Ec2Client::new(&config),
            eks: EksClient::new(&config),
            iam: IamClient::new(&config),
            pricing: PricingClient::new(&pricing),
            sqs: SqsClient::new(&config),
            ssm: SsmClient::new(&config),
            sts: StsClient::new(&config),
        })
    }
}

async fn load(options: ClientOptions) -> SdkConfig {
    let ClientOptions { endpoint, region, credentials, first_backoff } = options;
    let http =
        HttpClientBuilder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS_MAX)
        .with_initial_backoff(first_backoff.unwrap_or(FIRST_BACKOFF))
        .with_max_backoff(BACKOFF_MAX);
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .retry_config(retries)
        .timeout_config(timeouts);
    if let Some(endpoint) = endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    if let Some(region) = region {
        loader = loader.region(Region::new(region));
    }
    if let Some((key, secret)) = credentials {
        let credentials = Credentials::new(key, secret, None, None, "options");
        loader = loader.credentials_provider(credentials);
    }
    loader.load().await
}
