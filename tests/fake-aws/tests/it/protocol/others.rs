use serde_json::{Value, json};

use super::client::{Client, paths};
use super::still;
use crate::stage::image;

const IAM: &str = "Version=2010-05-08";
const STS: &str = "Version=2011-06-15";

#[tokio::test]
async fn iam_answers_in_a_result_with_members() {
    let aws = still();
    let client = Client::new(&aws);
    let create = format!(
        "{IAM}&Action=CreateInstanceProfile&InstanceProfileName=one&Path=%2Fkarpenter%2F\
         &Tags.member.1.Key=a&Tags.member.1.Value=b"
    );
    let reply = client.form("iam", &create).await.unwrap();
    let made = "CreateInstanceProfileResponse/CreateInstanceProfileResult/InstanceProfile";
    assert_eq!(paths(&reply.text, &format!("{made}/InstanceProfileName")), ["one"]);
    assert_eq!(paths(&reply.text, &format!("{made}/Tags/member/Key")), ["a"]);
    let add = format!(
        "{IAM}&Action=AddRoleToInstanceProfile&InstanceProfileName=one\
         &RoleName=KarpenterNodeRole-demo"
    );
    assert_eq!(client.form("iam", &add).await.unwrap().status, 200);
    let list = format!("{IAM}&Action=ListInstanceProfiles&PathPrefix=%2Fkarpenter%2F");
    let reply = client.form("iam", &list).await.unwrap();
    let found = "ListInstanceProfilesResponse/ListInstanceProfilesResult";
    let role = format!("{found}/InstanceProfiles/member/Roles/member/RoleName");
    assert_eq!(paths(&reply.text, &role), ["KarpenterNodeRole-demo"]);
    assert_eq!(paths(&reply.text, &format!("{found}/IsTruncated")), ["false"]);
}

#[tokio::test]
async fn an_error_of_iam_says_whose_fault_it_is() {
    let aws = still();
    let get = format!("{IAM}&Action=GetInstanceProfile&InstanceProfileName=one");
    let reply = Client::new(&aws).form("iam", &get).await.unwrap();
    assert_eq!(reply.status, 404);
    assert_eq!(paths(&reply.text, "ErrorResponse/Error/Code"), ["NoSuchEntity"]);
    assert_eq!(paths(&reply.text, "ErrorResponse/Error/Type"), ["Sender"]);
}

#[tokio::test]
async fn a_web_identity_needs_no_signature() {
    let aws = still();
    let assume = format!(
        "Action=AssumeRoleWithWebIdentity&{STS}&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fx\
         &RoleSessionName=me&WebIdentityToken=t"
    );
    let reply = Client::new(&aws).unsigned(&assume).await.unwrap();
    let found = "AssumeRoleWithWebIdentityResponse/AssumeRoleWithWebIdentityResult";
    let expiration = paths(&reply.text, &format!("{found}/Credentials/Expiration"));
    assert_eq!(expiration, ["2026-07-20T13:00:00.000Z"]);
    let arn = paths(&reply.text, &format!("{found}/AssumedRoleUser/Arn"));
    assert_eq!(arn, ["arn:aws:sts::123456789012:assumed-role/x/me"]);
}

#[tokio::test]
async fn sts_says_who_the_caller_is() {
    let aws = still();
    let ask = format!("{STS}&Action=GetCallerIdentity");
    let reply = Client::new(&aws).form("sts", &ask).await.unwrap();
    let path = "GetCallerIdentityResponse/GetCallerIdentityResult/Account";
    assert_eq!(paths(&reply.text, path), ["123456789012"]);
}

#[tokio::test]
async fn systems_manager_speaks_json() {
    let aws = still();
    let client = Client::new(&aws);
    let expected = image(&mut aws.account(), "arm64");
    let name = "/aws/service/eks/optimized-ami/1.33/amazon-linux-2023/arm64/standard/recommended/\
                image_id";
    let body = json!({ "Name": name }).to_string();
    let reply = client.json("ssm", "AmazonSSM.GetParameter", &body).await.unwrap();
    assert_eq!(reply.header("content-type"), "application/x-amz-json-1.1");
    assert_eq!(reply.json()["Parameter"]["Value"], expected);
    let reply = client.json("ssm", "AmazonSSM.GetParameter", r#"{"Name":"/x"}"#).await.unwrap();
    assert_eq!(reply.status, 400);
    assert_eq!(reply.json()["__type"], "com.amazonaws.ssm#ParameterNotFound");
}

#[tokio::test]
async fn a_message_goes_through_a_queue() {
    let aws = still();
    let client = Client::new(&aws);
    let call = async |action: &str, body: Value| {
        let target = format!("AmazonSQS.{action}");
        client.json("sqs", &target, &body.to_string()).await.unwrap()
    };
    let url = call("GetQueueUrl", json!({ "QueueName": "demo" })).await.json();
    let url = url["QueueUrl"].as_str().unwrap().to_owned();
    assert_eq!(url, format!("{}/123456789012/demo", aws.endpoint()));
    let sent = call("SendMessage", json!({ "QueueUrl": url, "MessageBody": "abc" })).await.json();
    assert_eq!(sent["MD5OfMessageBody"], "900150983cd24fb0d6963f7d28e17f72");
    let received = call("ReceiveMessage", json!({ "QueueUrl": url })).await.json();
    let message = &received["Messages"][0];
    assert_eq!(message["Body"], "abc");
    assert_eq!(message["MD5OfBody"], sent["MD5OfMessageBody"]);
    assert_eq!(message["Attributes"]["SentTimestamp"], "1784548800000");
    let delete = json!({ "QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"] });
    assert_eq!(call("DeleteMessage", delete).await.status, 200);
    assert_eq!(aws.account().messages("demo").count(), 0);
}

#[tokio::test]
async fn a_queue_that_is_not_there_has_an_old_and_a_new_code() {
    let aws = still();
    let body = r#"{"QueueName":"nope"}"#;
    let reply = Client::new(&aws).json("sqs", "AmazonSQS.GetQueueUrl", body).await.unwrap();
    assert_eq!(reply.json()["__type"], "com.amazonaws.sqs#QueueDoesNotExist");
    let old = reply.header("x-amzn-query-error");
    assert_eq!(old, "AWS.SimpleQueueService.NonExistentQueue;Sender");
}

#[tokio::test]
async fn a_price_is_a_text_in_the_price_list() {
    let aws = still();
    let filter = json!({ "Type": "TERM_MATCH", "Field": "instanceType", "Value": "m5.large" });
    let body = json!({ "ServiceCode": "AmazonEC2", "Filters": [filter] }).to_string();
    let target = "AWSPriceListService.GetProducts";
    let reply = Client::new(&aws).json("pricing", target, &body).await.unwrap();
    let found = reply.json();
    let product: Value = serde_json::from_str(found["PriceList"][0].as_str().unwrap()).unwrap();
    assert_eq!(product["product"]["attributes"]["instanceType"], "m5.large");
    let terms = product["terms"]["OnDemand"].as_object().unwrap().values().next().unwrap();
    let dimension = terms["priceDimensions"].as_object().unwrap().values().next().unwrap();
    assert_eq!(dimension["pricePerUnit"]["USD"], "0.0960000000");
}

#[tokio::test]
async fn eks_is_asked_by_path() {
    let aws = still();
    let client = Client::new(&aws);
    let found = client.get("eks", "/clusters/demo").await.unwrap().json();
    assert_eq!(found["cluster"]["version"], "1.33");
    assert_eq!(found["cluster"]["kubernetesNetworkConfig"]["serviceIpv4Cidr"], "10.100.0.0/16");
    assert!(found["cluster"]["certificateAuthority"]["data"].is_string());
    let reply = client.get("eks", "/clusters/nope").await.unwrap();
    assert_eq!(reply.status, 404);
    assert_eq!(reply.header("x-amzn-errortype"), "ResourceNotFoundException");
}
