//! Subnets, security groups, images, reservations, placement groups.

use aws_provider::api::ec2::{CapacityReservation, Image, PlacementGroup, SecurityGroup, Subnet};
use aws_sdk_ec2::types;

use super::{number, tags};
use crate::timestamp;

pub(super) fn subnet(subnet: types::Subnet) -> Subnet {
    Subnet {
        id: subnet.subnet_id.unwrap_or_default(),
        zone: subnet.availability_zone.unwrap_or_default(),
        zone_id: subnet.availability_zone_id.unwrap_or_default(),
        free_addresses: number(subnet.available_ip_address_count).unwrap_or(0),
        vpc: subnet.vpc_id.unwrap_or_default(),
        tags: tags(subnet.tags),
    }
}

pub(super) fn security_group(group: types::SecurityGroup) -> SecurityGroup {
    SecurityGroup {
        id: group.group_id.unwrap_or_default(),
        name: group.group_name.unwrap_or_default(),
        tags: tags(group.tags),
    }
}

pub(super) fn image(image: types::Image) -> Image {
    let text = |one: Option<&str>| one.unwrap_or_default().to_owned();
    Image {
        architecture: text(image.architecture.as_ref().map(types::ArchitectureValues::as_str)),
        state: text(image.state.as_ref().map(types::ImageState::as_str)),
        id: image.image_id.unwrap_or_default(),
        name: image.name.unwrap_or_default(),
        created: image.creation_date.and_then(|date| date.parse().ok()),
        deprecated: image.deprecation_time.and_then(|date| date.parse().ok()),
        tags: tags(image.tags),
    }
}

pub(super) fn reservation(one: types::CapacityReservation) -> CapacityReservation {
    let text = |one: Option<&str>| one.unwrap_or_default().to_owned();
    let criteria = one.instance_match_criteria.as_ref();
    CapacityReservation {
        kind: text(one.reservation_type.as_ref().map(types::CapacityReservationType::as_str)),
        match_criteria: text(criteria.map(types::InstanceMatchCriteria::as_str)),
        state: text(one.state.as_ref().map(types::CapacityReservationState::as_str)),
        id: one.capacity_reservation_id.unwrap_or_default(),
        instance_type: one.instance_type.unwrap_or_default(),
        zone: one.availability_zone.unwrap_or_default(),
        owner: one.owner_id.unwrap_or_default(),
        available: number(one.available_instance_count).unwrap_or(0),
        is_interruptible: one.interruptible.unwrap_or(false),
        ends: one.end_date.as_ref().and_then(timestamp),
        tags: tags(one.tags),
    }
}

pub(super) fn placement_group(group: types::PlacementGroup) -> PlacementGroup {
    PlacementGroup {
        id: group.group_id.unwrap_or_default(),
        name: group.group_name.unwrap_or_default(),
        strategy: group.strategy.map(|one| one.as_str().to_owned()).unwrap_or_default(),
        partitions: number(group.partition_count).filter(|count| *count > 0),
        spread_level: group.spread_level.map(|one| one.as_str().to_owned()),
    }
}
