//! `RunInstances`: for dry runs, and for a launch without a fleet.

use std::sync::Arc;

use scheduler_core::model::CapacityType;
use serde::Deserialize;

use super::action::{Action, Call, Service};
use super::filter::Tags;
use super::instance::Instance;
use super::launch::{Origin, Wish};
use super::launch_data::LaunchData;
use super::template::LaunchTemplateRef;
use super::{Account, AwsError};

/// `RunInstances`. EC2 has the launch data at the top of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct RunInstances {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// The same token twice is the same launch.
    pub client_token: Option<String>,
    /// At least so many, or none.
    pub min_count: u32,
    /// At most so many.
    pub max_count: u32,
    /// What is not said here.
    pub launch_template: Option<LaunchTemplateRef>,
    /// Subnet.
    pub subnet_id: Option<String>,
    /// What instances will be like, in place of the template.
    pub data: LaunchData,
}

impl Call for RunInstances {
    const ACTION: Action = Action::new(Service::Ec2, "RunInstances");
    type Answer = Vec<Instance>;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        let data = match &self.launch_template {
            Some(wanted) => self.data.over(&account.templates.find(wanted)?.data),
            None => self.data,
        };
        let market = data.instance_market_options.as_ref();
        let market = market.and_then(|one| one.market_type.as_deref());
        let capacity_type = match market {
            Some("spot") => CapacityType::Spot,
            Some("capacity-block" | "interruptible-capacity-reservation") => CapacityType::Reserved,
            _ => CapacityType::OnDemand,
        };
        if !data.tag_specification.is_empty() {
            account.require(Service::Ec2, "ec2:CreateTags")?;
        }
        let wish = Wish {
            data: Arc::new(data),
            instance_type: None,
            image_id: None,
            subnet_id: self.subnet_id,
            zone: None,
            capacity_type,
        };
        let site = account.site(&wish)?;
        if self.min_count == 0 || self.min_count > self.max_count {
            return Err(AwsError::invalid("minCount must be between 1 and maxCount"));
        }
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        if self.client_token.is_some() {
            let launched = account.instances().filter(|one| one.client_token == self.client_token);
            let launched: Vec<Instance> = launched.cloned().collect();
            if !launched.is_empty() {
                return Ok(launched);
            }
        }
        let share = account.available(&site, self.max_count);
        if let Some(error) = share.shortfall.filter(|_| share.count < self.min_count) {
            return Err(error);
        }
        let origin = Origin { tags: Tags::new(), client_token: self.client_token };
        let ids = account.launch(&site, share.count, &origin);
        Ok(ids.iter().filter_map(|id| account.instances.0.get(id)).cloned().collect())
    }
}

impl LaunchData {
    /// This, and what it leaves out as the template has it.
    fn over(self, template: &Self) -> Self {
        let t = template.clone();
        Self {
            block_device_mapping: list(self.block_device_mapping, t.block_device_mapping),
            capacity_reservation_specification: self
                .capacity_reservation_specification
                .or(t.capacity_reservation_specification),
            cpu_options: self.cpu_options.or(t.cpu_options),
            credit_specification: self.credit_specification.or(t.credit_specification),
            disable_api_termination: self.disable_api_termination.or(t.disable_api_termination),
            ebs_optimized: self.ebs_optimized.or(t.ebs_optimized),
            enclave_options: self.enclave_options.or(t.enclave_options),
            iam_instance_profile: self.iam_instance_profile.or(t.iam_instance_profile),
            image_id: self.image_id.or(t.image_id),
            instance_initiated_shutdown_behavior: self
                .instance_initiated_shutdown_behavior
                .or(t.instance_initiated_shutdown_behavior),
            instance_market_options: self.instance_market_options.or(t.instance_market_options),
            instance_type: self.instance_type.or(t.instance_type),
            key_name: self.key_name.or(t.key_name),
            metadata_options: self.metadata_options.or(t.metadata_options),
            monitoring: self.monitoring.or(t.monitoring),
            network_interface: list(self.network_interface, t.network_interface),
            placement: self.placement.or(t.placement),
            security_group_id: list(self.security_group_id, t.security_group_id),
            tag_specification: list(self.tag_specification, t.tag_specification),
            user_data: self.user_data.or(t.user_data),
        }
    }
}

/// A list takes the place of the template's as a whole.
fn list<T>(own: Vec<T>, of_template: Vec<T>) -> Vec<T> {
    if own.is_empty() { of_template } else { own }
}
