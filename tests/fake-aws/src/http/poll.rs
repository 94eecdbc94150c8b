//! Waiting for messages: one call that looks more than once.

use std::time::Duration;

use super::json::received;
use super::reply::{Body, Content, JSON_1_0};
use super::route::Incoming;
use crate::account::Account;
use crate::account::action::Call as _;
use crate::account::queue::ReceiveMessage;

/// A call for messages that is ready to wait.
#[derive(Clone, Debug)]
pub(crate) struct Poll {
    request: ReceiveMessage,
    wait: Duration,
}

impl Poll {
    /// The waiting call in a request that was answered with no message.
    pub(crate) fn of(incoming: &Incoming, answered: &Content) -> Option<Self> {
        if incoming.target != "AmazonSQS.ReceiveMessage" || *answered != nothing() {
            return None;
        }
        let request: ReceiveMessage = serde_json::from_slice(&incoming.body).ok()?;
        let seconds = request.wait_time_seconds.filter(|seconds| *seconds > 0)?;
        Some(Self { request, wait: Duration::from_secs(seconds.into()) })
    }

    /// How long it waits at most, in the account's time.
    pub(crate) const fn wait(&self) -> Duration {
        self.wait
    }

    /// Looks again; `None` while there is no message. It does not count as a call.
    pub(crate) fn look(&self, account: &mut Account) -> Option<Content> {
        let messages = self.request.clone().carry_out(account).ok()?;
        if messages.is_empty() {
            return None;
        }
        let text = received(&messages, account).to_string();
        Some(Content::Body(Body::ok(JSON_1_0, text)))
    }
}

/// The answer without messages.
fn nothing() -> Content {
    Content::Body(Body::ok(JSON_1_0, "{}".to_owned()))
}
