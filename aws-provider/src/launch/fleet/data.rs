//! What a launch template says.

use scheduler_core::model::{CapacityType, Reservation};

use super::super::{LaunchWish, ReservedCapacity, market};
use crate::api::Tags;
use crate::api::ec2::{LaunchTemplateData, NetworkInterface, Placement, ReservationTarget};
use crate::launch_spec::{Boot, InterfaceKind, IpFamily, LaunchInterface, LaunchSpec};

/// The template of a boot, for one kind of capacity.
pub(super) fn of(
    wish: &LaunchWish,
    boot: &Boot,
    capacity_type: CapacityType,
    reservation: Option<&Reservation>,
) -> LaunchTemplateData {
    let spec = &wish.spec;
    let is_spot = capacity_type == CapacityType::Spot;
    let placement = spec.placement_group.as_ref();
    LaunchTemplateData {
        image: boot.image.clone(),
        instance_profile: spec.instance_profile.clone(),
        user_data: boot.user_data.clone(),
        block_devices: spec.block_devices.clone(),
        metadata: spec.metadata.clone(),
        network_interfaces: interfaces(spec, boot),
        placement: Placement {
            tenancy: spec.tenancy().to_owned(),
            group: placement.map(|one| one.group.clone()),
            partition: placement.and_then(|one| one.partition),
        },
        detailed_monitoring: spec.detailed_monitoring,
        enclaves: spec.enclaves,
        nested_virtualization: spec.nested_virtualization,
        reservation: match wish.reserved_capacity {
            // Without a word from us EC2 would fill open reservations that are meant for others.
            ReservedCapacity::Enabled => Some(
                reservation
                    .map_or(ReservationTarget::None, |one| ReservationTarget::Only(one.id.clone())),
            ),
            ReservedCapacity::Disabled => None,
        },
        market: reservation.and_then(market),
        interface_tags: spec.tags.clone(),
        spot_request_tags: if is_spot { spec.tags.clone() } else { Tags::new() },
    }
}

/// Those of the class, or one EFA a card, or a single one.
fn interfaces(spec: &LaunchSpec, boot: &Boot) -> Vec<NetworkInterface> {
    if !spec.network.interfaces.is_empty() {
        return spec.network.interfaces.iter().map(|one| of_class(spec, *one)).collect();
    }
    if boot.efa_interfaces == 0 {
        return vec![addressed(spec)];
    }
    let efa = |card| NetworkInterface {
        card,
        device: u32::from(card > 0),
        kind: Some("efa".to_owned()),
        ..addressed(spec)
    };
    (0..boot.efa_interfaces).map(efa).collect()
}

fn of_class(spec: &LaunchSpec, interface: LaunchInterface) -> NetworkInterface {
    let LaunchInterface { card, device, kind } = interface;
    match kind {
        InterfaceKind::Interface => {
            let kind = Some("interface".to_owned());
            NetworkInterface { card, device, kind, ..addressed(spec) }
        }
        // It carries no IP traffic, so nothing about addresses applies.
        InterfaceKind::EfaOnly => NetworkInterface {
            card,
            device,
            kind: Some("efa-only".to_owned()),
            security_groups: spec.security_groups.clone(),
            ..NetworkInterface::default()
        },
    }
}

/// An interface on the first card with addresses as the class wants them.
fn addressed(spec: &LaunchSpec) -> NetworkInterface {
    let network = &spec.network;
    let is_ipv6 = network.ip_family == IpFamily::V6;
    NetworkInterface {
        security_groups: spec.security_groups.clone(),
        public_ip: network.public_ip,
        ipv4_prefixes: network.prefixes.filter(|_| !is_ipv6),
        ipv6_prefixes: network.prefixes.filter(|_| is_ipv6),
        ipv6_addresses: is_ipv6.then_some(1),
        connection_tracking: network.connection_tracking,
        ..NetworkInterface::default()
    }
}
