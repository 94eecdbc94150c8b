//! Instances.

use aws_provider::api::ec2::{
    Instance, InstanceState, InstanceStatus, ScheduledEvent, StateChange, StatusCheck,
};
use aws_sdk_ec2::types;

use super::{number, tags};
use crate::timestamp;

/// An instance; `None` for one whose state or launch nobody tells.
pub(super) fn instance(one: types::Instance) -> Option<Instance> {
    let placement = one.placement;
    let of_placement = placement.as_ref();
    let specification = one.capacity_reservation_specification;
    let preference = specification.and_then(|it| it.capacity_reservation_preference);
    let interfaces = one.network_interfaces.unwrap_or_default();
    let is_efa = |kind: &str| kind == "efa" || kind == "efa-only";
    let efa = interfaces.iter().filter(|it| it.interface_type.as_deref().is_some_and(is_efa));
    let groups = one.security_groups.unwrap_or_default();
    Some(Instance {
        id: one.instance_id?,
        state: state(one.state)?,
        launched: timestamp(&one.launch_time?)?,
        instance_type: one.instance_type.map(|it| it.as_str().to_owned()).unwrap_or_default(),
        zone: of_placement.and_then(|it| it.availability_zone.clone()).unwrap_or_default(),
        image: one.image_id.unwrap_or_default(),
        subnet: one.subnet_id,
        security_groups: groups.into_iter().filter_map(|it| it.group_id).collect(),
        private_dns: one.private_dns_name.filter(|name| !name.is_empty()),
        spot_request: one.spot_instance_request_id,
        lifecycle: one.instance_lifecycle.map(|it| it.as_str().to_owned()),
        capacity_reservation: one.capacity_reservation_id,
        reservation_preference: preference.map(|it| it.as_str().to_owned()),
        efa_interfaces: u32::try_from(efa.count()).unwrap_or(u32::MAX),
        tenancy: of_placement
            .and_then(|it| Some(it.tenancy.as_ref()?.as_str().to_owned()))
            .unwrap_or_default(),
        placement_group: of_placement
            .and_then(|it| it.group_id.clone())
            .filter(|id| !id.is_empty()),
        // Zero is how EC2 says that there are no partitions.
        partition: of_placement
            .and_then(|it| number(it.partition_number))
            .filter(|partition| *partition > 0),
        tags: tags(one.tags),
    })
}

fn state(state: Option<types::InstanceState>) -> Option<InstanceState> {
    InstanceState::parse(state?.name?.as_str())
}

/// What became of an instance that was to be terminated.
pub(super) fn change(change: types::InstanceStateChange) -> Option<StateChange> {
    Some(StateChange { id: change.instance_id?, current: state(change.current_state)? })
}

/// How an instance is.
pub(super) fn status(status: types::InstanceStatus) -> InstanceStatus {
    let events = status.events.unwrap_or_default();
    InstanceStatus {
        id: status.instance_id.unwrap_or_default(),
        instance_checks: failed_checks(status.instance_status),
        system_checks: failed_checks(status.system_status),
        events: events.into_iter().map(event).collect(),
    }
}

fn failed_checks(summary: Option<types::InstanceStatusSummary>) -> Vec<StatusCheck> {
    let details = summary.and_then(|one| one.details).unwrap_or_default();
    let failed = details.into_iter().filter(|one| one.status == Some(types::StatusType::Failed));
    let check = |one: types::InstanceStatusDetails| StatusCheck {
        name: one.name.map(|name| name.as_str().to_owned()).unwrap_or_default(),
        impaired_since: one.impaired_since.as_ref().and_then(timestamp),
    };
    failed.map(check).collect()
}

fn event(event: types::InstanceStatusEvent) -> ScheduledEvent {
    ScheduledEvent {
        code: event.code.map(|code| code.as_str().to_owned()).unwrap_or_default(),
        description: event.description.unwrap_or_default(),
        not_before: event.not_before.as_ref().and_then(timestamp),
    }
}
