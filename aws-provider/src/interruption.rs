//! Instances that AWS is about to take away, or that have failed: what is said about them, and what
//! follows for their claims.
//!
//! ```text
//! queue ──► message::parse ──► effects ──► drain the claim, mark capacity, tell in an event
//! DescribeInstanceStatus ──► status::troubles ──► drain, or end at once
//! ```
//!
//! The same message twice changes nothing: a claim that is being deleted is left alone. Instances
//! without a claim in the cluster are somebody else's; queues are shared.

mod effect;
mod message;
mod status;

pub use effect::{
    ClaimOfInstance, Deletion, Disposal, Effect, Event, EventType, Exhausted, disposal, effects,
};
pub use message::{Kind, Message, MessageError, parse};
pub use status::{
    Category, Polling, TERMINATION_TIMESTAMP, Trouble, Unhealthy, after_error, status_queries,
    termination_timestamp, troubles,
};
