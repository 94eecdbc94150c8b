use serde_json::{Value, json};

use super::*;

const CA: &str = "test-ca-bundle";

fn base() -> Value {
    json!({
        "amiFamily": "Custom",
        "role": "role-1",
        "tags": {"keyTag-1": "valueTag-1", "keyTag-2": "valueTag-2"},
        "context": "fake-context",
        "detailedMonitoring": false,
        "associatePublicIPAddress": false,
        "metadataOptions": {
            "httpEndpoint": "disabled",
            "httpProtocolIPv6": "disabled",
            "httpPutResponseHopLimit": 1,
            "httpTokens": "optional",
        },
        "userData": "userdata-test-1",
        "blockDeviceMappings": [
            {"deviceName": "map-device-1", "ebs": {
                "deleteOnTermination": false,
                "encrypted": false,
                "iops": 0,
                "kmsKeyID": "fakeKMSKeyID",
                "snapshotID": "fakeSnapshot",
                "throughput": 0,
                "volumeSize": "2G",
                "volumeType": "standard",
            }},
            {"deviceName": "map-device-2"},
        ],
    })
}

fn of(spec: Value) -> u64 {
    let mut spec = spec;
    // Required by the definition, and no part of the hash.
    for terms in ["subnetSelectorTerms", "securityGroupSelectorTerms"] {
        if spec[terms].is_null() {
            spec[terms] = json!([]);
        }
    }
    hash(&serde_json::from_value(spec).unwrap(), CA)
}

/// The base with one value, given by its path, changed.
fn with(path: &str, value: Value) -> Value {
    let mut spec = base();
    let (parent, field) = path.rsplit_once('/').unwrap();
    spec.pointer_mut(parent).unwrap()[field] = value;
    spec
}

#[test]
fn hashes_are_those_of_karpenter() {
    let expected: [(&str, Value, u64); 16] = [
        ("/context", json!("fake-context"), 11_148_166_120_438_674_859),
        ("/userData", json!("userdata-test-2"), 11_774_429_238_106_843_388),
        ("/tags/keyTag-test-3", json!("valueTag-test-3"), 9_327_338_697_296_909_506),
        ("/context", json!("context-2"), 2_279_761_750_428_738_028),
        ("/detailedMonitoring", json!(true), 1_936_848_126_751_988_570),
        ("/instanceStorePolicy", json!("RAID0"), 16_697_988_646_989_909_967),
        ("/associatePublicIPAddress", json!(true), 16_141_801_171_825_097_963),
        ("/metadataOptions/httpEndpoint", json!("enabled"), 14_969_742_554_812_447_671),
        ("/metadataOptions/httpProtocolIPv6", json!("enabled"), 1_581_716_956_216_772_561),
        ("/metadataOptions/httpTokens", json!("required"), 1_346_719_102_507_290_084),
        ("/blockDeviceMappings/0/rootVolume", json!(true), 8_875_796_205_856_543_692),
        ("/blockDeviceMappings/0/ebs/volumeSize", json!("10G"), 10_372_902_467_896_351_912),
        ("/connectionTracking", json!({"tcpEstablishedTimeout": 300}), 1_619_669_030_802_245_540),
        ("/connectionTracking", json!({"udpStreamTimeout": 120}), 13_743_705_849_402_595_405),
        ("/connectionTracking", json!({"udpTimeout": 45}), 17_941_926_745_862_994_490),
        ("/cpuOptions", json!({"nestedVirtualization": "enabled"}), 6_157_846_767_212_910_604),
    ];
    for (path, value, expected) in expected {
        assert_eq!(of(with(path, value)), expected, "{path}");
    }
}

#[test]
fn a_profile_in_place_of_the_role_has_karpenters_hash() {
    let mut spec = base();
    spec["role"] = Value::Null;
    spec["instanceProfile"] = json!("test-instance-profile");
    assert_eq!(of(spec), 10_323_991_363_677_716_244);
}

#[test]
fn family_and_kubelet_are_part_of_the_hash() {
    let mut spec = json!({
        "subnetSelectorTerms": [],
        "securityGroupSelectorTerms": [],
        "amiSelectorTerms": [{"alias": "al2023@latest"}],
        "role": "KarpenterNodeRole-demo",
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpProtocolIPv6": "disabled",
            "httpPutResponseHopLimit": 1,
            "httpTokens": "required",
        },
    });
    let of =
        |spec: &Value| hash(&serde_json::from_value(spec.clone()).unwrap(), "Y2EtYnVuZGxlCg==");
    assert_eq!(of(&spec), 11_380_937_171_032_516_301);
    spec["kubelet"] = json!({"maxPods": 110});
    assert_eq!(of(&spec), 4_641_937_764_044_906_204);
}

#[test]
fn selectors_and_prefixes_do_not_change_the_hash() {
    let dynamic = [
        ("/subnetSelectorTerms", json!([{"id": "subnet-1"}])),
        ("/securityGroupSelectorTerms", json!([{"id": "sg-1"}])),
        ("/amiSelectorTerms", json!([{"id": "ami-1"}])),
        ("/capacityReservationSelectorTerms", json!([{"id": "cr-1"}])),
        ("/ipPrefixCount", json!(3)),
    ];
    for (path, value) in dynamic {
        assert_eq!(of(with(path, value)), of(base()), "{path}");
    }
}

#[test]
fn every_other_field_changes_the_hash() {
    let ebs = |field: &str| format!("/blockDeviceMappings/0/ebs/{field}");
    let changes = [
        ("/amiFamily".to_owned(), json!("AL2023")),
        ("/role".to_owned(), json!("role-2")),
        ("/tags/keyTag-1".to_owned(), json!("other")),
        ("/placementGroupSelector".to_owned(), json!({"name": "group"})),
        (
            "/networkInterfaces".to_owned(),
            json!([
            {"networkCardIndex": 0, "deviceIndex": 0, "interfaceType": "interface"}]),
        ),
        ("/metadataOptions/httpPutResponseHopLimit".to_owned(), json!(2)),
        ("/blockDeviceMappings/0/deviceName".to_owned(), json!("map-device-3")),
        (ebs("deleteOnTermination"), json!(true)),
        (ebs("encrypted"), json!(true)),
        (ebs("iops"), json!(10)),
        (ebs("kmsKeyID"), json!("other")),
        (ebs("snapshotID"), json!("other")),
        (ebs("throughput"), json!(10)),
        (ebs("volumeInitializationRate"), json!(100)),
        (ebs("volumeType"), json!("gp3")),
    ];
    for (path, value) in changes {
        assert_ne!(of(with(&path, value)), of(base()), "{path}");
    }
}

#[test]
fn the_ca_bundle_changes_the_hash() {
    let spec = serde_json::from_value(with("/subnetSelectorTerms", json!([]))).unwrap();
    assert_ne!(hash(&spec, CA), hash(&spec, "other"));
}

#[test]
fn the_order_of_volumes_does_not_matter() {
    let mut spec = base();
    spec["blockDeviceMappings"].as_array_mut().unwrap().reverse();
    assert_eq!(of(spec), of(base()));
}

#[test]
fn kubelet_settings_of_the_same_bytes_in_another_order_differ() {
    let one = of(with("/kubelet", json!({"maxPods": 12, "podsPerCore": 21})));
    let other = of(with("/kubelet", json!({"maxPods": 21, "podsPerCore": 12})));
    assert_ne!(one, other);
}

#[test]
fn no_kubelet_settings_are_the_same_as_an_empty_map() {
    assert_eq!(of(with("/kubelet", json!({}))), of(base()));
}

#[test]
fn sizes_are_hashed_as_kubernetes_writes_them() {
    let written = ["1024Gi", "1000G", "1500G", "20Gi", "2Ti", "Ti"].map(canonical);
    assert_eq!(written, ["1Ti", "1T", "1500G", "20Gi", "2Ti", "Ti"]);
}

#[test]
fn expressions_are_hashed_with_gos_escapes() {
    let kubelet = json!({"maxPods": "vcpus < 4 && ips_per_eni > 2 ? 8 : 16"});
    let text = kubelet_text(kubelet.as_object());
    assert_eq!(text, r#"{"maxPods":"vcpus \u003c 4 \u0026\u0026 ips_per_eni \u003e 2 ? 8 : 16"}"#);
}

fn carried(version: &str) -> BTreeMap<String, String> {
    BTreeMap::from([
        (HASH_ANNOTATION.to_owned(), "1".to_owned()),
        (HASH_VERSION_ANNOTATION.to_owned(), version.to_owned()),
    ])
}

#[test]
fn a_claim_of_another_version_gets_the_new_hash() {
    let claim = carried("v5");
    let set = migrate(HashAnnotations::of(&claim), 7, ClaimHash::Rewrite);
    let expected = [(HASH_ANNOTATION, "7".to_owned()), (HASH_VERSION_ANNOTATION, "v6".to_owned())];
    assert_eq!(set, BTreeMap::from(expected));
}

#[test]
fn a_drifted_claim_keeps_its_old_hash() {
    let claim = carried("v5");
    let set = migrate(HashAnnotations::of(&claim), 7, ClaimHash::Keep);
    assert_eq!(set, BTreeMap::from([(HASH_VERSION_ANNOTATION, "v6".to_owned())]));
}

#[test]
fn a_claim_of_this_version_is_left_alone() {
    let claim = carried(HASH_VERSION);
    assert_eq!(migrate(HashAnnotations::of(&claim), 7, ClaimHash::Rewrite), BTreeMap::new());
}
