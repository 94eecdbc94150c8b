//! Volumes and the metadata service, with the defaults of an image family.

use plimsoll_api::crd::ec2_node_class::{self as crd, Ec2NodeClassSpec};
use plimsoll_api::quantity::Quantity;
use scheduler_core::model::ImageFamily;

use crate::IpFamily;
use crate::api::ec2::{BlockDevice, BlockDeviceMapping, MetadataOptions, Switch, VolumeType};

/// Regions whose EC2 does not know the option for IPv6.
const WITHOUT_METADATA_IPV6: [&str; 6] = [
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "us-isob-west-1",
    "us-isof-south-1",
    "us-isof-east-1",
];
/// Containers are one hop further away than their node.
const HOPS_OF_CONTAINERS: u32 = 2;
/// The definition's default: the node alone.
const HOPS_OF_NODE: u32 = 1;

/// A volume's size that cannot be sent to EC2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "blockDeviceMappings[{index}].ebs.volumeSize: {text:?} is not a size, write one such as 100Gi"
)]
pub struct VolumeSizeError {
    /// Which mapping.
    pub index: usize,
    /// The text.
    pub text: String,
}

/// Volumes of the nodes: those of the class, or else the family's. None leaves them to the image.
///
/// # Errors
/// If a size is not one. The definition allows no such.
pub fn block_devices(spec: &Ec2NodeClassSpec) -> Result<Vec<BlockDeviceMapping>, VolumeSizeError> {
    let own = spec.block_device_mappings.as_deref().unwrap_or_default();
    if own.is_empty() {
        let family = spec.image_family().map(default_devices).unwrap_or_default();
        return Ok(family
            .iter()
            .map(|(device, size_gib)| default_device(device, *size_gib))
            .collect());
    }
    own.iter().enumerate().map(|(index, one)| mapping(index, one)).collect()
}

fn default_devices(family: ImageFamily) -> &'static [(&'static str, u32)] {
    match family {
        ImageFamily::Al2 | ImageFamily::Al2023 => &[("/dev/xvda", 20)],
        ImageFamily::Bottlerocket => &[("/dev/xvda", 4), ("/dev/xvdb", 20)],
        ImageFamily::Windows2019 | ImageFamily::Windows2022 | ImageFamily::Windows2025 => {
            &[("/dev/sda1", 50)]
        }
        ImageFamily::Custom => &[],
    }
}

fn default_device(device: &str, size_gib: u32) -> BlockDeviceMapping {
    let ebs = BlockDevice {
        encrypted: Some(true),
        size_gib: Some(size_gib),
        kind: Some(VolumeType::Gp3),
        ..BlockDevice::default()
    };
    BlockDeviceMapping { device: device.to_owned(), ebs: Some(ebs) }
}

fn mapping(
    index: usize,
    one: &crd::BlockDeviceMapping,
) -> Result<BlockDeviceMapping, VolumeSizeError> {
    let ebs = one.ebs.as_ref().map(|ebs| device(index, ebs)).transpose()?;
    Ok(BlockDeviceMapping { device: one.device_name.clone().unwrap_or_default(), ebs })
}

fn device(index: usize, ebs: &crd::BlockDevice) -> Result<BlockDevice, VolumeSizeError> {
    let size =
        |text: &String| size_gib(text).ok_or_else(|| VolumeSizeError { index, text: text.clone() });
    // EC2 refuses zeros that Karpenter's users write for "not set".
    let positive = |value: Option<i64>| {
        value.and_then(|value| u32::try_from(value).ok()).filter(|value| *value > 0)
    };
    Ok(BlockDevice {
        delete_on_termination: ebs.delete_on_termination,
        encrypted: ebs.encrypted,
        iops: positive(ebs.iops),
        kms_key: ebs.kms_key_id.clone(),
        snapshot: ebs.snapshot_id.clone(),
        throughput: positive(ebs.throughput),
        initialization_rate: positive(ebs.volume_initialization_rate.map(i64::from)),
        size_gib: ebs.volume_size.as_ref().map(size).transpose()?,
        kind: ebs.volume_type.as_deref().and_then(VolumeType::parse),
    })
}

/// A size in gibibytes, rounded up.
fn size_gib(text: &str) -> Option<u32> {
    let bytes = text.parse::<Quantity>().ok()?.value();
    u32::try_from(u64::try_from(bytes).ok()?.div_ceil(1 << 30)).ok()
}

/// Access to the metadata service in this region. What the class leaves out is the definition's
/// default; a class without the whole object was made without the definition's defaults.
pub fn metadata_options(
    options: Option<&crd::MetadataOptions>,
    region: &str,
    ip_family: IpFamily,
) -> MetadataOptions {
    let is_on = |value: Option<&str>, default: Switch| match value {
        Some("enabled") => Switch::Enabled,
        Some(_) => Switch::Disabled,
        None => default,
    };
    let found = match options {
        Some(options) => MetadataOptions {
            endpoint: is_on(options.http_endpoint.as_deref(), Switch::Enabled),
            ipv6: Some(is_on(options.http_protocol_ipv6.as_deref(), Switch::Disabled)),
            hop_limit: options
                .http_put_response_hop_limit
                .and_then(|hops| u32::try_from(hops).ok())
                .unwrap_or(HOPS_OF_NODE),
            tokens_required: options.http_tokens.as_deref() != Some("optional"),
        },
        None => MetadataOptions {
            endpoint: Switch::Disabled,
            ipv6: Some(match ip_family {
                IpFamily::V4 => Switch::Disabled,
                IpFamily::V6 => Switch::Enabled,
            }),
            hop_limit: HOPS_OF_CONTAINERS,
            tokens_required: true,
        },
    };
    let ipv6 = found.ipv6.filter(|_| !WITHOUT_METADATA_IPV6.contains(&region));
    MetadataOptions { ipv6, ..found }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn devices(family: &str, mappings: &Value) -> Vec<BlockDeviceMapping> {
        let spec = json!({
            "subnetSelectorTerms": [],
            "securityGroupSelectorTerms": [],
            "amiFamily": family,
            "blockDeviceMappings": mappings,
        });
        block_devices(&serde_json::from_value(spec).unwrap()).unwrap()
    }

    fn sizes(family: &str, mappings: &Value) -> Vec<(String, u32)> {
        let size = |one: BlockDeviceMapping| (one.device, one.ebs.unwrap().size_gib.unwrap());
        devices(family, mappings).into_iter().map(size).collect()
    }

    fn metadata(options: Value, region: &str) -> MetadataOptions {
        let options: Option<crd::MetadataOptions> = serde_json::from_value(options).unwrap();
        metadata_options(options.as_ref(), region, IpFamily::V4)
    }

    #[test]
    fn families_have_their_default_volumes() {
        let root = |size: u32| vec![("/dev/xvda".to_owned(), size)];
        assert_eq!(sizes("AL2", &json!([])), root(20));
        assert_eq!(sizes("AL2023", &json!([])), root(20));
        let data = ("/dev/xvdb".to_owned(), 20);
        assert_eq!(sizes("Bottlerocket", &json!([])), [root(4), vec![data]].concat());
        for windows in ["Windows2019", "Windows2022", "Windows2025"] {
            assert_eq!(sizes(windows, &json!([])), [("/dev/sda1".to_owned(), 50)]);
        }
    }

    #[test]
    fn default_volumes_are_encrypted_gp3() {
        let ebs = devices("AL2023", &json!([])).remove(0).ebs.unwrap();
        assert_eq!((ebs.encrypted, ebs.kind), (Some(true), Some(VolumeType::Gp3)));
    }

    #[test]
    fn a_custom_image_brings_its_own_volumes() {
        assert_eq!(devices("Custom", &json!([])), []);
    }

    #[test]
    fn volumes_of_the_class_replace_the_defaults_rounded_up_to_gibibytes() {
        let own = &json!([{"deviceName": "/dev/xvdz", "ebs": {"volumeSize": "11G"}}]);
        assert_eq!(sizes("Custom", own), [("/dev/xvdz".to_owned(), 11)]);
        let own = &json!([{"deviceName": "/dev/xvda", "ebs": {"volumeSize": "1Ti"}}]);
        assert_eq!(sizes("AL2023", own), [("/dev/xvda".to_owned(), 1024)]);
    }

    #[test]
    fn zero_operations_and_throughput_are_left_to_ec2() {
        let own = &json!([{"deviceName": "a", "ebs": {"volumeSize": "1Gi", "iops": 0, "throughput": 125}}]);
        let ebs = devices("AL2", own).remove(0).ebs.unwrap();
        assert_eq!((ebs.iops, ebs.throughput), (None, Some(125)));
    }

    #[test]
    fn a_size_that_is_none_is_named() {
        let spec = json!({
            "subnetSelectorTerms": [], "securityGroupSelectorTerms": [], "amiFamily": "AL2",
            "blockDeviceMappings": [{"deviceName": "a", "ebs": {"volumeSize": "Ti"}}],
        });
        let error = block_devices(&serde_json::from_value(spec).unwrap()).unwrap_err();
        let expected =
            "blockDeviceMappings[0].ebs.volumeSize: \"Ti\" is not a size, write one such as 100Gi";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn metadata_options_default_field_by_field() {
        let expected = MetadataOptions {
            endpoint: Switch::Enabled,
            ipv6: Some(Switch::Disabled),
            hop_limit: 1,
            tokens_required: true,
        };
        assert_eq!(metadata(json!({}), "us-east-1"), expected);
        let set = metadata(json!({"httpPutResponseHopLimit": 3, "httpTokens": "optional"}), "x");
        assert_eq!((set.hop_limit, set.tokens_required), (3, false));
    }

    #[test]
    fn without_metadata_options_the_service_is_off_and_follows_the_clusters_addresses() {
        let options = |ip_family| metadata_options(None, "us-east-1", ip_family);
        let v4 = options(IpFamily::V4);
        assert_eq!(
            (v4.endpoint, v4.ipv6, v4.hop_limit),
            (Switch::Disabled, Some(Switch::Disabled), 2)
        );
        assert_eq!(options(IpFamily::V6).ipv6, Some(Switch::Enabled));
    }

    #[test]
    fn isolated_regions_do_not_know_ipv6_for_metadata() {
        for region in ["us-iso-east-1", "us-isob-west-1", "us-isof-south-1"] {
            assert_eq!(metadata(json!({}), region).ipv6, None, "{region}");
        }
        assert_eq!(metadata(json!({}), "eu-west-1").ipv6, Some(Switch::Disabled));
    }
}
