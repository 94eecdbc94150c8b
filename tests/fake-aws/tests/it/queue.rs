use std::time::Duration;

use plimsoll_fake_aws::{
    Account, DeleteMessage, GetQueueUrl, InstanceEvent, InstanceState, Message, ReceiveMessage,
    SendMessage, StateChanges,
};
use scheduler_core::model::CapacityType::Spot;
use serde_json::{Value, json};

use crate::stage::{builder, code, launch, stage};

/// An account whose queue hears of nothing but what tests send.
fn quiet() -> Account {
    stage(builder().state_changes(StateChanges::None))
}

fn receive(account: &mut Account) -> Vec<Message> {
    let request = ReceiveMessage {
        queue_url: "http://localhost/123456789012/demo".to_owned(),
        max_number_of_messages: Some(10),
        visibility_timeout: Some(20),
        ..ReceiveMessage::default()
    };
    account.call(request).unwrap()
}

fn delete(account: &mut Account, message: &Message) {
    let request = DeleteMessage {
        queue_url: "http://localhost/123456789012/demo".to_owned(),
        receipt_handle: message.receipt_handle(),
    };
    account.call(request).unwrap();
}

fn body(message: &Message) -> Value {
    serde_json::from_str(&message.body).unwrap()
}

#[test]
fn a_queue_has_a_url_by_its_name() {
    let mut account = quiet();
    let url = account.call(GetQueueUrl { queue_name: "demo".to_owned() }).unwrap();
    assert_eq!(url, "http://localhost/123456789012/demo");
    let unknown = GetQueueUrl { queue_name: "nope".to_owned() };
    assert_eq!(code(&mut account, unknown), "QueueDoesNotExist");
}

#[test]
fn a_message_that_was_received_is_hidden_until_its_time_is_over() {
    let mut account = quiet();
    account.put_message("hello");
    assert_eq!(receive(&mut account)[0].received, 1);
    assert_eq!(receive(&mut account), []);
    account.advance(Duration::from_secs(20));
    let again = receive(&mut account).remove(0);
    assert_eq!((again.body.as_str(), again.received), ("hello", 2));
    delete(&mut account, &again);
    account.advance(Duration::from_secs(20));
    assert_eq!(receive(&mut account), []);
}

#[test]
fn an_old_receipt_deletes_nothing() {
    let mut account = quiet();
    account.put_message("hello");
    let first = receive(&mut account).remove(0);
    account.advance(Duration::from_secs(20));
    receive(&mut account);
    delete(&mut account, &first);
    assert_eq!(account.messages("demo").count(), 1);
}

#[test]
fn no_more_than_ten_messages_come_at_once() {
    let mut account = quiet();
    for number in 0..12 {
        account.put_message(&number.to_string());
    }
    assert_eq!(receive(&mut account).len(), 10);
    assert_eq!(receive(&mut account).len(), 2);
}

#[test]
fn an_interruption_is_told_two_minutes_before_the_end() {
    let mut account = quiet();
    let id = launch(&mut account, 1, Spot).remove(0);
    account.interrupt(&id);
    let event = body(&receive(&mut account)[0]);
    assert_eq!(event["version"], "0");
    assert_eq!(event["source"], "aws.ec2");
    assert_eq!(event["detail-type"], "EC2 Spot Instance Interruption Warning");
    assert_eq!(event["detail"], json!({ "instance-id": id, "instance-action": "terminate" }));
    assert_eq!(event["resources"][0], format!("arn:aws:ec2:us-east-1:123456789012:instance/{id}"));
    account.advance(Duration::from_secs(119));
    assert_eq!(account.instance(&id).unwrap().state, InstanceState::Running);
    account.advance(Duration::from_secs(1));
    let one = account.instance(&id).unwrap();
    assert!(one.state.is_over());
    assert_eq!(one.state_reason, Some("Server.SpotInstanceTermination"));
}

#[test]
fn state_changes_are_told_if_nothing_else_is_said() {
    let mut account = stage(builder());
    let id = launch(&mut account, 1, Spot).remove(0);
    account.stop(&id);
    account.advance(Duration::from_secs(1));
    let messages = receive(&mut account);
    let states = messages.iter().map(|message| {
        let event = body(message);
        assert_eq!(event["detail-type"], "EC2 Instance State-change Notification");
        event["detail"]["state"].as_str().unwrap().to_owned()
    });
    assert_eq!(states.collect::<Vec<_>>(), ["pending", "running", "stopping", "stopped"]);
}

#[test]
fn a_scheduled_change_comes_from_health() {
    let mut account = quiet();
    account.schedule_change("i-0123");
    let event = body(&receive(&mut account)[0]);
    assert_eq!(
        (&event["source"], &event["detail-type"]),
        (&json!("aws.health"), &json!("AWS Health Event"))
    );
    assert_eq!(event["detail"]["service"], "EC2");
    assert_eq!(event["detail"]["eventTypeCategory"], "scheduledChange");
    assert_eq!(event["detail"]["affectedEntities"], json!([{ "entityValue": "i-0123" }]));
    assert_eq!(event["detail"]["startTime"], "Tue, 21 Jul 2026 12:00:00 GMT");
}

#[test]
fn a_rebalance_and_a_reserved_interruption_have_names_of_their_own() {
    let mut account = quiet();
    let ids = launch(&mut account, 2, Spot);
    account.recommend_rebalance(&ids[0]);
    account.interrupt_reserved(&ids[1]);
    let kinds: Vec<Value> =
        receive(&mut account).iter().map(|one| body(one)["detail-type"].clone()).collect();
    let expected = [
        "EC2 Instance Rebalance Recommendation",
        "EC2 Capacity Reservation Instance Interruption Warning",
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn messages_may_come_twice_and_late_and_be_of_others() {
    let mut account = quiet();
    account.double_messages(1);
    account.put_message("twice");
    account.put_message("once");
    let event = InstanceEvent {
        source: "aws.ec2",
        kind: "EC2 Instance Rebalance Recommendation",
        instance: "i-0foreign",
        detail: json!({ "instance-id": "i-0foreign" }),
    };
    account.put_event_later(&event, Duration::from_mins(1));
    let texts: Vec<String> = receive(&mut account).into_iter().map(|one| one.body).collect();
    assert_eq!(texts, ["twice", "twice", "once"]);
    account.advance(Duration::from_secs(10));
    assert_eq!(receive(&mut account), []);
    account.advance(Duration::from_secs(50));
    let late = receive(&mut account);
    // The three came back before it.
    assert_eq!(body(late.last().unwrap())["detail"]["instance-id"], "i-0foreign");
}

#[test]
fn a_caller_can_send_too() {
    let mut account = quiet();
    let request = SendMessage {
        queue_url: "http://localhost/123456789012/demo".to_owned(),
        message_body: "hello".to_owned(),
    };
    let sent = account.call(request).unwrap();
    assert_eq!(receive(&mut account)[0].id, sent.id);
}
