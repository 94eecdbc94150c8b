//! Instance types, offerings, Spot prices.

use aws_provider::api::ec2::{
    Accelerator, Gpu, InstanceTypeInfo, NetworkCard, SpotPrice, TypeOffering,
};
use aws_sdk_ec2::types;

use super::number;
use crate::timestamp;

/// What `DescribeInstanceTypes` says of a type.
pub(super) fn instance_type(info: types::InstanceTypeInfo) -> InstanceTypeInfo {
    let mut one = InstanceTypeInfo {
        name: info.instance_type.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        usage_classes: texts(info.supported_usage_classes, types::UsageClassType::as_str),
        hypervisor: info.hypervisor.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        vcpus: info.v_cpu_info.and_then(|it| number(it.default_v_cpus)).unwrap_or(0),
        memory_mib: info.memory_info.and_then(|it| size(it.size_in_mib)).unwrap_or(0),
        enclaves: info.nitro_enclaves_support == Some(types::NitroEnclavesSupport::Supported),
        gpus: info
            .gpu_info
            .and_then(|it| it.gpus)
            .unwrap_or_default()
            .into_iter()
            .map(gpu)
            .collect(),
        placement_strategies: texts(
            info.placement_group_info.and_then(|it| it.supported_strategies),
            types::PlacementGroupStrategy::as_str,
        ),
        ..InstanceTypeInfo::default()
    };
    if let Some(processor) = info.processor_info {
        add_processor(&mut one, processor);
    }
    if let Some(storage) = info.instance_storage_info {
        one.local_storage_gb = size(storage.total_size_in_gb);
        let is_nvme = storage.nvme_support != Some(types::EphemeralNvmeSupport::Unsupported);
        one.local_nvme_gb = one.local_storage_gb.filter(|_| is_nvme);
    }
    if let Some(ebs) = info.ebs_info {
        let is_default = ebs.ebs_optimized_support == Some(types::EbsOptimizedSupport::Default);
        let optimized = ebs.ebs_optimized_info.filter(|_| is_default);
        one.ebs_bandwidth_mbps = optimized.and_then(|it| number(it.maximum_bandwidth_in_mbps));
        one.max_ebs_attachments = number(ebs.maximum_ebs_attachments);
    }
    if let Some(network) = info.network_info {
        add_network(&mut one, network);
    }
    let inference = info.inference_accelerator_info.and_then(|it| it.accelerators);
    one.inference = inference.unwrap_or_default().into_iter().map(inference_device).collect();
    let neuron = info.neuron_info.and_then(|it| it.neuron_devices);
    one.neuron = neuron.unwrap_or_default().into_iter().map(neuron_device).collect();
    one
}

fn add_processor(one: &mut InstanceTypeInfo, processor: types::ProcessorInfo) {
    one.architectures = texts(processor.supported_architectures, types::ArchitectureType::as_str);
    one.cpu_manufacturer = processor.manufacturer.unwrap_or_default();
    one.clock_mhz = thousands(processor.sustained_clock_speed_in_ghz);
    let feature = types::SupportedAdditionalProcessorFeature::as_str;
    one.cpu_features = texts(processor.supported_features, feature);
}

fn add_network(one: &mut InstanceTypeInfo, network: types::NetworkInfo) {
    one.ipv4_per_interface = number(network.ipv4_addresses_per_interface).unwrap_or(0);
    one.default_card = number(network.default_network_card_index).unwrap_or(0);
    one.cards = network.network_cards.unwrap_or_default().iter().map(card).collect();
    one.ena = !matches!(network.ena_support, None | Some(types::EnaSupport::Unsupported));
    one.efa_max = network.efa_info.and_then(|it| number(it.maximum_efa_interfaces));
    one.encryption_in_transit = network.encryption_in_transit_supported.unwrap_or(false);
}

fn card(card: &types::NetworkCardInfo) -> NetworkCard {
    NetworkCard {
        index: number(card.network_card_index).unwrap_or(0),
        interfaces_max: number(card.maximum_network_interfaces).unwrap_or(0),
        baseline_mbps: thousands(card.baseline_bandwidth_in_gbps),
    }
}

fn gpu(gpu: types::GpuDeviceInfo) -> Gpu {
    Gpu {
        name: gpu.name.unwrap_or_default(),
        manufacturer: gpu.manufacturer.unwrap_or_default(),
        count: number(gpu.count).unwrap_or(0),
        memory_mib: gpu.memory_info.and_then(|one| number(one.size_in_mib)).unwrap_or(0),
    }
}

fn inference_device(device: types::InferenceDeviceInfo) -> Accelerator {
    Accelerator {
        name: device.name.unwrap_or_default(),
        manufacturer: device.manufacturer.unwrap_or_default(),
        count: number(device.count).unwrap_or(0),
        cores: 0,
    }
}

fn neuron_device(device: types::NeuronDeviceInfo) -> Accelerator {
    Accelerator {
        name: device.name.unwrap_or_default(),
        manufacturer: String::new(),
        count: number(device.count).unwrap_or(0),
        cores: device.core_info.and_then(|one| number(one.count)).unwrap_or(0),
    }
}

/// A type in a zone.
pub(super) fn offering(offering: types::InstanceTypeOffering) -> Option<TypeOffering> {
    let instance_type = offering.instance_type?.as_str().to_owned();
    Some(TypeOffering { instance_type, zone: offering.location? })
}

/// A Spot price.
pub(super) fn spot_price(price: types::SpotPrice) -> Option<SpotPrice> {
    Some(SpotPrice {
        instance_type: price.instance_type?.as_str().to_owned(),
        zone: price.availability_zone?,
        price: price.spot_price?,
        since: price.timestamp.as_ref().and_then(timestamp),
    })
}

fn texts<T>(values: Option<Vec<T>>, text: impl Fn(&T) -> &str) -> Vec<String> {
    values.unwrap_or_default().iter().map(|one| text(one).to_owned()).collect()
}

/// A quantity in thousandths of its unit, rounded.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "EC2 tells gigahertz and gigabits as floats; the cast saturates"
)]
fn thousands(quantity: Option<f64>) -> Option<u32> {
    quantity.map(|one| (one * 1000.0).round() as u32)
}

fn size(size: Option<i64>) -> Option<u64> {
    size.and_then(|one| one.try_into().ok())
}
