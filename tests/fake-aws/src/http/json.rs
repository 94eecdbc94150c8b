//! The JSON protocols of Systems Manager, SQS and the price list.

use md5::{Digest as _, Md5};
use scheduler_core::model::Price;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::reply::{Body, JSON_1_0, JSON_1_1, Reply};
use super::route::no_action;
use crate::account::Account;
use crate::account::action::{Call, Service};
use crate::account::image::GetParameter;
use crate::account::price_list::{GetProducts, Product};
use crate::account::queue::{DeleteMessage, GetQueueUrl, Message, ReceiveMessage, SendMessage};
use crate::error::AwsError;

/// Serves the call that the header `X-Amz-Target` names, without its version.
pub(super) fn serve(target: &str, body: &[u8], account: &mut Account) -> Result<Reply, AwsError> {
    match target {
        "AmazonSSM.GetParameter" => answer::<GetParameter>(body, account, |parameter, account| {
            let name = &parameter.name;
            json!({ "Parameter": {
                "ARN": account.arn("ssm", &format!("parameter{name}")),
                "DataType": "text",
                "Name": name,
                "Type": "String",
                "Value": parameter.value,
                "Version": parameter.version,
            }})
        }),
        "AmazonSQS.GetQueueUrl" => {
            answer::<GetQueueUrl>(body, account, |url, _| json!({ "QueueUrl": url }))
        }
        "AmazonSQS.ReceiveMessage" => {
            answer::<ReceiveMessage>(body, account, |messages, account| {
                received(&messages, account)
            })
        }
        "AmazonSQS.DeleteMessage" => answer::<DeleteMessage>(body, account, |(), _| json!({})),
        "AmazonSQS.SendMessage" => answer::<SendMessage>(
            body,
            account,
            |sent, _| json!({ "MessageId": sent.id, "MD5OfMessageBody": md5(&sent.body) }),
        ),
        "AWSPriceListService.GetProducts" => answer::<GetProducts>(body, account, |page, _| {
            let products = page.items.iter().map(|one| product(one).to_string());
            let products = products.collect::<Vec<_>>();
            let mut found = json!({ "FormatVersion": "aws_v1", "PriceList": products });
            if let Some(token) = page.next_token {
                found["NextToken"] = json!(token);
            }
            found
        }),
        other => Err(no_action(other)),
    }
}

fn answer<C: Call + DeserializeOwned>(
    body: &[u8],
    account: &mut Account,
    write: impl FnOnce(C::Answer, &Account) -> Value,
) -> Result<Reply, AwsError> {
    let request: C = serde_json::from_slice(body)
        .map_err(|error| AwsError::client("SerializationException", error.to_string()))?;
    let served = account.serve(request);
    let service = C::ACTION.service;
    let content_type = if service == Service::Sqs { JSON_1_0 } else { JSON_1_1 };
    Ok(Reply::of(service, served, account, |found, account| {
        Body::ok(content_type, write(found, account).to_string())
    }))
}

/// Messages that were received; SQS leaves an empty list out.
pub(super) fn received(messages: &[Message], account: &Account) -> Value {
    if messages.is_empty() {
        return json!({});
    }
    let messages = messages.iter().map(|one| message(one, account));
    json!({ "Messages": messages.collect::<Vec<_>>() })
}

fn message(message: &Message, account: &Account) -> Value {
    json!({
        "MessageId": message.id,
        "ReceiptHandle": message.receipt_handle(),
        "Body": message.body,
        "MD5OfBody": md5(&message.body),
        "Attributes": {
            "SentTimestamp": message.sent_at.as_millisecond().to_string(),
            "ApproximateReceiveCount": message.received.to_string(),
            "SenderId": account.account_id(),
        },
    })
}

fn md5(text: &str) -> String {
    format!("{:032x}", u128::from_be_bytes(Md5::digest(text.as_bytes()).into()))
}

/// A product of the price list, which is a text in a text.
fn product(product: &Product) -> Value {
    let sku = product.machine.name.replace('.', "").to_uppercase();
    let term = format!("{sku}.JRTCKXETXF");
    let dimension = format!("{term}.6YS6EN2CT7");
    let mut attributes: serde_json::Map<String, Value> = product
        .attributes()
        .into_iter()
        .filter(|(name, _)| !["productFamily", "serviceCode"].contains(name))
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect();
    attributes.insert("vcpu".to_owned(), json!(product.machine.vcpu.to_string()));
    json!({
        "product": {
            "productFamily": product.family(),
            "attributes": attributes,
            "sku": sku,
        },
        "serviceCode": "AmazonEC2",
        "terms": { "OnDemand": { &term: {
            "priceDimensions": { &dimension: {
                "unit": "Hrs",
                "rateCode": dimension,
                "pricePerUnit": { "USD": dollars(product.machine.on_demand_price) },
            }},
            "sku": sku,
            "offerTermCode": "JRTCKXETXF",
        }}},
    })
}

/// Dollars with ten decimals, as the price list has them.
fn dollars(price: Price) -> String {
    let micro_usd = price.micro_usd();
    format!("{}.{:06}0000", micro_usd / 1_000_000, micro_usd % 1_000_000)
}
