//! Launch templates, images, capacity reservations and placement groups in XML.

use super::paged;
use crate::account::Account;
use crate::account::image::{Image, ImageOwner};
use crate::account::page::Page;
use crate::account::reservation::{CapacityReservation, PlacementGroup};
use crate::account::template::LaunchTemplate;
use crate::http::xml::Xml;

pub(super) fn made(xml: &mut Xml, made: &LaunchTemplate, account: &Account) {
    xml.node("launchTemplate", |xml| template(xml, made, account));
}

pub(super) fn templates(xml: &mut Xml, page: Page<LaunchTemplate>, account: &Account) {
    paged(xml, "launchTemplates", page, |xml, one| template(xml, &one, account));
}

fn template(xml: &mut Xml, one: &LaunchTemplate, account: &Account) {
    xml.text("launchTemplateId", &one.id);
    xml.text("launchTemplateName", &one.name);
    xml.time("createTime", one.created_at);
    xml.text("createdBy", format!("arn:aws:iam::{}:root", account.account_id()));
    xml.text("defaultVersionNumber", 1);
    xml.text("latestVersionNumber", 1);
    xml.tags(&one.tags);
}

pub(super) fn images(xml: &mut Xml, page: Page<(Image, String)>, _: &Account) {
    paged(xml, "imagesSet", page, |xml, (image, owner_id)| {
        xml.text("imageId", &image.id);
        xml.text("imageLocation", format!("{owner_id}/{}", image.name));
        xml.text("imageState", "available");
        xml.text("imageOwnerId", owner_id);
        xml.text("isPublic", image.owner == ImageOwner::Amazon);
        xml.text("architecture", &image.architecture);
        xml.text("imageType", "machine");
        xml.maybe("platform", image.is_windows().then_some("windows"));
        if image.owner == ImageOwner::Amazon {
            xml.text("imageOwnerAlias", "amazon");
        }
        xml.text("name", &image.name);
        xml.text("rootDeviceType", "ebs");
        xml.text("rootDeviceName", image.root_device());
        xml.text("virtualizationType", "hvm");
        xml.text("hypervisor", "xen");
        xml.text("enaSupport", true);
        xml.time("creationDate", image.created_at);
        if let Some(at) = image.deprecated_at {
            xml.time("deprecationTime", at);
        }
        xml.tags(&image.tags);
    });
}

pub(super) fn reservations(
    xml: &mut Xml,
    (account_id, page): (String, Page<(CapacityReservation, String)>),
    _: &Account,
) {
    paged(xml, "capacityReservationSet", page, |xml, (one, zone_id)| {
        xml.text("capacityReservationId", &one.id);
        xml.text("ownerId", &account_id);
        xml.text("instanceType", &one.instance_type);
        xml.text("instancePlatform", "Linux/UNIX");
        xml.text("availabilityZone", &one.zone);
        xml.text("availabilityZoneId", zone_id);
        xml.text("tenancy", "default");
        xml.text("totalInstanceCount", one.total);
        xml.text("availableInstanceCount", one.available);
        xml.text("state", "active");
        xml.text("instanceMatchCriteria", &one.match_criteria);
        xml.text("reservationType", &one.kind);
        xml.text("interruptible", one.interruptible);
        xml.text("endDateType", if one.ends_at.is_some() { "limited" } else { "unlimited" });
        if let Some(at) = one.ends_at {
            xml.time("endDate", at);
        }
        xml.tags(&one.tags);
    });
}

pub(super) fn placement_groups(xml: &mut Xml, groups: Vec<PlacementGroup>, account: &Account) {
    xml.list("placementGroupSet", groups, |xml, group| {
        xml.text("groupId", &group.id);
        xml.text("groupName", &group.name);
        xml.text("groupArn", account.arn("ec2", &format!("placement-group/{}", group.name)));
        xml.text("state", "available");
        xml.text("strategy", &group.strategy);
        xml.maybe("partitionCount", group.partitions);
        xml.tags(&group.tags);
    });
}
