use std::error::Error as _;
use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use scheduler_core::model::{CapacityType, ImageFamily, NodeClass};
use serde_json::{Value, json};

use super::{Catalog, CatalogError, CatalogOptions, EMBEDDED};

/// A record of `x9.large` with everything that the format asks for.
fn record() -> Value {
    json!({
        "name": "x9.large", "family": "x9", "category": "x", "generation": 9, "size": "large",
        "arch": ["x86_64"], "cpuManufacturer": "intel", "clockGHz": 2.5, "flex": false,
        "hypervisor": "nitro", "vcpu": 2, "memoryMiB": 8192,
        "eni": { "maxInterfaces": 3, "ipv4PerInterface": 10 },
        "networkBandwidthMbps": null, "ebsBandwidthMbps": null, "localNvmeGB": 0, "gpu": [],
        "otherAccelerators": 0, "usageClasses": ["on-demand", "spot"], "zones": ["a", "b"],
        "onDemandPrice": 0.1, "interruptionBand": null, "spot": { "a": 0.05 },
    })
}

/// The record with the field at this JSON pointer replaced.
fn with(pointer: &str, value: Value) -> Value {
    let mut record = record();
    *record.pointer_mut(pointer).unwrap() = value;
    record
}

fn file(records: &[Value]) -> Vec<u8> {
    let document = json!({
        "region": "mars-1", "asOf": { "onDemandPrice": "2026-07-20" }, "instanceTypes": records,
    });
    document.to_string().into_bytes()
}

fn read(records: &[Value]) -> Result<Catalog, CatalogError> {
    Catalog::from_slice("test.json", &file(records))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The message of the refusal, and that of its cause.
fn refusal(result: Result<Catalog, CatalogError>) -> (String, String) {
    let error = result.unwrap_err();
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    (error.to_string(), cause)
}

#[test]
fn the_embedded_catalogue_names_its_region_dates_and_hash() {
    let catalog = Catalog::embedded().unwrap();
    assert_eq!(catalog.region(), "us-east-1");
    assert_eq!(catalog.as_of().on_demand_price, "2026-07-20T13:44:30Z");
    assert_eq!(catalog.as_of().spot_advisor.as_deref(), Some("2025-07-01"));
    assert_eq!(catalog.sha256().len(), 64);
}

#[test]
fn records_are_listed_by_name() {
    let mut first = record();
    first["name"] = json!("x1.large");
    first["family"] = json!("x1");
    let catalog = read(&[record(), first]).unwrap();
    let names: Vec<&str> = catalog.records().iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["x1.large", "x9.large"]);
}

#[test]
fn a_file_and_its_gzip_are_the_same_catalogue() {
    let plain = read(&[record()]).unwrap();
    let packed = Catalog::from_slice("test.json.gz", &gzip(&file(&[record()]))).unwrap();
    assert_eq!(plain.sha256(), packed.sha256());
    assert_eq!(packed.region(), "mars-1");
}

#[test]
fn the_hash_is_sha_256_of_the_bytes() {
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(super::hex_sha256(b"abc"), expected);
}

#[test]
fn network_interfaces_give_the_pods_that_the_catalogue_states() {
    let mut json = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(EMBEDDED), &mut json).unwrap();
    let document: Value = serde_json::from_slice(&json).unwrap();
    let stated = document["instanceTypes"].as_array().unwrap();
    let class = NodeClass::new("default", ImageFamily::Al2023);
    let found = Catalog::embedded().unwrap();
    let found = found.instance_types(&class, &CatalogOptions::default());
    assert_eq!(stated.len(), found.len());
    for record in stated {
        let one = found.iter().find(|one| record["name"] == one.name.as_str()).unwrap();
        assert_eq!(record["maxPods"], one.capacity.pods, "{}", one.name);
    }
}

#[test]
fn a_zone_without_a_spot_price_is_sold_on_demand_only() {
    let class = NodeClass::new("default", ImageFamily::Al2023);
    let types = read(&[record()]).unwrap().instance_types(&class, &CatalogOptions::default());
    let sold: Vec<(&str, CapacityType)> =
        types[0].offerings.iter().map(|one| (one.zone.as_str(), one.capacity_type)).collect();
    let expected =
        [("a", CapacityType::Spot), ("a", CapacityType::OnDemand), ("b", CapacityType::OnDemand)];
    assert_eq!(sold, expected);
}

#[test]
fn an_unknown_interruption_band_is_taken_as_the_middle_one() {
    let class = NodeClass::new("default", ImageFamily::Al2023);
    let types = read(&[record()]).unwrap().instance_types(&class, &CatalogOptions::default());
    assert_eq!(types[0].offerings[0].interruptions_permille_month, 125);
}

#[test]
fn prices_round_half_up_to_micro_dollars() {
    let text = String::from_utf8(file(&[record()])).unwrap();
    let text = text.replace("\"onDemandPrice\":0.1", "\"onDemandPrice\":0.0312345");
    let catalog = Catalog::from_slice("test.json", text.as_bytes()).unwrap();
    let class = NodeClass::new("default", ImageFamily::Al2023);
    let types = catalog.instance_types(&class, &CatalogOptions::default());
    assert_eq!(types[0].offerings[1].price.micro_usd(), 31_235);
}

#[test]
fn a_truncated_gzip_file_is_refused() {
    let (message, cause) =
        refusal(Catalog::from_slice("half.json.gz", &EMBEDDED[..EMBEDDED.len() / 2]));
    assert_eq!(message, "cannot unpack catalogue half.json.gz; copy the file again");
    assert!(!cause.is_empty());
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Catalog::read(std::path::Path::new("/nowhere/prices.json")).unwrap_err();
    assert_eq!(error.to_string(), "cannot read catalogue /nowhere/prices.json");
}

#[test]
fn a_missing_outer_field_is_named() {
    let (message, cause) = refusal(Catalog::from_slice("test.json", br#"{"region":"x"}"#));
    assert!(message.starts_with("catalogue test.json: "), "{message}");
    assert!(cause.contains("missing field `asOf`"), "{cause}");
}

#[test]
fn text_after_the_document_is_refused() {
    let mut bytes = file(&[record()]);
    bytes.extend(b"}");
    let (message, _) = refusal(Catalog::from_slice("test.json", &bytes));
    assert_eq!(message, "catalogue test.json: end of file: not as the catalogue format says");
}

#[test]
fn a_field_of_the_wrong_kind_is_named_with_its_record() {
    let cases = [
        ("/vcpu", json!("two"), "vcpu", "invalid type: string \"two\", expected u32"),
        ("/eni/maxInterfaces", json!(-1), "eni.maxInterfaces", "invalid value: integer `-1`"),
        ("/arch", json!(["i386"]), "arch[0]", "unknown variant `i386`"),
        ("/arch", json!([]), "arch", "expected at least one architecture"),
        ("/onDemandPrice", json!("free"), "onDemandPrice", "expected a number"),
        ("/onDemandPrice", json!(0), "onDemandPrice", "a price must be above zero, found 0"),
        ("/spot", json!({ "a": -1 }), "spot.a", "expected a number"),
        ("/interruptionBand", json!(5), "interruptionBand", "expected a band from 0 to 4, found 5"),
    ];
    for (pointer, value, field, problem) in cases {
        let (message, cause) = refusal(read(&[with(pointer, value)]));
        let expected =
            format!("catalogue test.json: instance type x9.large: {field}: not as the format says");
        assert_eq!(message, expected);
        assert!(cause.contains(problem), "{field}: {cause}");
    }
}

#[test]
fn a_record_without_a_name_is_named_by_its_place() {
    let (message, _) = refusal(read(&[record(), json!({})]));
    assert!(message.starts_with("catalogue test.json: instance type number 2: "), "{message}");
}

#[test]
fn a_price_in_a_zone_where_the_type_is_not_offered_is_refused() {
    let (message, _) = refusal(read(&[with("/zones", json!(["b"]))]));
    let expected = "catalogue test.json: instance type x9.large: spot.a: the type has a price in a \
                    zone that zones does not list; add the zone to zones or remove the price";
    assert_eq!(message, expected);
}

#[test]
fn a_machine_without_cores_is_refused() {
    let (message, _) = refusal(read(&[with("/vcpu", json!(0))]));
    assert_eq!(message, "catalogue test.json: instance type x9.large: vcpu: must be above zero");
}

#[test]
fn a_name_must_be_its_family_and_size() {
    let (message, _) = refusal(read(&[with("/size", json!("small"))]));
    assert!(message.ends_with("name: must be family and size joined by a dot, here x9.small"));
}

#[test]
fn a_type_may_appear_once() {
    let (message, _) = refusal(read(&[record(), record()]));
    assert!(message.ends_with("x9.large: name: the type appears twice; remove one record"));
}
