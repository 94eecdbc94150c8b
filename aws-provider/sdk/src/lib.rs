//! The ports of `aws-provider`, implemented with the AWS SDK.
