//! The validation rules of the definitions, evaluated as the API server would.

mod node_class;

use kube::CustomResourceExt;
use kube::core::cel::Validator;
use plimsoll_api::crd::{CapacityBuffer, Ec2NodeClass, NodeClaim, NodeOverlay, NodePool};
use serde_json::{Value, json};

/// Messages of the rules that an object breaks.
fn broken<K: CustomResourceExt>(object: &Value, old: Option<&Value>) -> Vec<String> {
    let version = K::crd().spec.versions.remove(0);
    let schema = version.schema.unwrap().open_api_v3_schema.unwrap();
    let schema = serde_json::to_value(schema).unwrap();
    match Validator::new().validate(&schema, object, old) {
        Ok(()) => Vec::new(),
        Err(errors) => errors.to_string().lines().map(str::to_owned).collect(),
    }
}

fn pool(template: &Value, spec: &Value) -> Value {
    let mut pool = json!({
        "apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "p"},
        "spec": {"template": {"spec": {"requirements": [], "nodeClassRef":
            {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": "c"}}}},
    });
    merge(&mut pool["spec"]["template"], template);
    merge(&mut pool["spec"], spec);
    pool
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}

fn requirement(requirement: &Value) -> Value {
    pool(&json!({"spec": {"requirements": [requirement]}}), &json!({}))
}

#[track_caller]
fn accepts<K: CustomResourceExt>(object: &Value) {
    assert_eq!(broken::<K>(object, None), Vec::<String>::new(), "{object}");
}

#[track_caller]
fn refuses<K: CustomResourceExt>(object: &Value) {
    assert!(!broken::<K>(object, None).is_empty(), "{object}");
}

#[test]
fn keys_of_reserved_domains_are_refused_and_well_known_ones_admitted() {
    for key in [
        "karpenter.sh/capacity-type",
        "karpenter.k8s.aws/instance-family",
        "kubernetes.io/arch",
        "team",
    ] {
        accepts::<NodePool>(&requirement(&json!({"key": key, "operator": "Exists"})));
        accepts::<NodePool>(&pool(&json!({"metadata": {"labels": {key: "x"}}}), &json!({})));
    }
    for key in [
        "karpenter.sh/nodepool",
        "karpenter.sh/custom",
        "kubernetes.io/hostname",
        "karpenter.k8s.aws/custom",
    ] {
        refuses::<NodePool>(&requirement(&json!({"key": key, "operator": "Exists"})));
        refuses::<NodePool>(&pool(&json!({"metadata": {"labels": {key: "x"}}}), &json!({})));
    }
}

#[test]
fn values_must_suit_the_operator() {
    accepts::<NodePool>(&requirement(
        &json!({"key": "a", "operator": "In", "values": ["x"], "minValues": 1}),
    ));
    accepts::<NodePool>(&requirement(&json!({"key": "a", "operator": "Gte", "values": ["0"]})));
    for bad in [
        json!({"key": "a", "operator": "In"}),
        json!({"key": "a", "operator": "In", "values": []}),
        json!({"key": "a", "operator": "In", "values": ["x"], "minValues": 2}),
        json!({"key": "a", "operator": "Gt"}),
        json!({"key": "a", "operator": "Lt", "values": ["1", "2"]}),
        json!({"key": "a", "operator": "Gte", "values": ["-1"]}),
        json!({"key": "a", "operator": "Lte", "values": ["x"]}),
    ] {
        refuses::<NodePool>(&requirement(&bad));
    }
}

#[test]
fn a_schedule_needs_a_duration() {
    let budgets = |budget: Value| pool(&json!({}), &json!({"disruption": {"budgets": [budget]}}));
    accepts::<NodePool>(&budgets(json!({"nodes": "1", "schedule": "@daily", "duration": "8h"})));
    accepts::<NodePool>(&budgets(json!({"nodes": "1"})));
    refuses::<NodePool>(&budgets(json!({"nodes": "1", "schedule": "@daily"})));
    refuses::<NodePool>(&budgets(json!({"nodes": "1", "duration": "8h"})));
}

#[test]
fn static_pools_have_no_weight_and_limit_nodes_only() {
    accepts::<NodePool>(&pool(&json!({}), &json!({"replicas": 0, "limits": {"nodes": "5"}})));
    refuses::<NodePool>(&pool(&json!({}), &json!({"replicas": 1, "limits": {"cpu": "5"}})));
    refuses::<NodePool>(&pool(&json!({}), &json!({"replicas": 1, "weight": 5})));
}

#[test]
fn a_pool_stays_static_or_dynamic_and_keeps_the_kind_of_its_class() {
    let dynamic = pool(&json!({}), &json!({}));
    let fixed = pool(&json!({}), &json!({"replicas": 1}));
    let more = pool(&json!({}), &json!({"replicas": 2}));
    assert!(!broken::<NodePool>(&fixed, Some(&dynamic)).is_empty());
    assert!(!broken::<NodePool>(&dynamic, Some(&fixed)).is_empty());
    assert!(broken::<NodePool>(&more, Some(&fixed)).is_empty());
    let class = |class: Value| pool(&json!({"spec": {"nodeClassRef": class}}), &json!({}));
    assert!(!broken::<NodePool>(&class(json!({"kind": "Other"})), Some(&dynamic)).is_empty());
    assert!(broken::<NodePool>(&class(json!({"name": "other"})), Some(&dynamic)).is_empty());
    refuses::<NodePool>(&class(json!({"name": ""})));
}

#[test]
fn the_spec_of_a_claim_never_changes() {
    let claim = |name: &str| {
        json!({"apiVersion": "karpenter.sh/v1", "kind": "NodeClaim", "metadata": {"name": "c"},
               "spec": {"requirements": [], "nodeClassRef": {"group": "g", "kind": "k", "name": name}}})
    };
    assert!(broken::<NodeClaim>(&claim("a"), Some(&claim("a"))).is_empty());
    assert!(!broken::<NodeClaim>(&claim("b"), Some(&claim("a"))).is_empty());
}

fn class(changes: &Value) -> Value {
    let mut class = json!({
        "apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass", "metadata": {"name": "c"},
        "spec": {
            "amiFamily": "AL2023", "role": "r",
            "subnetSelectorTerms": [{"tags": {"a": "b"}}],
            "securityGroupSelectorTerms": [{"tags": {"a": "*"}}],
        },
    });
    merge(&mut class["spec"], changes);
    // `null` in the changes takes a field away.
    if let Some(spec) = class["spec"].as_object_mut() {
        spec.retain(|_, value| !value.is_null());
    }
    class
}

#[test]
fn node_classes_that_karpenter_accepts_are_accepted_and_those_without_image_terms_too() {
    for changes in [
        json!({}),
        json!({"role": null, "instanceProfile": "p"}),
        json!({"amiFamily": null, "amiSelectorTerms": [{"alias": "al2023@v20240625"}]}),
        json!({"amiFamily": "Custom", "amiSelectorTerms": [{"alias": "al2@latest"}]}),
        json!({"amiSelectorTerms": [{"name": "n", "owner": "self"}, {"tags": {"a": "b"}}]}),
        json!({"amiSelectorTerms": [{"alias": "windows2022@latest"}], "amiFamily": "Windows2022"}),
        json!({"tags": {"team": "a"}}),
        json!({"subnetSelectorTerms": [{"id": "subnet-1"}]}),
        json!({"networkInterfaces": []}),
        json!({"networkInterfaces": [
            {"networkCardIndex": 0, "deviceIndex": 0, "interfaceType": "interface"},
            {"networkCardIndex": 0, "deviceIndex": 1, "interfaceType": "efa-only"}]}),
        json!({"connectionTracking": {"udpTimeout": 30}}),
        json!({"blockDeviceMappings": [{"rootVolume": true, "ebs": {"volumeSize": "1Gi"}}]}),
        json!({"architecture": "arm64"}),
    ] {
        accepts::<Ec2NodeClass>(&class(&changes));
    }
}

#[test]
fn node_classes_that_make_no_sense_are_refused() {
    for changes in [
        json!({"instanceProfile": "p"}),
        json!({"role": null}),
        json!({"role": ""}),
        json!({"amiFamily": null}),
        json!({"amiFamily": "Custom"}),
        json!({"amiSelectorTerms": []}),
        json!({"amiSelectorTerms": [{}]}),
        json!({"amiSelectorTerms": [{"owner": "self"}]}),
        json!({"amiSelectorTerms": [{"alias": "al2@latest"}]}),
        json!({"amiSelectorTerms": [{"alias": "al2023@latest"}, {"id": "ami-1"}]}),
        json!({"amiSelectorTerms": [{"alias": "al2023"}]}),
        json!({"amiFamily": "Custom", "amiSelectorTerms": [{"alias": "ubuntu@latest"}]}),
        json!({"amiFamily": "Windows2022", "amiSelectorTerms": [{"alias": "windows2022@1"}]}),
        json!({"amiSelectorTerms": [{"id": "ami-1", "name": "n"}]}),
        json!({"subnetSelectorTerms": []}),
        json!({"subnetSelectorTerms": [{}]}),
        json!({"subnetSelectorTerms": [{"tags": {"a": ""}}]}),
        json!({"subnetSelectorTerms": [{"id": "subnet-1", "tags": {"a": "b"}}]}),
        json!({"securityGroupSelectorTerms": [{"name": "n", "tags": {"a": "b"}}]}),
        json!({"capacityReservationSelectorTerms": [{"ownerID": "123456789012"}]}),
        json!({"placementGroupSelector": {"name": "n", "id": "pg-1"}}),
        json!({"tags": {"karpenter.sh/nodepool": "x"}}),
        json!({"tags": {"kubernetes.io/cluster/x": "owned"}}),
        json!({"connectionTracking": {}}),
        json!({"blockDeviceMappings": [{"ebs": {"encrypted": true}}]}),
        json!({"blockDeviceMappings": [{"ebs": {"volumeSize": "1Gi", "volumeInitializationRate": 100}}]}),
        json!({"blockDeviceMappings": [
            {"rootVolume": true, "ebs": {"volumeSize": "1Gi"}},
            {"rootVolume": true, "ebs": {"volumeSize": "1Gi"}}]}),
        json!({"networkInterfaces": [
            {"networkCardIndex": 0, "deviceIndex": 1, "interfaceType": "interface"}]}),
        json!({"networkInterfaces": [
            {"networkCardIndex": 0, "deviceIndex": 0, "interfaceType": "interface"},
            {"networkCardIndex": 0, "deviceIndex": 0, "interfaceType": "efa-only"}]}),
    ] {
        refuses::<Ec2NodeClass>(&class(&changes));
    }
}

fn overlay(spec: &Value) -> Value {
    let mut overlay = json!({
        "apiVersion": "karpenter.sh/v1alpha1", "kind": "NodeOverlay", "metadata": {"name": "o"},
        "spec": {"requirements": []},
    });
    merge(&mut overlay["spec"], spec);
    overlay
}

#[test]
fn an_overlay_has_a_price_or_an_adjustment_and_extended_resources_only() {
    accepts::<NodeOverlay>(&overlay(&json!({"price": "0.5", "capacity": {"a.io/x": "1"}})));
    accepts::<NodeOverlay>(&overlay(&json!({"priceAdjustment": "-15%"})));
    refuses::<NodeOverlay>(&overlay(&json!({"price": "0.5", "priceAdjustment": "-15%"})));
    for native in ["cpu", "memory", "ephemeral-storage", "pods"] {
        refuses::<NodeOverlay>(&overlay(&json!({"capacity": {native: "1"}})));
    }
}

#[test]
fn an_overlay_selects_by_pool_but_not_by_how_nodes_are_launched() {
    let by = |key: &str| {
        overlay(&json!({"requirements": [{"key": key, "operator": "In", "values": ["x"]}]}))
    };
    accepts::<NodeOverlay>(&by("karpenter.sh/nodepool"));
    accepts::<NodeOverlay>(&by("karpenter.k8s.aws/instance-family"));
    for key in [
        "karpenter.k8s.aws/instance-tenancy",
        "karpenter.k8s.aws/capacity-reservation-id",
        "karpenter.k8s.aws/placement-group-id",
        "kubernetes.io/hostname",
    ] {
        refuses::<NodeOverlay>(&by(key));
    }
}

#[test]
fn an_overlay_s_requirements_need_values() {
    for operator in ["In", "NotIn", "Gt"] {
        let requirement = json!({"key": "team", "operator": operator, "values": []});
        refuses::<NodeOverlay>(&overlay(&json!({"requirements": [requirement]})));
    }
}

#[test]
fn a_buffer_names_its_pods_in_one_way_and_their_number() {
    let buffer = |spec: Value| {
        json!({"apiVersion": "autoscaling.x-k8s.io/v1beta1", "kind": "CapacityBuffer",
            "metadata": {"name": "b", "namespace": "n"}, "spec": spec})
    };
    let scalable = json!({"kind": "Deployment", "name": "web", "apiGroup": ""});
    accepts::<CapacityBuffer>(&buffer(json!({"podTemplateRef": {"name": "t"}, "replicas": 0})));
    accepts::<CapacityBuffer>(&buffer(
        json!({"podTemplateRef": {"name": "t"}, "limits": {"cpu": "1"}}),
    ));
    accepts::<CapacityBuffer>(&buffer(json!({"scalableRef": scalable})));
    refuses::<CapacityBuffer>(&buffer(json!({"podTemplateRef": {"name": "t"}})));
    refuses::<CapacityBuffer>(&buffer(
        json!({"podTemplateRef": {"name": "t"}, "replicas": 1, "scalableRef": scalable}),
    ));
}
