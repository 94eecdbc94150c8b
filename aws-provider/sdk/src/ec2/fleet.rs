//! Launching.

use aws_provider::api::ec2::{
    AllocationStrategy, CreateFleet, Fleet, FleetError, FleetInstances, FleetOverride, FleetTarget,
    FleetTemplate, NetworkInterface, RunInstances,
};
use aws_sdk_ec2::operation::create_fleet::CreateFleetOutput;
use aws_sdk_ec2::operation::create_fleet::builders::CreateFleetFluentBuilder;
use aws_sdk_ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use aws_sdk_ec2::types;

use super::template::{ipv6, tracking};
use super::{signed, tag_specification};

/// The latest version of a template: there is only one.
const LATEST: &str = "$Latest";

/// Fills a call in.
pub(super) fn fill(
    call: CreateFleetFluentBuilder,
    request: &CreateFleet,
) -> CreateFleetFluentBuilder {
    let target = match request.target {
        FleetTarget::Spot => types::DefaultTargetCapacityType::Spot,
        FleetTarget::OnDemand => types::DefaultTargetCapacityType::OnDemand,
        FleetTarget::CapacityBlock => types::DefaultTargetCapacityType::CapacityBlock,
        FleetTarget::InterruptibleReservation => types::DefaultTargetCapacityType::ReservedCapacity,
    };
    let capacity = types::TargetCapacitySpecificationRequest::builder()
        .total_target_capacity(signed(request.count))
        .default_target_capacity_type(target)
        .build();
    let tagged =
        [types::ResourceType::Instance, types::ResourceType::Volume, types::ResourceType::Fleet];
    let tags = tagged.map(|resource| tag_specification(resource, &request.tags)).to_vec();
    let configs = request.templates.iter().map(config).collect();
    let call = call
        .r#type(types::FleetType::Instant)
        .client_token(&request.client_token)
        .target_capacity_specification(capacity)
        .set_launch_template_configs(Some(configs))
        .set_tag_specifications(Some(tags))
        .set_context(request.context.clone());
    let call = if request.target == FleetTarget::InterruptibleReservation {
        let kind = types::FleetReservationType::InterruptibleCapacityReservation;
        let options = types::ReservedCapacityOptionsRequest::builder().reservation_types(kind);
        call.reserved_capacity_options(options.build())
    } else {
        call
    };
    match request.strategy {
        None => call,
        Some(strategy) => with_strategy(call, strategy),
    }
}

fn with_strategy(
    call: CreateFleetFluentBuilder,
    strategy: AllocationStrategy,
) -> CreateFleetFluentBuilder {
    let on_demand =
        |strategy| types::OnDemandOptionsRequest::builder().allocation_strategy(strategy).build();
    let spot =
        |strategy| types::SpotOptionsRequest::builder().allocation_strategy(strategy).build();
    match strategy {
        AllocationStrategy::LowestPrice => {
            call.on_demand_options(on_demand(types::FleetOnDemandAllocationStrategy::LowestPrice))
        }
        AllocationStrategy::Prioritized => {
            call.on_demand_options(on_demand(types::FleetOnDemandAllocationStrategy::Prioritized))
        }
        AllocationStrategy::PriceCapacityOptimized => {
            call.spot_options(spot(types::SpotAllocationStrategy::PriceCapacityOptimized))
        }
        AllocationStrategy::CapacityOptimizedPrioritized => {
            call.spot_options(spot(types::SpotAllocationStrategy::CapacityOptimizedPrioritized))
        }
    }
}

fn config(template: &FleetTemplate) -> types::FleetLaunchTemplateConfigRequest {
    let specification = types::FleetLaunchTemplateSpecificationRequest::builder()
        .launch_template_name(&template.name)
        .version(LATEST)
        .build();
    types::FleetLaunchTemplateConfigRequest::builder()
        .launch_template_specification(specification)
        .set_overrides(Some(template.overrides.iter().map(pool).collect()))
        .build()
}

fn pool(pool: &FleetOverride) -> types::FleetLaunchTemplateOverridesRequest {
    types::FleetLaunchTemplateOverridesRequest::builder()
        .instance_type(types::InstanceType::from(pool.instance_type.as_str()))
        .subnet_id(&pool.subnet)
        .availability_zone(&pool.zone)
        .image_id(&pool.image)
        .priority(pool.priority.usd())
        .build()
}

/// What came of it.
pub(super) fn answer(answer: CreateFleetOutput) -> Fleet {
    Fleet {
        id: answer.fleet_id.unwrap_or_default(),
        instances: answer.instances.unwrap_or_default().into_iter().map(instances).collect(),
        errors: answer.errors.unwrap_or_default().into_iter().map(error).collect(),
    }
}

fn instances(launched: types::CreateFleetInstance) -> FleetInstances {
    let from = launched.launch_template_and_overrides;
    let template = from.as_ref().and_then(|one| one.launch_template_specification.clone());
    let pool = from.and_then(|one| one.overrides);
    let of_pool = pool.as_ref();
    let instance_type = launched.instance_type.as_ref();
    let instance_type = instance_type.or_else(|| of_pool?.instance_type.as_ref());
    FleetInstances {
        instance_type: instance_type.map(|one| one.as_str().to_owned()).unwrap_or_default(),
        ids: launched.instance_ids.unwrap_or_default(),
        is_spot: launched.lifecycle == Some(types::InstanceLifecycle::Spot),
        template: template.and_then(|one| one.launch_template_name),
        subnet: launched.subnet_id.or_else(|| of_pool?.subnet_id.clone()),
        zone: launched.availability_zone.or_else(|| of_pool?.availability_zone.clone()),
        image: of_pool.and_then(|one| one.image_id.clone()),
    }
}

fn error(error: types::CreateFleetError) -> FleetError {
    let pool = error.launch_template_and_overrides.and_then(|one| one.overrides);
    let of_pool = pool.as_ref();
    FleetError {
        code: error.error_code.unwrap_or_default(),
        message: error.error_message.unwrap_or_default(),
        instance_type: of_pool
            .and_then(|one| Some(one.instance_type.as_ref()?.as_str().to_owned())),
        zone: of_pool.and_then(|one| one.availability_zone.clone()),
        subnet: of_pool.and_then(|one| one.subnet_id.clone()),
    }
}

/// Fills a call in that launches one instance.
pub(super) fn fill_run(
    call: RunInstancesFluentBuilder,
    request: &RunInstances,
) -> RunInstancesFluentBuilder {
    let template = types::LaunchTemplateSpecification::builder()
        .launch_template_name(&request.template)
        .version(LATEST)
        .build();
    let tagged = [
        types::ResourceType::Instance,
        types::ResourceType::Volume,
        types::ResourceType::NetworkInterface,
    ];
    let tags = tagged.map(|resource| tag_specification(resource, &request.tags)).to_vec();
    let first = [NetworkInterface::default()];
    let interfaces = match request.network_interfaces.as_slice() {
        [] => &first[..],
        interfaces => interfaces,
    };
    let interfaces = interfaces.iter().map(|one| interface(one, &request.subnet)).collect();
    call.min_count(1)
        .max_count(1)
        .launch_template(template)
        .instance_type(types::InstanceType::from(request.instance_type.as_str()))
        .set_network_interfaces(Some(interfaces))
        .set_tag_specifications(Some(tags))
}

fn interface(
    interface: &NetworkInterface,
    subnet: &str,
) -> types::InstanceNetworkInterfaceSpecification {
    let groups = Some(interface.security_groups.clone()).filter(|groups| !groups.is_empty());
    types::InstanceNetworkInterfaceSpecification::builder()
        .subnet_id(subnet)
        .network_card_index(signed(interface.card))
        .device_index(signed(interface.device))
        .set_interface_type(interface.kind.clone())
        .set_groups(groups)
        .set_associate_public_ip_address(interface.public_ip)
        .set_ipv4_prefix_count(interface.ipv4_prefixes.map(signed))
        .set_ipv6_prefix_count(interface.ipv6_prefixes.map(signed))
        .set_ipv6_address_count(interface.ipv6_addresses.map(signed))
        .set_primary_ipv6(ipv6(interface))
        .set_connection_tracking_specification(tracking(interface))
        .build()
}
