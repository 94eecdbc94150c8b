//! What goes over the wire, against a server that answers what it is told.

mod server;

use std::time::Duration;

use aws_provider::CloudError;
use aws_provider::api::ec2::{
    AllocationStrategy, CreateFleet, DescribeInstances, Ec2 as _, FleetOverride, FleetTarget,
    FleetTemplate, LaunchTemplateData,
};
use aws_provider::api::{Fault, Filter, Tags};
use aws_provider_sdk::{ClientOptions, Clients};
use scheduler_core::model::Price;
use server::Server;

async fn clients(server: &Server) -> Clients {
    let options = ClientOptions {
        endpoint: Some(server.url()),
        region: Some("us-east-1".to_owned()),
        credentials: Some(("key".to_owned(), "secret".to_owned())),
        first_backoff: Some(Duration::from_millis(1)),
    };
    Clients::load(options).await.expect("the region is given")
}

fn refusal(code: &str, message: &str) -> String {
    format!(
        "<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>\
         </Response>"
    )
}

fn fleet() -> CreateFleet {
    let pool = FleetOverride {
        instance_type: "m5.large".to_owned(),
        subnet: "subnet-1".to_owned(),
        zone: "us-east-1a".to_owned(),
        image: "ami-1".to_owned(),
        priority: Price::from_micro_usd(96_000),
    };
    let template = FleetTemplate { name: "template-1".to_owned(), overrides: vec![pool] };
    CreateFleet {
        client_token: "token-1".to_owned(),
        count: 3,
        target: FleetTarget::OnDemand,
        strategy: Some(AllocationStrategy::LowestPrice),
        templates: vec![template],
        tags: Tags::from([("team".to_owned(), "a".to_owned())]),
        context: Some("context-1".to_owned()),
    }
}

#[tokio::test]
async fn a_fleet_is_asked_for_with_our_token_and_its_pools() {
    let answer = "<CreateFleetResponse><fleetId>fleet-1</fleetId><fleetInstanceSet><item>\
                  <launchTemplateAndOverrides><overrides><availabilityZone>us-east-1a\
                  </availabilityZone><subnetId>subnet-1</subnetId><imageId>ami-1</imageId>\
                  </overrides></launchTemplateAndOverrides><lifecycle>on-demand</lifecycle>\
                  <instanceIds><item>i-1</item><item>i-2</item></instanceIds>\
                  <instanceType>m5.large</instanceType></item></fleetInstanceSet><errorSet><item>\
                  <launchTemplateAndOverrides><overrides><instanceType>m5.large</instanceType>\
                  <availabilityZone>us-east-1a</availabilityZone></overrides>\
                  </launchTemplateAndOverrides><errorCode>InsufficientInstanceCapacity</errorCode>\
                  <errorMessage>none left</errorMessage></item></errorSet></CreateFleetResponse>";
    let server = Server::start(vec![(200, answer.to_owned())]);
    let told = clients(&server).await.ec2.create_fleet(&fleet()).await.expect("it is answered");
    assert_eq!((told.id.as_str(), told.instances[0].ids.len()), ("fleet-1", 2));
    assert_eq!(told.instances[0].zone.as_deref(), Some("us-east-1a"));
    assert_eq!(told.errors[0].code, "InsufficientInstanceCapacity");
    assert_eq!(told.errors[0].instance_type.as_deref(), Some("m5.large"));
    let form = server.requests().remove(0);
    for part in [
        "Action=CreateFleet",
        "ClientToken=token-1",
        "Type=instant",
        "Context=context-1",
        "TargetCapacitySpecification.TotalTargetCapacity=3",
        "TargetCapacitySpecification.DefaultTargetCapacityType=on-demand",
        "OnDemandOptions.AllocationStrategy=lowest-price",
        "LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName=template-1",
        "LaunchTemplateConfigs.1.Overrides.1.InstanceType=m5.large",
        "LaunchTemplateConfigs.1.Overrides.1.SubnetId=subnet-1",
        "LaunchTemplateConfigs.1.Overrides.1.AvailabilityZone=us-east-1a",
        "LaunchTemplateConfigs.1.Overrides.1.Priority=0.096",
        "TagSpecification.3.ResourceType=fleet",
    ] {
        assert!(form.contains(part), "{part} is missing in {form}");
    }
    assert!(!form.contains("MaxPrice"), "no price is ever sent: {form}");
}

#[tokio::test]
async fn user_data_goes_over_the_wire_in_base64_and_tags_stay_out_of_metadata() {
    let server = Server::start(vec![(200, "<CreateLaunchTemplateResponse/>".to_owned())]);
    let data = LaunchTemplateData { user_data: "#!/bin/sh".to_owned(), ..Default::default() };
    let ec2 = clients(&server).await.ec2;
    ec2.create_launch_template("template-1", &Tags::new(), &data).await.expect("it is answered");
    let form = server.requests().remove(0);
    assert!(form.contains("LaunchTemplateData.UserData=IyEvYmluL3No"), "{form}");
    let tags = "LaunchTemplateData.MetadataOptions.InstanceMetadataTags=disabled";
    assert!(form.contains(tags), "{form}");
}

#[tokio::test]
async fn lists_follow_all_pages_and_tolerate_empty_ones() {
    let page = |items: &str, next: &str| {
        format!(
            "<DescribeSubnetsResponse><subnetSet>{items}</subnetSet>{next}\
             </DescribeSubnetsResponse>"
        )
    };
    let subnet = |id: &str| format!("<item><subnetId>{id}</subnetId></item>");
    let server = Server::start(vec![
        (200, page(&subnet("subnet-1"), "<nextToken>2</nextToken>")),
        (200, page("", "<nextToken>3</nextToken>")),
        (200, page(&subnet("subnet-2"), "")),
    ]);
    let filters = [Filter::tag("karpenter.sh/discovery", "demo")];
    let found = clients(&server).await.ec2.subnets(&filters).await.expect("it is answered");
    let ids: Vec<&str> = found.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, ["subnet-1", "subnet-2"]);
    assert!(server.requests()[0].contains("Filter.1.Name=tag%3Akarpenter.sh%2Fdiscovery"));
}

#[tokio::test]
async fn ids_are_asked_for_without_pages() {
    let server = Server::start(vec![(200, "<DescribeInstancesResponse/>".to_owned())]);
    let request = DescribeInstances { ids: vec!["i-1".to_owned()], filters: Vec::new() };
    clients(&server).await.ec2.instances(&request).await.expect("it is answered");
    let form = server.requests().remove(0);
    assert!(form.contains("InstanceId.1=i-1") && !form.contains("MaxResults"), "{form}");
}

#[tokio::test]
async fn an_error_comes_with_code_message_and_request() {
    let server = Server::start(vec![(403, refusal("UnauthorizedOperation", "no"))]);
    let error = clients(&server).await.ec2.create_fleet(&fleet()).await.unwrap_err();
    let (code, message) = ("UnauthorizedOperation".to_owned(), "no".to_owned());
    assert_eq!(error.fault, Fault::Service { code, message, status: 403 });
    assert_eq!(error.request_id.as_deref(), Some("request-1"));
}

#[tokio::test]
async fn a_dry_run_that_would_pass_is_no_error_and_any_other_is_not_repeated() {
    let server = Server::start(vec![
        (412, refusal("DryRunOperation", "it would have succeeded")),
        (503, refusal("RequestLimitExceeded", "too many calls")),
    ]);
    let ec2 = clients(&server).await.ec2;
    assert_eq!(ec2.check_fleet(&fleet()).await, Ok(()));
    assert!(ec2.check_fleet(&fleet()).await.unwrap_err().is_throttled());
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn a_page_of_a_proxy_is_no_verdict_and_calls_are_repeated_a_few_times_only() {
    let page = (503, "<html>Service Unavailable</html>".to_owned());
    let server = Server::start(vec![page; 10]);
    let error = clients(&server).await.ec2.create_fleet(&fleet()).await.unwrap_err();
    assert_eq!(error.fault, Fault::Unreadable { status: 503 });
    assert!(CloudError::from(error).is_retryable());
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    assert!(requests.iter().all(|form| form.contains("ClientToken=token-1")));
}

#[tokio::test]
async fn a_server_that_hangs_up_gives_no_answer() {
    let server = Server::start(Vec::new());
    let error = clients(&server).await.ec2.check_fleet(&fleet()).await.unwrap_err();
    assert!(matches!(error.fault, Fault::NoAnswer { .. }), "{error:?}");
}
