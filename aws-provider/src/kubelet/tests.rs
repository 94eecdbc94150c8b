use scheduler_core::model::ImageFamily;
use serde_json::json;

use super::*;

fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

/// Fields with a fault.
fn faulty(kubelet: &Value) -> Vec<String> {
    check(object(kubelet)).into_iter().map(|fault| fault.field).collect()
}

fn unsupported(kubelet: &Value, family: ImageFamily) -> Vec<String> {
    check_support(object(kubelet), family).into_iter().map(|fault| fault.field).collect()
}

/// A configuration with every managed field.
fn whole() -> Value {
    json!({
        "clusterDNS": ["10.0.0.10"],
        "maxPods": 110,
        "podsPerCore": 10,
        "systemReserved": {"cpu": "100m", "pid": "100"},
        "kubeReserved": {"memory": "1Gi", "ephemeral-storage": "1Gi"},
        "evictionHard": {"memory.available": "5%", "nodefs.available": "1Gi"},
        "evictionSoft": {"memory.available": "10%"},
        "evictionSoftGracePeriod": {"memory.available": "1m30s"},
        "evictionMaxPodGracePeriod": 60,
        "imageGCHighThresholdPercent": 85,
        "imageGCLowThresholdPercent": 80,
        "cpuCFSQuota": true,
    })
}

#[test]
fn every_managed_field_is_read() {
    let found = managed(Some(object(&whole()))).unwrap();
    let text = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
    let expected = Managed {
        cluster_dns: Some(vec!["10.0.0.10".to_owned()]),
        max_pods: Some(MaxPods::Number(110)),
        pods_per_core: Some(10),
        system_reserved: Some(text("cpu", "100m").into_iter().chain(text("pid", "100")).collect()),
        kube_reserved: Some(
            text("memory", "1Gi").into_iter().chain(text("ephemeral-storage", "1Gi")).collect(),
        ),
        eviction_hard: Some(
            text("memory.available", "5%")
                .into_iter()
                .chain(text("nodefs.available", "1Gi"))
                .collect(),
        ),
        eviction_soft: Some(text("memory.available", "10%")),
        eviction_soft_grace_period: Some(text("memory.available", "1m30s")),
        eviction_max_pod_grace_period: Some(60),
        image_gc_high_threshold_percent: Some(85),
        image_gc_low_threshold_percent: Some(80),
        cpu_cfs_quota: Some(true),
    };
    assert_eq!(found, expected);
}

#[test]
fn nothing_is_an_empty_configuration() {
    assert_eq!(managed(None).unwrap(), Managed::default());
    assert_eq!(managed(Some(&Map::new())).unwrap(), Managed::default());
}

#[test]
fn fields_that_are_not_managed_are_passed_over_and_listed_in_order() {
    let kubelet = json!({"tracing": {}, "maxPods": 1, "allowedUnsafeSysctls": []});
    assert_eq!(managed(Some(object(&kubelet))).unwrap().max_pods, Some(MaxPods::Number(1)));
    assert_eq!(unmanaged(object(&kubelet)), ["allowedUnsafeSysctls", "tracing"]);
}

#[test]
fn a_field_of_another_type_is_named() {
    let kubelet = json!({"podsPerCore": "ten"});
    let error = managed(Some(object(&kubelet))).unwrap_err();
    assert_eq!(error.to_string(), "spec.kubelet.podsPerCore cannot be read; correct its type");
}

#[test]
fn whatever_passes_the_check_can_be_read() {
    let wrong = [json!({"a": {}}), json!([{}]), json!(true), json!("text"), json!(1.5)];
    for field in MANAGED {
        for value in &wrong {
            let kubelet = json!({field: value});
            let passes = check(object(&kubelet)).is_empty();
            let is_read = managed(Some(object(&kubelet))).is_ok();
            assert!(!passes || is_read, "{kubelet}");
        }
        // Every managed field is known to the check, so a new one must be listed there too.
        let kubelet = json!({field: {"a": {}}});
        let faults = check(object(&kubelet));
        assert!(faults.iter().all(|fault| fault.problem != "there is no such field"), "{field}");
        assert!(!faults.is_empty(), "{field}");
    }
}

#[test]
fn what_is_right_passes() {
    let right = [
        json!({}),
        whole(),
        json!({"maxPods": 0, "podsPerCore": 0, "evictionMaxPodGracePeriod": 0}),
        json!({"kubeReserved": {"cpu": "0"}, "evictionHard": {"memory.available": "0%"}}),
        json!({"containerLogMaxFiles": 5, "featureGates": {"A": true}, "syncFrequency": "1m"}),
        json!({"logging": {"options": {"json": {"infoBufferSize": "1Mi"}}}}),
        json!({"reservedMemory": [{"numaNode": 0, "limits": {"memory": "1Gi"}}]}),
        json!({"staticPodURLHeader": {"a": ["b"]}, "maxPods": null}),
    ];
    for kubelet in right {
        assert_eq!(check(object(&kubelet)), [], "{kubelet}");
    }
}

#[test]
fn expressions_pass_where_they_are_allowed() {
    let kubelet = json!({
        "maxPods": "default_enis * 4", "podsPerCore": 10,
        "kubeReserved": {"cpu": "vcpus * 10", "memory": "1Gi"},
        "systemReserved": {"memory": "memory_mib / 100"},
    });
    assert_eq!(check(object(&kubelet)), []);
}

#[test]
fn unknown_fields_are_found_at_any_depth() {
    let kubelet = json!({
        "maxPod": 1,
        "authentication": {"x508": {}, "webhook": {"enable": true}},
        "logging": {"options": {"text": {"split": true}}},
    });
    let expected = [
        "authentication.webhook.enable",
        "authentication.x508",
        "logging.options.text.split",
        "maxPod",
    ];
    assert_eq!(faulty(&kubelet), expected);
}

#[test]
fn values_of_another_type_are_found_at_any_depth() {
    let kubelet = json!({
        "authentication": {"webhook": {"cacheTTL": 5}},
        "featureGates": {"A": "true"},
        "podsPerCore": 4_294_967_296_i64,
        "registerNode": "yes",
        "reservedMemory": [{"limits": {"memory": "much"}}],
        "syncFrequency": "soon",
        "tracing": [],
    });
    let expected = [
        "authentication.webhook.cacheTTL",
        "featureGates[A]",
        "podsPerCore",
        "registerNode",
        "reservedMemory[0].limits[memory]",
        "syncFrequency",
        "tracing",
    ];
    assert_eq!(faulty(&kubelet), expected);
}

#[test]
fn numbers_below_zero_are_refused() {
    let kubelet = json!({"maxPods": -1, "podsPerCore": -1, "evictionMaxPodGracePeriod": -1});
    assert_eq!(faulty(&kubelet), ["podsPerCore", "evictionMaxPodGracePeriod", "maxPods"]);
}

#[test]
fn reserved_resources_must_be_known_and_not_negative() {
    for field in ["kubeReserved", "systemReserved"] {
        let kubelet = json!({field: {"gpu": "1", "cpu": "-1"}});
        assert_eq!(faulty(&kubelet), [format!("{field}[cpu]"), format!("{field}[gpu]")]);
    }
}

#[test]
fn signals_must_be_known() {
    for field in ["evictionHard", "evictionMinimumReclaim"] {
        assert_eq!(
            faulty(&json!({field: {"memory.free": "5%"}})),
            [format!("{field}[memory.free]")]
        );
    }
    let kubelet = json!({
        "evictionSoft": {"memory.free": "5%"}, "evictionSoftGracePeriod": {"memory.free": "1m"},
    });
    assert_eq!(
        faulty(&kubelet),
        ["evictionSoft[memory.free]", "evictionSoftGracePeriod[memory.free]"]
    );
}

#[test]
fn thresholds_are_percentages_or_quantities() {
    for field in ["evictionHard", "evictionMinimumReclaim"] {
        for text in ["101%", "-1%", "5m%", "much", "-1Gi"] {
            let kubelet = json!({field: {"memory.available": text}});
            assert_eq!(faulty(&kubelet), [format!("{field}[memory.available]")], "{text}");
        }
    }
}

#[test]
fn soft_thresholds_and_grace_periods_belong_together() {
    let soft = json!({"evictionSoft": {"memory.available": "5%"}});
    assert_eq!(faulty(&soft), ["evictionSoft[memory.available]"]);
    let grace = json!({"evictionSoftGracePeriod": {"memory.available": "1m"}});
    assert_eq!(faulty(&grace), ["evictionSoftGracePeriod[memory.available]"]);
}

#[test]
fn grace_periods_are_durations_not_below_zero() {
    for text in ["soon", "-1m"] {
        let kubelet = json!({
            "evictionSoft": {"pid.available": "5%"}, "evictionSoftGracePeriod": {"pid.available": text},
        });
        assert_eq!(faulty(&kubelet), ["evictionSoftGracePeriod[pid.available]"], "{text}");
    }
}

#[test]
fn image_collection_goes_from_a_higher_to_a_lower_percentage() {
    let (high, low) = ("imageGCHighThresholdPercent", "imageGCLowThresholdPercent");
    for (field, percent) in [(high, 101), (high, -1), (low, 101), (low, -1)] {
        assert_eq!(faulty(&json!({field: percent})), [field]);
    }
    assert_eq!(faulty(&json!({high: 80, low: 80})), [high]);
    assert_eq!(faulty(&json!({high: 80, low: 79})), Vec::<String>::new());
}

#[test]
fn taints_are_ours_to_set() {
    assert_eq!(faulty(&json!({"registerWithTaints": []})), ["registerWithTaints"]);
}

#[test]
fn expressions_are_texts_in_place_of_amounts() {
    let of = |kubelet: Value| Expressions::of(Some(object(&kubelet)));
    assert!(Expressions::of(None).is_empty());
    assert!(of(whole()).is_empty());
    let max_pods = of(json!({"maxPods": "vcpus * 10"}));
    assert_eq!((max_pods.max_pods.as_deref(), max_pods.reserved.len()), (Some("vcpus * 10"), 0));
    let reserved = of(json!({"kubeReserved": {"cpu": "vcpus", "memory": "1Gi"}, "maxPods": 1}));
    assert_eq!(reserved.max_pods, None);
    assert_eq!(reserved.reserved, [("kubeReserved.cpu".to_owned(), "vcpus".to_owned())]);
    assert!(!of(json!({"systemReserved": {"memory": "memory_mib / 100"}})).is_empty());
}

#[test]
fn families_without_a_configuration_file_support_managed_fields_only() {
    for family in [ImageFamily::Al2, ImageFamily::Bottlerocket, ImageFamily::Windows2022] {
        assert_eq!(unsupported(&json!({"maxPods": 1, "tracing": {}}), family), ["tracing"]);
        let dns = json!({"clusterDNS": ["10.0.0.10", "10.0.0.11"]});
        assert_eq!(unsupported(&dns, family), ["clusterDNS"]);
        let dns = json!({"clusterDNS": ["10.0.0.10"]});
        assert_eq!(unsupported(&dns, family), Vec::<String>::new());
    }
}

#[test]
fn bottlerocket_has_no_pods_per_core() {
    let kubelet = json!({"podsPerCore": 10});
    assert_eq!(unsupported(&kubelet, ImageFamily::Bottlerocket), ["podsPerCore"]);
    assert_eq!(unsupported(&kubelet, ImageFamily::Al2), Vec::<String>::new());
}

#[test]
fn amazon_linux_2023_and_custom_images_take_everything() {
    let kubelet =
        json!({"tracing": {}, "podsPerCore": 1, "clusterDNS": ["10.0.0.10", "10.0.0.11"]});
    for family in [ImageFamily::Al2023, ImageFamily::Custom] {
        assert_eq!(unsupported(&kubelet, family), Vec::<String>::new());
    }
}

#[test]
fn expressions_become_the_types_own_numbers_while_they_are_not_evaluated() {
    let kubelet = json!({"maxPods": "vcpus", "kubeReserved": {"cpu": "vcpus", "memory": "1Gi"}});
    let found = resolve(Some(object(&kubelet)), 29, None).unwrap();
    assert_eq!(found.max_pods, 29);
    let expected = json!({"maxPods": 29, "kubeReserved": {"memory": "1Gi"}});
    assert_eq!(Value::Object(found.raw), expected);
}
