//! The objects that all clusters share.

use k8s_openapi::api::core::v1::{LimitRange, Namespace};
use k8s_openapi::api::node::v1::RuntimeClass;
use k8s_openapi::api::scheduling::v1::PriorityClass;
use k8s_openapi::api::storage::v1::StorageClass;
use plimsoll_api::crd::Ec2NodeClass;
use scheduler_core::model::attachment::EBS_DRIVER;
use scheduler_core::model::well_known::{ARCH, ZONE};
use serde_json::{Value, json};

use super::object;
use crate::draw::DEDICATED;

/// Name of the only `EC2NodeClass`.
pub(crate) const NODE_CLASS: &str = "default";
/// Namespaces, with the value of their label `team`; the last has a `LimitRange`.
pub(crate) const NAMESPACES: [(&str, &str); 3] =
    [("shop", "red"), ("bank", "blue"), (LIMITED_NAMESPACE, "green")];
/// Namespace in which containers that name no requests get some.
pub(crate) const LIMITED_NAMESPACE: &str = "mine";
/// Namespace of daemons.
pub(crate) const DAEMON_NAMESPACE: &str = "kube-system";
/// Priority classes and their values.
pub(crate) const PRIORITIES: [(&str, i32); 2] = [("high", 1000), ("low", -10)];
/// Classes whose volumes are made for a pod's node: anywhere, in two zones, in either of two.
pub(crate) const WAITING_CLASSES: [&str; 3] = ["disk", "disk-ab", "disk-b-or-c"];
/// A class that makes volumes at once. Nobody does so here.
pub(crate) const IMMEDIATE_CLASS: &str = "disk-at-once";
/// A driver of volumes that are not in a zone.
pub(crate) const FILES_DRIVER: &str = "files.example.com";
/// A runtime class that needs room for itself.
pub(crate) const SANDBOX: &str = "sandbox";
/// A runtime class that also chooses nodes.
pub(crate) const ARM_SANDBOX: &str = "arm-sandbox";
/// What a container of the limited namespace asks for if it names nothing: milli-cores, MiB, GiB of
/// ephemeral storage.
pub(crate) const DEFAULT_REQUESTS: (i64, i64, i64) = (150, 200, 3);
/// What the runtime classes need for themselves: milli-cores and MiB.
pub(crate) const OVERHEAD: (i64, i64) = (250, 120);

/// The class of all pools.
pub(crate) fn node_class() -> Ec2NodeClass {
    object(json!({
        "apiVersion": "karpenter.k8s.aws/v1",
        "kind": "EC2NodeClass",
        "metadata": {"name": NODE_CLASS},
        "spec": {
            "amiSelectorTerms": [{"alias": "al2023@latest"}],
            "subnetSelectorTerms": [{"tags": {"judge": "yes"}}],
            "securityGroupSelectorTerms": [{"tags": {"judge": "yes"}}],
            "role": "node",
        },
    }))
}

/// Namespaces, those of the control plane left out.
pub(crate) fn namespaces() -> Vec<Namespace> {
    let namespace = |(name, team): (&str, &str)| {
        let labels = json!({"team": team, "kubernetes.io/metadata.name": name});
        object(json!({"metadata": {"name": name, "labels": labels}}))
    };
    NAMESPACES.map(namespace).into()
}

/// Priority classes.
pub(crate) fn priority_classes() -> Vec<PriorityClass> {
    let class =
        |(name, value): (&str, i32)| object(json!({"metadata": {"name": name}, "value": value}));
    PRIORITIES.map(class).into()
}

/// Storage classes, all of the same driver.
pub(crate) fn storage_classes() -> Vec<StorageClass> {
    let in_zones =
        |zones: &[&str]| json!({"matchLabelExpressions": [{"key": ZONE, "values": zones}]});
    let class = |name: &str, mode: &str, topologies: Value| {
        let is_default = (name == WAITING_CLASSES[0]).to_string();
        let annotations = json!({"storageclass.kubernetes.io/is-default-class": is_default});
        object(json!({
            "metadata": {"name": name, "annotations": annotations},
            "provisioner": EBS_DRIVER,
            "volumeBindingMode": mode,
            "allowedTopologies": topologies,
        }))
    };
    let [anywhere, two_zones, either] = WAITING_CLASSES;
    let waits = "WaitForFirstConsumer";
    vec![
        class(anywhere, waits, Value::Null),
        class(two_zones, waits, json!([in_zones(&["zone-a", "zone-b"])])),
        class(either, waits, json!([in_zones(&["zone-b"]), in_zones(&["zone-c"])])),
        class(IMMEDIATE_CLASS, "Immediate", Value::Null),
    ]
}

/// Runtime classes.
pub(crate) fn runtime_classes() -> Vec<RuntimeClass> {
    let (cpu_milli, memory_mi) = OVERHEAD;
    let overhead =
        json!({"podFixed": {"cpu": format!("{cpu_milli}m"), "memory": format!("{memory_mi}Mi")}});
    let scheduling = json!({
        "nodeSelector": {ARCH: "arm64"},
        "tolerations": [{"key": DEDICATED, "operator": "Exists"}],
    });
    vec![
        object(json!({
            "metadata": {"name": SANDBOX}, "handler": SANDBOX, "overhead": overhead,
        })),
        object(json!({
            "metadata": {"name": ARM_SANDBOX},
            "handler": SANDBOX,
            "overhead": overhead,
            "scheduling": scheduling,
        })),
    ]
}

/// Defaults for the containers of one namespace.
pub(crate) fn limit_range() -> LimitRange {
    let (cpu_milli, memory_mi, ephemeral_gi) = DEFAULT_REQUESTS;
    object(json!({
        "metadata": {"name": "defaults", "namespace": LIMITED_NAMESPACE},
        "spec": {"limits": [{
            "type": "Container",
            "defaultRequest": {"cpu": format!("{cpu_milli}m"), "memory": format!("{memory_mi}Mi")},
            // A default limit is a default request as well.
            "default": {"ephemeral-storage": format!("{ephemeral_gi}Gi")},
        }]},
    }))
}
