//! Amounts of resources as integers.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::attachment::counts_volumes;

/// Amounts of resources: what a pod asks for, or what a node has.
///
/// Units: CPU in milli-cores, memory and ephemeral storage in bytes, everything else in whole
/// units. A resource that is not named is zero. Amounts may go below zero after a subtraction.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Resources {
    /// CPU in thousandths of a core.
    pub cpu_milli: i64,
    /// Memory in bytes.
    pub memory_bytes: i64,
    /// Pod slots.
    pub pods: i64,
    /// Ephemeral storage in bytes.
    #[serde(default)]
    pub ephemeral_bytes: i64,
    /// Extended resources (`nvidia.com/gpu`) and huge pages, in whole units.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extended: BTreeMap<String, i64>,
}

impl Resources {
    /// CPU and memory, with no pod slot.
    pub fn new(cpu_milli: i64, memory_bytes: i64) -> Self {
        Self { cpu_milli, memory_bytes, ..Self::default() }
    }

    /// The same amounts with so many pod slots.
    #[must_use]
    pub fn with_pods(mut self, pods: i64) -> Self {
        self.pods = pods;
        self
    }

    /// Adds `other` in place.
    pub fn add(&mut self, other: &Self) {
        self.add_times(other, 1);
    }

    /// Takes `other` away in place; amounts may become negative.
    pub fn subtract(&mut self, other: &Self) {
        self.add_times(other, -1);
    }

    /// Adds `count` times `other` in place.
    pub fn add_times(&mut self, other: &Self, count: i64) {
        self.cpu_milli += count * other.cpu_milli;
        self.memory_bytes += count * other.memory_bytes;
        self.pods += count * other.pods;
        self.ephemeral_bytes += count * other.ephemeral_bytes;
        for (name, amount) in &other.extended {
            *self.extended.entry(name.clone()).or_default() += count * amount;
        }
    }

    /// Adds so much of a resource in place, by its Kubernetes name.
    pub fn add_amount(&mut self, name: &str, amount: i64) {
        self.set(name, self.get(name) + amount);
    }

    /// The same without the resources that count volumes: what objects of Kubernetes say of a node.
    /// There the number of volumes is no resource; each CSI driver states it in the `CSINode`.
    #[must_use]
    pub fn without_volumes(mut self) -> Self {
        self.extended.retain(|name, _| !counts_volumes(name));
        self
    }

    /// Whether every amount is at most that of `other`.
    pub fn fits(&self, other: &Self) -> bool {
        self.cpu_milli <= other.cpu_milli
            && self.memory_bytes <= other.memory_bytes
            && self.pods <= other.pods
            && self.ephemeral_bytes <= other.ephemeral_bytes
            && self.extended.iter().all(|(name, amount)| *amount <= other.get(name))
    }

    /// The amount of a resource by its Kubernetes name (`cpu` in milli-cores); 0 if absent.
    pub fn get(&self, name: &str) -> i64 {
        match name {
            "cpu" => self.cpu_milli,
            "memory" => self.memory_bytes,
            "pods" => self.pods,
            "ephemeral-storage" => self.ephemeral_bytes,
            other => self.extended.get(other).copied().unwrap_or(0),
        }
    }

    /// Sets the amount of a resource by its Kubernetes name (`cpu` in milli-cores).
    pub fn set(&mut self, name: &str, amount: i64) {
        match name {
            "cpu" => self.cpu_milli = amount,
            "memory" => self.memory_bytes = amount,
            "pods" => self.pods = amount,
            "ephemeral-storage" => self.ephemeral_bytes = amount,
            other => {
                self.extended.insert(other.to_owned(), amount);
            }
        }
    }

    /// Kubernetes names and amounts of all resources that are not zero, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        [
            ("cpu", self.cpu_milli),
            ("memory", self.memory_bytes),
            ("pods", self.pods),
            ("ephemeral-storage", self.ephemeral_bytes),
        ]
        .into_iter()
        .chain(self.extended.iter().map(|(name, amount)| (name.as_str(), *amount)))
        .filter(|(_, amount)| *amount != 0)
    }

    /// An amount of the named resource as people write it: `1500m`, `3.5Gi`, `2`.
    pub fn display_amount(name: &str, amount: i64) -> String {
        match name {
            "cpu" if amount % 1000 == 0 => (amount / 1000).to_string(),
            "cpu" => format!("{amount}m"),
            "memory" | "ephemeral-storage" => display_bytes(amount),
            _ => amount.to_string(),
        }
    }
}

impl fmt::Display for Resources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (name, amount)) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{name} {}", Self::display_amount(name, amount))?;
        }
        Ok(())
    }
}

fn display_bytes(bytes: i64) -> String {
    const UNITS: [(&str, i64); 4] =
        [("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)];
    for (suffix, unit) in UNITS {
        if bytes.abs() >= unit {
            let tenths = (i128::from(bytes) * 10 / i128::from(unit)) as i64;
            return if tenths % 10 == 0 {
                format!("{}{suffix}", tenths / 10)
            } else {
                format!("{}.{}{suffix}", tenths / 10, (tenths % 10).abs())
            };
        }
    }
    bytes.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_that_is_not_named_is_zero() {
        let mut gpu = Resources::new(100, 1 << 20);
        gpu.set("nvidia.com/gpu", 1);
        assert!(!gpu.fits(&Resources::new(4000, 1 << 30)));
        assert!(Resources::new(100, 1 << 20).fits(&gpu));
    }

    #[test]
    fn displays_as_people_write_it() {
        let mut amounts = Resources::new(1500, 7 << 29).with_pods(3);
        amounts.set("nvidia.com/gpu", 2);
        assert_eq!(amounts.to_string(), "cpu 1500m, memory 3.5Gi, pods 3, nvidia.com/gpu 2");
    }
}
