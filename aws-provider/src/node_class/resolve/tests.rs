use std::sync::{Arc, LazyLock};

use scheduler_core::model::{NodeClass, Requirement};
use serde_json::{Value, json};

use super::*;
use crate::{Catalog, CatalogOptions};

static TYPES: LazyLock<Arc<Vec<InstanceType>>> = LazyLock::new(|| {
    let class = NodeClass::new("default", ImageFamily::Al2023);
    Catalog::embedded().unwrap().instance_types(&class, &CatalogOptions::default())
});

/// A class of AL2023 that is ready, with this changed by its path.
fn class(path: &str, value: Value) -> Ec2NodeClass {
    let amis: Vec<Value> = ["amd64", "arm64"]
        .map(|arch| {
            let requirement =
                json!({"key": "kubernetes.io/arch", "operator": "In", "values": [arch]});
            json!({"id": format!("ami-{arch}"), "requirements": [requirement]})
        })
        .into();
    let mut class = json!({
        "apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass",
        "metadata": {"name": "default"},
        "spec": {
            "subnetSelectorTerms": [], "securityGroupSelectorTerms": [], "amiFamily": "AL2023",
            "metadataOptions": {},
        },
        "status": {
            "amis": amis,
            "subnets": [{"id": "subnet-1", "zone": "us-east-1a", "zoneID": "use1-az1"}],
            "securityGroups": [{"id": "sg-1"}],
            "instanceProfile": "profile",
        },
    });
    if let Some((parent, field)) = path.rsplit_once('/') {
        class.pointer_mut(parent).unwrap()[field] = value;
    }
    serde_json::from_value(class).unwrap()
}

fn ready() -> Ec2NodeClass {
    class("", Value::Null)
}

/// A claim's requirements and requests.
#[derive(Default)]
struct Claim {
    requirements: Requirements,
    requests: Resources,
}

fn requiring(key: &str, values: &[&str]) -> Claim {
    let mut claim = Claim::default();
    claim.requirements.add(key, Requirement::any_of(values));
    claim
}

fn requesting(name: &str) -> Claim {
    let mut claim = Claim::default();
    claim.requests.set(name, 1);
    claim
}

fn cluster(dns: &str) -> ClusterAccess {
    ClusterAccess {
        name: "demo".to_owned(),
        endpoint: "https://demo.eks".to_owned(),
        ca_bundle: "Y2EtYnVuZGxlCg==".to_owned(),
        service_cidr: Some("10.100.0.0/16".to_owned()),
        dns: Some(dns.parse().unwrap()),
    }
}

fn resolved(
    class: &Ec2NodeClass,
    claim: &Claim,
    names: &[&str],
) -> Result<ResolvedLaunch, ResolveError> {
    let group = PlacementGroup {
        id: "pg-1".to_owned(),
        name: "group".to_owned(),
        strategy: "partition".to_owned(),
        partitions: Some(12),
        spread_level: None,
    };
    let types: Vec<InstanceType> = names
        .iter()
        .map(|name| TYPES.iter().find(|one| one.name == *name).unwrap().clone())
        .collect();
    let given = ClassInCluster {
        class,
        placement_group: Some(&group),
        cluster: &cluster("10.100.0.10"),
        region: "us-east-1",
        types: &types,
    };
    let labels = Labels::from([("team".to_owned(), "web".to_owned())]);
    let claim = ClaimToLaunch {
        node_pool: "general",
        labels: &labels,
        taints: &[],
        requirements: &claim.requirements,
        requests: &claim.requests,
        capacity_type: CapacityType::OnDemand,
    };
    resolve(&given, &claim)
}

fn spec(class: &Ec2NodeClass) -> LaunchSpec {
    resolved(class, &Claim::default(), &["m5.large"]).unwrap().spec
}

fn spec_for(claim: &Claim) -> LaunchSpec {
    resolved(&ready(), claim, &["m5.large"]).unwrap().spec
}

fn refused(class: &Ec2NodeClass) -> String {
    resolved(class, &Claim::default(), &["m5.large"]).unwrap_err().to_string()
}

#[test]
fn a_launch_has_what_the_class_has_found() {
    let found = spec(&ready());
    assert_eq!(
        (found.node_class.as_str(), found.instance_profile.as_str()),
        ("default", "profile")
    );
    let (id, zone, zone_id) =
        ("subnet-1".to_owned(), "us-east-1a".to_owned(), "use1-az1".to_owned());
    assert_eq!(found.subnets, [LaunchSubnet { id, zone, zone_id }]);
    assert_eq!(found.security_groups, ["sg-1"]);
    assert_eq!(found.tags["karpenter.sh/nodepool"], "general");
}

#[test]
fn nothing_is_launched_before_everything_is_found() {
    let cases = [
        ("amis", "images"),
        ("subnets", "subnets"),
        ("securityGroups", "security groups"),
        ("instanceProfile", "instance profile"),
    ];
    for (field, what) in cases {
        let expected = format!("the EC2NodeClass has no {what} in its status yet");
        assert_eq!(refused(&class(&format!("/status/{field}"), Value::Null)), expected);
    }
}

#[test]
fn types_with_the_same_image_and_room_share_their_user_data() {
    let names = ["m5.large", "c5.large", "m5.xlarge", "m6g.large"];
    let boots = resolved(&ready(), &Claim::default(), &names).unwrap().spec.boots;
    let found: Vec<(&str, Vec<&str>)> = boots
        .iter()
        .map(|boot| (boot.image.as_str(), boot.instance_types.iter().map(String::as_str).collect()))
        .collect();
    let expected = [
        ("ami-amd64", vec!["c5.large", "m5.large"]),
        ("ami-amd64", vec!["m5.xlarge"]),
        ("ami-arm64", vec!["m6g.large"]),
    ];
    assert_eq!(found, expected);
    assert!(boots[0].user_data.contains("maxPods: 29"));
    assert!(boots[1].user_data.contains("maxPods: 58"));
}

#[test]
fn user_data_carries_the_labels_and_how_the_node_is_bought() {
    let text = &spec(&ready()).boots[0].user_data;
    assert!(text.contains("karpenter.sh/capacity-type=on-demand") && text.contains("team=web"));
}

#[test]
fn nothing_is_launched_if_no_image_runs_on_any_type() {
    let amis = json!([{"id": "ami-1", "requirements": [
        {"key": "kubernetes.io/arch", "operator": "In", "values": ["arm64"]}]}]);
    let expected = "no image of the EC2NodeClass runs on any of the instance types";
    assert_eq!(refused(&class("/status/amis", amis)), expected);
}

#[test]
fn enclaves_are_for_claims_that_ask_for_them() {
    assert!(!spec(&ready()).enclaves);
    assert!(spec_for(&requesting("eks.amazonaws.com/nitro-sandbox")).enclaves);
}

#[test]
fn dedicated_tenancy_is_for_claims_that_admit_no_other() {
    let tenancy = "karpenter.k8s.aws/instance-tenancy";
    assert!(!spec(&ready()).dedicated);
    assert!(!spec_for(&requiring(tenancy, &["default", "dedicated"])).dedicated);
    assert!(spec_for(&requiring(tenancy, &["dedicated"])).dedicated);
}

#[test]
fn of_several_partitions_the_first_in_the_order_of_texts_is_taken() {
    let claim = requiring("karpenter.k8s.aws/placement-group-partition", &["2", "10"]);
    let found = spec_for(&claim).placement_group.unwrap();
    assert_eq!((found.group.as_str(), found.partition), ("pg-1", Some(10)));
    assert_eq!(spec(&ready()).placement_group.unwrap().partition, None);
}

#[test]
fn efa_interfaces_are_those_of_the_type_for_claims_that_ask() {
    let mut types = vec![TYPES.iter().find(|one| one.name == "m5.large").unwrap().clone()];
    types[0].capacity.set(EFA, 4);
    let count = |class: &Ec2NodeClass, claim: &Claim| {
        let given = ClassInCluster {
            class,
            placement_group: None,
            cluster: &cluster("10.100.0.10"),
            region: "us-east-1",
            types: &types,
        };
        let labels = Labels::new();
        let claim = ClaimToLaunch {
            node_pool: "general",
            labels: &labels,
            taints: &[],
            requirements: &claim.requirements,
            requests: &claim.requests,
            capacity_type: CapacityType::Spot,
        };
        resolve(&given, &claim).unwrap().spec.boots[0].efa_interfaces
    };
    assert_eq!(count(&ready(), &Claim::default()), 0);
    assert_eq!(count(&ready(), &requesting(EFA)), 4);
    let named = json!([{"networkCardIndex": 0, "deviceIndex": 0, "interfaceType": "interface"}]);
    assert_eq!(count(&class("/spec/networkInterfaces", named), &requesting(EFA)), 0);
}

#[test]
fn interfaces_of_the_class_are_taken_whether_or_not_a_pod_asks_for_efa() {
    let named = json!([
        {"networkCardIndex": 0, "deviceIndex": 0, "interfaceType": "interface"},
        {"networkCardIndex": 1, "deviceIndex": 1, "interfaceType": "efa-only"},
    ]);
    let interfaces = spec(&class("/spec/networkInterfaces", named)).network.interfaces;
    let expected = [
        LaunchInterface { card: 0, device: 0, kind: InterfaceKind::Interface },
        LaunchInterface { card: 1, device: 1, kind: InterfaceKind::EfaOnly },
    ];
    assert_eq!(interfaces, expected);
}

#[test]
fn prefixes_public_addresses_and_monitoring_are_the_classs_own() {
    for prefixes in [0, 1, 10, 100] {
        let found = spec(&class("/spec/ipPrefixCount", json!(prefixes))).network.prefixes;
        assert_eq!(found, Some(prefixes));
    }
    for public in [true, false] {
        let found = spec(&class("/spec/associatePublicIPAddress", json!(public)));
        assert_eq!(found.network.public_ip, Some(public));
    }
    let plain = spec(&ready());
    assert_eq!((plain.network.prefixes, plain.network.public_ip), (None, None));
    assert!(!plain.detailed_monitoring);
    assert!(spec(&class("/spec/detailedMonitoring", json!(true))).detailed_monitoring);
}

#[test]
fn options_of_the_processor_are_left_to_ec2_unless_named() {
    let options = |options: Value| spec(&class("/spec/cpuOptions", options)).nested_virtualization;
    assert_eq!((options(Value::Null), options(json!({}))), (None, None));
    assert_eq!(options(json!({"nestedVirtualization": "enabled"})), Some(Switch::Enabled));
    assert_eq!(options(json!({"nestedVirtualization": "disabled"})), Some(Switch::Disabled));
}

#[test]
fn time_outs_of_connections_are_those_that_the_class_names() {
    assert_eq!(spec(&ready()).network.connection_tracking, None);
    let named = spec(&class("/spec/connectionTracking", json!({"tcpEstablishedTimeout": 300})));
    let expected = ConnectionTracking { tcp_established_secs: Some(300), ..Default::default() };
    assert_eq!(named.network.connection_tracking, Some(expected));
}

#[test]
fn the_address_of_dns_tells_the_clusters_family() {
    assert_eq!(ip_family(&cluster("10.100.0.10")), IpFamily::V4);
    assert_eq!(ip_family(&cluster("fd00::10")), IpFamily::V6);
}

#[test]
fn user_data_that_cannot_be_made_launches_nothing() {
    let mut class = class("/spec/amiFamily", json!("Bottlerocket"));
    class.spec.user_data = Some("#!/bin/bash\necho".to_owned());
    assert_eq!(refused(&class), "the nodes cannot be told how to join the cluster");
    class.spec.user_data = Some("[settings.kubernetes]\nmade-up = 1\n".to_owned());
    let found = resolved(&class, &Claim::default(), &["m5.large"]).unwrap();
    assert_eq!(found.dropped, BTreeSet::from(["settings.kubernetes.made-up".to_owned()]));
}

/// Readiness of a class at generation 2 whose condition has this status at this generation.
fn readiness_at(status: &str, generation: i64) -> Result<(), Unready> {
    let condition = json!([{
        "type": "Ready", "status": status, "reason": "Because", "message": "no subnets",
        "observedGeneration": generation,
    }]);
    let mut class = class("/status/conditions", condition);
    class.metadata.generation = Some(2);
    readiness(&class)
}

#[test]
fn a_class_is_launched_from_if_it_is_ready_as_it_is_now() {
    let not_ready = |why: &str| Err(Unready::NotReady { why: why.to_owned() });
    assert_eq!(readiness_at("True", 2), Ok(()));
    assert_eq!(readiness_at("True", 1), not_ready("its last change has not been looked at yet"));
    assert_eq!(readiness_at("False", 2), not_ready("no subnets"));
    assert_eq!(readiness_at("Unknown", 2), Err(Unready::Unknown));
    assert_eq!(readiness(&ready()), Err(Unready::Unknown));
}
