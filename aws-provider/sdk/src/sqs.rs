//! The queue.

use aws_config::SdkConfig;
use aws_provider::api::sqs::{QueueMessage, Sqs};
use aws_provider::api::{ApiError, Service};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use jiff::Timestamp;

use crate::failure::failed;

/// As many as a call gives at most.
const MESSAGES_MAX: i32 = 10;
/// How long messages stay hidden from others.
const HIDDEN_SECS: i32 = 20;
/// How long a call waits for a first message.
const WAIT_SECS: i32 = 20;

/// SQS by the SDK.
#[derive(Clone, Debug)]
pub struct SqsClient(Client);

impl SqsClient {
    pub(crate) fn new(config: &SdkConfig) -> Self {
        Self(Client::new(config))
    }
}

impl Sqs for SqsClient {
    async fn queue_url(&self, name: &str) -> Result<String, ApiError> {
        let answer = self.0.get_queue_url().queue_name(name).send().await;
        let answer = answer.map_err(failed(Service::Sqs, "GetQueueUrl"))?;
        Ok(answer.queue_url.unwrap_or_default())
    }

    async fn receive(&self, queue_url: &str) -> Result<Vec<QueueMessage>, ApiError> {
        let call = self
            .0
            .receive_message()
            .queue_url(queue_url)
            .max_number_of_messages(MESSAGES_MAX)
            .visibility_timeout(HIDDEN_SECS)
            .wait_time_seconds(WAIT_SECS)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp);
        let answer = call.send().await.map_err(failed(Service::Sqs, "ReceiveMessage"))?;
        Ok(answer.messages.unwrap_or_default().into_iter().map(message).collect())
    }

    async fn delete(&self, queue_url: &str, receipt: &str) -> Result<(), ApiError> {
        let call = self.0.delete_message().queue_url(queue_url).receipt_handle(receipt);
        call.send().await.map_err(failed(Service::Sqs, "DeleteMessage"))?;
        Ok(())
    }
}

fn message(message: Message) -> QueueMessage {
    let attributes = message.attributes.unwrap_or_default();
    let sent = attributes.get(&MessageSystemAttributeName::SentTimestamp);
    QueueMessage {
        id: message.message_id.unwrap_or_default(),
        receipt: message.receipt_handle.unwrap_or_default(),
        body: message.body.unwrap_or_default(),
        sent: sent.and_then(|millis| Timestamp::from_millisecond(millis.parse().ok()?).ok()),
    }
}
