//! Labels that every node of a type carries.

use scheduler_core::model::{ImageFamily, Requirement, Requirements, well_known};

use crate::catalog::{Architecture, Ec2Type};

/// Prefix of the label keys that are Karpenter's for AWS.
const PREFIX: &str = "karpenter.k8s.aws/";

/// Labels of placement groups. None is ever resolved here, so no node has them.
const NEVER: [&str; 2] = ["placement-group-id", "placement-group-partition"];

/// Labels of a type, each with its one value or as absent. Zone, capacity type and reservation
/// belong to offerings.
pub(super) fn requirements(ec2: &Ec2Type, region: &str, family: ImageFamily) -> Requirements {
    let mut labels = Labels(Requirements::new());
    labels.set(well_known::INSTANCE_TYPE, Some(&ec2.name));
    labels.set(well_known::REGION, Some(region));
    labels.set(well_known::ARCH, Some(ec2.architecture.as_label()));
    labels.set(well_known::OS, operating_system(ec2.architecture, family));
    labels.set(well_known::WINDOWS_BUILD, windows_build(family));
    add_identity(&mut labels, ec2);
    add_hardware(&mut labels, ec2);
    add_gpu(&mut labels, ec2);
    add_accelerator(&mut labels, ec2);
    // The catalogue's prices are those of shared tenancy; dedicated machines cost more.
    labels.aws("instance-tenancy", Some("default"));
    for key in NEVER {
        labels.aws(key, None);
    }
    labels.0
}

/// Labels under construction; a missing value becomes `DoesNotExist`, so that a selector which asks
/// for the key passes the type over.
struct Labels(Requirements);

impl Labels {
    fn set(&mut self, key: &str, value: Option<&str>) {
        let requirement =
            value.map_or_else(Requirement::does_not_exist, |value| Requirement::any_of([value]));
        self.0.add(key, requirement);
    }

    fn aws(&mut self, key: &str, value: Option<&str>) {
        self.set(&format!("{PREFIX}{key}"), value);
    }

    fn number(&mut self, key: &str, value: Option<i64>) {
        self.aws(key, value.map(|value| value.to_string()).as_deref());
    }
}

fn add_identity(labels: &mut Labels, ec2: &Ec2Type) {
    labels.aws("instance-category", Some(&ec2.category));
    labels.number("instance-generation", Some(i64::from(ec2.generation)));
    labels.aws("instance-family", Some(&ec2.family));
    labels.aws("instance-size", Some(&ec2.size));
    labels.aws("instance-capability-flex", Some(if ec2.flex { "true" } else { "false" }));
}

fn add_hardware(labels: &mut Labels, ec2: &Ec2Type) {
    labels.number("instance-cpu", Some(i64::from(ec2.vcpu)));
    labels.number("instance-memory", Some(i64::from(ec2.memory_mib)));
    labels.aws("instance-cpu-manufacturer", Some(&kebab(&ec2.cpu_manufacturer)));
    labels.number("instance-cpu-sustained-clock-speed-mhz", ec2.clock_mhz);
    labels.number("instance-ebs-bandwidth", ec2.ebs_bandwidth_mbps.map(i64::from));
    labels.number("instance-network-bandwidth", ec2.network_bandwidth_mbps.map(i64::from));
    let local_nvme_gb = Some(i64::from(ec2.local_nvme_gb)).filter(|gb| *gb > 0);
    labels.number("instance-local-nvme", local_nvme_gb);
    labels.aws("instance-hypervisor", Some(&ec2.hypervisor));
}

/// Types with several kinds of GPU have no single value and get no label, as in Karpenter.
fn add_gpu(labels: &mut Labels, ec2: &Ec2Type) {
    let gpu = match ec2.gpu.as_slice() {
        [gpu] => Some(gpu),
        _ => None,
    };
    labels.aws("instance-gpu-name", gpu.map(|gpu| kebab(&gpu.name)).as_deref());
    labels.aws("instance-gpu-manufacturer", gpu.map(|gpu| kebab(&gpu.manufacturer)).as_deref());
    labels.number("instance-gpu-count", gpu.map(|gpu| i64::from(gpu.count)));
    labels.number("instance-gpu-memory", gpu.map(|gpu| i64::from(gpu.memory_mib)));
}

/// Only the absence of accelerators is known; where there are some, the keys stay open.
fn add_accelerator(labels: &mut Labels, ec2: &Ec2Type) {
    if ec2.other_accelerators == 0 {
        for key in ["name", "manufacturer", "count"] {
            labels.aws(&format!("instance-accelerator-{key}"), None);
        }
    }
}

/// There is no Windows for arm64, so such a type has no operating system at all.
fn operating_system(architecture: Architecture, family: ImageFamily) -> Option<&'static str> {
    match (family.is_windows(), architecture) {
        (false, _) => Some("linux"),
        (true, Architecture::Amd64) => Some("windows"),
        (true, Architecture::Arm64) => None,
    }
}

pub(crate) fn windows_build(family: ImageFamily) -> Option<&'static str> {
    match family {
        ImageFamily::Windows2019 => Some("10.0.17763"),
        ImageFamily::Windows2022 => Some("10.0.20348"),
        ImageFamily::Windows2025 => Some("10.0.26100"),
        ImageFamily::Al2
        | ImageFamily::Al2023
        | ImageFamily::Bottlerocket
        | ImageFamily::Custom => None,
    }
}

fn kebab(text: &str) -> String {
    text.to_lowercase().replace(' ', "-")
}
