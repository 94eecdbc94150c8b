//! `DescribeInstances`.

use scheduler_core::model::CapacityType;
use serde::Deserialize;

use super::Instance;
use crate::account::action::{Action, Call, Service};
use crate::account::filter::{Filter, Filterable, Tags, passes};
use crate::account::page::{Page, Wanted, page};
use crate::account::{Account, AwsError};

/// Most instances on a page.
const PAGE: usize = 1000;
/// `DescribeInstances`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeInstances {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// Only these; all must exist.
    pub instance_id: Vec<String>,
    /// Only what passes these.
    pub filter: Vec<Filter>,
    /// Most on a page, up to 1000.
    pub max_results: Option<usize>,
    /// Which page.
    pub next_token: Option<String>,
}

impl Call for DescribeInstances {
    const ACTION: Action = Action::new(Service::Ec2, "DescribeInstances");
    type Answer = Page<Instance>;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        if !self.instance_id.is_empty() && self.max_results.is_some() {
            let message = "The parameter instancesSet cannot be used with the parameter maxResults";
            return Err(AwsError::client("InvalidParameterCombination", message));
        }
        let mut found = Vec::new();
        for instance in account.instances.named(&self.instance_id, account.now)? {
            if passes(&self.filter, instance)? {
                found.push(instance);
            }
        }
        let next_token = self.next_token.as_deref();
        let wanted = Wanted { max_results: self.max_results, next_token, limit: PAGE };
        let Page { items, next_token } =
            page(found, |one| one.id.clone(), wanted, account.settings.paging)?;
        Ok(Page { items: items.into_iter().cloned().collect(), next_token })
    }
}

impl Filterable for Instance {
    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "instance-id" => vec![self.id.clone()],
            "instance-state-name" => vec![self.state.as_str().to_owned()],
            "instance-type" => vec![self.pool.instance_type.clone()],
            "availability-zone" => vec![self.pool.zone.clone()],
            "subnet-id" => vec![self.subnet_id.clone()],
            "vpc-id" => vec![self.vpc_id.clone()],
            "image-id" => vec![self.image_id.clone()],
            "client-token" => self.client_token.clone().into_iter().collect(),
            "instance-lifecycle" => match self.pool.capacity_type {
                CapacityType::Spot => vec!["spot".to_owned()],
                CapacityType::OnDemand | CapacityType::Reserved => Vec::new(),
            },
            _ => return None,
        })
    }
}
