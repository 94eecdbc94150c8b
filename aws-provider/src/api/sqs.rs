//! The queue of interruption messages.

use std::future::Future;

use jiff::Timestamp;

use super::ApiError;

/// Simple Queue Service, as far as it is used.
pub trait Sqs: Send + Sync {
    /// The URL of a queue by its name.
    fn queue_url(&self, name: &str) -> impl Future<Output = Result<String, ApiError>> + Send;
    /// At most ten messages, waiting for the first up to 20 seconds. They stay hidden from others
    /// for 20 seconds and come back unless they are deleted.
    fn receive(
        &self,
        queue_url: &str,
    ) -> impl Future<Output = Result<Vec<QueueMessage>, ApiError>> + Send;
    /// Deletes a message that was received.
    fn delete(
        &self,
        queue_url: &str,
        receipt: &str,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;
}

/// A message of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueMessage {
    /// Id.
    pub id: String,
    /// With which it can be deleted.
    pub receipt: String,
    /// Text.
    pub body: String,
    /// When it was put into the queue.
    pub sent: Option<Timestamp>,
}
