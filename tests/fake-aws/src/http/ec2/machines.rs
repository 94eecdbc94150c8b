//! Instance types, where they are offered, and what Spot costs, in XML.

use std::sync::Arc;

use aws_provider::Ec2Type;

use super::paged;
use crate::account::Account;
use crate::account::machines::{InstanceTypeOffering, architecture};
use crate::account::page::Page;
use crate::account::spot_prices::SpotPrice;
use crate::http::xml::Xml;

pub(super) fn offerings(
    xml: &mut Xml,
    (kind, page): (String, Page<InstanceTypeOffering>),
    _: &Account,
) {
    paged(xml, "instanceTypeOfferingSet", page, |xml, one| {
        xml.text("instanceType", one.instance_type);
        xml.text("locationType", &kind);
        xml.text("location", one.location);
    });
}

pub(super) fn spot_prices(xml: &mut Xml, page: Page<SpotPrice>, _: &Account) {
    paged(xml, "spotPriceHistorySet", page, |xml, one| {
        let micro_usd = one.price.micro_usd();
        xml.text("instanceType", one.instance_type);
        xml.text("productDescription", one.product);
        let price = format!("{}.{:06}", micro_usd / 1_000_000, micro_usd % 1_000_000);
        xml.text("spotPrice", price);
        xml.time("timestamp", one.since);
        xml.text("availabilityZone", one.zone);
        xml.text("availabilityZoneId", one.zone_id);
    });
}

pub(super) fn described(xml: &mut Xml, page: Page<Arc<Ec2Type>>, _: &Account) {
    paged(xml, "instanceTypeSet", page, |xml, one| machine(xml, &one));
}

fn machine(xml: &mut Xml, one: &Ec2Type) {
    let is_metal = one.hypervisor.is_empty();
    xml.text("instanceType", &one.name);
    xml.texts("supportedUsageClasses", &one.usage_classes);
    xml.texts("supportedRootDeviceTypes", ["ebs"]);
    xml.texts("supportedVirtualizationTypes", ["hvm"]);
    xml.text("bareMetal", is_metal);
    if !is_metal {
        xml.text("hypervisor", &one.hypervisor);
    }
    xml.node("processorInfo", |xml| {
        xml.texts("supportedArchitectures", [architecture(one)]);
        let clock = one.clock_mhz.map(|mhz| format!("{}.{}", mhz / 1000, mhz % 1000 / 100));
        xml.maybe("sustainedClockSpeedInGhz", clock);
        xml.text("manufacturer", manufacturer(one));
    });
    xml.node("vCpuInfo", |xml| {
        xml.text("defaultVCpus", one.vcpu);
    });
    xml.node("memoryInfo", |xml| xml.text("sizeInMiB", one.memory_mib));
    storage(xml, one);
    network(xml, one);
    accelerators(xml, one);
    xml.node("placementGroupInfo", |xml| {
        xml.texts("supportedStrategies", ["cluster", "partition", "spread"]);
    });
    xml.text("burstablePerformanceSupported", one.category == "t");
    let is_nitro = one.hypervisor != "xen";
    xml.text(
        "nitroEnclavesSupport",
        if is_nitro && !is_metal { "supported" } else { "unsupported" },
    );
}

fn manufacturer(one: &Ec2Type) -> &str {
    match one.cpu_manufacturer.as_str() {
        "amd" => "AMD",
        "aws" => "AWS",
        "intel" => "Intel",
        other => other,
    }
}

fn storage(xml: &mut Xml, one: &Ec2Type) {
    let has_disks = one.local_nvme_gb > 0;
    xml.text("instanceStorageSupported", has_disks);
    if has_disks {
        xml.node("instanceStorageInfo", |xml| {
            xml.text("totalSizeInGB", one.local_nvme_gb);
            xml.text("nvmeSupport", "required");
            xml.text("encryptionSupport", "required");
        });
    }
    xml.node("ebsInfo", |xml| {
        xml.text("ebsOptimizedSupport", "default");
        xml.text("encryptionSupport", "supported");
        if let Some(mbps) = one.ebs_bandwidth_mbps {
            xml.node("ebsOptimizedInfo", |xml| xml.text("maximumBandwidthInMbps", mbps));
        }
        xml.text("nvmeSupport", if one.hypervisor == "xen" { "unsupported" } else { "required" });
        xml.maybe("maximumEbsAttachments", one.max_ebs_attachments);
    });
}

fn network(xml: &mut Xml, one: &Ec2Type) {
    /// EFA begins about there; the catalogue does not tell.
    const EFA_FROM_MBPS: u32 = 100_000;
    let baseline = one.network_bandwidth_mbps;
    let has_efa = baseline.is_some_and(|mbps| mbps >= EFA_FROM_MBPS);
    let gbps = baseline.map(|mbps| format!("{}.{:03}", mbps / 1000, mbps % 1000));
    let performance = match &gbps {
        Some(gbps) => format!("{gbps} Gigabit"),
        None => "Moderate".to_owned(),
    };
    xml.node("networkInfo", |xml| {
        xml.text("networkPerformance", &performance);
        xml.text("maximumNetworkInterfaces", one.eni.max_interfaces);
        xml.text("maximumNetworkCards", 1);
        xml.text("defaultNetworkCardIndex", 0);
        xml.list("networkCards", [gbps], |xml, gbps| {
            xml.text("networkCardIndex", 0);
            xml.text("networkPerformance", &performance);
            xml.text("maximumNetworkInterfaces", one.eni.max_interfaces);
            xml.maybe("baselineBandwidthInGbps", gbps);
        });
        xml.text("ipv4AddressesPerInterface", one.eni.ipv4_per_interface);
        xml.text("ipv6AddressesPerInterface", one.eni.ipv4_per_interface);
        xml.text("ipv6Supported", true);
        xml.text("enaSupport", if one.hypervisor == "xen" { "supported" } else { "required" });
        xml.text("efaSupported", has_efa);
        if has_efa {
            xml.node("efaInfo", |xml| xml.text("maximumEfaInterfaces", 1));
        }
        xml.text("encryptionInTransitSupported", one.generation >= 5 && one.hypervisor != "xen");
    });
}

fn accelerators(xml: &mut Xml, one: &Ec2Type) {
    if !one.gpu.is_empty() {
        xml.node("gpuInfo", |xml| {
            xml.list("gpus", &one.gpu, |xml, gpu| {
                xml.text("name", &gpu.name);
                xml.text("manufacturer", &gpu.manufacturer);
                xml.text("count", gpu.count);
                xml.node("memoryInfo", |xml| xml.text("sizeInMiB", gpu.memory_mib));
            });
            let total: u32 = one.gpu.iter().map(|gpu| gpu.count * gpu.memory_mib).sum();
            xml.text("totalGpuMemoryInMiB", total);
        });
    }
    if one.other_accelerators == 0 {
        return;
    }
    let device = |xml: &mut Xml, name: &str, manufacturer: &str| {
        xml.text("name", name);
        xml.text("manufacturer", manufacturer);
        xml.text("count", one.other_accelerators);
    };
    match (one.category.as_str(), neuron(&one.family)) {
        (_, Some((name, cores))) => xml.node("neuronInfo", |xml| {
            xml.list("neuronDevices", [cores], |xml, cores| {
                xml.text("count", one.other_accelerators);
                xml.text("name", name);
                xml.node("coreInfo", |xml| xml.text("count", cores));
            });
        }),
        ("vt", None) => xml.node("mediaAcceleratorInfo", |xml| {
            xml.list("accelerators", [()], |xml, ()| device(xml, "U30", "Xilinx"));
        }),
        _ => xml.node("fpgaInfo", |xml| {
            xml.list("fpgas", [()], |xml, ()| device(xml, "Virtex UltraScale+", "Xilinx"));
        }),
    }
}

/// Neuron devices of a family and the cores of one; the catalogue has their number only.
fn neuron(family: &str) -> Option<(&'static str, u32)> {
    match family {
        "inf1" => Some(("Inferentia", 4)),
        "inf2" => Some(("Inferentia2", 2)),
        "trn1" | "trn1n" => Some(("Trainium", 2)),
        _ => None,
    }
}
