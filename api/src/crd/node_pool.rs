//! `NodePool` (`karpenter.sh/v1`).

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

use super::shared::{
    Condition, Extra, NodeClassRef, Requirement, ResourceList, Taint, aws_key_rule, conditions,
    requirement_list, resource_list,
};
use crate::duration::NillableDuration;

/// What may be launched for pods, how much of it, and when it may be taken away.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "karpenter.sh",
    version = "v1",
    kind = "NodePool",
    category = "karpenter",
    doc = "NodePool is the policy for nodes that are launched for pods",
    derive = "PartialEq",
    status = "NodePoolStatus",
    scale(spec_replicas_path = ".spec.replicas", status_replicas_path = ".status.nodes"),
    printcolumn(
        name = "NodeClass",
        type_ = "string",
        json_path = ".spec.template.spec.nodeClassRef.name"
    ),
    printcolumn(name = "Nodes", type_ = "string", json_path = ".status.nodes"),
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Weight", type_ = "integer", json_path = ".spec.weight", priority = 1),
    printcolumn(name = "CPU", type_ = "string", json_path = ".status.resources.cpu", priority = 1),
    printcolumn(
        name = "Memory",
        type_ = "string",
        json_path = ".status.resources.memory",
        priority = 1
    )
)]
#[x_kube(validation = Rule::new("has(self.replicas) == has(oldSelf.replicas)")
    .message("a NodePool cannot change between static (with replicas) and dynamic (without)"))]
#[x_kube(validation = Rule::new(
    "!has(self.replicas) || !has(self.limits) || self.limits.size() == 0 || \
     (self.limits.size() == 1 && 'nodes' in self.limits)",
).message("only limits.nodes is allowed on a NodePool with replicas"))]
#[x_kube(validation = Rule::new("!has(self.replicas) || !has(self.weight)")
    .message("weight is not allowed on a NodePool with replicas"))]
pub struct NodePoolSpec {
    /// What the nodes are like.
    pub template: NodeClaimTemplate,
    /// When nodes may be taken away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = {"consolidateAfter": "0s"}))]
    pub disruption: Option<Disruption>,
    /// Caps on the total capacity of the pool's nodes; `nodes` caps their number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "resource_list")]
    pub limits: Option<ResourceList>,
    /// Pools with a higher weight are tried first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 1, "maximum" = 100))]
    pub weight: Option<i32>,
    /// A fixed number of nodes, independent of pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0))]
    pub replicas: Option<i64>,
    /// Unknown fields.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// Metadata and spec of the claims that a pool makes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeClaimTemplate {
    /// Labels and annotations of the nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<TemplateMetadata>,
    /// Spec of the claims.
    pub spec: NodeClaimTemplateSpec,
    /// Unknown fields.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// Labels and annotations of a pool's nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct TemplateMetadata {
    /// Labels of the nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend(
        "maxProperties" = 100,
        "additionalProperties" = {
            "type": "string",
            "maxLength": 63,
            "pattern": "^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$",
        }
    ))]
    #[x_kube(validation = Rule::new(
        "self.all(x, x in ['karpenter.sh/capacity-type', 'karpenter.sh/nodepool'] || \
         !x.find('^([^/]+)').endsWith('karpenter.sh'))",
    ).message("label domain karpenter.sh is restricted"))]
    #[x_kube(validation = Rule::new("self.all(x, x != 'karpenter.sh/nodepool')")
        .message("label karpenter.sh/nodepool is restricted"))]
    #[x_kube(validation = Rule::new("self.all(x, x != 'kubernetes.io/hostname')")
        .message("label kubernetes.io/hostname is restricted"))]
    #[x_kube(validation = Rule::new(format!("self.all(x, {})", aws_key_rule("x")))
        .message("label domain karpenter.k8s.aws is restricted"))]
    pub labels: Option<BTreeMap<String, String>>,
    /// Annotations of the nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<BTreeMap<String, String>>,
    /// Unknown fields.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// Spec of the claims that a pool makes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodeClaimTemplateSpec {
    /// The provider's settings.
    #[x_kube(validation = Rule::new("self.group == oldSelf.group")
        .message("nodeClassRef.group is immutable"))]
    #[x_kube(validation = Rule::new("self.kind == oldSelf.kind")
        .message("nodeClassRef.kind is immutable"))]
    pub node_class_ref: NodeClassRef,
    /// Which machines may be launched.
    #[schemars(schema_with = "requirement_list")]
    #[x_kube(validation = Rule::new("self.all(x, x.key != 'karpenter.sh/nodepool')")
        .message("label karpenter.sh/nodepool is restricted"))]
    pub requirements: Vec<Requirement>,
    /// Taints that pods must tolerate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub taints: Option<Vec<Taint>>,
    /// Taints that something else removes before a node counts as initialized.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-kubernetes-list-type" = "atomic"))]
    pub startup_taints: Option<Vec<Taint>>,
    /// Longest time that a node drains, counted from the deletion of its claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "^([0-9]+(s|m|h))+$"))]
    pub termination_grace_period: Option<String>,
    /// Age at which a node is replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = r"^(([0-9]+(s|m|h))+|Never)$", "default" = "720h"))]
    pub expire_after: Option<NillableDuration>,
    /// Unknown fields.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// When nodes of a pool may be taken away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Disruption {
    /// Quiet time after the last pod event; `Never` switches consolidation off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = r"^(([0-9]+(s|m|h))+|Never)$", "default" = "0s"))]
    pub consolidate_after: Option<NillableDuration>,
    /// Which nodes may be consolidated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend(
        "enum" = ["WhenEmpty", "WhenEmptyOrUnderutilized", "Balanced"],
        "default" = "WhenEmptyOrUnderutilized"
    ))]
    pub consolidation_policy: Option<String>,
    /// Caps on nodes disrupted at the same time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend(
        "maxItems" = 50,
        "default" = [{"nodes": "10%"}],
        "x-kubernetes-list-type" = "atomic"
    ))]
    #[x_kube(validation = Rule::new("self.all(x, has(x.schedule) == has(x.duration))")
        .message("'schedule' must be set with 'duration'"))]
    pub budgets: Option<Vec<Budget>>,
    /// Unknown fields.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// A cap on nodes disrupted at the same time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    /// A number of nodes, or a percentage of the pool's nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(
        required,
        extend("pattern" = "^((100|[0-9]{1,2})%|[0-9]+)$", "default" = "10%")
    )]
    pub nodes: Option<String>,
    /// When the budget begins to hold: a cron line in UTC, or a name such as `@daily`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend(
        "pattern" = r"^(@(annually|yearly|monthly|weekly|daily|midnight|hourly))|((.+)\s(.+)\s(.+)\s(.+)\s(.+))$"
    ))]
    pub schedule: Option<String>,
    /// How long it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = "^((([0-9]+(h|m))|([0-9]+h[0-9]+m))(0s)?)$"))]
    pub duration: Option<String>,
    /// Reasons for disruption that the budget is about; all if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend(
        "maxItems" = 50,
        "items" = {"type": "string", "enum": ["Underutilized", "Empty", "Drifted"]},
        "x-kubernetes-list-type" = "set"
    ))]
    pub reasons: Option<Vec<String>>,
    /// Unknown fields.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}

/// What a pool has launched.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct NodePoolStatus {
    /// Total capacity of the pool's nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "resource_list")]
    pub resources: Option<ResourceList>,
    /// Number of the pool's nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = 0))]
    pub nodes: Option<i64>,
    /// Generation of the `NodeClass` that was last seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node_class_observed_generation: Option<i64>,
    /// Conditions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "conditions")]
    pub conditions: Option<Vec<Condition>>,
    /// Unknown fields.
    #[serde(flatten)]
    #[schemars(skip)]
    pub extra: Extra,
}
