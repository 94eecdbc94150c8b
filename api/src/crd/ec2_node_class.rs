//! `EC2NodeClass` (`karpenter.k8s.aws/v1`).

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use scheduler_core::model::ImageFamily;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::shared::Extra;

mod device;
mod network;
mod selector;
mod status;

pub use device::{BlockDevice, BlockDeviceMapping};
pub use network::{ConnectionTracking, CpuOptions, MetadataOptions, NetworkInterface};
pub use selector::{
    AmiSelectorTerm, CapacityReservationSelectorTerm, PlacementGroupSelector,
    SecurityGroupSelectorTerm, SubnetSelectorTerm,
};
pub use status::{
    Ami, CapacityReservation, Ec2NodeClassStatus, NodeSelectorRequirement, SecurityGroup, Subnet,
};

use selector::{ami_terms, capacity_reservation_terms, security_group_terms, subnet_terms};

/// AWS settings of nodes.
///
/// Unlike Karpenter's own definition this one keeps unknown fields of the spec and asks for no
/// `amiSelectorTerms`: manifests written for an older version are accepted as they stand, and the
/// controller says on a condition what it took them for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[kube(
    group = "karpenter.k8s.aws",
    version = "v1",
    kind = "EC2NodeClass",
    root = "Ec2NodeClass",
    plural = "ec2nodeclasses",
    shortname = "ec2nc",
    shortname = "ec2ncs",
    category = "karpenter",
    doc = "EC2NodeClass holds the AWS settings of nodes",
    derive = "PartialEq",
    status = "Ec2NodeClassStatus",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status"
    ),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp"),
    printcolumn(name = "Role", type_ = "string", json_path = ".spec.role", priority = 1)
)]
#[x_kube(validation = Rule::new("has(self.role) != has(self.instanceProfile)")
    .message("must specify exactly one of ['role', 'instanceProfile']"))]
#[x_kube(validation = Rule::new(
    "has(self.amiFamily) || (has(self.amiSelectorTerms) && \
     self.amiSelectorTerms.exists(x, has(x.alias)))",
).message("must specify amiFamily if amiSelectorTerms does not contain an alias"))]
#[x_kube(validation = Rule::new(
    "!has(self.amiFamily) || self.amiFamily == 'Custom' || !has(self.amiSelectorTerms) || \
     self.amiSelectorTerms.all(x, !has(x.alias) || \
     [x.alias.find('^[^@]+'), self.amiFamily] in [['al2', 'AL2'], ['al2023', 'AL2023'], \
     ['bottlerocket', 'Bottlerocket'], ['windows2019', 'Windows2019'], \
     ['windows2022', 'Windows2022'], ['windows2025', 'Windows2025']])",
).message("the family of an alias must be that of amiFamily, or amiFamily must be Custom"))]
#[x_kube(validation = Rule::new(
    "!has(self.amiFamily) || self.amiFamily != 'Custom' || has(self.amiSelectorTerms)",
).message("amiFamily Custom needs amiSelectorTerms"))]
pub struct Ec2NodeClassSpec {
    /// Subnets that nodes are launched into.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(required, schema_with = "subnet_terms")]
    pub subnet_selector_terms: Option<Vec<SubnetSelectorTerm>>,
    /// Security groups of the nodes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(required, schema_with = "security_group_terms")]
    pub security_group_selector_terms: Option<Vec<SecurityGroupSelectorTerm>>,
    /// Capacity reservations that may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "capacity_reservation_terms")]
    pub capacity_reservation_selector_terms: Option<Vec<CapacityReservationSelectorTerm>>,
    /// Placement group of the nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement_group_selector: Option<PlacementGroupSelector>,
    /// Whether nodes get a public address; the subnet decides if absent.
    #[serde(default, rename = "associatePublicIPAddress", skip_serializing_if = "Option::is_none")]
    pub associate_public_ip_address: Option<bool>,
    /// Prefixes put on each launched network interface.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minimum" = 0))]
    pub ip_prefix_count: Option<i32>,
    /// Images to choose from. Taken as alias `<amiFamily>@latest` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "ami_terms")]
    pub ami_selector_terms: Option<Vec<AmiSelectorTerm>>,
    /// How nodes are set up; follows from the alias if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [
        "AL2", "AL2023", "Bottlerocket", "Custom", "Windows2019", "Windows2022", "Windows2025"
    ]))]
    pub ami_family: Option<String>,
    /// Merged with the user data of the image family.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_data: Option<String>,
    /// IAM role of the nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("self != ''").message("role cannot be empty"))]
    pub role: Option<String>,
    /// Instance profile of the nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("self != ''").message("instanceProfile cannot be empty"))]
    pub instance_profile: Option<String>,
    /// Tags of everything that is created for the nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[x_kube(validation = Rule::new("self.all(k, k != '')")
        .message("empty tag keys are not supported"))]
    #[x_kube(validation = Rule::new("self.all(k, k != 'eks:eks-cluster-name')")
        .message("tag contains the restricted key eks:eks-cluster-name"))]
    #[x_kube(validation = Rule::new("self.all(k, k != 'karpenter.sh/nodepool')")
        .message("tag contains the restricted key karpenter.sh/nodepool"))]
    #[x_kube(validation = Rule::new("self.all(k, k != 'karpenter.sh/nodeclaim')")
        .message("tag contains the restricted key karpenter.sh/nodeclaim"))]
    #[x_kube(validation = Rule::new("self.all(k, k != 'karpenter.k8s.aws/ec2nodeclass')")
        .message("tag contains the restricted key karpenter.k8s.aws/ec2nodeclass"))]
    #[x_kube(validation = Rule::new("self.all(k, !k.startsWith('kubernetes.io/cluster'))")
        .message("tag contains a restricted key that starts with kubernetes.io/cluster"))]
    pub tags: Option<BTreeMap<String, String>>,
    /// Kubelet configuration, with the fields of `kubelet.config.k8s.io/v1beta1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "open_object")]
    pub kubelet: Option<Map<String, Value>>,
    /// Volumes of the nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 50))]
    #[x_kube(validation = Rule::new("self.filter(x, has(x.rootVolume) && x.rootVolume).size() <= 1")
        .message("must have only one blockDeviceMappings with rootVolume"))]
    pub block_device_mappings: Option<Vec<BlockDeviceMapping>>,
    /// What is done with local disks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["RAID0"]))]
    pub instance_store_policy: Option<String>,
    /// Network interfaces of the nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = 150))]
    #[x_kube(validation = Rule::new(
        "self.size() == 0 || self.exists(x, x.networkCardIndex == 0 && x.deviceIndex == 0 && \
         x.interfaceType == 'interface')",
    ).message("must have a primary interface: network card 0, device 0, type 'interface'"))]
    #[x_kube(validation = Rule::new(
        "self.all(x, self.filter(y, y.networkCardIndex == x.networkCardIndex && \
         y.deviceIndex == x.deviceIndex).size() == 1)",
    ).message("each pair of network card and device must be unique"))]
    #[x_kube(validation = Rule::new(
        "self.all(x, self.filter(y, y.networkCardIndex == x.networkCardIndex && \
         y.interfaceType == 'efa-only').size() <= 1)",
    ).message("a network card can have only one efa-only interface"))]
    pub network_interfaces: Option<Vec<NetworkInterface>>,
    /// Whether metrics come every minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detailed_monitoring: Option<bool>,
    /// Access to the instance metadata service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = {
        "httpEndpoint": "enabled",
        "httpProtocolIPv6": "disabled",
        "httpPutResponseHopLimit": 1,
        "httpTokens": "required",
    }))]
    pub metadata_options: Option<MetadataOptions>,
    /// Time-outs of tracked connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_tracking: Option<ConnectionTracking>,
    /// Passed on when a fleet is created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// Options of the processor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_options: Option<CpuOptions>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Ec2NodeClassSpec {
    /// The alias among the terms that select images.
    pub fn alias(&self) -> Option<&str> {
        let terms = self.ami_selector_terms.as_deref().unwrap_or_default();
        terms.iter().find_map(|term| term.alias.as_deref())
    }

    /// The family that decides how nodes are set up: `amiFamily`, or that of the alias.
    pub fn image_family(&self) -> Option<ImageFamily> {
        match self.ami_family.as_deref() {
            Some(named) => ImageFamily::parse(named),
            None => self.alias().and_then(ImageFamily::of_alias),
        }
    }
}

fn open_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
}
