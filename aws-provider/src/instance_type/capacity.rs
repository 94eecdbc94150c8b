//! Capacity of a node.

use scheduler_core::model::attachment::{EBS_DRIVER, attachable_volumes};
use scheduler_core::model::{ImageFamily, NodeClass, Resources};

use crate::catalog::{Architecture, CatalogOptions, Ec2Type};

pub(super) const MIB: i64 = 1 << 20;
pub(super) const GIB: i64 = 1 << 30;

/// Memory that arm64 machines lose before the operating system sees it.
const ARM64_MEMORY_LOST_MIB: i64 = 64;
/// Slots of Nitro machines whose volumes, network interfaces and local disks share them.
const NITRO_SHARED_SLOTS: i64 = 28;
/// Types with so many slots or more have them for volumes alone; bare metal shares up to one less.
const VOLUMES_ALONE_FROM: i64 = 32;
/// Volumes of machines before Nitro that the EBS CSI driver counts on, since Linux may not boot with
/// more than 40.
const XEN_ATTACHMENTS: i64 = 39;
/// Pods on Windows nodes, whatever their network interfaces.
const WINDOWS_PODS: i64 = 110;

/// Capacity of a node of this type and class. Amounts of zero are left out, as everywhere.
pub(super) fn capacity(ec2: &Ec2Type, class: &NodeClass, options: &CatalogOptions) -> Resources {
    let memory_bytes = memory_mib(ec2, options) * MIB;
    let mut capacity = Resources::new(i64::from(ec2.vcpu) * 1000, memory_bytes)
        .with_pods(pods(ec2, class, options));
    capacity.ephemeral_bytes = ephemeral_bytes(ec2, class);
    for gpu in &ec2.gpu {
        if let Some(name) = gpu_resource(&gpu.manufacturer) {
            add(&mut capacity, name, i64::from(gpu.count));
        }
    }
    add(&mut capacity, "vpc.amazonaws.com/pod-eni", i64::from(ec2.eni.branch_interfaces));
    if let Some(interfaces) = class.efa_only_interfaces {
        add(&mut capacity, "vpc.amazonaws.com/efa", i64::from(interfaces.all_cards));
    }
    if class.image_family.is_windows() && ec2.architecture == Architecture::Amd64 {
        let addresses = i64::from(ec2.eni.ipv4_per_interface) - 1;
        add(&mut capacity, "vpc.amazonaws.com/PrivateIPv4Address", addresses);
    }
    capacity.set(&attachable_volumes(EBS_DRIVER), ebs_volumes(ec2, class));
    capacity
}

/// Volumes that the EBS CSI driver will let a node have (its `getVolumesLimit`): what the type can
/// attach, less those that a node starts with. Where volumes share their slots with network interfaces, those
/// that are there when the driver starts are taken off too. The catalogue has taken off the first
/// one and local disks; the VPC CNI keeps a second one warm.
///
/// Once the node has joined, what the driver has found counts instead.
fn ebs_volumes(ec2: &Ec2Type, class: &NodeClass) -> i64 {
    let told = ec2.max_ebs_attachments.map(i64::from);
    let most = if ec2.hypervisor == "xen" {
        told.map_or(XEN_ATTACHMENTS, |told| told.min(XEN_ATTACHMENTS))
    } else {
        let most = told.unwrap_or(NITRO_SHARED_SLOTS - 1);
        let is_shared = most < VOLUMES_ALONE_FROM && ec2.eni.max_interfaces > 1;
        most - i64::from(is_shared)
    };
    let of_image = if class.image_family == ImageFamily::Bottlerocket { 2 } else { 1 };
    (most - class.block_devices.map_or(of_image, i64::from)).max(1)
}

/// Pods that the network interfaces can serve, less `reserved_enis` and the class's EFA-only
/// interfaces. Prefix delegation is not modelled; who uses it sets `maxPods`.
pub(super) fn eni_limited_pods(ec2: &Ec2Type, class: &NodeClass, reserved_enis: u32) -> i64 {
    let efa_only = class.efa_only_interfaces.map_or(0, |interfaces| interfaces.first_card);
    let taken = reserved_enis.saturating_add(efa_only);
    match i64::from(ec2.eni.max_interfaces.saturating_sub(taken)) {
        0 => 0,
        usable => usable * (i64::from(ec2.eni.ipv4_per_interface) - 1) + 2,
    }
}

/// Memory less what the hypervisor keeps, which is rounded up to whole mebibytes.
fn memory_mib(ec2: &Ec2Type, options: &CatalogOptions) -> i64 {
    let lost = match ec2.architecture {
        Architecture::Arm64 => ARM64_MEMORY_LOST_MIB,
        Architecture::Amd64 => 0,
    };
    let nominal = (i64::from(ec2.memory_mib) - lost).max(0);
    let kept = (nominal as u64 * u64::from(options.vm_memory_overhead_ppm)).div_ceil(1_000_000);
    (nominal - kept as i64).max(0)
}

fn pods(ec2: &Ec2Type, class: &NodeClass, options: &CatalogOptions) -> i64 {
    let most = match class.kubelet.max_pods {
        Some(max_pods) => i64::from(max_pods),
        None if class.image_family.is_windows() => WINDOWS_PODS,
        None => eni_limited_pods(ec2, class, options.reserved_enis),
    };
    match class.kubelet.pods_per_core {
        Some(per_core) if per_core > 0 && class.image_family != ImageFamily::Bottlerocket => {
            most.min(i64::from(per_core) * i64::from(ec2.vcpu))
        }
        _ => most,
    }
}

fn ephemeral_bytes(ec2: &Ec2Type, class: &NodeClass) -> i64 {
    if class.instance_store_raid0 && ec2.local_nvme_gb > 0 {
        return i64::from(ec2.local_nvme_gb) * 1_000_000_000;
    }
    let default = if class.image_family.is_windows() { 50 * GIB } else { 20 * GIB };
    class.ephemeral_bytes.unwrap_or(default)
}

fn gpu_resource(manufacturer: &str) -> Option<&'static str> {
    match manufacturer {
        "NVIDIA" => Some("nvidia.com/gpu"),
        "AMD" => Some("amd.com/gpu"),
        "Habana" => Some("habana.ai/gaudi"),
        _ => None,
    }
}

fn add(capacity: &mut Resources, name: &str, amount: i64) {
    if amount != 0 {
        capacity.set(name, capacity.get(name) + amount);
    }
}
