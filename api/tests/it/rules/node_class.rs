//! Rules of `EC2NodeClass`, field by field, and the limits of its schema.

use kube::CustomResourceExt as _;
use plimsoll_api::crd::Ec2NodeClass;
use regex::Regex;
use serde_json::{Value, json};

use super::{accepts, broken, class, refuses};

#[track_caller]
fn accepts_all(changes: impl IntoIterator<Item = Value>) {
    for changes in changes {
        accepts::<Ec2NodeClass>(&class(&changes));
    }
}

#[track_caller]
fn refuses_all(changes: impl IntoIterator<Item = Value>) {
    for changes in changes {
        refuses::<Ec2NodeClass>(&class(&changes));
    }
}

/// Whether the schema of a field of the spec, given by its path, admits a value.
fn admits(path: &str, value: &Value) -> bool {
    let version = Ec2NodeClass::crd().spec.versions.remove(0);
    let schema = version.schema.unwrap().open_api_v3_schema.unwrap();
    let mut schema = serde_json::to_value(schema).unwrap()["properties"]["spec"].take();
    for name in path.split('.') {
        let inner =
            if name == "[]" { &mut schema["items"] } else { &mut schema["properties"][name] };
        schema = inner.take();
    }
    assert!(schema.is_object(), "{path} has no schema");
    let listed = schema["enum"].as_array().is_none_or(|all| all.contains(value));
    let number = value.as_f64().unwrap_or_default();
    let above = schema["minimum"].as_f64().is_none_or(|least| number >= least);
    let below = schema["maximum"].as_f64().is_none_or(|most| number <= most);
    let pattern = schema["pattern"].as_str().map(|pattern| Regex::new(pattern).unwrap());
    let matches = pattern.is_none_or(|one| one.is_match(value.as_str().unwrap_or_default()));
    listed && above && below && matches
}

#[track_caller]
fn check_limits(path: &str, good: &[Value], bad: &[Value]) {
    for value in good {
        assert!(admits(path, value), "{path} must admit {value}");
    }
    for value in bad {
        assert!(!admits(path, value), "{path} must not admit {value}");
    }
}

/// Maps of tags that no selector term may have.
fn bad_tags() -> [Value; 2] {
    [json!({"": "value"}), json!({"key": ""})]
}

#[test]
fn exactly_one_of_role_and_profile_is_named_and_may_change() {
    accepts_all([json!({"role": "r"}), json!({"role": null, "instanceProfile": "p"})]);
    refuses_all([json!({"role": "r", "instanceProfile": "p"}), json!({"role": null})]);
    let of = |changes: Value| class(&changes);
    let profile = of(json!({"role": null, "instanceProfile": "p"}));
    for (old, new) in [
        (of(json!({"role": "a"})), of(json!({"role": "b"}))),
        (of(json!({"role": "a"})), profile.clone()),
        (profile, of(json!({"role": "a"}))),
    ] {
        assert_eq!(broken::<Ec2NodeClass>(&new, Some(&old)), Vec::<String>::new());
    }
}

#[test]
fn user_data_may_be_empty() {
    accepts_all([json!({"userData": ""})]);
}

#[test]
fn the_family_is_one_that_there_is_and_agrees_with_the_alias() {
    let families =
        ["AL2", "AL2023", "Bottlerocket", "Custom", "Windows2019", "Windows2022", "Windows2025"];
    check_limits("amiFamily", &families.map(Value::from), &[json!("Ubuntu")]);
    let aliased = |family: Value, alias: &str| json!({"amiFamily": family, "amiSelectorTerms": [{"alias": alias}]});
    accepts_all([
        aliased(json!("AL2023"), "al2023@latest"),
        aliased(json!("Custom"), "al2023@latest"),
        aliased(Value::Null, "al2023@latest"),
    ]);
    refuses_all([
        aliased(json!("AL2"), "al2023@latest"),
        json!({"amiFamily": null, "amiSelectorTerms": [{"id": "ami-1"}]}),
    ]);
}

#[test]
fn tags_of_the_product_are_refused() {
    accepts_all([json!({"tags": {}}), json!({"tags": {"karpenter.sh/other": "a", "team": "b"}})]);
    let restricted = [
        "",
        "eks:eks-cluster-name",
        "kubernetes.io/cluster/demo",
        "karpenter.sh/nodepool",
        "karpenter.sh/nodeclaim",
        "karpenter.k8s.aws/ec2nodeclass",
    ];
    refuses_all(restricted.map(|key| json!({"tags": {key: "value"}})));
}

#[test]
fn subnets_are_selected_by_tags_or_id() {
    let terms = |terms: Value| json!({"subnetSelectorTerms": terms});
    accepts_all([terms(json!([{"tags": {"a": "b"}}])), terms(json!([{"id": "subnet-1"}]))]);
    refuses_all([
        terms(json!([])),
        terms(json!([{}])),
        terms(json!([{"tags": {"a": "b"}}, {}])),
        terms(json!([{"id": "subnet-1", "tags": {"a": "b"}}])),
    ]);
    refuses_all(bad_tags().map(|tags| terms(json!([{"tags": tags}]))));
}

#[test]
fn security_groups_are_selected_by_tags_id_or_name() {
    let terms = |terms: Value| json!({"securityGroupSelectorTerms": terms});
    accepts_all([
        terms(json!([{"tags": {"a": "b"}}])),
        terms(json!([{"id": "sg-1"}])),
        terms(json!([{"name": "nodes"}])),
    ]);
    refuses_all([
        terms(json!([])),
        terms(json!([{}])),
        terms(json!([{"tags": {"a": "b"}}, {}])),
        terms(json!([{"id": "sg-1", "tags": {"a": "b"}}])),
        terms(json!([{"id": "sg-1", "name": "nodes"}])),
        terms(json!([{"name": "nodes", "tags": {"a": "b"}}])),
    ]);
    refuses_all(bad_tags().map(|tags| terms(json!([{"tags": tags}]))));
}

#[test]
fn reservations_are_selected_by_id_or_by_tags_and_criteria() {
    let terms = |terms: Value| json!({"capacityReservationSelectorTerms": terms});
    let tags = json!({"a": "b"});
    let owner = "123456789012";
    accepts_all([
        terms(json!([])),
        terms(json!([{"tags": tags}])),
        terms(json!([{"id": "cr-1"}])),
        terms(json!([{"tags": tags, "ownerID": owner}])),
        terms(json!([{"instanceMatchCriteria": "open"}])),
        terms(json!([{"instanceMatchCriteria": "targeted", "tags": tags, "ownerID": owner}])),
    ]);
    refuses_all([
        terms(json!([{}])),
        terms(json!([{"ownerID": owner}])),
        terms(json!([{"tags": tags}, {}])),
        terms(json!([{"id": "cr-1", "tags": tags}])),
        terms(json!([{"id": "cr-1", "ownerID": owner}])),
        terms(json!([{"id": "cr-1", "instanceMatchCriteria": "open"}])),
    ]);
    refuses_all(bad_tags().map(|tags| terms(json!([{"tags": tags}]))));
    let field = |name: &str| format!("capacityReservationSelectorTerms.[].{name}");
    check_limits(&field("id"), &[json!("cr-1a")], &[json!("cr-"), json!("xcr-1")]);
    check_limits(&field("ownerID"), &[json!(owner)], &[json!("12345678901"), json!("a")]);
    check_limits(
        &field("instanceMatchCriteria"),
        &[json!("open"), json!("targeted")],
        &[json!("x")],
    );
}

#[test]
fn images_are_selected_in_ways_that_do_not_contradict_each_other() {
    let terms = |terms: Value| json!({"amiFamily": "Custom", "amiSelectorTerms": terms});
    accepts_all([
        terms(json!([{"alias": "al2023@latest"}])),
        terms(json!([{"tags": {"a": "b"}}])),
        terms(json!([{"id": "ami-1"}])),
        terms(json!([{"name": "n"}])),
        terms(json!([{"name": "n", "owner": "self"}])),
        terms(json!([{"tags": {"a": "b"}, "owner": "self"}])),
    ]);
    refuses_all([
        terms(json!([{}])),
        terms(json!([{"tags": {"a": "b"}}, {}])),
        terms(json!([{"alias": "al2023@latest"}, {"id": "ami-1"}])),
    ]);
    let others = [json!({"tags": {"a": "b"}}), json!({"name": "n"}), json!({"owner": "self"})];
    for (key, value) in [("id", "ami-1"), ("alias", "al2023@latest")] {
        for mut other in others.clone() {
            other[key] = value.into();
            refuses_all([terms(json!([other]))]);
        }
    }
    refuses_all([terms(json!([{"id": "ami-1", "alias": "al2023@latest"}]))]);
    refuses_all(bad_tags().map(|tags| terms(json!([{"tags": tags}]))));
}

#[test]
fn an_alias_is_a_family_and_a_version() {
    let alias =
        |alias: &str| json!({"amiFamily": "Custom", "amiSelectorTerms": [{"alias": alias}]});
    accepts_all(
        [
            "al2@latest",
            "al2@v20240625",
            "al2023@latest",
            "al2023@v20240625",
            "bottlerocket@latest",
            "bottlerocket@v1.20.1",
            "windows2019@latest",
            "windows2022@latest",
            "windows2025@latest",
        ]
        .map(alias),
    );
    refuses_all(
        [
            "@latest",
            "al2023",
            "al2023@",
            "al2023:latest",
            "ubuntu@latest",
            "windows2019@1",
            "windows2022@1",
            "windows2025@1",
        ]
        .map(alias),
    );
}

#[test]
fn metadata_options_are_limited() {
    let field = |name: &str| format!("metadataOptions.{name}");
    let switch = [json!("enabled"), json!("disabled")];
    check_limits(&field("httpEndpoint"), &switch, &[json!("on")]);
    check_limits(&field("httpProtocolIPv6"), &switch, &[json!("on")]);
    check_limits(&field("httpPutResponseHopLimit"), &[json!(1), json!(64)], &[json!(0), json!(65)]);
    check_limits(&field("httpTokens"), &[json!("required"), json!("optional")], &[json!("x")]);
}

#[test]
fn one_volume_is_the_root_and_sizes_are_limited() {
    let volume = |root: bool| json!({"rootVolume": root, "ebs": {"volumeSize": "1Gi"}});
    accepts_all([json!({"blockDeviceMappings": [volume(true), volume(false)]})]);
    refuses_all([
        json!({"blockDeviceMappings": [volume(true), volume(true)]}),
        json!({"blockDeviceMappings": [{"ebs": {"volumeSize": "1Gi", "volumeInitializationRate": 100}}]}),
        json!({"blockDeviceMappings": [{"ebs": {"encrypted": true}}]}),
    ]);
    let field = |name: &str| format!("blockDeviceMappings.[].ebs.{name}");
    let good = ["1Gi", "59000Gi", "1G", "64000G", "1Ti", "58Ti", "1T", "64T"].map(Value::from);
    let bad = ["1023Mi", "0Gi", "59001Gi", "0G", "64001G", "59Ti", "65T", "much"].map(Value::from);
    check_limits(&field("volumeSize"), &good, &bad);
    let rates = ([json!(100), json!(300)], [json!(99), json!(301)]);
    check_limits(&field("volumeInitializationRate"), &rates.0, &rates.1);
}

#[test]
fn interfaces_have_a_primary_one_and_no_twins() {
    let interface = |card: i32, device: i32, kind: &str| json!({"networkCardIndex": card, "deviceIndex": device, "interfaceType": kind});
    let primary = || interface(0, 0, "interface");
    let all = |interfaces: &[Value]| json!({"networkInterfaces": interfaces});
    accepts_all([
        all(&[]),
        all(&[primary(), interface(0, 1, "efa-only"), interface(1, 1, "efa-only")]),
    ]);
    refuses_all([
        all(&[interface(0, 1, "interface")]),
        all(&[interface(0, 0, "efa-only")]),
        all(&[primary(), primary()]),
        all(&[primary(), interface(0, 1, "efa-only"), interface(0, 2, "efa-only")]),
    ]);
    let field = |name: &str| format!("networkInterfaces.[].{name}");
    check_limits(&field("networkCardIndex"), &[json!(0)], &[json!(-1)]);
    check_limits(&field("deviceIndex"), &[json!(0)], &[json!(-1)]);
    check_limits(
        &field("interfaceType"),
        &[json!("interface"), json!("efa-only")],
        &[json!("efa")],
    );
}

#[test]
fn time_outs_of_connections_are_limited_and_one_must_be_named() {
    refuses_all([json!({"connectionTracking": {}})]);
    let fields = [
        ("tcpEstablishedTimeout", 60, 432_000),
        ("udpStreamTimeout", 60, 180),
        ("udpTimeout", 30, 60),
    ];
    for (name, least, most) in fields {
        accepts_all([json!({"connectionTracking": {name: least}})]);
        let (good, bad) = ([json!(least), json!(most)], [json!(least - 1), json!(most + 1)]);
        check_limits(&format!("connectionTracking.{name}"), &good, &bad);
    }
    accepts_all([json!({"connectionTracking":
        {"tcpEstablishedTimeout": 60, "udpStreamTimeout": 60, "udpTimeout": 30}})]);
}

#[test]
fn options_of_the_processor_may_be_empty() {
    accepts_all([json!({"cpuOptions": {}})]);
    let good = [json!("enabled"), json!("disabled")];
    check_limits("cpuOptions.nestedVirtualization", &good, &[json!("on")]);
}

#[test]
fn kubelet_settings_are_not_looked_at_by_the_api_server() {
    let kubelet =
        json!({"maxPods": "nonsense", "unknown": {"a": [1, {"b": null}]}, "podsPerCore": -1});
    let class = class(&json!({"kubelet": kubelet}));
    accepts::<Ec2NodeClass>(&class);
    let read: Ec2NodeClass = serde_json::from_value(class.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap()["spec"]["kubelet"], class["spec"]["kubelet"]);
}
