//! What `CreateFleet` is asked.

use scheduler_core::model::CapacityType;
use serde::Deserialize;

use crate::account::filter::TagSpecification;
use crate::account::template::LaunchTemplateRef;
use crate::error::AwsError;

/// `CreateFleet`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct CreateFleet {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// The same token twice is the same fleet.
    pub client_token: Option<String>,
    /// `instant`; other types keep a fleet going, which nobody here needs.
    pub r#type: String,
    /// Templates with their overrides.
    pub launch_template_configs: Vec<FleetConfig>,
    /// How many, and how they are bought.
    pub target_capacity_specification: TargetCapacity,
    /// How Spot pools are chosen.
    pub spot_options: Option<FleetSpotOptions>,
    /// How on-demand pools are chosen.
    pub on_demand_options: Option<FleetOnDemandOptions>,
    /// Which reservations may be used.
    pub reserved_capacity_options: Option<ReservedCapacityOptions>,
    /// Tags for the fleet, its instances and their volumes.
    pub tag_specification: Vec<TagSpecification>,
    /// Ignored.
    pub context: Option<String>,
}

/// A template with its overrides.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct FleetConfig {
    /// The template.
    pub launch_template_specification: LaunchTemplateRef,
    /// What may differ from it.
    pub overrides: Vec<FleetOverride>,
}

/// What may differ from a template.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct FleetOverride {
    /// Instance type.
    pub instance_type: Option<String>,
    /// Subnet.
    pub subnet_id: Option<String>,
    /// Zone; must be the subnet's.
    pub availability_zone: Option<String>,
    /// Image.
    pub image_id: Option<String>,
    /// The lower, the sooner.
    pub priority: Option<f64>,
}

/// Requests are compared with themselves only, and no client asks for `NaN`.
impl Eq for FleetOverride {}

/// How many instances, and how they are bought.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct TargetCapacity {
    /// How many.
    pub total_target_capacity: u32,
    /// How many of them on-demand; all or none, as the default type has it.
    pub on_demand_target_capacity: Option<u32>,
    /// How many of them Spot; all or none, as the default type has it.
    pub spot_target_capacity: Option<u32>,
    /// `spot`, `on-demand`, `capacity-block` or `reserved-capacity`.
    pub default_target_capacity_type: Option<String>,
}

/// How Spot pools are chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct FleetSpotOptions {
    /// `price-capacity-optimized`, `capacity-optimized`, `capacity-optimized-prioritized` or
    /// `lowest-price`, which is the default.
    pub allocation_strategy: Option<String>,
}

/// How on-demand pools are chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct FleetOnDemandOptions {
    /// `prioritized`, or `lowest-price`, which is the default.
    pub allocation_strategy: Option<String>,
}

/// Which reservations may be used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct ReservedCapacityOptions {
    /// `interruptible-capacity-reservation`.
    pub reservation_type: Vec<String>,
}

impl CreateFleet {
    /// How the instances are bought.
    pub(super) fn capacity_type(&self) -> Result<CapacityType, AwsError> {
        if self.r#type != "instant" {
            let message = format!("Fleets of type '{}' are not supported", self.r#type);
            return Err(AwsError::client("UnsupportedOperation", message));
        }
        let target = &self.target_capacity_specification;
        let capacity_type = match target.default_target_capacity_type.as_deref() {
            Some("spot") => CapacityType::Spot,
            Some("on-demand") | None => CapacityType::OnDemand,
            Some("capacity-block" | "reserved-capacity") => CapacityType::Reserved,
            Some(other) => {
                let message = format!("'{other}' is not a target capacity type");
                return Err(AwsError::invalid(message));
            }
        };
        let of_other_type = match capacity_type {
            CapacityType::Spot => target.on_demand_target_capacity,
            CapacityType::OnDemand | CapacityType::Reserved => target.spot_target_capacity,
        };
        match of_other_type {
            None | Some(0) => Ok(capacity_type),
            Some(_) => {
                let message = "A fleet of both Spot and on-demand instances is not supported";
                Err(AwsError::client("UnsupportedOperation", message))
            }
        }
    }
}
