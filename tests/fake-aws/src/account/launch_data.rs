//! How instances are to be launched, as launch templates have it.
//!
//! Fields have the names of EC2's query protocol; lists are singular there.

#![expect(missing_docs, reason = "names and meaning are those of EC2's API reference")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::AwsError;
use super::filter::TagSpecification;

/// `RequestLaunchTemplateData`, as far as a node autoscaler sets it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct LaunchData {
    pub block_device_mapping: Vec<BlockDeviceMapping>,
    pub capacity_reservation_specification: Option<CapacityReservationSpecification>,
    pub cpu_options: Option<CpuOptions>,
    pub credit_specification: Option<CreditSpecification>,
    pub disable_api_termination: Option<bool>,
    pub ebs_optimized: Option<bool>,
    pub enclave_options: Option<EnclaveOptions>,
    pub iam_instance_profile: Option<InstanceProfileRef>,
    pub image_id: Option<String>,
    pub instance_initiated_shutdown_behavior: Option<String>,
    pub instance_market_options: Option<InstanceMarketOptions>,
    pub instance_type: Option<String>,
    pub key_name: Option<String>,
    pub metadata_options: Option<MetadataOptions>,
    pub monitoring: Option<Monitoring>,
    pub network_interface: Vec<NetworkInterface>,
    pub placement: Option<Placement>,
    pub security_group_id: Vec<String>,
    pub tag_specification: Vec<TagSpecification>,
    pub user_data: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct BlockDeviceMapping {
    pub device_name: String,
    pub ebs: Option<Ebs>,
    pub virtual_name: Option<String>,
    pub no_device: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct Ebs {
    pub delete_on_termination: Option<bool>,
    pub encrypted: Option<bool>,
    pub iops: Option<u32>,
    pub kms_key_id: Option<String>,
    pub snapshot_id: Option<String>,
    pub throughput: Option<u32>,
    pub volume_initialization_rate: Option<u32>,
    pub volume_size: Option<u32>,
    pub volume_type: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct CapacityReservationSpecification {
    pub capacity_reservation_preference: Option<String>,
    pub capacity_reservation_target: Option<CapacityReservationTarget>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct CapacityReservationTarget {
    pub capacity_reservation_id: Option<String>,
    pub capacity_reservation_resource_group_arn: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct CpuOptions {
    pub core_count: Option<u32>,
    pub threads_per_core: Option<u32>,
    pub nested_virtualization: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct CreditSpecification {
    pub cpu_credits: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct EnclaveOptions {
    pub enabled: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct InstanceProfileRef {
    pub arn: Option<String>,
    pub name: Option<String>,
}

impl InstanceProfileRef {
    /// Name of the profile, also if it was given by ARN.
    pub(crate) fn profile_name(&self) -> Option<&str> {
        let of_arn = self.arn.as_deref().and_then(|arn| arn.rsplit('/').next());
        self.name.as_deref().or(of_arn)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct InstanceMarketOptions {
    pub market_type: Option<String>,
    pub spot_options: Option<SpotMarketOptions>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct SpotMarketOptions {
    pub instance_interruption_behavior: Option<String>,
    pub max_price: Option<String>,
    pub spot_instance_type: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct MetadataOptions {
    pub http_endpoint: Option<String>,
    pub http_protocol_ipv6: Option<String>,
    pub http_put_response_hop_limit: Option<u32>,
    pub http_tokens: Option<String>,
    pub instance_metadata_tags: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct Monitoring {
    pub enabled: Option<bool>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct NetworkInterface {
    pub associate_public_ip_address: Option<bool>,
    pub connection_tracking_specification: Option<ConnectionTracking>,
    pub delete_on_termination: Option<bool>,
    pub description: Option<String>,
    pub device_index: Option<u32>,
    pub interface_type: Option<String>,
    pub ipv4_prefix_count: Option<u32>,
    pub ipv6_address_count: Option<u32>,
    pub ipv6_prefix_count: Option<u32>,
    pub network_card_index: Option<u32>,
    pub primary_ipv6: Option<bool>,
    pub security_group_id: Vec<String>,
    pub subnet_id: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct ConnectionTracking {
    pub tcp_established_timeout: Option<u32>,
    pub udp_stream_timeout: Option<u32>,
    pub udp_timeout: Option<u32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct Placement {
    pub affinity: Option<String>,
    pub availability_zone: Option<String>,
    pub availability_zone_id: Option<String>,
    pub group_id: Option<String>,
    pub group_name: Option<String>,
    pub partition_number: Option<u32>,
    pub tenancy: Option<String>,
}

/// Longest user data before encoding.
const USER_DATA_MAX: usize = 16_384;

impl LaunchData {
    /// Checks what EC2 checks without looking at anything else.
    pub(crate) fn check_form(&self) -> Result<(), AwsError> {
        if let Some(user_data) = &self.user_data {
            let Ok(raw) = STANDARD.decode(user_data) else {
                let message = "Invalid BASE64 encoding of user data.";
                return Err(AwsError::client("InvalidUserData.Malformed", message));
            };
            if raw.len() > USER_DATA_MAX {
                let message = format!("User data is limited to {USER_DATA_MAX} bytes");
                return Err(AwsError::invalid(message));
            }
        }
        if let Some(image) = self.image_id.as_deref().filter(|image| !is_id(image, "ami-")) {
            let message = format!("Invalid id: \"{image}\" (expecting \"ami-...\")");
            return Err(AwsError::client("InvalidAMIID.Malformed", message));
        }
        let groups = self.security_groups();
        if let Some(group) = groups.into_iter().find(|group| !is_id(group, "sg-")) {
            let message = format!("Invalid id: \"{group}\" (expecting \"sg-...\")");
            return Err(AwsError::client("InvalidGroupId.Malformed", message));
        }
        if !self.network_interface.is_empty() && !self.security_group_id.is_empty() {
            let message = "Network interfaces and an instance-level security groups may not be \
                           specified on the same request";
            return Err(AwsError::client("InvalidParameterCombination", message));
        }
        for mapping in &self.block_device_mapping {
            mapping.check()?;
        }
        Ok(())
    }

    /// The user data, decoded; empty if there is none.
    pub fn user_data_text(&self) -> String {
        let bytes = self.user_data.as_ref().and_then(|text| STANDARD.decode(text).ok());
        String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
    }

    /// Security groups, of the instance or of its first interface.
    pub fn security_groups(&self) -> Vec<&str> {
        let of_interface = self.network_interface.first().map(|one| &one.security_group_id);
        of_interface.unwrap_or(&self.security_group_id).iter().map(String::as_str).collect()
    }

    /// The reservation that instances must go into.
    pub(crate) fn target_reservation(&self) -> Option<&str> {
        let target = self.capacity_reservation_specification.as_ref()?;
        target.capacity_reservation_target.as_ref()?.capacity_reservation_id.as_deref()
    }

    /// Addresses that an instance takes from its subnet.
    pub(crate) fn addresses(&self) -> u32 {
        const PREFIX: u32 = 16;
        let of_one = |one: &NetworkInterface| 1 + PREFIX * one.ipv4_prefix_count.unwrap_or(0);
        self.network_interface.iter().map(of_one).sum::<u32>().max(1)
    }
}

impl BlockDeviceMapping {
    fn check(&self) -> Result<(), AwsError> {
        const TYPES: [&str; 7] = ["gp2", "gp3", "io1", "io2", "sc1", "st1", "standard"];
        let Some(ebs) = &self.ebs else { return Ok(()) };
        if let Some(kind) = ebs.volume_type.as_deref().filter(|kind| !TYPES.contains(kind)) {
            return Err(AwsError::invalid(format!("Invalid volume type: {kind}")));
        }
        if ebs.volume_size.is_none() && ebs.snapshot_id.is_none() {
            let message = format!("{} has neither a volume size nor a snapshot", self.device_name);
            return Err(AwsError::client("InvalidBlockDeviceMapping", message));
        }
        Ok(())
    }
}

/// Whether this is the prefix and hexadecimal digits.
pub(crate) fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|digits| {
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}
