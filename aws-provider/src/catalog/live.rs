//! A catalogue of what EC2 says now.

use std::collections::{BTreeMap, BTreeSet};

use scheduler_core::model::{CapacityType, Price};

use super::record::{Architecture, Ec2Type, Gpu, NetworkInterfaces};
use super::{AsOf, Catalog, hex_sha256};
use crate::api::ec2::{InstanceTypeInfo, TypeOffering};
use crate::pricing::Prices;

/// What a catalogue is made of.
#[derive(Clone, Copy, Debug)]
pub struct LiveFacts<'a> {
    /// Region.
    pub region: &'a str,
    /// Instance types.
    pub types: &'a [InstanceTypeInfo],
    /// Where they are offered.
    pub offerings: &'a [TypeOffering],
    /// Prices.
    pub prices: &'a Prices,
    /// What no service tells: branch interfaces, bandwidth, how often Spot is interrupted.
    pub embedded: &'a Catalog,
}

impl Catalog {
    /// The catalogue of a region as it is now. Types that cannot be nodes – of another
    /// architecture, without processors, memory or addresses – are left out.
    pub fn live(facts: &LiveFacts<'_>) -> Self {
        let mut zones: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for offering in facts.offerings {
            zones.entry(&offering.instance_type).or_default().insert(offering.zone.clone());
        }
        let mut types: Vec<Ec2Type> = facts
            .types
            .iter()
            .filter_map(|info| {
                let zones = zones.get(info.name.as_str()).cloned().unwrap_or_default();
                record(info, zones, facts)
            })
            .collect();
        types.sort_by(|a, b| a.name.cmp(&b.name));
        types.dedup_by(|a, b| a.name == b.name);
        let as_of = AsOf {
            on_demand_price: facts.prices.on_demand_as_of().to_owned(),
            ..facts.embedded.as_of.clone()
        };
        let sha256 = hex_sha256(format!("{types:?}").as_bytes());
        Self { region: facts.region.to_owned(), as_of, sha256, types }
    }

    /// On-demand prices by instance type.
    pub(crate) fn on_demand_prices(&self) -> impl Iterator<Item = (&str, Price)> {
        self.types.iter().map(|one| (one.name.as_str(), one.on_demand_price))
    }
}

fn record(
    info: &InstanceTypeInfo,
    zones: BTreeSet<String>,
    facts: &LiveFacts<'_>,
) -> Option<Ec2Type> {
    let (family, size) = info.name.split_once('.')?;
    let (category, generation) = category(family)?;
    let architecture = Architecture::of_ec2(info.architectures.first()?)?;
    let card = info.cards.iter().find(|one| one.index == info.default_card)?;
    let embedded = &facts.embedded.types;
    let known = embedded.binary_search_by(|one| one.name.cmp(&info.name));
    let known = known.ok().map(|index| &embedded[index]);
    let on_demand = facts.prices.on_demand(&info.name);
    let mut usage_classes: BTreeSet<String> = info.usage_classes.iter().cloned().collect();
    if on_demand.is_none() {
        // Nobody can tell what it would cost.
        usage_classes.remove(CapacityType::OnDemand.as_str());
    }
    let spot = zones
        .iter()
        .filter_map(|zone| facts.prices.spot(&info.name, zone).map(|price| (zone.clone(), price)));
    let record = Ec2Type {
        spot: spot.collect(),
        family: family.to_owned(),
        size: size.to_owned(),
        category: category.to_owned(),
        generation,
        architecture,
        cpu_manufacturer: info.cpu_manufacturer.to_lowercase(),
        clock_mhz: info.clock_mhz.map(i64::from),
        flex: family.contains("-flex"),
        hypervisor: info.hypervisor.clone(),
        vcpu: info.vcpus,
        memory_mib: u32::try_from(info.memory_mib).ok()?,
        eni: NetworkInterfaces {
            max_interfaces: card.interfaces_max,
            ipv4_per_interface: info.ipv4_per_interface,
            branch_interfaces: known.map_or(0, |one| one.eni.branch_interfaces),
        },
        network_bandwidth_mbps: known
            .and_then(|one| one.network_bandwidth_mbps)
            .or_else(|| baseline(info)),
        ebs_bandwidth_mbps: info.ebs_bandwidth_mbps,
        max_ebs_attachments: info.max_ebs_attachments,
        local_nvme_gb: info.local_nvme_gb.and_then(|gb| gb.try_into().ok()).unwrap_or(0),
        gpu: info.gpus.iter().map(gpu).collect(),
        other_accelerators: info.inference.iter().chain(&info.neuron).map(|one| one.count).sum(),
        usage_classes,
        zones,
        on_demand_price: on_demand.unwrap_or_default(),
        interruption_band: known.and_then(|one| one.interruption_band),
        name: info.name.clone(),
    };
    record.contradiction().is_none().then_some(record)
}

fn gpu(gpu: &crate::api::ec2::Gpu) -> Gpu {
    Gpu {
        name: gpu.name.clone(),
        manufacturer: gpu.manufacturer.clone(),
        count: gpu.count,
        memory_mib: gpu.memory_mib,
    }
}

/// Bandwidth that is always there over all cards; `None` if a card does not tell.
fn baseline(info: &InstanceTypeInfo) -> Option<u32> {
    info.cards.iter().map(|card| card.baseline_mbps).sum()
}

/// The letters that a family begins with, and the number after them: `m` and 5 of `m5dn`, `u` and
/// 1 of `u-6tb1`.
fn category(family: &str) -> Option<(&str, u32)> {
    let letters = family.find(|one: char| !one.is_ascii_lowercase())?;
    let (category, rest) = family.split_at(letters);
    let number = match rest.strip_prefix('-').and_then(|size| size.split_once("tb")) {
        Some((_, after)) => after,
        None => rest,
    };
    let digits = number.find(|one: char| !one.is_ascii_digit()).unwrap_or(number.len());
    Some((category, number[..digits].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_split_into_letters_and_generation() {
        for (family, expected) in [
            ("m5", Some(("m", 5))),
            ("c7i-flex", Some(("c", 7))),
            ("im4gn", Some(("im", 4))),
            ("u-6tb1", Some(("u", 1))),
            ("u7i-12tb", Some(("u", 7))),
            ("mac-m4", None),
        ] {
            assert_eq!(category(family), expected, "{family}");
        }
    }
}
