//! Launch templates.

use aws_provider::api::Tags;
use aws_provider::api::ec2::{
    BlockDevice, BlockDeviceMapping, LaunchTemplate, LaunchTemplateData, MarketType,
    MetadataOptions, NetworkInterface, Placement, ReservationTarget, Switch,
};
use aws_sdk_ec2::types;
use aws_smithy_types::base64;

use super::{signed, some_tags, tags};

/// A template as EC2 lists it.
pub(super) fn template(template: types::LaunchTemplate) -> LaunchTemplate {
    LaunchTemplate {
        id: template.launch_template_id.unwrap_or_default(),
        name: template.launch_template_name.unwrap_or_default(),
        tags: tags(template.tags),
    }
}

/// What instances are made of.
pub(super) fn data(data: &LaunchTemplateData) -> types::RequestLaunchTemplateData {
    let profile = types::LaunchTemplateIamInstanceProfileSpecificationRequest::builder()
        .name(&data.instance_profile)
        .build();
    let monitoring = types::LaunchTemplatesMonitoringRequest::builder()
        .enabled(data.detailed_monitoring)
        .build();
    let enclaves =
        types::LaunchTemplateEnclaveOptionsRequest::builder().enabled(data.enclaves).build();
    let devices: Vec<_> = data.block_devices.iter().map(device).collect();
    let cpu = data.nested_virtualization.map(|nested| {
        let nested = types::NestedVirtualizationSpecification::from(nested.as_str());
        types::LaunchTemplateCpuOptionsRequest::builder().nested_virtualization(nested).build()
    });
    types::RequestLaunchTemplateData::builder()
        .image_id(&data.image)
        .iam_instance_profile(profile)
        .user_data(base64::encode(&data.user_data))
        .set_block_device_mappings(Some(devices).filter(|devices| !devices.is_empty()))
        .metadata_options(metadata(&data.metadata))
        .set_network_interfaces(Some(data.network_interfaces.iter().map(interface).collect()))
        .placement(placement(&data.placement))
        .monitoring(monitoring)
        .enclave_options(enclaves)
        .set_cpu_options(cpu)
        .set_capacity_reservation_specification(data.reservation.as_ref().map(reservation))
        .set_instance_market_options(data.market.map(market))
        .set_tag_specifications(Some(tagged(data)))
        .build()
}

fn tagged(data: &LaunchTemplateData) -> Vec<types::LaunchTemplateTagSpecificationRequest> {
    let of = |resource, tags: &Tags| {
        types::LaunchTemplateTagSpecificationRequest::builder()
            .resource_type(resource)
            .set_tags(Some(some_tags(tags)))
            .build()
    };
    let kinds = [
        (types::ResourceType::NetworkInterface, &data.interface_tags),
        (types::ResourceType::SpotInstancesRequest, &data.spot_request_tags),
    ];
    let kinds = kinds.into_iter().filter(|(_, tags)| !tags.is_empty());
    kinds.map(|(resource, tags)| of(resource, tags)).collect()
}

fn device(mapping: &BlockDeviceMapping) -> types::LaunchTemplateBlockDeviceMappingRequest {
    types::LaunchTemplateBlockDeviceMappingRequest::builder()
        .device_name(&mapping.device)
        .set_ebs(mapping.ebs.as_ref().map(volume))
        .build()
}

fn volume(volume: &BlockDevice) -> types::LaunchTemplateEbsBlockDeviceRequest {
    // Zero is how a class says nothing.
    let positive = |one: Option<u32>| one.filter(|one| *one > 0).map(signed);
    types::LaunchTemplateEbsBlockDeviceRequest::builder()
        .set_delete_on_termination(volume.delete_on_termination)
        .set_encrypted(volume.encrypted)
        .set_iops(positive(volume.iops))
        .set_kms_key_id(volume.kms_key.clone())
        .set_snapshot_id(volume.snapshot.clone())
        .set_throughput(positive(volume.throughput))
        .set_volume_initialization_rate(positive(volume.initialization_rate))
        .set_volume_size(volume.size_gib.map(signed))
        .set_volume_type(volume.kind.map(|kind| types::VolumeType::from(kind.as_str())))
        .build()
}

fn metadata(options: &MetadataOptions) -> types::LaunchTemplateInstanceMetadataOptionsRequest {
    let tokens = if options.tokens_required {
        types::LaunchTemplateHttpTokensState::Required
    } else {
        types::LaunchTemplateHttpTokensState::Optional
    };
    let ipv6 =
        |switch: Switch| types::LaunchTemplateInstanceMetadataProtocolIpv6::from(switch.as_str());
    types::LaunchTemplateInstanceMetadataOptionsRequest::builder()
        .http_endpoint(types::LaunchTemplateInstanceMetadataEndpointState::from(
            options.endpoint.as_str(),
        ))
        .set_http_protocol_ipv6(options.ipv6.map(ipv6))
        .http_put_response_hop_limit(signed(options.hop_limit))
        .http_tokens(tokens)
        .instance_metadata_tags(types::LaunchTemplateInstanceMetadataTagsState::Disabled)
        .build()
}

fn interface(
    interface: &NetworkInterface,
) -> types::LaunchTemplateInstanceNetworkInterfaceSpecificationRequest {
    types::LaunchTemplateInstanceNetworkInterfaceSpecificationRequest::builder()
        .network_card_index(signed(interface.card))
        .device_index(signed(interface.device))
        .set_interface_type(interface.kind.clone())
        .set_groups(Some(interface.security_groups.clone()))
        .set_associate_public_ip_address(interface.public_ip)
        .set_ipv4_prefix_count(interface.ipv4_prefixes.map(signed))
        .set_ipv6_prefix_count(interface.ipv6_prefixes.map(signed))
        .set_ipv6_address_count(interface.ipv6_addresses.map(signed))
        .set_primary_ipv6(ipv6(interface))
        .set_connection_tracking_specification(tracking(interface))
        .build()
}

/// Of addresses of IPv6 the first is the primary one.
pub(super) fn ipv6(interface: &NetworkInterface) -> Option<bool> {
    interface.ipv6_addresses.map(|_| true)
}

/// Time-outs, those that are set.
pub(super) fn tracking(
    interface: &NetworkInterface,
) -> Option<types::ConnectionTrackingSpecificationRequest> {
    let tracking = interface.connection_tracking?;
    let request = types::ConnectionTrackingSpecificationRequest::builder()
        .set_tcp_established_timeout(tracking.tcp_established_secs.map(signed))
        .set_udp_stream_timeout(tracking.udp_stream_secs.map(signed))
        .set_udp_timeout(tracking.udp_secs.map(signed));
    Some(request.build())
}

fn placement(placement: &Placement) -> types::LaunchTemplatePlacementRequest {
    types::LaunchTemplatePlacementRequest::builder()
        .tenancy(types::Tenancy::from(placement.tenancy.as_str()))
        .set_group_id(placement.group.clone())
        .set_partition_number(placement.partition.map(signed))
        .build()
}

fn reservation(
    target: &ReservationTarget,
) -> types::LaunchTemplateCapacityReservationSpecificationRequest {
    let builder = types::LaunchTemplateCapacityReservationSpecificationRequest::builder();
    match target {
        ReservationTarget::None => builder
            .capacity_reservation_preference(types::CapacityReservationPreference::None)
            .build(),
        ReservationTarget::Only(id) => {
            let only = types::CapacityReservationPreference::CapacityReservationsOnly;
            let target =
                types::CapacityReservationTarget::builder().capacity_reservation_id(id).build();
            let builder = builder.capacity_reservation_preference(only);
            builder.capacity_reservation_target(target).build()
        }
    }
}

fn market(market: MarketType) -> types::LaunchTemplateInstanceMarketOptionsRequest {
    let market = match market {
        MarketType::CapacityBlock => types::MarketType::CapacityBlock,
        MarketType::InterruptibleReservation => types::MarketType::InterruptibleCapacityReservation,
    };
    types::LaunchTemplateInstanceMarketOptionsRequest::builder().market_type(market).build()
}
