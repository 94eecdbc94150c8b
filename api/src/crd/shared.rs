//! Types and schema parts that several definitions share.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::KubeSchema;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Fields that the definition does not know, kept when an object is written again.
pub type Extra = BTreeMap<String, Value>;

/// Amounts by resource name, as written.
pub type ResourceList = BTreeMap<String, Quantity>;

/// Names the `NodeClass` of a pool or claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct NodeClassRef {
    /// API group of the `NodeClass`.
    #[schemars(extend("pattern" = "^[^/]*$"))]
    #[x_kube(validation = Rule::new("self != ''").message("group may not be empty"))]
    pub group: String,
    /// Kind of the `NodeClass`.
    #[x_kube(validation = Rule::new("self != ''").message("kind may not be empty"))]
    pub kind: String,
    /// Name of the `NodeClass`.
    #[x_kube(validation = Rule::new("self != ''").message("name may not be empty"))]
    pub name: String,
    /// Unknown fields.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A label key, with its prefix or without. Karpenter holds values of taints to it too.
pub(crate) const KEY_PATTERN: &str = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(\/))?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$";

/// The rule that keeps keys of domain `karpenter.sh` to those that somebody may ask for.
pub(crate) const KARPENTER_KEY_RULE: &str = "self in ['karpenter.sh/capacity-type', 'karpenter.sh/nodepool'] || \
     !self.find('^([^/]+)').endsWith('karpenter.sh')";

/// A requirement on the labels of nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Requirement {
    /// Label key.
    #[schemars(extend(
        "maxLength" = 316,
        "pattern" = KEY_PATTERN
    ))]
    #[x_kube(validation = Rule::new(KARPENTER_KEY_RULE)
        .message("label domain karpenter.sh is restricted"))]
    #[x_kube(validation = Rule::new("self != 'kubernetes.io/hostname'")
        .message("label kubernetes.io/hostname is restricted"))]
    #[x_kube(validation = Rule::new(aws_key_rule("self"))
        .message("label domain karpenter.k8s.aws is restricted"))]
    pub key: String,
    /// How the label is compared with the values.
    #[schemars(extend("enum" = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"]))]
    pub operator: String,
    /// Values; one integer for the numeric operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub values: Option<Vec<String>>,
    /// At least so many distinct values must remain among the instance types of a claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 1, "maximum" = 50))]
    pub min_values: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A taint of a pool's or claim's nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Taint {
    /// Key.
    #[schemars(extend(
        "minLength" = 1,
        "pattern" = KEY_PATTERN
    ))]
    pub key: String,
    /// Value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend(
        "pattern" = KEY_PATTERN
    ))]
    pub value: Option<String>,
    /// What the taint does to pods that do not tolerate it.
    #[schemars(extend("enum" = ["NoSchedule", "PreferNoSchedule", "NoExecute"]))]
    pub effect: String,
    /// When the taint was added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "date-time"), with = "Option<String>")]
    pub time_added: Option<Timestamp>,
    /// Unknown fields.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A condition of an object's status.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What the condition is about.
    #[serde(rename = "type")]
    pub type_: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// Why, in one word.
    #[serde(default)]
    pub reason: String,
    /// Why, in a sentence.
    #[serde(default)]
    pub message: String,
    /// When the status last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_transition_time: Option<Timestamp>,
    /// Generation of the object that the condition was computed for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
}

impl Condition {
    /// Whether the status is `True`.
    pub fn is_true(&self) -> bool {
        self.status == "True"
    }
}

/// The rule that keeps keys of domain `karpenter.k8s.aws` to those that nodes can have.
pub(crate) fn aws_key_rule(key: &str) -> String {
    aws_key_rule_without(key, &[])
}

/// The same rule, with some of those keys refused.
pub(crate) fn aws_key_rule_without(key: &str, refused: &[&str]) -> String {
    let known = super::AWS_LABELS.iter().filter(|name| !refused.contains(name));
    let known: Vec<String> = known.map(|name| format!("'karpenter.k8s.aws/{name}'")).collect();
    let known = known.join(", ");
    format!("{key} in [{known}] || !{key}.find('^([^/]+)').endsWith('karpenter.k8s.aws')")
}

/// Rules on a list of requirements, as the value of `x-kubernetes-validations`.
pub(crate) fn requirement_list(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 100,
        "items": generator.subschema_for::<Requirement>(),
        "x-kubernetes-validations": [
            {
                "rule": "self.all(x, x.operator != 'In' || (has(x.values) && x.values.size() > 0))",
                "message": "requirements with operator 'In' must have a value defined",
            },
            numeric_rule(),
            {
                "rule": "self.all(x, x.operator != 'In' || !has(x.minValues) || \
                         (has(x.values) && x.values.size() >= x.minValues))",
                "message": "requirements with 'minValues' must have at least that many values",
            },
        ],
    })
}

/// The rule on a list of requirements that numbers are single and not negative.
pub(crate) fn numeric_rule() -> Value {
    json!({
        "rule": "self.all(x, !(x.operator in ['Gt', 'Lt', 'Gte', 'Lte']) || \
                 (has(x.values) && x.values.size() == 1 && int(x.values[0]) >= 0))",
        "message": "requirements with operators 'Gt', 'Lt', 'Gte' or 'Lte' must have a single \
                    non-negative integer value",
    })
}

/// A map of resource names to quantities.
pub(crate) fn resource_list(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "additionalProperties": {
            "pattern": r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$",
            "x-kubernetes-int-or-string": true,
        },
    })
}

/// Conditions with reason, message and time required.
pub(crate) fn conditions(_: &mut SchemaGenerator) -> Schema {
    let required = ["lastTransitionTime", "message", "reason", "status", "type"];
    condition_list(&required, r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$", 1)
}

/// Conditions of a `NodeClaim`, where older controllers left reason and message out.
pub(crate) fn relaxed_conditions(_: &mut SchemaGenerator) -> Schema {
    let required = ["lastTransitionTime", "status", "type"];
    condition_list(&required, r"^([A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?|)$", 0)
}

fn condition_list(required: &[&str], reason: &str, reason_length_min: u32) -> Schema {
    json_schema!({
        "type": "array",
        "items": {
            "type": "object",
            "required": required,
            "properties": {
                "type": {
                    "type": "string",
                    "maxLength": 316,
                    "pattern": r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
                },
                "status": {"type": "string", "enum": ["True", "False", "Unknown"]},
                "reason": {
                    "type": "string",
                    "minLength": reason_length_min,
                    "maxLength": 1024,
                    "pattern": reason,
                },
                "message": {"type": "string", "maxLength": 32768},
                "lastTransitionTime": {"type": "string", "format": "date-time"},
                "observedGeneration": {"type": "integer", "format": "int64", "minimum": 0},
            },
        },
    })
}
