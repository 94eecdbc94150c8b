use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use plimsoll_api::crd::ec2_node_class::{Ami, NodeSelectorRequirement};
use scheduler_core::model::{InstanceType, NodeClass, Requirement, Requirements, well_known};
use serde_json::{Value, json};

use super::*;
use crate::api::{Fault, Service};
use crate::{Catalog, CatalogOptions};

fn class(spec: Value) -> Ec2NodeClass {
    let mut spec = spec;
    spec["subnetSelectorTerms"] = json!([]);
    spec["securityGroupSelectorTerms"] = json!([]);
    let class = json!({
        "apiVersion": "karpenter.k8s.aws/v1", "kind": "EC2NodeClass",
        "metadata": {"name": "default"}, "spec": spec,
    });
    serde_json::from_value(class).unwrap()
}

fn conditions(of: impl Fn(ConditionType) -> Verdict) -> Conditions {
    let mut all = Conditions::new(&[], 1, Timestamp::UNIX_EPOCH);
    for type_ in NEEDED {
        all.set(type_, &of(type_));
    }
    all
}

fn all_ready() -> Conditions {
    conditions(Verdict::holds)
}

fn judged_settings(spec: Value, family: ImageFamily) -> Option<(&'static str, String)> {
    settings(&class(spec), family, &all_ready()).map(|verdict| (verdict.reason, verdict.message))
}

fn reason_of_kubelet(kubelet: &Value, family: ImageFamily) -> Option<&'static str> {
    judged_settings(json!({"kubelet": kubelet}), family).map(|(reason, _)| reason)
}

fn error(code: &str, message: &str, status: u16) -> ApiError {
    ApiError {
        service: Service::Ec2,
        operation: "CreateFleet",
        fault: Fault::Service { code: code.to_owned(), message: message.to_owned(), status },
        request_id: None,
    }
}

fn denied(message: &str) -> ApiError {
    error("UnauthorizedOperation", message, 403)
}

fn settled(outcome: Outcome) -> (&'static str, String, Keep) {
    match outcome {
        Outcome::Settled { verdict, keep } => (verdict.reason, verdict.message, keep),
        other => panic!("expected a verdict, found {other:?}"),
    }
}

#[test]
fn a_class_waits_for_what_dry_runs_need() {
    for failing in NEEDED {
        let fails = |type_| {
            if type_ == failing { Verdict::fails("Missing", "") } else { Verdict::holds(type_) }
        };
        let found = settings(&class(json!({})), ImageFamily::Al2023, &conditions(fails)).unwrap();
        assert_eq!((found.status, found.reason), (ConditionStatus::False, "DependenciesNotReady"));
        assert_eq!(found.again_after, Some(SignedDuration::from_mins(10)));
    }
}

#[test]
fn what_is_not_known_yet_leaves_validation_unknown() {
    for unknown in NEEDED {
        let waits = |type_| {
            if type_ == unknown { Verdict::unknown("Waits", "") } else { Verdict::holds(type_) }
        };
        let found = settings(&class(json!({})), ImageFamily::Al2023, &conditions(waits)).unwrap();
        assert_eq!(
            (found.status, found.reason),
            (ConditionStatus::Unknown, "DependenciesNotReady")
        );
    }
}

#[test]
fn the_range_of_service_addresses_is_read_for_amazon_linux_2023_alone() {
    let needing: Vec<ImageFamily> =
        ImageFamily::ALL.into_iter().filter(|family| needs_service_cidr(*family)).collect();
    assert_eq!(needing, [ImageFamily::Al2023]);
}

#[test]
fn the_range_of_service_addresses_is_that_of_ipv4_or_else_of_ipv6() {
    let cluster = |v4: Option<&str>, v6: Option<&str>| EksCluster {
        service_ipv4_cidr: v4.map(str::to_owned),
        service_ipv6_cidr: v6.map(str::to_owned),
        ..EksCluster::default()
    };
    assert_eq!(service_cidr(&cluster(Some("10.0.0.0/16"), None)), Some("10.0.0.0/16"));
    assert_eq!(service_cidr(&cluster(None, Some("fd00::/108"))), Some("fd00::/108"));
}

#[test]
fn a_range_that_cannot_be_read_is_a_fault_unless_aws_is_at_fault() {
    assert_eq!(no_service_cidr(&error("ServerException", "", 500)), Outcome::Again);
    let found = settled(no_service_cidr(&error("AccessDeniedException", "", 403)));
    assert_eq!((found.0, found.2), ("ClusterCIDRResolutionFailed", Keep::Once));
}

#[test]
fn tags_of_the_product_are_refused() {
    let restricted = [
        "eks:eks-cluster-name",
        "kubernetes.io/cluster/demo",
        "karpenter.sh/nodepool",
        "karpenter.sh/nodeclaim",
        "karpenter.k8s.aws/ec2nodeclass",
    ];
    for key in restricted {
        let (reason, message) =
            judged_settings(json!({"tags": {key: "value"}}), ImageFamily::Al2023).unwrap();
        assert_eq!(reason, "TagValidationFailed");
        assert!(message.contains(key), "{message}");
    }
}

#[test]
fn other_tags_are_the_users_own() {
    for key in
        ["team", "kubernetes.io/role", "karpenter.sh/other", "Name", "kubernetes.io/cluster/"]
    {
        assert_eq!(judged_settings(json!({"tags": {key: "value"}}), ImageFamily::Al2023), None);
    }
}

#[test]
fn faults_of_kubelet_settings_are_all_told() {
    let spec = json!({"kubelet": {
        "imageGCHighThresholdPercent": 50, "imageGCLowThresholdPercent": 60, "podsPerCore": -1,
    }});
    let (reason, message) = judged_settings(spec, ImageFamily::Al2023).unwrap();
    assert_eq!(reason, "InvalidKubeletConfiguration");
    let expected = "podsPerCore: -1 is below zero; imageGCHighThresholdPercent: 50 is not above \
                    imageGCLowThresholdPercent, which is 60";
    assert_eq!(message, expected);
}

#[test]
fn thresholds_of_image_collection_below_zero_are_refused() {
    for field in ["imageGCHighThresholdPercent", "imageGCLowThresholdPercent"] {
        let reason = reason_of_kubelet(&json!({field: -10}), ImageFamily::Al2023);
        assert_eq!(reason, Some("InvalidKubeletConfiguration"));
    }
}

#[test]
fn expressions_are_refused_and_amounts_are_not() {
    let disabled = Some("KubeletExpressionsDisabled");
    for kubelet in [
        json!({"maxPods": "vcpus * 10"}),
        json!({"kubeReserved": {"cpu": "vcpus * 10"}}),
        json!({"systemReserved": {"cpu": "vcpus * 10"}}),
    ] {
        assert_eq!(reason_of_kubelet(&kubelet, ImageFamily::Al2023), disabled);
    }
    let amounts = json!({"maxPods": 110, "kubeReserved": {"cpu": "100m"}});
    assert_eq!(reason_of_kubelet(&amounts, ImageFamily::Al2023), None);
}

#[test]
fn settings_that_a_family_has_no_place_for_are_refused() {
    let unsupported = Some("UnsupportedKubeletConfiguration");
    let dns = json!({"clusterDNS": ["10.0.0.10", "10.0.0.11"]});
    let cases = [
        (json!({"seccompDefault": true}), ImageFamily::Bottlerocket),
        (json!({"seccompDefault": true}), ImageFamily::Windows2022),
        (json!({"podsPerCore": 10}), ImageFamily::Bottlerocket),
        (dns.clone(), ImageFamily::Al2),
        (dns.clone(), ImageFamily::Bottlerocket),
        (dns.clone(), ImageFamily::Windows2022),
    ];
    for (kubelet, family) in cases {
        assert_eq!(reason_of_kubelet(&kubelet, family), unsupported);
    }
    let everything = json!({"seccompDefault": true, "podsPerCore": 10, "clusterDNS": ["a", "b"]});
    for family in [ImageFamily::Al2023, ImageFamily::Custom] {
        assert_eq!(reason_of_kubelet(&everything, family), None);
    }
}

#[test]
fn user_data_that_is_too_long_has_its_own_reason() {
    let too_long = error("InvalidUserData.Malformed", "User data is limited to 16384 bytes", 400);
    let found = settled(template(Err(too_long)));
    assert_eq!((found.0, found.2), ("UserDataSizeLimitExceeded", Keep::Cached));
    let malformed = error("InvalidUserData.Malformed", "Invalid BASE64 encoding", 400);
    assert_eq!(template(Err(malformed.clone())), Outcome::Failed(malformed));
}

#[test]
fn each_denial_has_its_reason_and_is_kept() {
    let not_allowed = || denied("You are not authorized to perform: ec2:CreateFleet");
    let found = [
        settled(template(Err(not_allowed()))),
        settled(fleet(Err(not_allowed()))),
        settled(runs(vec![Err(not_allowed())], None)),
    ];
    let found = found.map(|(reason, _, keep)| (reason, keep));
    let expected = [
        "CreateLaunchTemplateAuthCheckFailed",
        "CreateFleetAuthCheckFailed",
        "RunInstancesAuthCheckFailed",
    ];
    assert_eq!(found, expected.map(|reason| (reason, Keep::Cached)));
}

#[test]
fn the_message_tells_what_denies() {
    let message = |how: &str| settled(fleet(Err(denied(how)))).1;
    let boundary = message("not authorized with an explicit deny in a permissions boundary");
    let policy = message("not authorized with an explicit deny in a service control policy");
    assert!(boundary.starts_with("the controller may not create fleets: "), "{boundary}");
    assert!(boundary.contains("permissions boundary"), "{boundary}");
    assert!(policy.contains("service control policy"), "{policy}");
}

#[test]
fn throttling_and_server_faults_settle_nothing() {
    for error in [error("RequestLimitExceeded", "", 503), error("InternalError", "", 500)] {
        assert_eq!(template(Err(error.clone())), Outcome::Again);
        assert_eq!(fleet(Err(error.clone())), Outcome::Again);
        assert_eq!(runs(vec![Err(error)], None), Outcome::Again);
    }
}

#[test]
fn one_subnet_that_passes_is_enough() {
    let answers = vec![Err(error("InternalError", "", 500)), Ok(())];
    assert_eq!(runs(answers, None), Outcome::Passed);
    assert_eq!((template(Ok(())), fleet(Ok(()))), (Outcome::Passed, Outcome::Passed));
}

#[test]
fn the_first_subnet_decides_if_none_passes() {
    let answers = vec![Err(denied("")), Err(error("InternalError", "", 500))];
    assert_eq!(settled(runs(answers, None)).0, "RunInstancesAuthCheckFailed");
}

#[test]
fn a_profile_of_the_users_own_that_is_missing_is_named_and_ours_is_waited_for() {
    let missing = || {
        let message = "Value (mine) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name";
        vec![Err(error("InvalidParameterValue", message, 400))]
    };
    let (reason, message, keep) = settled(runs(missing(), Some("mine")));
    assert_eq!((reason, keep), ("InstanceProfileNotFound", Keep::Once));
    assert!(message.contains("mine"), "{message}");
    assert_eq!(runs(missing(), None), Outcome::Again);
}

#[test]
fn a_passed_validation_is_kept_and_looked_at_again_after_ten_minutes() {
    let Outcome::Settled { verdict, keep } = passed() else { panic!("not settled") };
    let found = (verdict.status, verdict.again_after, keep);
    assert_eq!(found, (ConditionStatus::True, Some(SignedDuration::from_mins(10)), Keep::Cached));
}

#[test]
fn a_new_annotation_has_the_checks_made_again() {
    let before = class(json!({}));
    let mut after = before.clone();
    after.metadata.annotations = Some(BTreeMap::from([("again".to_owned(), "please".to_owned())]));
    let tags = Tags::new();
    assert_eq!(cache_key(&before, &tags), cache_key(&before.clone(), &tags));
    assert_ne!(cache_key(&before, &tags), cache_key(&after, &tags));
    let tagged = Tags::from([("a".to_owned(), "b".to_owned())]);
    assert_ne!(cache_key(&before, &tags), cache_key(&before, &tagged));
}

static TYPES: LazyLock<Arc<Vec<InstanceType>>> = LazyLock::new(|| {
    let class = NodeClass::new("default", ImageFamily::Al2023);
    Catalog::embedded().unwrap().instance_types(&class, &CatalogOptions::default())
});

fn types(names: &[&str]) -> Vec<InstanceType> {
    names.iter().map(|name| TYPES.iter().find(|one| one.name == *name).unwrap().clone()).collect()
}

fn ami(id: &str, key: &str, operator: &str) -> Ami {
    let requirement = |key: &str, operator: &str, values: Option<Vec<String>>| {
        NodeSelectorRequirement { key: key.to_owned(), operator: operator.to_owned(), values }
    };
    let arch = requirement(well_known::ARCH, "In", Some(vec!["amd64".to_owned()]));
    let requirements = vec![arch, requirement(key, operator, None)];
    Ami { id: id.to_owned(), requirements, ..Ami::default() }
}

fn amis() -> [Ami; 2] {
    let key = "karpenter.k8s.aws/instance-gpu-count";
    [ami("ami-gpu", key, "Exists"), ami("ami-plain", key, "DoesNotExist")]
}

fn families(families: &[&str]) -> Vec<Requirements> {
    let mut pool = Requirements::new();
    pool.add("karpenter.k8s.aws/instance-family", Requirement::any_of(families));
    vec![pool]
}

/// Type and image that are tried.
fn tried(names: &[&str], pools: &[Requirements], family: ImageFamily) -> Option<(String, String)> {
    let (types, amis) = (types(names), amis());
    check_type(&types, pools, &amis, family).map(|(one, ami)| (one.name.clone(), ami.id.clone()))
}

fn pair(name: &str, ami: &str) -> (String, String) {
    (name.to_owned(), ami.to_owned())
}

const NAMES: [&str; 4] = ["c5.large", "g5.xlarge", "m5.large", "m6g.large"];

#[test]
fn a_type_of_the_pools_is_tried_one_without_gpu_first() {
    let found = tried(&NAMES, &families(&["g5", "c5"]), ImageFamily::Al2023);
    assert_eq!(found, Some(pair("c5.large", "ami-plain")));
    let found = tried(&NAMES, &families(&["g5"]), ImageFamily::Al2023);
    assert_eq!(found, Some(pair("g5.xlarge", "ami-gpu")));
}

#[test]
fn windows_and_classes_without_a_suitable_pool_try_a_common_type() {
    let common = Some(pair("m5.large", "ami-plain"));
    let windows = [ImageFamily::Windows2019, ImageFamily::Windows2022, ImageFamily::Windows2025];
    for family in windows {
        assert_eq!(tried(&NAMES, &families(&["c5"]), family), common);
    }
    assert_eq!(tried(&NAMES, &[], ImageFamily::Al2023), common);
    // No image is for arm64.
    assert_eq!(tried(&NAMES, &families(&["m6g"]), ImageFamily::Al2023), common);
}

#[test]
fn any_type_with_an_image_is_tried_where_common_ones_do_not_exist() {
    assert_eq!(tried(&["c5.large"], &[], ImageFamily::Al2023), Some(pair("c5.large", "ami-plain")));
    assert_eq!(tried(&["m6g.large"], &[], ImageFamily::Al2023), None);
}

#[test]
fn dedicated_tenancy_is_tried_if_a_pool_names_it() {
    let pool = |values: &[&str]| {
        let mut pool = Requirements::new();
        pool.add("karpenter.k8s.aws/instance-tenancy", Requirement::any_of(values));
        vec![pool]
    };
    assert_eq!(check_tenancy(&[]), Tenancy::Default);
    assert_eq!(check_tenancy(&[Requirements::new()]), Tenancy::Default);
    assert_eq!(check_tenancy(&pool(&["default"])), Tenancy::Default);
    assert_eq!(check_tenancy(&pool(&["default", "dedicated"])), Tenancy::Dedicated);
    assert_eq!(check_tenancy(&pool(&["dedicated"])), Tenancy::Dedicated);
}
