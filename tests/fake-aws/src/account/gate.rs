//! What a call meets before it is served: faults, limits, permissions.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use jiff::Timestamp;

use super::action::{Action, Service};
use super::draw::Draw;
use super::fault::{CallFault, CallScript, FaultRates};
use super::settings::ACCOUNT_ID;
use super::throttle::{Buckets, Throttling};
use crate::error::{AwsError, Failure};

/// The gate of an account.
#[derive(Clone, Debug, Default)]
pub(crate) struct Gate {
    pub(crate) script: CallScript,
    pub(crate) rates: FaultRates,
    throttling: Throttling,
    latency: Duration,
    buckets: Buckets,
    denied: BTreeSet<String>,
}

/// What the gate decides.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    pub(crate) delay: Duration,
    pub(crate) verdict: Verdict,
}

#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    Serve,
    ServeAndLose,
    Fail(Failure),
}

impl Gate {
    pub(crate) fn new(rates: FaultRates, throttling: Throttling, latency: Duration) -> Self {
        Self { rates, throttling, latency, ..Self::default() }
    }

    pub(crate) fn deny(&mut self, permission: &str) {
        self.denied.insert(permission.to_owned());
    }

    pub(crate) fn allow(&mut self, permission: &str) {
        self.denied.remove(permission);
    }

    pub(crate) fn admit(&mut self, action: Action, now: Timestamp, draw: &mut Draw) -> Admission {
        let fault = self.script.take(|one| *one == action).or_else(|| self.drawn(draw));
        let mut delay = self.latency;
        let mut verdict = Verdict::Serve;
        match fault {
            None => {}
            Some(CallFault::Slow(by)) => delay += by,
            Some(CallFault::AnswerLost) => verdict = Verdict::ServeAndLose,
            Some(CallFault::Throttled) => verdict = Verdict::Fail(throttled(action).into()),
            Some(CallFault::Failed) => verdict = Verdict::Fail(AwsError::internal().into()),
            Some(CallFault::Refused(error)) => verdict = Verdict::Fail(error.into()),
            Some(CallFault::Garbled) => verdict = Verdict::Fail(Failure::Garbled),
        }
        if matches!(verdict, Verdict::Serve | Verdict::ServeAndLose) {
            let limited = self.throttling == Throttling::Published;
            if limited && !self.buckets.take(action, now) {
                verdict = Verdict::Fail(throttled(action).into());
            } else if let Err(error) = self.require(action.service, &action.permission()) {
                verdict = Verdict::Fail(error.into());
            }
        }
        Admission { delay, verdict }
    }

    /// Whether the caller has the permission.
    pub(crate) fn require(&self, service: Service, permission: &str) -> Result<(), AwsError> {
        if self.denied.contains(permission) { Err(denial(service, permission)) } else { Ok(()) }
    }

    /// The fault that the shares give this call.
    fn drawn(&self, draw: &mut Draw) -> Option<CallFault> {
        let rates = self.rates;
        if draw.next_hits("throttled call", rates.throttled_ppm) {
            Some(CallFault::Throttled)
        } else if draw.next_hits("failed call", rates.failed_ppm) {
            let garbled = draw.next_hits("garbled answer", 500_000);
            Some(if garbled { CallFault::Garbled } else { CallFault::Failed })
        } else if draw.next_hits("lost answer", rates.lost_ppm) {
            Some(CallFault::AnswerLost)
        } else if draw.next_hits("slow answer", rates.slow_ppm) {
            Some(CallFault::Slow(rates.slow_by))
        } else {
            None
        }
    }
}

fn throttled(action: Action) -> AwsError {
    match action.service {
        Service::Ec2 => AwsError::throttled(),
        Service::Eks | Service::Pricing | Service::Ssm => {
            AwsError::client("ThrottlingException", "Rate exceeded")
        }
        Service::Iam | Service::Sts => AwsError::client("Throttling", "Rate exceeded"),
        Service::Sqs => AwsError::client("RequestThrottled", "Rate exceeded"),
    }
}

/// EC2 has a code and a message of its own; the message ends in a text that only STS can read.
fn denial(service: Service, permission: &str) -> AwsError {
    let reason = format!(
        "User: arn:aws:sts::{ACCOUNT_ID}:assumed-role/plimsoll/session is not authorized to perform: {permission} because no identity-based policy \
         allows the {permission} action"
    );
    if service == Service::Ec2 {
        let encoded = URL_SAFE.encode(format!("denied {permission}"));
        let message = format!(
            "You are not authorized to perform this operation. {reason}. Encoded authorization \
             failure message: {encoded}"
        );
        return AwsError::client("UnauthorizedOperation", message).with_status(403);
    }
    let code = match service {
        Service::Iam | Service::Sts => "AccessDenied",
        _ => "AccessDeniedException",
    };
    AwsError::client(code, reason).with_status(403)
}
