//! One instance type of a catalogue file.

use std::collections::{BTreeMap, BTreeSet};

use scheduler_core::model::Price;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::decimal::{self, Dollars};
use super::error::CatalogError;

/// One instance type: what `DescribeInstanceTypes` says, and its prices.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ec2Type {
    /// EC2 name (`m7g.large`).
    pub name: String,
    /// Name up to the dot.
    pub family: String,
    /// Letters that the family begins with.
    pub category: String,
    /// Number in the family.
    pub generation: u32,
    /// Name after the dot.
    pub size: String,
    /// The first supported architecture; it is the one that counts.
    #[serde(rename = "arch", deserialize_with = "first_architecture")]
    pub architecture: Architecture,
    /// `amd`, `aws` or `intel`.
    pub cpu_manufacturer: String,
    /// Sustained clock rate, where it is known.
    #[serde(rename = "clockGHz", deserialize_with = "decimal::megahertz")]
    pub clock_mhz: Option<i64>,
    /// Whether the CPU is shared above a baseline.
    pub flex: bool,
    /// `nitro`, `xen`, or empty on bare metal.
    pub hypervisor: String,
    /// Virtual CPUs.
    pub vcpu: u32,
    /// Nominal memory.
    #[serde(rename = "memoryMiB")]
    pub memory_mib: u32,
    /// Limits of the default network card.
    pub eni: NetworkInterfaces,
    /// Baseline over all network cards, where it is known.
    pub network_bandwidth_mbps: Option<u32>,
    /// Greatest bandwidth to EBS, where it is known.
    pub ebs_bandwidth_mbps: Option<u32>,
    /// EBS volumes, the root volume included; absent where `DescribeInstanceTypes` does not tell.
    pub max_ebs_attachments: Option<u32>,
    /// Local disks together; 0 is none.
    #[serde(rename = "localNvmeGB")]
    pub local_nvme_gb: u32,
    /// GPUs by kind.
    pub gpu: Vec<Gpu>,
    /// Neuron, Inferentia, media and FPGA devices together.
    pub other_accelerators: u32,
    /// How it is offered: `on-demand`, `spot`.
    pub usage_classes: BTreeSet<String>,
    /// Where it is offered.
    pub zones: BTreeSet<String>,
    /// By the hour, Linux, shared tenancy.
    #[serde(deserialize_with = "decimal::price")]
    pub on_demand_price: Price,
    /// How often Spot instances are reclaimed, where it is known.
    pub interruption_band: Option<InterruptionBand>,
    /// Spot price by zone; a zone without one has no spot capacity to plan with.
    #[serde(deserialize_with = "spot_prices")]
    pub spot: BTreeMap<String, Price>,
}

/// Architectures that nodes can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Architecture {
    /// `x86_64` at EC2.
    #[serde(rename = "x86_64")]
    Amd64,
    /// `arm64`.
    #[serde(rename = "arm64")]
    Arm64,
}

impl Architecture {
    /// The architecture that EC2 calls so, if nodes can have it.
    pub(crate) fn of_ec2(name: &str) -> Option<Self> {
        match name {
            "x86_64" => Some(Self::Amd64),
            "arm64" => Some(Self::Arm64),
            _ => None,
        }
    }

    /// The value of label `kubernetes.io/arch`.
    pub(crate) const fn as_label(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }
}

/// Limits of the default network card.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInterfaces {
    /// Network interfaces.
    pub max_interfaces: u32,
    /// IPv4 addresses of each.
    pub ipv4_per_interface: u32,
    /// Absent where trunking does not work.
    #[serde(default)]
    pub branch_interfaces: u32,
}

/// GPUs of one kind.
#[derive(Clone, Debug, Deserialize)]
pub struct Gpu {
    /// Model (`A100`).
    pub name: String,
    /// Who made it.
    pub manufacturer: String,
    /// 0 on types that have a part of a GPU.
    pub count: u32,
    /// Of one GPU.
    #[serde(rename = "memoryMiB")]
    pub memory_mib: u32,
}

/// Spot Advisor's band: per cent of spot capacity that was reclaimed in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u8")]
pub enum InterruptionBand {
    /// Below 5 %.
    Under5,
    /// 5 to 10 %.
    From5To10,
    /// 10 to 15 %.
    From10To15,
    /// 15 to 20 %.
    From15To20,
    /// Above 20 %.
    Over20,
}

impl TryFrom<u8> for InterruptionBand {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        Ok(match number {
            0 => Self::Under5,
            1 => Self::From5To10,
            2 => Self::From10To15,
            3 => Self::From15To20,
            4 => Self::Over20,
            _ => return Err(format!("expected a band from 0 to 4, found {number}")),
        })
    }
}

impl Ec2Type {
    /// Parses and checks the record at this place of the list.
    pub(super) fn parse(catalog: &str, index: usize, raw: &RawValue) -> Result<Self, CatalogError> {
        let mut deserializer = serde_json::Deserializer::from_str(raw.get());
        let parsed: Result<Self, _> = serde_path_to_error::deserialize(&mut deserializer);
        let record = parsed.map_err(|error| CatalogError::Record {
            catalog: catalog.to_owned(),
            record: name_of(raw).unwrap_or_else(|| format!("number {}", index + 1)),
            field: error.path().to_string(),
            source: error.into_inner(),
        })?;
        match record.contradiction() {
            None => Ok(record),
            Some((field, problem)) => Err(CatalogError::Value {
                catalog: catalog.to_owned(),
                record: record.name,
                field,
                problem,
            }),
        }
    }

    /// The first field that no machine can have, and what is wrong with it.
    pub(super) fn contradiction(&self) -> Option<(String, String)> {
        let positive = [
            ("vcpu", self.vcpu),
            ("memoryMiB", self.memory_mib),
            ("eni.maxInterfaces", self.eni.max_interfaces),
            ("eni.ipv4PerInterface", self.eni.ipv4_per_interface),
        ];
        if let Some((field, _)) = positive.into_iter().find(|(_, amount)| *amount == 0) {
            return Some((field.to_owned(), "must be above zero".to_owned()));
        }
        if self.name != format!("{}.{}", self.family, self.size) {
            let problem = format!(
                "must be family and size joined by a dot, here {}.{}",
                self.family, self.size
            );
            return Some(("name".to_owned(), problem));
        }
        let zone = self.spot.keys().find(|zone| !self.zones.contains(*zone))?;
        let problem = "the type has a price in a zone that zones does not list; add the zone to \
                       zones or remove the price";
        Some((format!("spot.{zone}"), problem.to_owned()))
    }
}

/// The name in a record that may have any other fault.
fn name_of(raw: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    serde_json::from_str(raw.get()).ok().map(|named: Named| named.name)
}

fn first_architecture<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Architecture, D::Error> {
    let listed = Vec::<Architecture>::deserialize(deserializer)?;
    listed.first().copied().ok_or_else(|| D::Error::custom("expected at least one architecture"))
}

fn spot_prices<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, Price>, D::Error> {
    let prices = BTreeMap::<String, Dollars>::deserialize(deserializer)?;
    Ok(prices.into_iter().map(|(zone, Dollars(price))| (zone, price)).collect())
}
