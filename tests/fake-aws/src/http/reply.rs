//! What goes back to the caller.

use std::time::Duration;

use serde_json::json;

use super::xml::Xml;
use crate::account::action::Service;
use crate::account::{Account, Served};
use crate::error::{AwsError, Failure};

/// A reply, and when it goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) delay: Duration,
    pub(crate) content: Content,
}

/// What goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Body(Body),
    /// Nothing: the connection is closed.
    Nothing,
}

/// A status with a text, and headers beside the usual ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Body {
    pub(crate) status: u16,
    pub(crate) content_type: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) text: String,
}

impl Body {
    pub(super) const fn ok(content_type: &'static str, text: String) -> Self {
        Self { status: 200, content_type, headers: Vec::new(), text }
    }
}

/// How a service writes XML and JSON.
pub(super) const XML: &str = "text/xml;charset=UTF-8";
pub(super) const JSON_1_0: &str = "application/x-amz-json-1.0";
pub(super) const JSON_1_1: &str = "application/x-amz-json-1.1";
pub(super) const JSON: &str = "application/json";

impl Reply {
    /// The reply to a call that was served, its answer being written by `write`.
    pub(super) fn of<T>(
        service: Service,
        served: Served<T>,
        account: &Account,
        write: impl FnOnce(T, &Account) -> Body,
    ) -> Self {
        let content = match served.result {
            Ok(answer) => Content::Body(write(answer, account)),
            Err(Failure::Refused(error)) => Content::Body(refusal(service, &error)),
            Err(Failure::Garbled) => Content::Body(page_of_a_proxy()),
            Err(Failure::AnswerLost) => Content::Nothing,
        };
        Self { delay: served.delay, content }
    }

    /// The reply to a call that was not even understood.
    pub(super) fn refuse(service: Service, error: &AwsError) -> Self {
        Self { delay: Duration::ZERO, content: Content::Body(refusal(service, error)) }
    }
}

/// An error as the service writes it.
fn refusal(service: Service, error: &AwsError) -> Body {
    let AwsError { code, message, status } = error;
    match service {
        Service::Ec2 => Body {
            status: *status,
            content_type: XML,
            headers: Vec::new(),
            text: Xml::document("Response", None, |xml| {
                xml.node("Errors", |xml| {
                    xml.node("Error", |xml| {
                        xml.text("Code", code);
                        xml.text("Message", message);
                    });
                });
                xml.text("RequestID", REQUEST_ID);
            }),
        },
        Service::Iam | Service::Sts => Body {
            status: *status,
            content_type: XML,
            headers: Vec::new(),
            text: Xml::document("ErrorResponse", None, |xml| {
                xml.node("Error", |xml| {
                    xml.text("Type", if *status < 500 { "Sender" } else { "Receiver" });
                    xml.text("Code", code);
                    xml.text("Message", message);
                });
                xml.text("RequestId", REQUEST_ID);
            }),
        },
        Service::Ssm | Service::Pricing => {
            let space = if service == Service::Ssm { "ssm" } else { "pricing" };
            json_refusal(JSON_1_1, &format!("com.amazonaws.{space}#{code}"), error, Vec::new())
        }
        Service::Sqs => {
            // Clients of the older query protocol know errors by another code.
            let legacy = match code.as_str() {
                "QueueDoesNotExist" => "AWS.SimpleQueueService.NonExistentQueue",
                other => other,
            };
            let headers = vec![("x-amzn-query-error", format!("{legacy};Sender"))];
            json_refusal(JSON_1_0, &format!("com.amazonaws.sqs#{code}"), error, headers)
        }
        Service::Eks => {
            let headers = vec![("x-amzn-errortype", code.clone())];
            json_refusal(JSON, code, error, headers)
        }
    }
}

fn json_refusal(
    content_type: &'static str,
    kind: &str,
    error: &AwsError,
    headers: Vec<(&'static str, String)>,
) -> Body {
    let text = json!({ "__type": kind, "message": error.message }).to_string();
    Body { status: error.status, content_type, headers, text }
}

/// What stands in for an id of the request; nobody looks requests up.
pub(super) const REQUEST_ID: &str = "00000000-0000-4000-8000-000000000000";

/// What a proxy says when the service behind it does not answer.
fn page_of_a_proxy() -> Body {
    let text = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad \
                Gateway</h1></center><hr></body></html>\r\n";
    Body { status: 500, content_type: "text/html", headers: Vec::new(), text: text.to_owned() }
}
