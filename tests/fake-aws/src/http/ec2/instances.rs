//! Instances in XML.

use scheduler_core::model::CapacityType;

use super::paged;
use crate::account::Account;
use crate::account::instance::terminate::StateChange;
use crate::account::instance::{Instance, InstanceState};
use crate::account::launch_data::{LaunchData, NetworkInterface};
use crate::account::page::Page;
use crate::account::status::{InstanceStatus, summary};
use crate::http::xml::Xml;

pub(super) fn described(xml: &mut Xml, page: Page<Instance>, account: &Account) {
    xml.node("reservationSet", |xml| {
        // An entry for each launch, of which a page may hold a part.
        let mut rest: Vec<&Instance> = page.items.iter().collect();
        rest.sort_by(|one, other| {
            (&one.reservation_id, &one.id).cmp(&(&other.reservation_id, &other.id))
        });
        for launch in rest.chunk_by(|one, other| one.reservation_id == other.reservation_id) {
            xml.node("item", |xml| reservation(xml, launch, account));
        }
    });
    xml.maybe("nextToken", page.next_token);
}

pub(super) fn launched(xml: &mut Xml, instances: &[Instance], account: &Account) {
    reservation(xml, &instances.iter().collect::<Vec<_>>(), account);
}

fn reservation(xml: &mut Xml, instances: &[&Instance], account: &Account) {
    xml.maybe("reservationId", instances.first().map(|one| &one.reservation_id));
    xml.text("ownerId", account.account_id());
    xml.node("groupSet", |_| {});
    xml.list("instancesSet", instances, |xml, one| instance(xml, one, account));
}

pub(super) fn terminated(xml: &mut Xml, changes: Vec<StateChange>, _: &Account) {
    xml.list("instancesSet", changes, |xml, change| {
        xml.text("instanceId", change.instance_id);
        state(xml, "currentState", change.current);
        state(xml, "previousState", change.previous);
    });
}

fn state(xml: &mut Xml, name: &str, state: InstanceState) {
    xml.node(name, |xml| {
        xml.text("code", state.code());
        xml.text("name", state.as_str());
    });
}

fn instance(xml: &mut Xml, one: &Instance, account: &Account) {
    let data = &one.data;
    xml.text("instanceId", &one.id);
    xml.text("imageId", &one.image_id);
    state(xml, "instanceState", one.state);
    xml.text("privateDnsName", one.private_dns_name());
    xml.node("dnsName", |_| {});
    xml.node("reason", |_| {});
    xml.maybe("keyName", data.key_name.as_ref());
    xml.text("amiLaunchIndex", 0);
    xml.node("productCodes", |_| {});
    xml.text("instanceType", &one.pool.instance_type);
    xml.time("launchTime", one.launched_at);
    placement(xml, one);
    let monitored = data.monitoring.as_ref().and_then(|monitoring| monitoring.enabled);
    xml.node("monitoring", |xml| {
        xml.text("state", if monitored == Some(true) { "enabled" } else { "disabled" });
    });
    // What is over has no place in the network any more.
    if one.state != InstanceState::Terminated {
        xml.text("subnetId", &one.subnet_id);
        xml.text("vpcId", &one.vpc_id);
        xml.text("privateIpAddress", one.private_ip);
        xml.maybe("ipAddress", one.public_address());
        groups(xml, &data.security_groups(), account);
        interfaces(xml, one, account);
        if let Some((arn, id)) = &one.profile {
            xml.node("iamInstanceProfile", |xml| {
                xml.text("arn", arn);
                xml.text("id", id);
            });
        }
        volumes(xml, one);
    }
    if let Some(reason) = one.state_reason {
        xml.node("stateReason", |xml| {
            xml.text("code", reason);
            xml.text("message", reason);
        });
    }
    xml.text("architecture", &one.architecture);
    xml.text("rootDeviceType", "ebs");
    xml.text("rootDeviceName", one.root_device);
    xml.text("virtualizationType", "hvm");
    xml.maybe("instanceLifecycle", lifecycle(one));
    xml.maybe("spotInstanceRequestId", one.spot_request_id.as_ref());
    xml.text("clientToken", one.client_token.as_deref().unwrap_or_default());
    xml.tags(&one.tags);
    let hypervisor = if one.hypervisor.is_empty() { "nitro" } else { &one.hypervisor };
    xml.text("hypervisor", hypervisor);
    xml.text("ebsOptimized", data.ebs_optimized.unwrap_or(false));
    xml.text("enaSupport", true);
    xml.text("sourceDestCheck", true);
    options(xml, one, data);
    xml.text("platformDetails", "Linux/UNIX");
}

/// How it was bought, if not simply on-demand.
fn lifecycle(one: &Instance) -> Option<&str> {
    let market = one.data.instance_market_options.as_ref();
    match one.pool.capacity_type {
        CapacityType::Spot => Some("spot"),
        CapacityType::Reserved => market.and_then(|market| market.market_type.as_deref()),
        CapacityType::OnDemand => None,
    }
}

fn placement(xml: &mut Xml, one: &Instance) {
    let asked = one.data.placement.as_ref();
    xml.node("placement", |xml| {
        xml.text("availabilityZone", &one.pool.zone);
        xml.text("availabilityZoneId", &one.zone_id);
        xml.maybe("groupName", asked.and_then(|placement| placement.group_name.as_ref()));
        xml.maybe("groupId", asked.and_then(|placement| placement.group_id.as_ref()));
        xml.maybe("partitionNumber", one.partition_number);
        let tenancy = asked.and_then(|placement| placement.tenancy.as_deref());
        xml.text("tenancy", tenancy.unwrap_or("default"));
    });
}

fn groups<T: AsRef<str>>(xml: &mut Xml, ids: &[T], account: &Account) {
    xml.list("groupSet", ids, |xml, id| {
        xml.text("groupId", id.as_ref());
        xml.maybe("groupName", account.group_name(id.as_ref()));
    });
}

fn interfaces(xml: &mut Xml, one: &Instance, account: &Account) {
    let plain = [NetworkInterface {
        security_group_id: one.data.security_group_id.clone(),
        ..NetworkInterface::default()
    }];
    let asked = &one.data.network_interface;
    let asked = if asked.is_empty() { &plain[..] } else { asked };
    xml.list("networkInterfaceSet", asked.iter().enumerate(), |xml, (index, interface)| {
        xml.text("networkInterfaceId", one.part_id("eni", index));
        xml.text("subnetId", &one.subnet_id);
        xml.text("vpcId", &one.vpc_id);
        xml.text("ownerId", account.account_id());
        xml.text("status", "in-use");
        xml.text("privateIpAddress", one.private_ip);
        xml.text("privateDnsName", one.private_dns_name());
        xml.text("sourceDestCheck", true);
        xml.text("interfaceType", interface.interface_type.as_deref().unwrap_or("interface"));
        groups(xml, &interface.security_group_id, account);
        xml.node("attachment", |xml| {
            xml.text("attachmentId", one.part_id("eni-attach", index));
            xml.text("deviceIndex", interface.device_index.unwrap_or(0));
            xml.text("networkCardIndex", interface.network_card_index.unwrap_or(0));
            xml.text("status", "attached");
            xml.time("attachTime", one.launched_at);
            xml.text("deleteOnTermination", interface.delete_on_termination.unwrap_or(true));
        });
        xml.list("privateIpAddressesSet", [one.private_ip], |xml, address| {
            xml.text("privateIpAddress", address);
            xml.text("primary", true);
        });
    });
}

/// The image's volume, or what the template has in its place and beside it.
fn volumes(xml: &mut Xml, one: &Instance) {
    let asked = one.data.block_device_mapping.iter().filter(|mapping| mapping.ebs.is_some());
    let mut devices: Vec<&str> = asked.map(|mapping| mapping.device_name.as_str()).collect();
    if !devices.contains(&one.root_device) {
        devices.insert(0, one.root_device);
    }
    xml.list("blockDeviceMapping", devices.into_iter().enumerate(), |xml, (index, device)| {
        let mut mappings = one.data.block_device_mapping.iter();
        let ebs = mappings.find(|mapping| mapping.device_name == device);
        let ebs = ebs.and_then(|mapping| mapping.ebs.as_ref());
        xml.text("deviceName", device);
        xml.node("ebs", |xml| {
            xml.text("volumeId", one.part_id("vol", index));
            xml.text("status", "attached");
            xml.time("attachTime", one.launched_at);
            let deleted = ebs.and_then(|ebs| ebs.delete_on_termination);
            xml.text("deleteOnTermination", deleted.unwrap_or(true));
        });
    });
}

fn options(xml: &mut Xml, one: &Instance, data: &LaunchData) {
    if let Some(cpu) = &data.cpu_options {
        xml.node("cpuOptions", |xml| {
            xml.maybe("coreCount", cpu.core_count);
            xml.maybe("threadsPerCore", cpu.threads_per_core);
            xml.maybe("nestedVirtualization", cpu.nested_virtualization.as_ref());
        });
    }
    xml.maybe("capacityReservationId", one.capacity_reservation_id.as_ref());
    let reserved = data.capacity_reservation_specification.as_ref();
    xml.node("capacityReservationSpecification", |xml| {
        let preference = reserved.and_then(|one| one.capacity_reservation_preference.as_deref());
        xml.text("capacityReservationPreference", preference.unwrap_or("open"));
        if let Some(id) = data.target_reservation() {
            xml.node("capacityReservationTarget", |xml| xml.text("capacityReservationId", id));
        }
    });
    let metadata = data.metadata_options.as_ref();
    let said = |value: Option<&String>, or: &str| value.cloned().unwrap_or_else(|| or.to_owned());
    xml.node("metadataOptions", |xml| {
        xml.text("state", "applied");
        let tokens = metadata.and_then(|one| one.http_tokens.as_ref());
        xml.text("httpTokens", said(tokens, "optional"));
        let limit = metadata.and_then(|one| one.http_put_response_hop_limit);
        xml.text("httpPutResponseHopLimit", limit.unwrap_or(1));
        let endpoint = metadata.and_then(|one| one.http_endpoint.as_ref());
        xml.text("httpEndpoint", said(endpoint, "enabled"));
        let ipv6 = metadata.and_then(|one| one.http_protocol_ipv6.as_ref());
        xml.text("httpProtocolIpv6", said(ipv6, "disabled"));
        let tags = metadata.and_then(|one| one.instance_metadata_tags.as_ref());
        xml.text("instanceMetadataTags", said(tags, "disabled"));
    });
    let enclave = data.enclave_options.as_ref().and_then(|enclave| enclave.enabled);
    xml.node("enclaveOptions", |xml| xml.text("enabled", enclave.unwrap_or(false)));
}

pub(super) fn statuses(xml: &mut Xml, page: Page<InstanceStatus>, _: &Account) {
    paged(xml, "instanceStatusSet", page, |xml, one| {
        xml.text("instanceId", &one.instance_id);
        xml.text("availabilityZone", &one.zone);
        xml.text("availabilityZoneId", &one.zone_id);
        state(xml, "instanceState", one.state);
        let checks = [
            ("systemStatus", one.system_impaired_since()),
            ("instanceStatus", one.instance_impaired_since()),
        ];
        for (name, since) in checks {
            xml.node(name, |xml| {
                xml.text("status", summary(since));
                xml.list("details", [since], |xml, since| {
                    xml.text("name", "reachability");
                    xml.text("status", if since.is_some() { "failed" } else { "passed" });
                    if let Some(since) = since {
                        xml.time("impairedSince", since);
                    }
                });
            });
        }
        xml.list("eventsSet", one.events(), |xml, (code, not_before)| {
            xml.text("code", code);
            xml.text("description", code);
            xml.time("notBefore", not_before);
        });
    });
}
