//! The hash of an `EC2NodeClass` by which nodes are found to have drifted.
//!
//! It is Karpenter's bit for bit, so that taking over its claims makes none of them drift. What it
//! is made of: [`fnv`] for single values, [`Fields`] for structures, and the structures below.

mod fnv;
mod structure;

use std::collections::BTreeMap;

use plimsoll_api::crd::ec2_node_class::{
    BlockDevice, BlockDeviceMapping, ConnectionTracking, CpuOptions, Ec2NodeClassSpec,
    MetadataOptions, NetworkInterface, PlacementGroupSelector,
};
use serde_json::{Map, Value};

pub(super) use fnv::of_text;

use fnv::{of_bool, of_i32, of_i64, of_map, of_set};
use structure::Fields;

/// Annotation of classes and claims that holds the hash.
pub const HASH_ANNOTATION: &str = "karpenter.k8s.aws/ec2nodeclass-hash";
/// Annotation of classes and claims that says how the hash was made.
pub const HASH_VERSION_ANNOTATION: &str = "karpenter.k8s.aws/ec2nodeclass-hash-version";
/// How hashes are made here.
pub const HASH_VERSION: &str = "v6";

/// The hash of what a node of this class is made of. What is selected (subnets, security groups,
/// images) does not count, and neither does the order of tags and volumes.
///
/// `ca_bundle` is the cluster's, in base64.
pub fn hash(spec: &Ec2NodeClassSpec, ca_bundle: &str) -> u64 {
    let family = spec.image_family().map_or("", |family| family.as_str());
    of_set([
        of_spec(spec),
        of_text(family),
        of_text(ca_bundle),
        of_text(&kubelet_text(spec.kubelet.as_ref())),
    ])
}

/// Hash and version, as claims and classes carry them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashAnnotations<'a> {
    /// Value of [`HASH_ANNOTATION`].
    pub hash: Option<&'a str>,
    /// Value of [`HASH_VERSION_ANNOTATION`].
    pub version: Option<&'a str>,
}

impl<'a> HashAnnotations<'a> {
    /// Those among an object's annotations.
    pub fn of(annotations: &'a BTreeMap<String, String>) -> Self {
        let value = |key| annotations.get(key).map(String::as_str);
        Self { hash: value(HASH_ANNOTATION), version: value(HASH_VERSION_ANNOTATION) }
    }
}

/// Whether a claim has a condition `Drifted` already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimHash {
    /// It has drifted, and its old hash shows why: only the version is written.
    Keep,
    /// It is taken over as it is.
    Rewrite,
}

/// The annotations to set on a claim when its class's version is not [`HASH_VERSION`]; none if the
/// claim's own version is. Afterwards the class gets both annotations.
pub fn migrate(
    claim: HashAnnotations<'_>,
    hash: u64,
    claim_hash: ClaimHash,
) -> BTreeMap<&'static str, String> {
    let mut set = BTreeMap::new();
    if claim.version == Some(HASH_VERSION) {
        return set;
    }
    set.insert(HASH_VERSION_ANNOTATION, HASH_VERSION.to_owned());
    if claim_hash == ClaimHash::Rewrite {
        set.insert(HASH_ANNOTATION, hash.to_string());
    }
    set
}

/// The kubelet settings as Go writes them: keys sorted, and what HTML would misread escaped.
fn kubelet_text(kubelet: Option<&Map<String, Value>>) -> String {
    let Some(kubelet) = kubelet.filter(|kubelet| !kubelet.is_empty()) else {
        return "null".to_owned();
    };
    let text = Value::Object(kubelet.clone()).to_string();
    text.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

fn of_spec(spec: &Ec2NodeClassSpec) -> u64 {
    let devices = spec.block_device_mappings.as_deref().filter(|all| !all.is_empty());
    let interfaces = spec.network_interfaces.as_deref().filter(|all| !all.is_empty());
    let tags = spec.tags.as_ref().filter(|tags| !tags.is_empty());
    Fields::of("EC2NodeClassSpec")
        .add(
            "PlacementGroupSelector",
            spec.placement_group_selector.as_ref().map(of_placement_group),
        )
        .add("AssociatePublicIPAddress", spec.associate_public_ip_address.map(of_bool))
        .add("UserData", spec.user_data.as_deref().map(of_text))
        .text("Role", spec.role.as_deref())
        .add("InstanceProfile", spec.instance_profile.as_deref().map(of_text))
        .add("Tags", tags.map(of_map))
        .add("BlockDeviceMappings", devices.map(|all| of_set(all.iter().map(of_device_mapping))))
        .add("InstanceStorePolicy", spec.instance_store_policy.as_deref().map(of_text))
        .add("NetworkInterfaces", interfaces.map(|all| of_set(all.iter().map(of_interface))))
        .add("DetailedMonitoring", spec.detailed_monitoring.map(of_bool))
        .add("MetadataOptions", spec.metadata_options.as_ref().map(of_metadata_options))
        .add("ConnectionTracking", spec.connection_tracking.as_ref().map(of_connection_tracking))
        .add("Context", spec.context.as_deref().map(of_text))
        .add("CPUOptions", spec.cpu_options.as_ref().map(of_cpu_options))
        .hash()
}

fn of_placement_group(selector: &PlacementGroupSelector) -> u64 {
    Fields::of("PlacementGroupSelector")
        .text("Name", selector.name.as_deref())
        .text("ID", selector.id.as_deref())
        .hash()
}

fn of_device_mapping(mapping: &BlockDeviceMapping) -> u64 {
    Fields::of("BlockDeviceMapping")
        .add("DeviceName", mapping.device_name.as_deref().map(of_text))
        .add("EBS", mapping.ebs.as_ref().map(of_device))
        .add("RootVolume", mapping.root_volume.filter(|root| *root).map(of_bool))
        .hash()
}

fn of_device(device: &BlockDevice) -> u64 {
    Fields::of("BlockDevice")
        .add("DeleteOnTermination", device.delete_on_termination.map(of_bool))
        .add("Encrypted", device.encrypted.map(of_bool))
        .add("IOPS", device.iops.map(of_i64))
        .add("KMSKeyID", device.kms_key_id.as_deref().map(of_text))
        .add("SnapshotID", device.snapshot_id.as_deref().map(of_text))
        .add("Throughput", device.throughput.map(of_i64))
        .add("VolumeInitializationRate", device.volume_initialization_rate.map(of_i32))
        .add("VolumeSize", device.volume_size.as_deref().map(|size| of_text(&canonical(size))))
        .add("VolumeType", device.volume_type.as_deref().map(of_text))
        .hash()
}

fn of_interface(interface: &NetworkInterface) -> u64 {
    let number = |number: i32| Some(number).filter(|number| *number != 0).map(of_i32);
    Fields::of("NetworkInterface")
        .add("NetworkCardIndex", number(interface.network_card_index))
        .add("DeviceIndex", number(interface.device_index))
        .text("InterfaceType", Some(&interface.interface_type))
        .hash()
}

fn of_metadata_options(options: &MetadataOptions) -> u64 {
    Fields::of("MetadataOptions")
        .add("HTTPEndpoint", options.http_endpoint.as_deref().map(of_text))
        .add("HTTPProtocolIPv6", options.http_protocol_ipv6.as_deref().map(of_text))
        .add("HTTPPutResponseHopLimit", options.http_put_response_hop_limit.map(of_i64))
        .add("HTTPTokens", options.http_tokens.as_deref().map(of_text))
        .hash()
}

fn of_connection_tracking(tracking: &ConnectionTracking) -> u64 {
    Fields::of("ConnectionTracking")
        .add("TCPEstablishedTimeout", tracking.tcp_established_timeout.map(of_i32))
        .add("UDPStreamTimeout", tracking.udp_stream_timeout.map(of_i32))
        .add("UDPTimeout", tracking.udp_timeout.map(of_i32))
        .hash()
}

fn of_cpu_options(options: &CpuOptions) -> u64 {
    Fields::of("CPUOptions")
        .add("NestedVirtualization", options.nested_virtualization.as_deref().map(of_text))
        .hash()
}

/// A volume's size as Kubernetes writes it: with the largest suffix that needs no fraction, so that
/// `1024Gi` is `1Ti`.
fn canonical(size: &str) -> String {
    let suffixes: [(&[&str], u64); 2] = [(&["Gi", "Ti", "Pi"], 1024), (&["G", "T", "P"], 1000)];
    for (suffixes, step) in suffixes {
        for (at, suffix) in suffixes.iter().enumerate() {
            let number = size.strip_suffix(suffix).and_then(|text| text.parse::<u64>().ok());
            let Some(mut number) = number.filter(|number| *number > 0) else { continue };
            let mut largest = *suffix;
            for next in &suffixes[at + 1..] {
                if number % step == 0 {
                    (number, largest) = (number / step, next);
                }
            }
            return format!("{number}{largest}");
        }
    }
    size.to_owned()
}

#[cfg(test)]
mod tests;
