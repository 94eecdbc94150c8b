//! From the SDK's errors to ours.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_provider::api::{ApiError, Fault, Service};
use aws_sdk_ec2::config::http::HttpResponse;
use aws_sdk_ec2::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::operation::RequestId;

/// EC2's way of saying that a dry run would have been permitted.
const DRY_RUN: &str = "DryRunOperation";

/// The error of a call.
pub(crate) fn failed<E>(
    service: Service,
    operation: &'static str,
) -> impl Fn(SdkError<E, HttpResponse>) -> ApiError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    SdkError<E, HttpResponse>: RequestId,
{
    move |error| {
        let request_id = error.request_id().map(str::to_owned);
        ApiError { service, operation, fault: fault(&error), request_id }
    }
}

/// What a dry run says.
pub(crate) fn of_dry_run<T>(answer: Result<T, ApiError>) -> Result<(), ApiError> {
    match answer {
        Err(error) if error.code() != Some(DRY_RUN) => Err(error),
        _ => Ok(()),
    }
}

fn fault<E>(error: &SdkError<E, HttpResponse>) -> Fault
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    if let SdkError::ServiceError(answer) = error {
        let status = answer.raw().status().as_u16();
        // A page without a code is none of the service's: a proxy or load balancer made it.
        return match answer.err().code() {
            None => Fault::Unreadable { status },
            Some(code) => Fault::Service {
                code: code.to_owned(),
                message: answer.err().message().unwrap_or_default().to_owned(),
                status,
            },
        };
    }
    if let SdkError::ResponseError(answer) = error {
        return Fault::Unreadable { status: answer.raw().status().as_u16() };
    }
    let message = DisplayErrorContext(error).to_string();
    if is_of_credentials(error) {
        Fault::NoCredentials { message }
    } else {
        Fault::NoAnswer { message }
    }
}

/// Whether a call failed because nothing signs it.
fn is_of_credentials(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(one) = cause {
        if one.is::<CredentialsError>() {
            return true;
        }
        cause = one.source();
    }
    false
}
