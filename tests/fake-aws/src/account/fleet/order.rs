//! In which order pools are asked.

use std::cmp::Reverse;

use scheduler_core::model::{CapacityType, Price};

use super::FleetSource;
use super::request::CreateFleet;
use crate::account::launch::Site;
use crate::error::AwsError;

/// An override and the pool that it means.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) source: FleetSource,
    pub(super) site: Result<Site, AwsError>,
    pub(super) price: Option<Price>,
    /// Instances that are left, if that is known to be few.
    pub(super) left: Option<u32>,
}

/// What decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strategy {
    /// Price.
    LowestPrice,
    /// Priority, then price.
    Prioritized,
    /// Whether all can be had, then price.
    PriceCapacityOptimized,
    /// What is left, then price.
    CapacityOptimized,
    /// Whether all can be had, then priority, then price.
    CapacityOptimizedPrioritized,
}

impl Strategy {
    pub(super) fn of(request: &CreateFleet, capacity_type: CapacityType) -> Result<Self, AwsError> {
        let spot = request.spot_options.as_ref().and_then(|one| one.allocation_strategy.as_deref());
        let on_demand =
            request.on_demand_options.as_ref().and_then(|one| one.allocation_strategy.as_deref());
        let (named, strategy) = match capacity_type {
            CapacityType::Spot => (spot, Self::of_spot(spot.unwrap_or("lowest-price"))),
            CapacityType::OnDemand | CapacityType::Reserved => {
                (on_demand, Self::of_on_demand(on_demand.unwrap_or("lowest-price")))
            }
        };
        strategy.ok_or_else(|| {
            let named = named.unwrap_or_default();
            AwsError::invalid(format!("'{named}' is not an allocation strategy here"))
        })
    }

    fn of_spot(name: &str) -> Option<Self> {
        match name {
            "lowest-price" | "lowestPrice" => Some(Self::LowestPrice),
            "price-capacity-optimized" | "priceCapacityOptimized" => {
                Some(Self::PriceCapacityOptimized)
            }
            "capacity-optimized" | "capacityOptimized" => Some(Self::CapacityOptimized),
            "capacity-optimized-prioritized" | "capacityOptimizedPrioritized" => {
                Some(Self::CapacityOptimizedPrioritized)
            }
            _ => None,
        }
    }

    fn of_on_demand(name: &str) -> Option<Self> {
        match name {
            "lowest-price" | "lowestPrice" => Some(Self::LowestPrice),
            "prioritized" => Some(Self::Prioritized),
            _ => None,
        }
    }

    /// Sorts the pools so that the one to be asked first comes first. What cannot be launched
    /// comes last; what is alike stays in the order of the request.
    pub(super) fn sort(self, candidates: &mut [Candidate], wanted: u32) {
        candidates.sort_by_key(|one| {
            let price = one.price.map_or(i64::MAX, Price::micro_usd);
            let left = one.left.unwrap_or(u32::MAX);
            // Priorities in thousandths order as exactly as anybody states them.
            let priority = (one.source.asked.priority.unwrap_or(f64::MAX) * 1000.0) as i64;
            let first = match self {
                Self::LowestPrice => (0, 0),
                Self::Prioritized => (0, priority),
                Self::PriceCapacityOptimized => (i64::from(left < wanted), 0),
                Self::CapacityOptimized => (0, -i64::from(left)),
                Self::CapacityOptimizedPrioritized => (i64::from(left < wanted), priority),
            };
            (one.site.is_err(), first, price, Reverse(left))
        });
    }
}
