//! Queues of messages, as SQS has them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

use super::action::{Action, Call, Service};
use super::draw::Draw;
use super::{Account, AwsError};

/// How long a message that was received stays hidden, if nothing else is said.
const HIDDEN_SECS: u32 = 30;
/// Most messages that one call receives.
const RECEIVED_MAX: usize = 10;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// Its text.
    pub body: String,
    /// When it arrived.
    pub sent_at: Timestamp,
    /// Until when it is hidden from others.
    pub hidden_until: Timestamp,
    /// How often it was received.
    pub received: u32,
}

impl Message {
    /// What deletes it.
    pub fn receipt_handle(&self) -> String {
        format!("{}#{}", self.id, self.received)
    }
}

/// A queue; messages in order of their arrival.
#[derive(Clone, Debug, Default)]
struct Queue {
    messages: BTreeMap<u64, Message>,
    arrived: u64,
}

impl Queue {
    fn arrive(&mut self, body: &str, now: Timestamp, draw: &mut Draw) -> String {
        self.arrived += 1;
        let id = draw.uuid("message");
        let message = Message {
            id: id.clone(),
            body: body.to_owned(),
            sent_at: now,
            hidden_until: now,
            received: 0,
        };
        self.messages.insert(self.arrived, message);
        id
    }
}

/// Queues by name.
#[derive(Clone, Debug)]
pub(crate) struct Queues {
    by_name: BTreeMap<String, Queue>,
    /// How often the next messages arrive twice.
    pub(crate) doubled: u32,
    /// Where queues are reached.
    pub(crate) endpoint: String,
}

impl Queues {
    pub(crate) fn new(names: Vec<String>) -> Self {
        let by_name = names.into_iter().map(|name| (name, Queue::default())).collect();
        Self { by_name, doubled: 0, endpoint: "http://localhost".to_owned() }
    }

    /// A message arrives in all queues.
    pub(crate) fn arrive(&mut self, body: &str, now: Timestamp, draw: &mut Draw) {
        let doubled = self.doubled > 0;
        self.doubled = self.doubled.saturating_sub(1);
        for queue in self.by_name.values_mut() {
            queue.arrive(body, now, draw);
            if doubled {
                queue.arrive(body, now, draw);
            }
        }
    }

    /// Messages that are in a queue, hidden or not.
    pub(crate) fn messages(&self, name: &str) -> impl Iterator<Item = &Message> {
        self.by_name.get(name).into_iter().flat_map(|queue| queue.messages.values())
    }

    /// The queue of a URL, which ends in its name.
    fn of_url(&mut self, url: &str) -> Result<&mut Queue, AwsError> {
        let name = url.rsplit('/').next().unwrap_or_default();
        self.by_name.get_mut(name).ok_or_else(no_queue)
    }
}

fn no_queue() -> AwsError {
    AwsError::client("QueueDoesNotExist", "The specified queue does not exist.")
}

/// SQS `GetQueueUrl`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetQueueUrl {
    /// Its name.
    pub queue_name: String,
}

impl Call for GetQueueUrl {
    const ACTION: Action = Action::new(Service::Sqs, "GetQueueUrl");
    type Answer = String;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        let queues = &account.queues;
        if !queues.by_name.contains_key(&self.queue_name) {
            return Err(no_queue());
        }
        let (endpoint, account_id) = (&queues.endpoint, &account.settings.account_id);
        Ok(format!("{endpoint}/{account_id}/{}", self.queue_name))
    }
}

/// SQS `ReceiveMessage`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReceiveMessage {
    /// The queue.
    pub queue_url: String,
    /// At most so many, up to 10; one if nothing is said.
    pub max_number_of_messages: Option<usize>,
    /// How long they are hidden from others.
    pub visibility_timeout: Option<u32>,
    /// How long to wait if there is none; whoever serves the call does the waiting.
    pub wait_time_seconds: Option<u32>,
}

impl Call for ReceiveMessage {
    const ACTION: Action = Action::new(Service::Sqs, "ReceiveMessage");
    type Answer = Vec<Message>;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        let most = self.max_number_of_messages.unwrap_or(1);
        if !(1..=RECEIVED_MAX).contains(&most) {
            let message = format!("Value {most} for parameter MaxNumberOfMessages is invalid.");
            return Err(AwsError::client("InvalidParameterValue", message));
        }
        let hidden = self.visibility_timeout.unwrap_or(HIDDEN_SECS);
        let hidden_until = account.after(Duration::from_secs(hidden.into()));
        let now = account.now;
        let queue = account.queues.of_url(&self.queue_url)?;
        let seen = queue.messages.values_mut().filter(|message| message.hidden_until <= now);
        let received = seen.take(most).map(|message| {
            message.hidden_until = hidden_until;
            message.received += 1;
            message.clone()
        });
        Ok(received.collect())
    }
}

/// SQS `DeleteMessage`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteMessage {
    /// The queue.
    pub queue_url: String,
    /// As received.
    pub receipt_handle: String,
}

impl Call for DeleteMessage {
    const ACTION: Action = Action::new(Service::Sqs, "DeleteMessage");
    type Answer = ();

    fn carry_out(self, account: &mut Account) -> Result<(), AwsError> {
        let queue = account.queues.of_url(&self.queue_url)?;
        let Some((id, _)) = self.receipt_handle.split_once('#') else {
            let message = "The input receipt handle is invalid.";
            return Err(AwsError::client("ReceiptHandleIsInvalid", message));
        };
        // The message of an old receipt stays, and nobody is told, as SQS has it.
        let handle = &self.receipt_handle;
        queue.messages.retain(|_, one| one.id != id || one.receipt_handle() != *handle);
        Ok(())
    }
}

/// SQS `SendMessage`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct SendMessage {
    /// The queue.
    pub queue_url: String,
    /// The text.
    pub message_body: String,
}

/// A message that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its id.
    pub id: String,
    /// Its text.
    pub body: String,
}

impl Call for SendMessage {
    const ACTION: Action = Action::new(Service::Sqs, "SendMessage");
    type Answer = Sent;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        let Self { queue_url, message_body: body } = self;
        let now = account.now;
        let Account { queues, draw, .. } = account;
        let id = queues.of_url(&queue_url)?.arrive(&body, now, draw);
        Ok(Sent { id, body })
    }
}
