//! Reading and writing a custom resource changes nothing.

use plimsoll_api::crd::{Ec2NodeClass, NodeClaim, NodePool, unknown_fields};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

fn assert_unchanged<T: Serialize + DeserializeOwned>(object: &Value) {
    let typed: T = serde_json::from_value(object.clone()).unwrap();
    assert_eq!(&serde_json::to_value(typed).unwrap(), object);
}

fn requirements() -> Value {
    json!([{"key": "a", "operator": "In", "values": ["x"], "minValues": 1, "unknown": 1}])
}

fn taints() -> Value {
    json!([{"key": "a", "value": "b", "effect": "NoSchedule",
            "timeAdded": "2026-01-01T00:00:00Z", "unknown": 1}])
}

fn class_ref() -> Value {
    json!({"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "c", "unknown": 1})
}

fn conditions() -> Value {
    json!([{"type": "Ready", "status": "True", "reason": "Ready", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z", "observedGeneration": 1}])
}

fn node_pool() -> Value {
    json!({
        "apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "p"},
        "spec": {
            "template": {
                "metadata": {"labels": {"a": "b"}, "annotations": {"c": "d"}, "unknown": 1},
                "spec": {
                    "nodeClassRef": class_ref(), "requirements": requirements(), "taints": taints(),
                    "startupTaints": taints(), "terminationGracePeriod": "60m0s",
                    "expireAfter": "90m", "unknown": {"deep": [1, 2]},
                },
                "unknown": 1,
            },
            "disruption": {
                "consolidateAfter": "Never", "consolidationPolicy": "Balanced",
                "budgets": [{"nodes": "10%", "schedule": "@daily", "duration": "8h",
                             "reasons": ["Empty"], "unknown": 1}],
                "unknown": 1,
            },
            "limits": {"cpu": "1000m", "memory": "1.50Gi"}, "weight": 10, "replicas": 3, "unknown": 1,
        },
        "status": {
            "resources": {"cpu": "1", "nodes": "1"}, "nodes": 1, "nodeClassObservedGeneration": 2,
            "conditions": conditions(), "unknown": 1,
        },
    })
}

fn node_claim() -> Value {
    json!({
        "apiVersion": "karpenter.sh/v1", "kind": "NodeClaim", "metadata": {"name": "c"},
        "spec": {
            "nodeClassRef": class_ref(), "requirements": requirements(), "taints": taints(),
            "startupTaints": taints(), "terminationGracePeriod": "1h", "expireAfter": "Never",
            "resources": {"requests": {"cpu": "1"}, "unknown": 1}, "unknown": 1,
        },
        "status": {
            "nodeName": "n", "providerID": "aws:///a/i-1", "imageID": "ami-1",
            "capacity": {"cpu": "2"}, "allocatable": {"cpu": "1930m"}, "conditions": conditions(),
            "lastPodEventTime": "2026-01-01T00:00:00Z", "unknown": 1,
        },
    })
}

fn node_class() -> Value {
    json!({
        "apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass", "metadata": {"name": "c"},
        "spec": {
            "subnetSelectorTerms": [{"tags": {"a": "b"}, "id": "subnet-1", "unknown": 1}],
            "securityGroupSelectorTerms": [{"tags": {"a": "*"}, "id": "sg-1", "name": "n", "unknown": 1}],
            "capacityReservationSelectorTerms": [{"tags": {"a": "b"}, "id": "cr-1",
                "ownerID": "123456789012", "instanceMatchCriteria": "open", "unknown": 1}],
            "placementGroupSelector": {"name": "n", "id": "pg-1", "unknown": 1},
            "associatePublicIPAddress": true, "ipPrefixCount": 1,
            "amiSelectorTerms": [{"alias": "al2023@latest", "tags": {"a": "b"}, "id": "ami-1",
                "name": "n", "owner": "self", "ssmParameter": "/p", "unknown": 1}],
            "amiFamily": "AL2023", "userData": "#!/bin/sh", "role": "r", "instanceProfile": "p",
            "tags": {"a": "b"}, "kubelet": {"maxPods": "vcpus * 2", "anything": {"deep": [true]}},
            "blockDeviceMappings": [{"deviceName": "/dev/xvda", "rootVolume": true, "ebs": {
                "deleteOnTermination": true, "encrypted": true, "iops": 1, "kmsKeyID": "k",
                "snapshotID": "s", "throughput": 1, "volumeInitializationRate": 100,
                "volumeSize": "100Gi", "volumeType": "gp3", "unknown": 1}, "unknown": 1}],
            "instanceStorePolicy": "RAID0",
            "networkInterfaces": [{"networkCardIndex": 0, "deviceIndex": 0,
                "interfaceType": "interface", "unknown": 1}],
            "detailedMonitoring": true,
            "metadataOptions": {"httpEndpoint": "enabled", "httpProtocolIPv6": "disabled",
                "httpPutResponseHopLimit": 1, "httpTokens": "required", "unknown": 1},
            "connectionTracking": {"tcpEstablishedTimeout": 60, "udpStreamTimeout": 60,
                "udpTimeout": 30, "unknown": 1},
            "context": "c", "cpuOptions": {"nestedVirtualization": "enabled", "unknown": 1},
            "architecture": "arm64",
        },
        "status": {
            "subnets": [{"id": "subnet-1", "zone": "a", "zoneID": "use1-az1"}],
            "securityGroups": [{"id": "sg-1", "name": "n"}],
            "amis": [{"id": "ami-1", "name": "n", "deprecated": true,
                "requirements": [{"key": "a", "operator": "In", "values": ["b"]}]}],
            "capacityReservations": [{"availabilityZone": "a", "endTime": "2026-01-01T00:00:00Z",
                "id": "cr-1", "instanceMatchCriteria": "open", "instanceType": "m5.large",
                "ownerID": "123456789012", "reservationType": "default", "interruptible": false,
                "state": "active"}],
            "instanceProfile": "p", "conditions": conditions(), "unknown": 1,
        },
    })
}

#[test]
fn every_field_and_every_unknown_one_is_kept() {
    assert_unchanged::<NodePool>(&node_pool());
    assert_unchanged::<NodeClaim>(&node_claim());
    assert_unchanged::<Ec2NodeClass>(&node_class());
}

#[test]
fn nothing_is_added_to_a_minimal_object() {
    assert_unchanged::<NodePool>(&json!({
        "apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "p"},
        "spec": {"template": {"spec": {"requirements": [], "nodeClassRef":
            {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "c"}}}},
    }));
    assert_unchanged::<Ec2NodeClass>(&json!({
        "apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass", "metadata": {"name": "p"},
        "spec": {},
    }));
}

#[test]
fn every_unknown_field_is_named_with_its_path() {
    let pool: NodePool = serde_json::from_value(node_pool()).unwrap();
    let unknown = unknown_fields(&pool);
    assert_eq!(unknown.len(), 11, "{unknown:?}");
    assert!(unknown.contains(&"spec.disruption.budgets[0].unknown".to_owned()));
    let class: Ec2NodeClass = serde_json::from_value(node_class()).unwrap();
    let unknown = unknown_fields(&class);
    assert!(unknown.contains(&"spec.architecture".to_owned()));
    assert!(!unknown.iter().any(|path| path.contains("kubelet")), "{unknown:?}");
}
