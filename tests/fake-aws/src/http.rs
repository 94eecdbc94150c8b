//! The services' wire protocols: requests are read here, answers written.

mod ec2;
mod eks;
mod form;
mod json;
mod poll;
mod query;
mod reply;
mod route;
mod xml;

pub(crate) use poll::Poll;
pub(crate) use reply::{Body, Content, Reply};
pub(crate) use route::{Incoming, serve};
