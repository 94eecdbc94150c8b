//! A plain client, and a way to look into XML.

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Request};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client as HttpClient, Error};
use hyper_util::rt::TokioExecutor;
use plimsoll_fake_aws::FakeAws;
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;
use serde_json::Value;

/// A client that signs with anything.
pub(crate) struct Client {
    http: HttpClient<HttpConnector, Full<Bytes>>,
    endpoint: String,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) text: String,
    headers: HeaderMap,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

impl Client {
    pub(crate) fn new(aws: &FakeAws) -> Self {
        let http = HttpClient::builder(TokioExecutor::new()).build_http();
        Self { http, endpoint: aws.endpoint().to_owned() }
    }

    /// Posts a form without a signature.
    pub(crate) async fn unsigned(&self, form: &str) -> Result<Reply, Error> {
        self.send("POST", "/", &[], form).await
    }

    /// Posts a form.
    pub(crate) async fn form(&self, service: &str, form: &str) -> Result<Reply, Error> {
        let signature = signature(service);
        self.send("POST", "/", &[("authorization", &signature)], form).await
    }

    /// Posts JSON.
    pub(crate) async fn json(
        &self,
        service: &str,
        target: &str,
        body: &str,
    ) -> Result<Reply, Error> {
        let signature = signature(service);
        let headers = [("authorization", signature.as_str()), ("x-amz-target", target)];
        self.send("POST", "/", &headers, body).await
    }

    /// Gets a path.
    pub(crate) async fn get(&self, service: &str, path: &str) -> Result<Reply, Error> {
        let signature = signature(service);
        self.send("GET", path, &[("authorization", &signature)], "").await
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Reply, Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.endpoint));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body.to_owned())).unwrap();
        let (parts, body) = self.http.request(request).await?.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Ok(Reply { status: parts.status.as_u16(), text, headers: parts.headers })
    }
}

fn signature(service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=KEY/20260720/us-east-1/{service}/aws4_request, \
         SignedHeaders=host, Signature=0"
    )
}

/// The texts of all elements at this path, in order.
pub(crate) fn paths(xml: &str, path: &str) -> Vec<String> {
    let mut reader = Reader::from_str(xml);
    let (mut at, mut text, mut found) = (Vec::new(), String::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(start) => {
                at.push(start.name().as_ref().to_owned());
                text.clear();
            }
            Event::Text(content) => text.push_str(&content),
            Event::GeneralRef(name) => text.extend(["&", &name, ";"]),
            Event::End(_) => {
                if at.join("/") == path {
                    found.push(unescape(&text).unwrap().into_owned());
                }
                at.pop();
                text.clear();
            }
            Event::Eof => return found,
            _ => {}
        }
    }
}
