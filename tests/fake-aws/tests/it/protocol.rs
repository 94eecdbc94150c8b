//! What goes over the wire.

mod client;
mod ec2;
mod others;

use std::time::{Duration, Instant};

use plimsoll_fake_aws::{
    Call as _, CallFault, Clock, DescribeSubnets, FakeAws, InstanceState, ReceiveMessage,
    ServeOptions, StateChanges, Times, Timing,
};
use scheduler_core::model::CapacityType::OnDemand;

use self::client::{Client, paths};
use crate::stage::{builder, data, launch, template};

/// A served account whose time stands.
fn still() -> FakeAws {
    let builder = builder().state_changes(StateChanges::None);
    FakeAws::start_with(builder, ServeOptions { port: 0, clock: Clock::Still }).unwrap()
}

const SUBNETS: &str = "Action=DescribeSubnets&Version=2016-11-15";

#[tokio::test]
async fn a_request_without_a_signature_is_refused() {
    let aws = still();
    let reply = Client::new(&aws).unsigned(SUBNETS).await.unwrap();
    assert_eq!(reply.status, 403);
    let codes = paths(&reply.text, "Response/Errors/Error/Code");
    assert_eq!(codes, ["MissingAuthenticationToken"]);
}

#[tokio::test]
async fn a_signature_for_an_unknown_service_is_refused() {
    let aws = still();
    let reply = Client::new(&aws).form("lightsail", SUBNETS).await.unwrap();
    assert_eq!(paths(&reply.text, "Response/Errors/Error/Code"), ["IncompleteSignature"]);
}

#[tokio::test]
async fn the_host_names_the_service_if_the_signature_does_not() {
    let aws = still();
    let headers = [("authorization", "AWS4-HMAC-SHA256 x"), ("host", "ec2.localhost")];
    let reply = Client::new(&aws).send("POST", "/", &headers, SUBNETS).await.unwrap();
    assert_eq!(reply.status, 200);
}

#[tokio::test]
async fn an_unknown_call_and_an_unknown_parameter_are_refused() {
    let aws = still();
    let client = Client::new(&aws);
    let reply = client.form("ec2", "Action=BuyMoon&Version=2016-11-15").await.unwrap();
    assert_eq!(paths(&reply.text, "Response/Errors/Error/Code"), ["InvalidAction"]);
    let reply = client.form("ec2", &format!("{SUBNETS}&Colour=red")).await.unwrap();
    assert_eq!(paths(&reply.text, "Response/Errors/Error/Code"), ["UnknownParameter"]);
}

#[tokio::test]
async fn a_lost_answer_closes_the_connection() {
    let aws = still();
    aws.account().fail(DescribeSubnets::ACTION, CallFault::AnswerLost, Times::Next(1));
    let client = Client::new(&aws);
    assert!(client.form("ec2", SUBNETS).await.is_err());
    assert_eq!(client.form("ec2", SUBNETS).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_garbled_answer_is_a_page_for_people() {
    let aws = still();
    aws.account().fail(DescribeSubnets::ACTION, CallFault::Garbled, Times::Next(1));
    let reply = Client::new(&aws).form("ec2", SUBNETS).await.unwrap();
    assert_eq!((reply.status, reply.header("content-type")), (500, "text/html"));
    assert!(reply.text.starts_with("<html>"));
}

#[tokio::test]
async fn a_slow_answer_takes_its_time_and_holds_nobody_else_up() {
    let aws = still();
    let slow = CallFault::Slow(Duration::from_millis(400));
    aws.account().fail(DescribeSubnets::ACTION, slow, Times::Next(1));
    let client = Client::new(&aws);
    let start = Instant::now();
    let timed = async || {
        client.form("ec2", SUBNETS).await.unwrap();
        start.elapsed()
    };
    let (slow, quick) = tokio::join!(timed(), timed());
    let (quick, slow) = (quick.min(slow), quick.max(slow));
    assert!(slow >= Duration::from_millis(400), "{slow:?}");
    assert!(quick < slow, "{quick:?}");
}

#[tokio::test]
async fn waiting_for_a_message_ends_when_one_comes_and_is_one_call() {
    let aws = still();
    let client = Client::new(&aws);
    let request = r#"{"QueueUrl":"http://x/1/demo","WaitTimeSeconds":20}"#;
    let asked = client.json("sqs", "AmazonSQS.ReceiveMessage", request);
    let send = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        aws.account().put_message("late");
    };
    let (reply, ()) = tokio::join!(asked, send);
    assert_eq!(reply.unwrap().json()["Messages"][0]["Body"], "late");
    assert_eq!(aws.account().calls(ReceiveMessage::ACTION), 1);
}

#[tokio::test]
async fn waiting_in_vain_ends_too() {
    let aws = still();
    let request = r#"{"QueueUrl":"http://x/1/demo","WaitTimeSeconds":20}"#;
    let reply = Client::new(&aws).json("sqs", "AmazonSQS.ReceiveMessage", request).await.unwrap();
    assert_eq!((reply.status, reply.text.as_str()), (200, "{}"));
}

#[test]
fn time_can_go_faster_than_it_does() {
    let timing = Timing { running_after: Duration::from_secs(100), ..Timing::default() };
    let options = ServeOptions { port: 0, clock: Clock::Times(1000) };
    let aws = FakeAws::start_with(builder().timing(timing), options).unwrap();
    let mut account = aws.account();
    let data = data(&mut account);
    template(&mut account, "node", data);
    let id = launch(&mut account, 1, OnDemand).remove(0);
    drop(account);
    let deadline = Instant::now() + Duration::from_secs(10);
    while aws.account().instance(&id).unwrap().state != InstanceState::Running {
        assert!(Instant::now() < deadline, "the instance does not run");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_port_is_free_again_when_the_server_is_dropped() {
    let aws = still();
    let port = aws.endpoint().rsplit(':').next().unwrap().parse().unwrap();
    drop(aws);
    let options = ServeOptions { port, clock: Clock::Still };
    FakeAws::start_with(builder(), options).unwrap();
}
