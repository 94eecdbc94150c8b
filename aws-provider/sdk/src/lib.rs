//! The ports of `aws-provider`, implemented with the AWS SDK: the only crate that knows its types.
//!
//! ```text
//! environment, web identity, Pod Identity, IMDS ──► Clients::load ──► Ec2Client, SsmClient, …
//!                                                       one HTTP client with rustls and ring
//! ```
//!
//! Credentials come from the SDK's own chain, and so do `AWS_REGION`, `AWS_ENDPOINT_URL` and
//! `AWS_ENDPOINT_URL_<SERVICE>`. Retries and time-outs are bounded. The crate is a leaf of its own
//! because `aws-sdk-ec2` takes gigabytes and minutes to build.

mod config;
mod ec2;
mod eks;
mod failure;
mod iam;
mod pricing;
mod sqs;
mod ssm;
mod sts;

pub use config::{ClientOptions, Clients, NoRegion};
pub use ec2::Ec2Client;
pub use eks::EksClient;
pub use iam::IamClient;
pub use pricing::PricingClient;
pub use sqs::SqsClient;
pub use ssm::SsmClient;
pub use sts::StsClient;

use aws_smithy_types::DateTime;
use jiff::Timestamp;

/// A time of the SDK's; `None` for one that no calendar has.
fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), time.subsec_nanos().try_into().ok()?).ok()
}
