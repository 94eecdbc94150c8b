//! `Describe…` calls for zones, subnets and security groups.

use serde::Deserialize;

use super::{SecurityGroup, Subnet, Zone, no_group, no_subnet};
use crate::account::action::{Action, Call, Service};
use crate::account::filter::{Filter, Filterable, Tags, select};
use crate::account::page::{Page, Wanted, page};
use crate::account::{Account, AwsError};

/// Most subnets or groups on a page.
const PAGE: usize = 1000;

/// `DescribeAvailabilityZones`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeAvailabilityZones {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// Only these names.
    pub zone_name: Vec<String>,
    /// Only these ids.
    pub zone_id: Vec<String>,
    /// Zones that must be opted into too; there are none.
    pub all_availability_zones: bool,
    /// Only what passes these.
    pub filter: Vec<Filter>,
}

impl Call for DescribeAvailabilityZones {
    const ACTION: Action = Action::new(Service::Ec2, "DescribeAvailabilityZones");
    /// The region, and its zones.
    type Answer = (String, Vec<Zone>);

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        let known = |name: &&String| account.network.zone(name).is_none();
        if let Some(unknown) = self.zone_name.iter().find(known) {
            return Err(AwsError::invalid(format!("Invalid availability zone: [{unknown}]")));
        }
        let zones = select(&self.filter, account.network.zones())?.into_iter();
        let zones = zones
            .filter(|zone| self.zone_name.is_empty() || self.zone_name.contains(&zone.name))
            .filter(|zone| self.zone_id.is_empty() || self.zone_id.contains(&zone.id));
        Ok((account.settings.region.clone(), zones.cloned().collect()))
    }
}

impl Filterable for Zone {
    fn tags(&self) -> &Tags {
        const NONE: &Tags = &Tags::new();
        NONE
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "zone-name" => vec![self.name.clone()],
            "zone-id" => vec![self.id.clone()],
            "state" => vec!["available".to_owned()],
            "zone-type" => vec!["availability-zone".to_owned()],
            "opt-in-status" => vec!["opt-in-not-required".to_owned()],
            _ => return None,
        })
    }
}

/// `DescribeSubnets`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeSubnets {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// Only these; all must exist.
    pub subnet_id: Vec<String>,
    /// Only what passes these.
    pub filter: Vec<Filter>,
    /// Most on a page.
    pub max_results: Option<usize>,
    /// Which page.
    pub next_token: Option<String>,
}

impl Call for DescribeSubnets {
    const ACTION: Action = Action::new(Service::Ec2, "DescribeSubnets");
    /// Subnets with the ids of their zones.
    type Answer = Page<(Subnet, String)>;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        let network = &account.network;
        if let Some(unknown) = self.subnet_id.iter().find(|id| !network.subnets.contains_key(*id)) {
            return Err(no_subnet(unknown));
        }
        let found = select(&self.filter, network.subnets.values())?.into_iter();
        let found = found
            .filter(|one| self.subnet_id.is_empty() || self.subnet_id.contains(&one.id))
            .map(|one| (one.clone(), network.zone_id(&one.zone).to_owned()))
            .collect();
        let next_token = self.next_token.as_deref();
        let wanted = Wanted { max_results: self.max_results, next_token, limit: PAGE };
        page(found, |(subnet, _)| subnet.id.clone(), wanted, account.settings.paging)
    }
}

impl Filterable for Subnet {
    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "subnet-id" => vec![self.id.clone()],
            "vpc-id" => vec![self.vpc.clone()],
            "availability-zone" | "availabilityZone" => vec![self.zone.clone()],
            "state" => vec!["available".to_owned()],
            _ => return None,
        })
    }
}

/// `DescribeSecurityGroups`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeSecurityGroups {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// Only these; all must exist.
    pub group_id: Vec<String>,
    /// Only these names.
    pub group_name: Vec<String>,
    /// Only what passes these.
    pub filter: Vec<Filter>,
    /// Most on a page.
    pub max_results: Option<usize>,
    /// Which page.
    pub next_token: Option<String>,
}

impl Call for DescribeSecurityGroups {
    const ACTION: Action = Action::new(Service::Ec2, "DescribeSecurityGroups");
    type Answer = Page<SecurityGroup>;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        let groups = &account.network.groups;
        if let Some(unknown) = self.group_id.iter().find(|id| !groups.contains_key(*id)) {
            return Err(no_group(unknown));
        }
        let found = select(&self.filter, groups.values())?.into_iter();
        let found = found
            .filter(|one| self.group_id.is_empty() || self.group_id.contains(&one.id))
            .filter(|one| self.group_name.is_empty() || self.group_name.contains(&one.name))
            .cloned()
            .collect();
        let next_token = self.next_token.as_deref();
        let wanted = Wanted { max_results: self.max_results, next_token, limit: PAGE };
        page(found, |group: &SecurityGroup| group.id.clone(), wanted, account.settings.paging)
    }
}

impl Filterable for SecurityGroup {
    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "group-id" => vec![self.id.clone()],
            "group-name" => vec![self.name.clone()],
            "vpc-id" => vec![self.vpc.clone()],
            _ => return None,
        })
    }
}
