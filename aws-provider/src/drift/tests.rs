use std::sync::{Arc, LazyLock};

use scheduler_core::model::{ImageFamily, NodeClass};
use serde_json::{Value, json};

use super::*;
use crate::{Catalog, CatalogOptions};

fn annotations<'a>(hash: &'a str, version: &'a str) -> HashAnnotations<'a> {
    HashAnnotations { hash: Some(hash), version: Some(version) }
}

static TYPES: LazyLock<Arc<Vec<InstanceType>>> = LazyLock::new(|| {
    let class = NodeClass::new("default", ImageFamily::Al2023);
    Catalog::embedded().unwrap().instance_types(&class, &CatalogOptions::default())
});

const NONE: HashAnnotations<'static> = HashAnnotations { hash: None, version: None };

/// A status with which nothing has drifted.
fn status() -> Value {
    let arch = json!([{"key": "kubernetes.io/arch", "operator": "In", "values": ["amd64"]}]);
    json!({
        "amis": [{"id": "ami-1", "requirements": arch}],
        "subnets": [{"id": "subnet-1", "zone": "us-east-1a"}],
        "securityGroups": [{"id": "sg-1"}, {"id": "sg-2"}],
        "capacityReservations": [{
            "id": "cr-1", "availabilityZone": "us-east-1a", "instanceMatchCriteria": "targeted",
            "instanceType": "m5.large", "ownerID": "123456789012",
        }],
    })
}

fn found(
    change: impl FnOnce(&mut Launched<'_>),
    status: Value,
    class: HashAnnotations<'_>,
) -> Result<Option<DriftReason>, DriftError> {
    let groups = ["sg-2".to_owned(), "sg-1".to_owned()];
    let mut launched = Launched {
        annotations: annotations("1", "v6"),
        instance_type: Some("m5.large"),
        image: Some("ami-1"),
        placement_group: None,
        subnet: Some("subnet-1"),
        security_groups: &groups,
        capacity_reservation: None,
    };
    change(&mut launched);
    let status = serde_json::from_value(status).unwrap();
    let wanted =
        Wanted { annotations: class, status: &status, placement_group: None, types: &TYPES };
    drift(&launched, &wanted)
}

fn with(change: impl FnOnce(&mut Launched<'_>)) -> Result<Option<DriftReason>, DriftError> {
    found(change, status(), annotations("1", "v6"))
}

fn with_status(field: &str, value: Value) -> Result<Option<DriftReason>, DriftError> {
    let mut status = status();
    status[field] = value;
    found(|_| {}, status, annotations("1", "v6"))
}

#[test]
fn a_claim_that_is_what_its_class_asks_for_has_not_drifted() {
    assert_eq!(with(|_| {}), Ok(None));
}

#[test]
fn another_hash_of_the_same_version_is_drift_and_comes_first() {
    let class = annotations("2", "v6");
    let drifted = Ok(Some(DriftReason::NodeClass));
    assert_eq!(found(|_| {}, status(), class), drifted);
    assert_eq!(found(|claim| claim.image = Some("ami-2"), status(), class), drifted);
}

#[test]
fn hashes_that_cannot_be_compared_are_no_drift() {
    for class in
        [annotations("2", "v5"), NONE, HashAnnotations { version: None, ..annotations("2", "") }]
    {
        assert_eq!(found(|_| {}, status(), class), Ok(None));
    }
    assert_eq!(found(|claim| claim.annotations = NONE, status(), annotations("2", "v6")), Ok(None));
}

#[test]
fn another_image_for_the_type_is_drift() {
    let drifted = Ok(Some(DriftReason::Ami));
    assert_eq!(with(|claim| claim.image = Some("ami-2")), drifted);
    // The class's only image no longer runs on the type.
    assert_eq!(with(|claim| claim.instance_type = Some("m6g.large")), drifted);
}

#[test]
fn more_fewer_or_other_security_groups_are_drift() {
    let drifted = Ok(Some(DriftReason::SecurityGroup));
    for groups in [
        json!([{"id": "sg-1"}]),
        json!([{"id": "sg-1"}, {"id": "sg-2"}, {"id": "sg-3"}]),
        json!([{"id": "sg-3"}]),
    ] {
        assert_eq!(with_status("securityGroups", groups), drifted);
    }
}

#[test]
fn a_subnet_that_is_no_longer_selected_is_drift() {
    let drifted = Ok(Some(DriftReason::Subnet));
    let other = json!([{"id": "subnet-2", "zone": "us-east-1a"}]);
    assert_eq!(with_status("subnets", other), drifted);
    let more =
        json!([{"id": "subnet-2", "zone": "us-east-1a"}, {"id": "subnet-1", "zone": "us-east-1a"}]);
    assert_eq!(with_status("subnets", more), Ok(None));
}

#[test]
fn a_reservation_that_is_no_longer_selected_is_drift_until_the_instance_has_left_it() {
    assert_eq!(with(|claim| claim.capacity_reservation = Some("cr-1")), Ok(None));
    let drifted = Ok(Some(DriftReason::CapacityReservation));
    assert_eq!(with(|claim| claim.capacity_reservation = Some("cr-2")), drifted);
    assert_eq!(with_status("capacityReservations", json!([])), Ok(None));
}

#[test]
fn another_placement_group_is_drift() {
    let drifted = Ok(Some(DriftReason::PlacementGroup));
    assert_eq!(with(|claim| claim.placement_group = Some("pg-1")), drifted);
}

#[test]
fn of_several_reasons_the_first_counts() {
    let found = with(|claim| {
        claim.subnet = Some("subnet-2");
        claim.image = Some("ami-2");
    });
    assert_eq!(found, Ok(Some(DriftReason::Ami)));
}

#[test]
fn what_is_not_known_is_an_error_and_no_drift() {
    for field in ["amis", "subnets", "securityGroups"] {
        let error = with_status(field, json!([])).unwrap_err();
        assert!(matches!(error, DriftError::NothingInStatus { .. }), "{field}");
    }
    let field = "status.imageID";
    assert_eq!(with(|claim| claim.image = Some("")), Err(DriftError::Incomplete { field }));
    let field = "label node.kubernetes.io/instance-type";
    assert_eq!(with(|claim| claim.instance_type = None), Err(DriftError::Incomplete { field }));
    let unknown = with(|claim| claim.instance_type = Some("x99.large")).unwrap_err();
    assert_eq!(unknown.to_string(), "instance type x99.large is unknown");
}
