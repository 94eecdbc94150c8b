//! Terms that select AWS resources.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::crd::shared::Extra;

/// Tags to select by; value `*` asks for the key only.
pub type SelectorTags = BTreeMap<String, String>;

/// Selects subnets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct SubnetSelectorTerm {
    /// Tags, all of which must be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "selector_tags")]
    pub tags: Option<SelectorTags>,
    /// Subnet id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "subnet-[0-9a-z]+"))]
    pub id: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// Selects security groups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct SecurityGroupSelectorTerm {
    /// Tags, all of which must be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "selector_tags")]
    pub tags: Option<SelectorTags>,
    /// Security group id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "sg-[0-9a-z]+"))]
    pub id: Option<String>,
    /// Security group name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// Selects capacity reservations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct CapacityReservationSelectorTerm {
    /// Tags, all of which must be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "selector_tags")]
    pub tags: Option<SelectorTags>,
    /// Reservation id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "^cr-[0-9a-z]+$"))]
    pub id: Option<String>,
    /// Account that owns the reservation.
    #[serde(default, rename = "ownerID", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "^[0-9]{12}$"))]
    pub owner_id: Option<String>,
    /// Which instances the reservation takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["open", "targeted"]))]
    pub instance_match_criteria: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// Selects a placement group.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[x_kube(validation = Rule::new("has(self.name) != has(self.id)")
    .message("expected exactly one of ['name', 'id']"))]
pub struct PlacementGroupSelector {
    /// Placement group name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minLength" = 1))]
    pub name: Option<String>,
    /// Placement group id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "^pg-[0-9a-z]+$"))]
    pub id: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// Selects images.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct AmiSelectorTerm {
    /// Family and version of an EKS image, such as `al2023@latest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxLength" = 30))]
    #[x_kube(validation = Rule::new("self.matches('^[a-zA-Z0-9]+@.+$')")
        .message("'alias' is improperly formatted, must match the format 'family@version'"))]
    #[x_kube(validation = Rule::new(
        "self.find('^[^@]+') in ['al2', 'al2023', 'bottlerocket', 'windows2019', 'windows2022', \
         'windows2025']",
    ).message("family is not supported, must be one of al2, al2023, bottlerocket, windows2019, \
               windows2022, windows2025"))]
    #[x_kube(validation = Rule::new(
        "!self.startsWith('windows') || self.find('@.+$') == '@latest'",
    ).message("windows families may only specify version 'latest'"))]
    pub alias: Option<String>,
    /// Tags, all of which must be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "selector_tags")]
    pub tags: Option<SelectorTags>,
    /// Image id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "ami-[0-9a-z]+"))]
    pub id: Option<String>,
    /// Image name, with wildcards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Account that owns the image, or `self` or `amazon`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Name or ARN of the SSM parameter that holds the image id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssm_parameter: Option<String>,
    /// Unknown fields.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

fn selector_tags(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": 20,
        "additionalProperties": {"type": "string"},
        "x-kubernetes-validations": [{
            "rule": "self.all(k, k != '' && self[k] != '')",
            "message": "empty tag keys or values are not supported",
        }],
    })
}

pub(super) fn subnet_terms(generator: &mut SchemaGenerator) -> Schema {
    terms::<SubnetSelectorTerm>(
        generator,
        &[
            ("self.size() != 0", "subnetSelectorTerms cannot be empty"),
            (
                "self.all(x, has(x.tags) || has(x.id))",
                "expected at least one, got none, ['tags', 'id']",
            ),
            (
                "!self.all(x, has(x.id) && has(x.tags))",
                "'id' is mutually exclusive, cannot be set with a combination of other fields",
            ),
        ],
    )
}

pub(super) fn security_group_terms(generator: &mut SchemaGenerator) -> Schema {
    terms::<SecurityGroupSelectorTerm>(
        generator,
        &[
            ("self.size() != 0", "securityGroupSelectorTerms cannot be empty"),
            (
                "self.all(x, has(x.tags) || has(x.id) || has(x.name))",
                "expected at least one, got none, ['tags', 'id', 'name']",
            ),
            (
                "!self.all(x, has(x.id) && (has(x.tags) || has(x.name)))",
                "'id' is mutually exclusive, cannot be set with a combination of other fields",
            ),
            (
                "!self.all(x, has(x.name) && (has(x.tags) || has(x.id)))",
                "'name' is mutually exclusive, cannot be set with a combination of other fields",
            ),
        ],
    )
}

pub(super) fn capacity_reservation_terms(generator: &mut SchemaGenerator) -> Schema {
    terms::<CapacityReservationSelectorTerm>(
        generator,
        &[
            (
                "self.all(x, has(x.tags) || has(x.id) || has(x.instanceMatchCriteria))",
                "expected at least one, got none, ['tags', 'id', 'instanceMatchCriteria']",
            ),
            (
                "self.size() == 0 || !self.all(x, has(x.id) && (has(x.tags) || has(x.ownerID) || \
                 has(x.instanceMatchCriteria)))",
                "'id' is mutually exclusive, cannot be set along with other fields",
            ),
        ],
    )
}

pub(super) fn ami_terms(generator: &mut SchemaGenerator) -> Schema {
    terms::<AmiSelectorTerm>(
        generator,
        &[
            ("self.size() != 0", "amiSelectorTerms cannot be empty"),
            (
                "self.all(x, has(x.tags) || has(x.id) || has(x.name) || has(x.alias) || \
                 has(x.ssmParameter))",
                "expected at least one, got none, ['tags', 'id', 'name', 'alias', 'ssmParameter']",
            ),
            (
                "!self.exists(x, has(x.id) && (has(x.alias) || has(x.tags) || has(x.name) || \
                 has(x.owner)))",
                "'id' is mutually exclusive, cannot be set with a combination of other fields",
            ),
            (
                "!self.exists(x, has(x.alias) && (has(x.id) || has(x.tags) || has(x.name) || \
                 has(x.owner)))",
                "'alias' is mutually exclusive, cannot be set with a combination of other fields",
            ),
            (
                "!(self.exists(x, has(x.alias)) && self.size() != 1)",
                "'alias' is mutually exclusive, cannot be set with a combination of other terms",
            ),
        ],
    )
}

fn terms<T: JsonSchema>(generator: &mut SchemaGenerator, rules: &[(&str, &str)]) -> Schema {
    let rules: Vec<_> =
        rules.iter().map(|(rule, message)| json!({"rule": rule, "message": message})).collect();
    json_schema!({
        "type": "array",
        "maxItems": 30,
        "items": generator.subschema_for::<T>(),
        "x-kubernetes-validations": rules,
    })
}
