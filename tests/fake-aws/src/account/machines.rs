//! Instance types: what they are and where they are offered.

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_provider::{Architecture, Catalog, Ec2Type};
use serde::Deserialize;

use super::action::{Action, Call, Service};
use super::filter::{Filter, Filterable, Tags, passes};
use super::page::{Page, Wanted, page};
use super::{Account, AwsError};

/// Most instance types on a page.
const TYPES_PAGE: usize = 100;
/// Most offerings on a page.
const OFFERINGS_PAGE: usize = 1000;

/// Every instance type that is sold, by name.
#[derive(Clone, Debug)]
pub(crate) struct Machines(BTreeMap<String, Arc<Ec2Type>>);

impl Machines {
    pub(crate) fn new(catalog: &Catalog) -> Self {
        let records = catalog.records().iter();
        Self(records.map(|one| (one.name.clone(), Arc::new(one.clone()))).collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Ec2Type>> {
        self.0.get(name)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Ec2Type>> {
        self.0.values()
    }
}

/// The architecture as EC2 writes it.
pub(crate) const fn architecture(machine: &Ec2Type) -> &'static str {
    match machine.architecture {
        Architecture::Amd64 => "x86_64",
        Architecture::Arm64 => "arm64",
    }
}

/// `DescribeInstanceTypes`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeInstanceTypes {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// Only these; all must exist.
    pub instance_type: Vec<String>,
    /// Only what passes these.
    pub filter: Vec<Filter>,
    /// Most on a page, up to 100.
    pub max_results: Option<usize>,
    /// Which page.
    pub next_token: Option<String>,
}

impl Call for DescribeInstanceTypes {
    const ACTION: Action = Action::new(Service::Ec2, "DescribeInstanceTypes");
    type Answer = Page<Arc<Ec2Type>>;

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        if let Some(unknown) =
            self.instance_type.iter().find(|name| account.machines.get(name).is_none())
        {
            let message =
                format!("The following supplied instance types do not exist: [{unknown}]");
            return Err(AwsError::client("InvalidInstanceType", message));
        }
        let mut found = Vec::new();
        for machine in account.machines.all() {
            let named = self.instance_type.is_empty() || self.instance_type.contains(&machine.name);
            if named && passes(&self.filter, machine)? {
                found.push(Arc::clone(machine));
            }
        }
        let next_token = self.next_token.as_deref();
        let wanted = Wanted { max_results: self.max_results, next_token, limit: TYPES_PAGE };
        page(found, |machine| machine.name.clone(), wanted, account.settings.paging)
    }
}

impl Filterable for Arc<Ec2Type> {
    fn tags(&self) -> &Tags {
        const NONE: &Tags = &Tags::new();
        NONE
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        Some(match filter {
            "instance-type" => vec![self.name.clone()],
            "processor-info.supported-architecture" => vec![architecture(self).to_owned()],
            "supported-virtualization-type" => vec!["hvm".to_owned()],
            "supported-usage-class" => self.usage_classes.iter().cloned().collect(),
            "hypervisor" => vec![self.hypervisor.clone()],
            "bare-metal" => vec![self.hypervisor.is_empty().to_string()],
            _ => return None,
        })
    }
}

/// An instance type in a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceTypeOffering {
    /// EC2 name.
    pub instance_type: String,
    /// Region, zone or zone id.
    pub location: String,
}

/// `DescribeInstanceTypeOfferings`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeInstanceTypeOfferings {
    /// Only ask whether it would work.
    pub dry_run: bool,
    /// `region`, `availability-zone` or `availability-zone-id`.
    pub location_type: Option<String>,
    /// Only what passes these.
    pub filter: Vec<Filter>,
    /// Most on a page, up to 1000.
    pub max_results: Option<usize>,
    /// Which page.
    pub next_token: Option<String>,
}

impl Call for DescribeInstanceTypeOfferings {
    const ACTION: Action = Action::new(Service::Ec2, "DescribeInstanceTypeOfferings");
    /// The kind of location, and the offerings.
    type Answer = (String, Page<InstanceTypeOffering>);

    fn carry_out(self, account: &mut Account) -> Result<Self::Answer, AwsError> {
        if self.dry_run {
            return Err(AwsError::dry_run());
        }
        let kind = self.location_type.unwrap_or_else(|| "region".to_owned());
        let mut found = Vec::new();
        for machine in account.machines.all() {
            for location in locations(account, machine, &kind)? {
                let instance_type = machine.name.clone();
                let offering = InstanceTypeOffering { instance_type, location };
                if passes(&self.filter, &offering)? {
                    found.push(offering);
                }
            }
        }
        let next_token = self.next_token.as_deref();
        let wanted = Wanted { max_results: self.max_results, next_token, limit: OFFERINGS_PAGE };
        let key = |one: &InstanceTypeOffering| format!("{} {}", one.instance_type, one.location);
        Ok((kind, page(found, key, wanted, account.settings.paging)?))
    }
}

fn locations(account: &Account, machine: &Ec2Type, kind: &str) -> Result<Vec<String>, AwsError> {
    match kind {
        "region" => Ok(vec![account.settings.region.clone()]),
        "availability-zone" => Ok(machine.zones.iter().cloned().collect()),
        "availability-zone-id" => {
            let zones = machine.zones.iter().filter_map(|zone| account.network.zone(zone));
            Ok(zones.map(|zone| zone.id.clone()).collect())
        }
        other => Err(AwsError::invalid(format!("The location type '{other}' is invalid"))),
    }
}

impl Filterable for InstanceTypeOffering {
    fn tags(&self) -> &Tags {
        const NONE: &Tags = &Tags::new();
        NONE
    }

    fn values(&self, filter: &str) -> Option<Vec<String>> {
        match filter {
            "instance-type" => Some(vec![self.instance_type.clone()]),
            "location" => Some(vec![self.location.clone()]),
            _ => None,
        }
    }
}
