//! Where and how a type can be bought.

use scheduler_core::model::{CapacityType, Offering, Price};

use super::Compatibility;
use crate::catalog::{CatalogOptions, Ec2Type, InterruptionBand};

/// Offerings of a type in its zones, by zone, then capacity type. A zone without a spot price has
/// no spot offering. Types that the class cannot run keep theirs, not available.
pub(super) fn offerings(
    ec2: &Ec2Type,
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
        };
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
