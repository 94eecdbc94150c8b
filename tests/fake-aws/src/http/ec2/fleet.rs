//! What `CreateFleet` answers.

use scheduler_core::model::CapacityType;

use crate::account::Account;
use crate::account::fleet::{FleetAnswer, FleetError, FleetInstances, FleetSource};
use crate::http::xml::Xml;

pub(super) fn created(xml: &mut Xml, answer: FleetAnswer, account: &Account) {
    let FleetAnswer { fleet_id, instances, errors } = answer;
    xml.text("fleetId", fleet_id);
    xml.list("errorSet", errors, |xml, FleetError { source, error }| {
        from(xml, &source);
        xml.text("errorCode", error.code);
        xml.text("errorMessage", error.message);
    });
    xml.list("fleetInstanceSet", instances, |xml, one| {
        let FleetInstances { source, instance_ids, instance_type, zone } = one;
        from(xml, &source);
        let subnet = instance_ids.first().and_then(|id| account.instance(id));
        xml.texts("instanceIds", &instance_ids);
        xml.text("instanceType", instance_type);
        xml.text("availabilityZone", zone);
        xml.maybe("availabilityZoneId", subnet.map(|one| &one.zone_id));
        xml.maybe("subnetId", subnet.map(|one| &one.subnet_id));
    });
}

/// The template and override that it comes from, and how it was to be bought.
fn from(xml: &mut Xml, source: &FleetSource) {
    xml.node("launchTemplateAndOverrides", |xml| {
        xml.node("launchTemplateSpecification", |xml| {
            xml.text("launchTemplateId", &source.template_id);
            xml.text("launchTemplateName", &source.template_name);
            xml.text("version", 1);
        });
        xml.node("overrides", |xml| {
            let asked = &source.asked;
            xml.maybe("instanceType", asked.instance_type.as_ref());
            xml.maybe("subnetId", asked.subnet_id.as_ref());
            xml.maybe("availabilityZone", asked.availability_zone.as_ref());
            xml.maybe("priority", asked.priority);
            xml.maybe("imageId", asked.image_id.as_ref());
        });
    });
    let lifecycle = match source.capacity_type {
        CapacityType::Spot => "spot",
        CapacityType::OnDemand | CapacityType::Reserved => "on-demand",
    };
    xml.text("lifecycle", lifecycle);
}
