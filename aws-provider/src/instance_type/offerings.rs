//! Where and how a type can be bought.

use scheduler_core::model::{CapacityType, NodeClass, Offering, Price, Reservation};

use super::Compatibility;
use crate::catalog::{CatalogOptions, Ec2Type, InterruptionBand};

/// Offerings of a type in its zones, by zone, capacity type, then reservation. A zone without a
/// spot price has no spot offering. Types that the class cannot run keep theirs, not available.
pub(super) fn offerings(
    ec2: &Ec2Type,
    class: &NodeClass,
    compatibility: Compatibility,
    options: &CatalogOptions,
) -> Vec<Offering> {
    let available = matches!(compatibility, Compatibility::Compatible);
    let sold = |capacity_type: CapacityType| ec2.usage_classes.contains(capacity_type.as_str());
    let mut offerings = Vec::with_capacity(2 * ec2.zones.len());
    for zone in &ec2.zones {
        let offering = |capacity_type, price: Price, interruptions_permille_month| Offering {
            zone: zone.clone(),
            capacity_type,
            price,
            available,
            interruptions_permille_month,
            reservation: None,
        };
        offerings.extend(reserved(ec2, class, zone, available));
        if let Some(price) = ec2.spot.get(zone).filter(|_| sold(CapacityType::Spot)) {
            let price = price.scaled(i64::from(options.spot_price_factor_ppm), 1_000_000);
            offerings.push(offering(CapacityType::Spot, price, interruptions(ec2)));
        }
        if sold(CapacityType::OnDemand) {
            offerings.push(offering(CapacityType::OnDemand, ec2.on_demand_price, 0));
        }
    }
    offerings
}

/// What the class has reserved of the type in a zone, by id.
fn reserved(ec2: &Ec2Type, class: &NodeClass, zone: &str, available: bool) -> Vec<Offering> {
    let matching =
        class.reservations.iter().filter(|one| one.instance_type == ec2.name && one.zone == zone);
    let mut offerings: Vec<Offering> = matching
        .map(|one| Offering {
            zone: zone.to_owned(),
            capacity_type: CapacityType::Reserved,
            price: Reservation::price(ec2.on_demand_price),
            available: available && !one.expiring,
            interruptions_permille_month: 0,
            reservation: Some(one.reservation.clone()),
        })
        .collect();
    offerings.sort_by(|a, b| a.reservation_id().cmp(&b.reservation_id()));
    offerings
}

/// The middle of the advisor's band, in thousandths a month. The last band has no upper end: 25 %
/// is taken. A type that the advisor does not know is taken as one of the middle band.
fn interruptions(ec2: &Ec2Type) -> u32 {
    match ec2.interruption_band.unwrap_or(InterruptionBand::From10To15) {
        InterruptionBand::Under5 => 25,
        InterruptionBand::From5To10 => 75,
        InterruptionBand::From10To15 => 125,
        InterruptionBand::From15To20 => 175,
        InterruptionBand::Over20 => 250,
    }
}
