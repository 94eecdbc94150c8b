use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use plimsoll_api::crd::ec2_node_class::Ec2NodeClassSpec;
use scheduler_core::model::{ImageFamily, NodeClass};
use serde_json::{Value, json};

use super::*;
use crate::api::ec2::{DescribeImages, Image};
use crate::api::{Fault, Filter, Service, Tags};
use crate::{Catalog, CatalogOptions};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn spec(family: Option<&str>, terms: &Value) -> Ec2NodeClassSpec {
    let spec = json!({
        "subnetSelectorTerms": [],
        "securityGroupSelectorTerms": [],
        "amiFamily": family,
        "amiSelectorTerms": terms,
    });
    serde_json::from_value(spec).unwrap()
}

fn of_alias(alias: &str, minor: u32) -> Result<ImageLookups, AmiError> {
    ImageLookups::of(&spec(None, &json!([{"alias": alias}])), KubernetesVersion::minor(minor))
}

fn of_terms(terms: &Value) -> ImageLookups {
    ImageLookups::of(&spec(Some("Custom"), terms), KubernetesVersion::minor(33)).unwrap()
}

fn paths(alias: &str, minor: u32) -> Vec<String> {
    of_alias(alias, minor).unwrap().parameters.into_iter().map(|one| one.name).collect()
}

fn image(id: &str, age_days: i64) -> Image {
    Image {
        id: id.to_owned(),
        name: format!("name-of-{id}"),
        architecture: "x86_64".to_owned(),
        created: Some(NOW - SignedDuration::from_hours(24 * age_days)),
        deprecated: None,
        state: "available".to_owned(),
        tags: Tags::new(),
    }
}

fn arm64(image: Image) -> Image {
    Image { architecture: "arm64".to_owned(), ..image }
}

fn deprecated(image: Image) -> Image {
    Image { deprecated: Some(NOW), ..image }
}

fn failed(code: &str) -> ApiError {
    ApiError {
        service: Service::Ssm,
        operation: "GetParameter",
        fault: Fault::Service { code: code.to_owned(), message: String::new(), status: 400 },
        request_id: None,
    }
}

/// An answer for each parameter: the image whose id is `ami-` and its number.
fn all_answered(lookups: &ImageLookups) -> ParameterAnswers {
    let numbered = lookups.parameters.iter().enumerate();
    numbered.map(|(number, one)| (one.name.clone(), Ok(format!("ami-{number}")))).collect()
}

fn chosen(images: &[Image]) -> Vec<Ami> {
    let lookups = of_terms(&json!([{"tags": {"a": "1"}}]));
    choose_images(&lookups, &BTreeMap::new(), images, NOW).unwrap()
}

fn ids(amis: &[Ami]) -> Vec<&str> {
    amis.iter().map(|one| one.id.as_str()).collect()
}

/// The requirements of an image, a text each.
fn texts(ami: &Ami) -> Vec<String> {
    let text = |one: &plimsoll_api::crd::ec2_node_class::NodeSelectorRequirement| {
        let key = one.key.rsplit('/').next().unwrap();
        let values = one.values.clone().unwrap_or_default().join(",");
        format!("{key} {} {values}", one.operator).trim_end().to_owned()
    };
    ami.requirements.iter().map(text).collect()
}

#[test]
fn an_alias_stands_for_the_parameters_that_aws_publishes() {
    let all = [
        ("al2@latest", 32),
        ("al2@v20240625", 32),
        ("al2023@latest", 33),
        ("al2023@v20240625", 33),
        ("bottlerocket@latest", 33),
        ("bottlerocket@v1.20.1", 33),
        ("bottlerocket@1.20.1", 33),
        ("windows2019@latest", 33),
        ("windows2022@latest", 33),
        ("windows2025@latest", 35),
    ];
    let text = all.map(|(alias, minor)| format!("{alias}\n  {}", paths(alias, minor).join("\n  ")));
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn amazon_linux_2_ends_with_kubernetes_1_32() {
    assert!(of_alias("al2@latest", 32).is_ok());
    for minor in [33, 34] {
        let error = of_alias("al2@latest", minor).unwrap_err();
        assert!(matches!(error, AmiError::UnsupportedAlias { .. }), "{error}");
    }
}

#[test]
fn windows_2025_begins_with_kubernetes_1_35() {
    assert!(of_alias("windows2025@latest", 35).is_ok());
    assert!(matches!(of_alias("windows2025@latest", 34), Err(AmiError::UnsupportedAlias { .. })));
}

#[test]
fn a_family_without_terms_stands_for_its_newest_image() {
    let implied = ImageLookups::of(&spec(Some("AL2023"), &json!([])), KubernetesVersion::minor(33));
    assert_eq!(implied, of_alias("al2023@latest", 33));
}

#[test]
fn only_parameters_without_a_release_change() {
    let mutability = |alias: &str| of_alias(alias, 35).unwrap().parameters[0].mutability;
    assert_eq!(mutability("al2023@latest"), Mutability::Mutable);
    assert_eq!(mutability("windows2022@latest"), Mutability::Mutable);
    assert_eq!(mutability("al2023@v20240625"), Mutability::Pinned);
}

#[test]
fn an_alias_asks_for_the_images_that_its_parameters_name() {
    let lookups = of_alias("bottlerocket@latest", 33).unwrap();
    let queries = lookups.queries(&all_answered(&lookups)).unwrap();
    let expected = DescribeImages {
        owners: Vec::new(),
        filters: vec![
            Filter::new("image-id", ["ami-0", "ami-1", "ami-2", "ami-3"]),
            Filter::new("state", ["available"]),
        ],
    };
    assert_eq!(queries, [expected]);
}

#[test]
fn parameters_that_are_missing_are_passed_over() {
    let lookups = of_alias("bottlerocket@latest", 33).unwrap();
    let mut answers = all_answered(&lookups);
    for parameter in &lookups.parameters[1..] {
        answers.insert(parameter.name.clone(), Err(failed("ParameterNotFound")));
    }
    let amis = choose_images(&lookups, &answers, &[image("ami-0", 0)], NOW).unwrap();
    assert_eq!(ids(&amis), ["ami-0", "ami-0"]);
}

#[test]
fn an_alias_without_any_parameter_fails() {
    let lookups = of_alias("al2023@latest", 33).unwrap();
    let error = lookups.queries(&BTreeMap::new()).unwrap_err();
    assert!(matches!(error, AmiError::NoParameter { .. }), "{error}");
}

#[test]
fn ids_and_own_parameters_are_asked_for_in_one_call() {
    let lookups =
        of_terms(&json!([{"id": "ami-2"}, {"ssmParameter": "/my/image"}, {"id": "ami-1"}]));
    let answers = BTreeMap::from([("/my/image".to_owned(), Ok("ami-3".to_owned()))]);
    let queries = lookups.queries(&answers).unwrap();
    assert_eq!(queries[0].filters[0], Filter::new("image-id", ["ami-1", "ami-2", "ami-3"]));
    assert_eq!((queries.len(), queries[0].owners.len()), (1, 0));
}

#[test]
fn an_own_parameter_that_is_missing_or_no_image_is_passed_over() {
    let lookups = of_terms(&json!([{"ssmParameter": "/a"}, {"ssmParameter": "/b"}]));
    let answers = BTreeMap::from([
        ("/a".to_owned(), Err(failed("ParameterNotFound"))),
        ("/b".to_owned(), Ok("vpc-1".to_owned())),
    ]);
    assert_eq!(lookups.queries(&answers), Ok(Vec::new()));
}

#[test]
fn an_own_parameter_that_cannot_be_read_fails() {
    let lookups = of_terms(&json!([{"ssmParameter": "/a"}]));
    let answers = BTreeMap::from([("/a".to_owned(), Err(failed("AccessDeniedException")))]);
    let error = lookups.queries(&answers).unwrap_err();
    assert_eq!(error.to_string(), "ssm parameter /a cannot be read");
}

#[test]
fn owners_are_ours_and_amazons_for_names_and_anybodys_for_tags() {
    let lookups = of_terms(&json!([
        {"name": "my-*"}, {"name": "my-*", "owner": "self"}, {"tags": {"a": "1", "b": "*"}},
        {"tags": {"a": "1"}, "owner": "123456789012"},
    ]));
    let queries = lookups.queries(&BTreeMap::new()).unwrap();
    let owners: Vec<String> = queries.iter().map(|one| one.owners.join(",")).collect();
    assert_eq!(owners, ["self,amazon", "self", "", "123456789012"]);
    let expected = [
        Filter::new("tag:a", ["1"]),
        Filter::new("tag-key", ["b"]),
        Filter::new("state", ["available"]),
    ];
    assert_eq!(queries[2].filters, expected);
}

#[test]
fn a_newer_image_is_taken() {
    assert_eq!(ids(&chosen(&[image("ami-old", 2), image("ami-new", 1)])), ["ami-new"]);
}

#[test]
fn an_older_image_is_taken_before_a_deprecated_one() {
    let amis = chosen(&[deprecated(image("ami-new", 1)), image("ami-old", 2)]);
    assert_eq!((ids(&amis), amis[0].deprecated), (vec!["ami-old"], None));
}

#[test]
fn the_newest_deprecated_image_is_taken_if_there_is_no_other() {
    let amis = chosen(&[deprecated(image("ami-new", 1)), deprecated(image("ami-old", 2))]);
    assert_eq!((ids(&amis), amis[0].deprecated), (vec!["ami-new"], Some(true)));
}

#[test]
fn deprecation_in_the_future_does_not_matter() {
    let mut later = image("ami-new", 1);
    later.deprecated = Some(NOW + SignedDuration::from_secs(1));
    let amis = chosen(&[later, image("ami-old", 2)]);
    assert_eq!((ids(&amis), amis[0].deprecated), (vec!["ami-new"], None));
}

#[test]
fn of_images_as_old_the_larger_name_is_taken() {
    assert_eq!(ids(&chosen(&[image("ami-a", 1), image("ami-b", 1)])), ["ami-b"]);
}

#[test]
fn each_architecture_has_its_image_newest_first() {
    let amis = chosen(&[image("ami-a", 2), arm64(image("ami-b", 1))]);
    assert_eq!(ids(&amis), ["ami-b", "ami-a"]);
    assert_eq!(texts(&amis[0]), ["arch In arm64"]);
}

#[test]
fn images_of_other_architectures_or_states_do_not_count() {
    let mut strange = image("ami-mac", 0);
    strange.architecture = "x86_64_mac".to_owned();
    let states = ["pending", "invalid", "deregistered", "transient", "failed", "error", "disabled"];
    let others = states.map(|state| Image { state: state.to_owned(), ..image(state, 0) });
    let images: Vec<Image> = others.into_iter().chain([strange, image("ami-1", 1)]).collect();
    assert_eq!(ids(&chosen(&images)), ["ami-1"]);
}

#[test]
fn tags_of_images_are_no_requirements() {
    let mut tagged = image("ami-1", 1);
    tagged.tags.insert("kubernetes.io/os".to_owned(), "windows".to_owned());
    assert_eq!(texts(&chosen(&[tagged])[0]), ["arch In amd64"]);
}

#[test]
fn every_family_has_images_for_its_types() {
    let of = |alias: &str, minor: u32| {
        let lookups = of_alias(alias, minor).unwrap();
        let made = |(number, one): (usize, &Parameter)| {
            let made = image(&format!("ami-{number}"), 0);
            if one.name.contains("arm64") { arm64(made) } else { made }
        };
        let images: Vec<Image> = lookups.parameters.iter().enumerate().map(made).collect();
        let amis = choose_images(&lookups, &all_answered(&lookups), &images, NOW).unwrap();
        let line = |ami: &Ami| format!("  {}: {}", ami.id, texts(ami).join("; "));
        format!("{alias}\n{}", amis.iter().map(line).collect::<Vec<_>>().join("\n"))
    };
    let all = [
        of("al2@latest", 32),
        of("al2023@latest", 33),
        of("bottlerocket@latest", 33),
        of("windows2019@latest", 33),
        of("windows2022@latest", 33),
        of("windows2025@latest", 35),
    ];
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_type_is_started_from_the_first_image_that_runs_on_it() {
    let lookups = of_alias("al2023@latest", 33).unwrap();
    let images =
        [image("ami-0", 0), image("ami-1", 1), image("ami-2", 2), arm64(image("ami-3", 3))];
    let amis = choose_images(&lookups, &all_answered(&lookups), &images, NOW).unwrap();
    let class = NodeClass::new("default", ImageFamily::Al2023);
    let types = Catalog::embedded().unwrap().instance_types(&class, &CatalogOptions::default());
    let started = |name: &str| {
        let found = types.iter().find(|one| one.name == name).unwrap();
        ami_for(&amis, found).map(|ami| ami.id.clone())
    };
    assert_eq!(started("m5.large").as_deref(), Some("ami-0"));
    assert_eq!(started("g5.xlarge").as_deref(), Some("ami-1"));
    assert_eq!(started("m6g.large").as_deref(), Some("ami-3"));
    assert_eq!(started("g5g.xlarge"), None);
}

#[test]
fn a_parameter_is_forgotten_once_its_image_is_deprecated_unless_it_is_pinned() {
    let latest = of_alias("al2023@latest", 33).unwrap();
    let pinned = of_alias("al2023@v20240625", 33).unwrap();
    let cached = [
        (&latest.parameters[0], "ami-old"),
        (&latest.parameters[1], "ami-new"),
        (&pinned.parameters[0], "ami-old"),
    ];
    let images = [deprecated(image("ami-old", 2)), image("ami-new", 1)];
    assert_eq!(stale_parameters(cached, &images, NOW), [latest.parameters[0].name.as_str()]);
}
