//! `NodeOverlay` (`karpenter.sh/v1alpha1`).

use kube::{CustomResource, KubeSchema};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::shared::{
    Condition, Extra, KARPENTER_KEY_RULE, KEY_PATTERN, ResourceList, aws_key_rule_without,
    conditions, numeric_rule, resource_list,
};

/// A correction of prices and capacity of instance types.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "karpenter.sh",
    version = "v1alpha1",
    kind = "NodeOverlay",
    category = "karpenter",
    shortname = "overlays",
    doc = "NodeOverlay corrects prices and capacity of the instance types that it selects",
    derive = "PartialEq",
    status = "NodeOverlayStatus",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Weight", type_ = "integer", json_path = ".spec.weight", priority = 1)
)]
#[x_kube(validation = Rule::new("!has(self.price) || !has(self.priceAdjustment)")
    .message("cannot set both 'price' and 'priceAdjustment'"))]
pub struct NodeOverlaySpec {
    /// Which pools, instance types and offerings it is about.
    #[schemars(schema_with = "overlay_requirement_list")]
    pub requirements: Vec<OverlayRequirement>,
    /// The price in dollars an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = r"^\d+(\.\d+)?$"))]
    pub price: Option<String>,
    /// A signed amount in dollars an hour, or a signed percentage, that is added to the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend(
        "pattern" = r"^(([+-]{1}(\d*\.?\d+))|(\+{1}\d*\.?\d+%)|(^(-\d{1,2}(\.\d+)?%)$)|(-100%))$"
    ))]
    pub price_adjustment: Option<String>,
    /// Extended resources that nodes have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "resource_list")]
    #[x_kube(validation = Rule::new(
        "self.all(x, !(x in ['cpu', 'memory', 'ephemeral-storage', 'pods']))",
    ).message("only extended resources may be set"))]
    pub capacity: Option<ResourceList>,
    /// Of several overlays the one with the higher weight decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 1, "maximum" = 10000))]
    pub weight: Option<i32>,
    /// Unknown fields.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A requirement of an overlay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct OverlayRequirement {
    /// Label key.
    #[schemars(extend(
        "maxLength" = 316,
        "pattern" = KEY_PATTERN
    ))]
    #[x_kube(validation = Rule::new(KARPENTER_KEY_RULE)
        .message("label domain karpenter.sh is restricted"))]
    #[x_kube(validation = Rule::new("self != 'kubernetes.io/hostname'")
        .message("label kubernetes.io/hostname is restricted"))]
    #[x_kube(validation = Rule::new(aws_key_rule_without("self", &NOT_IN_OVERLAYS))
        .message("label domain karpenter.k8s.aws is restricted"))]
    pub key: String,
    /// How the label is compared with the values.
    #[schemars(extend("enum" = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "Gte", "Lte"]))]
    pub operator: String,
    /// Values; one integer for the numeric operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub values: Option<Vec<String>>,
    /// Unknown fields.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// Label names of domain `karpenter.k8s.aws` that an overlay cannot ask for: nodes have them by
/// the way in which they are launched.
pub const NOT_IN_OVERLAYS: [&str; 6] = [
    "capacity-reservation-id",
    "capacity-reservation-interruptible",
    "capacity-reservation-type",
    "instance-tenancy",
    "placement-group-id",
    "placement-group-partition",
];

/// Whether the overlay is in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeOverlayStatus {
    /// Conditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "conditions")]
    pub conditions: Option<Vec<Condition>>,
    /// Unknown fields.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

fn overlay_requirement_list(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 100,
        "x-kubernetes-list-type": "atomic",
        "items": generator.subschema_for::<OverlayRequirement>(),
        "x-kubernetes-validations": [
            {
                "rule": "self.all(x, !(x.operator in ['In', 'NotIn']) || \
                         (has(x.values) && x.values.size() > 0))",
                "message": "requirements with operators 'In' or 'NotIn' must have a value defined",
            },
            numeric_rule(),
        ],
    })
}
