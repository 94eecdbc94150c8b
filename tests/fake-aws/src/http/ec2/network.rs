//! Zones, subnets and security groups in XML.

use super::paged;
use crate::account::Account;
use crate::account::network::{SecurityGroup, Subnet, Zone};
use crate::account::page::Page;
use crate::http::xml::Xml;

pub(super) fn zones(xml: &mut Xml, (region, zones): (String, Vec<Zone>), _: &Account) {
    xml.list("availabilityZoneInfo", zones, |xml, zone| {
        xml.text("optInStatus", "opt-in-not-required");
        xml.node("messageSet", |_| {});
        xml.text("regionName", &region);
        xml.text("zoneName", zone.name);
        xml.text("zoneId", zone.id);
        xml.text("groupName", format!("{region}-zg-1"));
        xml.text("networkBorderGroup", &region);
        xml.text("zoneType", "availability-zone");
        xml.text("zoneState", "available");
    });
}

pub(super) fn subnets(xml: &mut Xml, page: Page<(Subnet, String)>, account: &Account) {
    paged(xml, "subnetSet", page, |xml, (subnet, zone_id)| {
        xml.text("subnetId", &subnet.id);
        xml.text("subnetArn", account.arn("ec2", &format!("subnet/{}", subnet.id)));
        xml.text("state", "available");
        xml.text("ownerId", account.account_id());
        xml.text("vpcId", &subnet.vpc);
        xml.text("cidrBlock", format!("{}/{}", subnet.base, subnet.prefix_length));
        xml.text("availableIpAddressCount", subnet.free);
        xml.text("availabilityZone", &subnet.zone);
        xml.text("availabilityZoneId", zone_id);
        xml.text("defaultForAz", false);
        xml.text("mapPublicIpOnLaunch", subnet.public_ip);
        xml.text("assignIpv6AddressOnCreation", false);
        xml.node("ipv6CidrBlockAssociationSet", |_| {});
        xml.tags(&subnet.tags);
    });
}

pub(super) fn groups(xml: &mut Xml, page: Page<SecurityGroup>, account: &Account) {
    paged(xml, "securityGroupInfo", page, |xml, group| {
        xml.text("ownerId", account.account_id());
        xml.text("groupId", &group.id);
        xml.text("groupName", &group.name);
        xml.text("groupDescription", &group.name);
        xml.text("vpcId", &group.vpc);
        xml.node("ipPermissions", |_| {});
        xml.node("ipPermissionsEgress", |_| {});
        xml.tags(&group.tags);
    });
}
