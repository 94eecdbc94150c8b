use plimsoll_fake_aws::FakeAws;

use super::client::{Client, Reply, paths};
use super::still;
use crate::stage::{GROUP, image, subnet};

/// Calls EC2 with these parameters.
async fn call(aws: &FakeAws, action: &str, parameters: &[(&str, &str)]) -> Reply {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("Action", action).append_pair("Version", "2016-11-15");
    form.extend_pairs(parameters);
    Client::new(aws).form("ec2", &form.finish()).await.unwrap()
}

/// An account with a launch template `node` that came over the wire.
async fn with_template() -> FakeAws {
    let aws = still();
    let image = image(&mut aws.account(), "x86_64");
    let parameters = [
        ("LaunchTemplateName", "node"),
        ("LaunchTemplateData.ImageId", &image),
        ("LaunchTemplateData.UserData", "aGVsbG8="),
        ("LaunchTemplateData.NetworkInterface.1.DeviceIndex", "0"),
        ("LaunchTemplateData.NetworkInterface.1.SecurityGroupId.1", GROUP),
        ("LaunchTemplateData.BlockDeviceMapping.1.DeviceName", "/dev/xvda"),
        ("LaunchTemplateData.BlockDeviceMapping.1.Ebs.VolumeSize", "20"),
        ("LaunchTemplateData.BlockDeviceMapping.2.DeviceName", "/dev/xvdb"),
        ("LaunchTemplateData.BlockDeviceMapping.2.Ebs.VolumeSize", "50"),
        ("LaunchTemplateData.MetadataOptions.HttpTokens", "required"),
        ("LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit", "2"),
        ("LaunchTemplateData.Monitoring.Enabled", "true"),
        ("LaunchTemplateData.TagSpecification.1.ResourceType", "instance"),
        ("LaunchTemplateData.TagSpecification.1.Tag.1.Key", "team"),
        ("LaunchTemplateData.TagSpecification.1.Tag.1.Value", "<blue & red>"),
    ];
    let reply = call(&aws, "CreateLaunchTemplate", &parameters).await;
    let path = "CreateLaunchTemplateResponse/launchTemplate/launchTemplateName";
    assert_eq!(paths(&reply.text, path), ["node"]);
    aws
}

/// Launches two Spot instances in zone a after an attempt on a type that nobody knows.
async fn fleet(aws: &FakeAws) -> Reply {
    let config = "LaunchTemplateConfigs.1";
    let names = [
        format!("{config}.LaunchTemplateSpecification.LaunchTemplateName"),
        format!("{config}.LaunchTemplateSpecification.Version"),
        format!("{config}.Overrides.1.InstanceType"),
        format!("{config}.Overrides.1.SubnetId"),
        format!("{config}.Overrides.2.InstanceType"),
        format!("{config}.Overrides.2.SubnetId"),
        format!("{config}.Overrides.2.Priority"),
    ];
    let subnet = subnet('a');
    let values = ["node", "$Latest", "m5.huge", &subnet, "m5.large", &subnet, "0.5"];
    let mut parameters = vec![
        ("Type", "instant"),
        ("TargetCapacitySpecification.TotalTargetCapacity", "2"),
        ("TargetCapacitySpecification.DefaultTargetCapacityType", "spot"),
        ("SpotOptions.AllocationStrategy", "price-capacity-optimized"),
        ("TagSpecification.1.ResourceType", "instance"),
        ("TagSpecification.1.Tag.1.Key", "karpenter.sh/nodepool"),
        ("TagSpecification.1.Tag.1.Value", "web"),
    ];
    parameters.extend(names.iter().map(String::as_str).zip(values));
    call(aws, "CreateFleet", &parameters).await
}

#[tokio::test]
async fn a_fleet_has_an_entry_for_each_pool_with_all_its_ids() {
    let aws = with_template().await;
    let reply = fleet(&aws).await;
    let entry = "CreateFleetResponse/fleetInstanceSet/item";
    let ids = paths(&reply.text, &format!("{entry}/instanceIds/item"));
    assert_eq!(ids.len(), 2, "{}", reply.text);
    assert_eq!(paths(&reply.text, &format!("{entry}/instanceType")), ["m5.large"]);
    assert_eq!(paths(&reply.text, &format!("{entry}/lifecycle")), ["spot"]);
    let overrides = format!("{entry}/launchTemplateAndOverrides/overrides");
    assert_eq!(paths(&reply.text, &format!("{overrides}/subnetId")), [subnet('a')]);
    assert_eq!(paths(&reply.text, &format!("{overrides}/priority")), ["0.5"]);
    let template = format!("{entry}/launchTemplateAndOverrides/launchTemplateSpecification");
    assert_eq!(paths(&reply.text, &format!("{template}/launchTemplateName")), ["node"]);
    assert_eq!(paths(&reply.text, "CreateFleetResponse/fleetId").len(), 1);
}

#[tokio::test]
async fn a_pool_that_refuses_is_in_the_set_of_errors() {
    let aws = with_template().await;
    let free = |free| aws.account().set_free_addresses(&subnet('a'), free);
    free(1);
    let reply = fleet(&aws).await;
    let entry = "CreateFleetResponse/errorSet/item";
    let codes = paths(&reply.text, &format!("{entry}/errorCode"));
    assert_eq!(codes, ["InsufficientFreeAddressesInSubnet", "InvalidParameterValue"]);
    let types = format!("{entry}/launchTemplateAndOverrides/overrides/instanceType");
    assert_eq!(paths(&reply.text, &types), ["m5.large", "m5.huge"]);
    assert_eq!(paths(&reply.text, &format!("{entry}/lifecycle")), ["spot", "spot"]);
    assert_eq!(paths(&reply.text, &format!("{entry}/errorMessage")).len(), 2);
}

#[tokio::test]
async fn an_instance_is_described_as_it_was_launched() {
    let aws = with_template().await;
    fleet(&aws).await;
    let parameters = [
        ("Filter.1.Name", "tag-key"),
        ("Filter.1.Value.1", "karpenter.sh/nodepool"),
        ("Filter.2.Name", "instance-state-name"),
        ("Filter.2.Value.1", "pending"),
        ("Filter.2.Value.2", "running"),
        ("MaxResults", "1"),
    ];
    let reply = call(&aws, "DescribeInstances", &parameters).await;
    let one = "DescribeInstancesResponse/reservationSet/item/instancesSet/item";
    let at = |path: &str| paths(&reply.text, &format!("{one}/{path}"));
    assert_eq!(at("instanceType"), ["m5.large"]);
    assert_eq!(at("instanceState/name"), ["running"]);
    assert_eq!(at("launchTime"), ["2026-07-20T12:00:00.000Z"]);
    assert_eq!(at("placement/availabilityZone"), ["us-east-1a"]);
    assert_eq!(at("placement/availabilityZoneId"), ["use1-az4"]);
    assert_eq!(at("placement/tenancy"), ["default"]);
    assert_eq!(at("subnetId"), [subnet('a')]);
    assert_eq!(at("groupSet/item/groupId"), [GROUP]);
    assert_eq!(at("networkInterfaceSet/item/groupSet/item/groupId"), [GROUP]);
    assert_eq!(at("networkInterfaceSet/item/interfaceType"), ["interface"]);
    assert_eq!(at("blockDeviceMapping/item/deviceName"), ["/dev/xvda", "/dev/xvdb"]);
    assert_eq!(at("blockDeviceMapping/item/ebs/volumeId").len(), 2);
    assert_eq!(at("metadataOptions/httpTokens"), ["required"]);
    assert_eq!(at("metadataOptions/httpPutResponseHopLimit"), ["2"]);
    assert_eq!(at("monitoring/state"), ["enabled"]);
    assert_eq!(at("instanceLifecycle"), ["spot"]);
    assert_eq!(at("spotInstanceRequestId").len(), 1);
    let keys = at("tagSet/item/key");
    let values = at("tagSet/item/value");
    let team = keys.iter().position(|key| key == "team").unwrap();
    assert_eq!(values[team], "<blue & red>");
    assert_eq!(paths(&reply.text, "DescribeInstancesResponse/nextToken").len(), 1);
}

#[tokio::test]
async fn a_terminated_instance_shows_both_its_states() {
    let aws = with_template().await;
    let reply = fleet(&aws).await;
    let path = "CreateFleetResponse/fleetInstanceSet/item/instanceIds/item";
    let id = paths(&reply.text, path).remove(0);
    let reply = call(&aws, "TerminateInstances", &[("InstanceId.1", &id)]).await;
    let one = "TerminateInstancesResponse/instancesSet/item";
    assert_eq!(paths(&reply.text, &format!("{one}/instanceId")), [id]);
    assert_eq!(paths(&reply.text, &format!("{one}/previousState/name")), ["running"]);
    assert_eq!(paths(&reply.text, &format!("{one}/currentState/name")), ["shutting-down"]);
}

#[tokio::test]
async fn an_error_has_code_message_and_status() {
    let aws = still();
    let reply = call(&aws, "DescribeInstances", &[("InstanceId.1", "i-0123")]).await;
    assert_eq!(reply.status, 400);
    let code = paths(&reply.text, "Response/Errors/Error/Code");
    assert_eq!(code, ["InvalidInstanceID.NotFound"]);
    let message = paths(&reply.text, "Response/Errors/Error/Message");
    assert_eq!(message, ["The instance ID 'i-0123' does not exist"]);
    assert_eq!(paths(&reply.text, "Response/RequestID").len(), 1);
    let reply = call(&aws, "DescribeInstanceTypes", &[("DryRun", "true")]).await;
    assert_eq!(reply.status, 412);
}

#[tokio::test]
async fn an_instance_type_has_what_capacity_is_computed_from() {
    let aws = still();
    let names = [("InstanceType.1", "c6gd.medium"), ("InstanceType.2", "g5.xlarge")];
    let reply = call(&aws, "DescribeInstanceTypes", &names).await;
    let at = |path: &str| {
        paths(&reply.text, &format!("DescribeInstanceTypesResponse/instanceTypeSet/item/{path}"))
    };
    assert_eq!(at("instanceType"), ["c6gd.medium", "g5.xlarge"]);
    assert_eq!(at("vCpuInfo/defaultVCpus"), ["1", "4"]);
    assert_eq!(at("memoryInfo/sizeInMiB"), ["2048", "16384"]);
    assert_eq!(at("processorInfo/supportedArchitectures/item"), ["arm64", "x86_64"]);
    assert_eq!(at("supportedUsageClasses/item").len(), 4);
    assert_eq!(at("networkInfo/maximumNetworkInterfaces"), ["2", "4"]);
    assert_eq!(at("networkInfo/ipv4AddressesPerInterface"), ["4", "15"]);
    assert_eq!(at("networkInfo/networkCards/item/networkCardIndex"), ["0", "0"]);
    assert_eq!(at("instanceStorageInfo/totalSizeInGB"), ["59", "250"]);
    assert_eq!(at("gpuInfo/gpus/item/name"), ["A10G"]);
    assert_eq!(at("hypervisor"), ["nitro", "nitro"]);
}

#[tokio::test]
async fn lists_have_the_names_that_clients_look_for() {
    let aws = with_template().await;
    let image = image(&mut aws.account(), "x86_64");
    let by_zone = ("LocationType", "availability-zone");
    let cases = [
        ("DescribeAvailabilityZones", None, "availabilityZoneInfo/item/zoneId"),
        ("DescribeSubnets", None, "subnetSet/item/availableIpAddressCount"),
        ("DescribeSecurityGroups", None, "securityGroupInfo/item/groupName"),
        ("DescribeImages", Some(("ImageId.1", &*image)), "imagesSet/item/deprecationTime"),
        ("DescribeLaunchTemplates", None, "launchTemplates/item/launchTemplateId"),
        ("DescribeSpotPriceHistory", None, "spotPriceHistorySet/item/spotPrice"),
        ("DescribeInstanceTypeOfferings", Some(by_zone), "instanceTypeOfferingSet/item/location"),
        ("DescribeInstanceStatus", None, "instanceStatusSet"),
    ];
    for (action, parameter, path) in cases {
        let reply = call(&aws, action, parameter.as_slice()).await;
        let found = paths(&reply.text, &format!("{action}Response/{path}"));
        assert!(!found.is_empty(), "{action}: {}", reply.text);
    }
}

#[tokio::test]
async fn launch_data_of_run_instances_is_at_the_top() {
    let aws = with_template().await;
    let parameters = [
        ("MinCount", "1"),
        ("MaxCount", "1"),
        ("LaunchTemplate.LaunchTemplateName", "node"),
        ("InstanceType", "m5.large"),
        ("SubnetId", &subnet('a')),
        ("TagSpecification.1.ResourceType", "instance"),
        ("TagSpecification.1.Tag.1.Key", "a"),
        ("TagSpecification.1.Tag.1.Value", "b"),
        ("DryRun", "true"),
    ];
    let reply = call(&aws, "RunInstances", &parameters).await;
    assert_eq!(paths(&reply.text, "Response/Errors/Error/Code"), ["DryRunOperation"]);
    let reply = call(&aws, "RunInstances", &parameters[..8]).await;
    let path = "RunInstancesResponse/instancesSet/item/instanceType";
    assert_eq!(paths(&reply.text, path), ["m5.large"]);
}
