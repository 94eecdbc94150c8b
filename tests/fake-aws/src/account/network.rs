//! Zones, subnets and security groups.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use aws_provider::Catalog;
use serde::Deserialize;

use super::action::{Action, Call, Service};
use super::filter::{Filter, Filterable, Tags, select};
use super::page::{Page, Wanted, page};
use super::{Account, AwsError};

/// The VPC of subnets and groups that are not told otherwise.
pub const VPC: &str = "vpc-00000000000000001";

/// Most subnets or groups on a page.
const PAGE: usize = 1000;

/// Addresses of a subnet that AWS keeps.
const ADDRESSES_KEPT: u32 = 5;

/// An availability zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its name, which differs between accounts (`us-east-1a`).
    pub name: String,
    /// Its id, which does not (`use1-az4`).
    pub id: String,
}

/// A subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// `subnet-…`.
    pub id: String,
    /// Name of its zone.
    pub zone: String,
    /// Its VPC.
    pub vpc: String,
    /// First address.
    pub base: Ipv4Addr,
    /// Length of the network's prefix.
    pub prefix_length: u8,
    /// Addresses that can still be given.
    pub free: u32,
    /// Whether instances get a public address if nothing else is said.
    pub public_ip: bool,
    /// Tags.
    pub tags: Tags,
    /// Addresses that were given so far.
    given: u32,
}

impl Subnet {
    /// A subnet with all its addresses free.
    pub fn new(id: &str, zone: &str, base: [u8; 4], prefix_length: u8) -> Self {
        let size = 1_u32 << (32 - u32::from(prefix_length.clamp(16, 28)));
        Self {
            id: id.to_owned(),
            zone: zone.to_owned(),
            vpc: VPC.to_owned(),
            base: base.into(),
            prefix_length,
            free: size - ADDRESSES_KEPT,
            public_ip: false,
            tags: Tags::new(),
            given: 0,
        }
    }

    /// With so many free addresses.
    #[must_use]
    pub fn free(self, free: u32) -> Self {
        Self { free, ..self }
    }

    /// In another VPC.
    #[must_use]
    pub fn vpc(self, vpc: &str) -> Self {
        Self { vpc: vpc.to_owned(), ..self }
    }

    /// With one more tag.
    #[must_use]
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Gives so many addresses away; the first of them is the answer.
    pub(crate) fn give(&mut self, addresses: u32) -> Ipv4Addr {
        // Four addresses come first that AWS keeps.
        let host = 4 + self.given % (1 << (32 - u32::from(self.prefix_length.clamp(16, 28))));
        self.given += addresses;
        self.free = self.free.saturating_sub(addresses);
        Ipv4Addr::from_bits(self.base.to_bits() + host)
    }
}

/// A security group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityGroup {
    /// `sg-…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its VPC.
    pub vpc: String,
    /// Tags.
    pub tags: Tags,
}

impl SecurityGroup {
    /// A group without tags.
    pub fn new(id: &str, name: &str, vpc: &str) -> Self {
        let (id, name, vpc) = (id.to_owned(), name.to_owned(), vpc.to_owned());
        Self { id, name, vpc, tags: Tags::new() }
    }

    /// With one more tag.
    #[must_use]
    pub fn tag(mut self, key: &str, value: &str) -> Self {
        self.tags.insert(key.to_owned(), value.to_owned());
        self
    }
}

/// All of them.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    zones: Vec<Zone>,
    pub(crate) subnets: BTreeMap<String, Subnet>,
    pub(crate) groups: BTreeMap<String, SecurityGroup>,
}

impl Network {
    pub(crate) fn new(zones: Vec<Zone>, subnets: Vec<Subnet>, groups: Vec<SecurityGroup>) -> Self {
        Self {
            zones,
            subnets: subnets.into_iter().map(|one| (one.id.clone(), one)).collect(),
            groups: groups.into_iter().map(|one| (one.id.clone(), one)).collect(),
        }
    }

    /// The zones of a catalogue, by name. Their ids are numbered in another order than their
    /// names, as in most accounts, so that mixing them up shows.
    pub(crate) fn zones_of(catalog: &Catalog) -> Vec<Zone> {
        let mut names: Vec<&String> = catalog.records().iter().flat_map(|one| &one.zones).collect();
        names.sort_unstable();
        names.dedup();
        let short = short_region(catalog.region());
        let count = names.len();
        let zones = names.into_iter().enumerate();
        let zone = |(index, name): (usize, &String)| Zone {
            name: name.clone(),
            id: format!("{short}-az{}", (index + 3) % count + 1),
        };
        zones.map(zone).collect()
    }

    pub(crate) fn zones(&self) -> &[Zone] {
        &self.zones
    }

    pub(crate) fn zone(&self, name: &str) -> Option<&Zone> {
        self.zones.iter().find(|zone| zone.name == name)
    }

    /// Id of a zone; empty for one that is not there.
    pub(crate) fn zone_id(&self, name: &str) -> &str {
        self.zone(name).map_or("", |zone| &zone.id)
    }
}

impl Account {
    /// Name of a security group.
    pub(crate) fn group_name(&self, id: &str) -> Option<&str> {
        self.network.groups.get(id).map(|group| group.name.as_str())
    }
}

/// `us-east-1` as zone ids have it: `use1`.
fn short_region(region: &str) -> String {
    let parts: Vec<&str> = region.split('-').collect();
    match parts[..] {
        [land, side, number] => format!("{land}{}{number}", side.get(..1).unwrap_or_default()),
        _ => region.replace('-', ""),
    }
}

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

/// What is said of a subnet that is not there.
pub(crate) fn no_subnet(id: &str) -> AwsError {
    let message = format!("The subnet ID '{id}' does not exist");
    AwsError::client("InvalidSubnetID.NotFound", message)
}

/// What is said of a security group that is not there.
pub(crate) fn no_group(id: &str) -> AwsError {
    let message = format!("The security group '{id}' does not exist");
    AwsError::client("InvalidGroup.NotFound", message)
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
