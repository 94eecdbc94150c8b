//! `EC2NodeClass`es: what the size of a node depends on.

use std::collections::BTreeSet;

use scheduler_core::model::{EfaOnlyInterfaces, ImageFamily, NodeClass};

use super::{kubelet, reservation};
use crate::crd::ec2_node_class::{BlockDeviceMapping, Ec2NodeClassSpec, NetworkInterface};
use crate::crd::{Ec2NodeClass, unknown_fields};
use crate::finding::{Problem, Report};
use crate::objects::name;
use crate::quantity::Quantity;

/// A class, unless something about it is wrong.
pub(super) fn convert(class: &Ec2NodeClass, report: &mut Report<'_>) -> Option<NodeClass> {
    for field in unknown_fields(class) {
        report.warn(super::unknown_field(field, "EC2NodeClass"));
    }
    let conditions = class.status.as_ref().and_then(|status| status.conditions.as_deref());
    if super::is_not_ready(conditions, report) {
        return None;
    }
    let spec = &class.spec;
    let family = image_family(spec, report);
    let kubelet = report.accept(kubelet::settings(spec.kubelet.as_ref()));
    let devices = family.and_then(|family| report.accept(ephemeral_bytes(spec, family)));
    let (kubelet, ignored) = kubelet?;
    for problem in ignored {
        report.warn(problem.within("spec.kubelet"));
    }
    if let Some(policy) = spec.instance_store_policy.as_deref().filter(|text| *text != "RAID0") {
        report.error(Problem::new(
            "spec.instanceStorePolicy",
            format!("unknown policy {policy:?}, expected RAID0"),
            "correct the policy or leave it out",
        ));
        return None;
    }
    Some(NodeClass {
        name: name(&class.metadata).to_owned(),
        image_family: family?,
        kubelet,
        ephemeral_bytes: devices?,
        block_devices: block_devices(spec, family?),
        instance_store_raid0: spec.instance_store_policy.is_some(),
        efa_only_interfaces: efa_only(spec.network_interfaces.as_deref().unwrap_or_default()),
        reservations: reservation::convert(class, report),
    })
}

fn image_family(spec: &Ec2NodeClassSpec, report: &mut Report<'_>) -> Option<ImageFamily> {
    let named = match spec.ami_family.as_deref().map(family_by_name).transpose() {
        Ok(named) => named,
        Err(problem) => {
            report.error(problem);
            return None;
        }
    };
    let terms = spec.ami_selector_terms.as_deref().unwrap_or_default();
    let alias = terms.iter().find_map(|term| term.alias.as_deref());
    let aliased = report.accept(alias.map(family_by_alias).transpose())?;
    match (named, aliased) {
        (Some(ImageFamily::Custom), _) if terms.is_empty() => {
            report.error(Problem::new(
                "spec.amiSelectorTerms",
                "amiFamily Custom has no image of its own",
                "select one by id, name, tags or ssmParameter",
            ));
            None
        }
        (Some(named), None) if terms.is_empty() => {
            let family = spec.ami_family.as_deref().unwrap_or_default().to_lowercase();
            report.warn(Problem::new(
                "spec.amiSelectorTerms",
                format!("there are none; alias {family}@latest is taken"),
                format!("add amiSelectorTerms: [{{alias: {family}@latest}}]"),
            ));
            Some(named)
        }
        (Some(named), Some(aliased)) if named != aliased && named != ImageFamily::Custom => {
            report.error(Problem::new(
                "spec.amiFamily",
                "it is another family than that of the alias",
                "leave amiFamily out, or set it to the family of the alias or to Custom",
            ));
            None
        }
        (Some(family), _) | (None, Some(family)) => Some(family),
        (None, None) => {
            report.error(Problem::new(
                "spec.amiSelectorTerms",
                "there is neither amiFamily nor an alias",
                "add amiSelectorTerms: [{alias: al2023@latest}]",
            ));
            None
        }
    }
}

fn family_by_name(text: &str) -> Result<ImageFamily, Problem> {
    ImageFamily::parse(text).ok_or_else(|| {
        let expected = ImageFamily::ALL.map(ImageFamily::as_str).join(", ");
        Problem::new(
            "spec.amiFamily",
            format!("unknown family {text:?}, expected one of {expected}"),
            "correct the family",
        )
    })
}

fn family_by_alias(alias: &str) -> Result<ImageFamily, Problem> {
    ImageFamily::of_alias(alias).ok_or_else(|| {
        Problem::new(
            "spec.amiSelectorTerms[*].alias",
            format!("{alias:?} is not an alias, expected a family, '@' and a version"),
            "write one such as al2023@latest",
        )
    })
}

/// EBS volumes that a node starts with, if the class names any: those that it lists and those that
/// the image brings along.
fn block_devices(spec: &Ec2NodeClassSpec, family: ImageFamily) -> Option<u32> {
    let listed = spec.block_device_mappings.as_deref().filter(|mappings| !mappings.is_empty())?;
    let of_image: &[&str] = match family {
        ImageFamily::Al2 | ImageFamily::Al2023 => &["/dev/xvda"],
        ImageFamily::Bottlerocket => &["/dev/xvda", "/dev/xvdb"],
        ImageFamily::Windows2019 | ImageFamily::Windows2022 | ImageFamily::Windows2025 => {
            &["/dev/sda1"]
        }
        // What the image brings is not known; its root volume is most often listed.
        ImageFamily::Custom => &[],
    };
    let listed = listed.iter().filter_map(|mapping| mapping.device_name.as_deref());
    let devices: BTreeSet<&str> = listed.chain(of_image.iter().copied()).collect();
    Some(devices.len().max(1) as u32)
}

/// Size of the volume that holds the pods' ephemeral storage, if the class names it.
fn ephemeral_bytes(spec: &Ec2NodeClassSpec, family: ImageFamily) -> Result<Option<i64>, Problem> {
    const DEFAULT_GIB: i64 = 20;
    let mappings = spec.block_device_mappings.as_deref().unwrap_or_default();
    let sizes: Vec<Option<i64>> = mappings
        .iter()
        .enumerate()
        .map(|(index, mapping)| {
            volume_bytes(mapping)
                .map_err(|problem| problem.within(&format!("spec.blockDeviceMappings[{index}]")))
        })
        .collect::<Result<_, _>>()?;
    let root = mappings.iter().position(|mapping| mapping.root_volume == Some(true));
    if let Some(size) = root.and_then(|index| sizes[index]) {
        return Ok(Some(size));
    }
    let device = match family {
        ImageFamily::Custom => {
            return Ok(sizes.last().map(|size| size.unwrap_or(DEFAULT_GIB << 30)));
        }
        ImageFamily::Al2 | ImageFamily::Al2023 => "/dev/xvda",
        ImageFamily::Bottlerocket => "/dev/xvdb",
        ImageFamily::Windows2019 | ImageFamily::Windows2022 | ImageFamily::Windows2025 => {
            "/dev/sda1"
        }
    };
    let named = mappings.iter().position(|m| m.device_name.as_deref() == Some(device));
    Ok(named.and_then(|index| sizes[index]))
}

fn volume_bytes(mapping: &BlockDeviceMapping) -> Result<Option<i64>, Problem> {
    let Some(text) = mapping.ebs.as_ref().and_then(|ebs| ebs.volume_size.as_deref()) else {
        return Ok(None);
    };
    let refuse = |problem: String| {
        Problem::new("ebs.volumeSize", problem, "write a size from 1Gi to 64T, such as 100Gi")
    };
    let size: Quantity = text.parse().map_err(|error| refuse(format!("{error}")))?;
    let sizes = 1_000_000_000..=64_000_000_000_000;
    if sizes.contains(&size.value()) {
        Ok(Some(size.value()))
    } else {
        Err(refuse(format!("{text:?} is out of range")))
    }
}

fn efa_only(interfaces: &[NetworkInterface]) -> Option<EfaOnlyInterfaces> {
    if interfaces.is_empty() {
        return None;
    }
    let efa_only = interfaces.iter().filter(|one| one.interface_type == "efa-only");
    Some(EfaOnlyInterfaces {
        first_card: efa_only.clone().filter(|one| one.network_card_index == 0).count() as u32,
        all_cards: efa_only.count() as u32,
    })
}
