//! Zones, subnets and security groups.

pub(crate) mod describe;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use aws_provider::Catalog;

use super::filter::Tags;
use super::{Account, AwsError};

/// The VPC of subnets and groups that are not told otherwise.
pub const VPC: &str = "vpc-00000000000000001";

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

    /// Whose instances get a public address if nothing else is said.
    #[must_use]
    pub fn public(self) -> Self {
        Self { public_ip: true, ..self }
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
