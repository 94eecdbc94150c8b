//! What kubelet, system and eviction take off a node.

use std::collections::BTreeMap;

use scheduler_core::model::{EvictionThreshold, ImageFamily, NodeClass, Resources};

use super::capacity::{GIB, MIB, eni_limited_pods};
use crate::catalog::Ec2Type;

/// Resources that can be reserved on a node; kubelet also knows `pid`, which no pod asks for.
const RESERVABLE: [&str; 3] = ["cpu", "memory", "ephemeral-storage"];

/// Shares of the cores that kubelet reserves: so many cores, ten-thousandths of each.
const CPU_SHARES: [(i64, i64); 4] = [(1, 600), (1, 100), (2, 50), (i64::MAX, 25)];

/// kube-reserved, system-reserved and hard eviction threshold together.
pub(super) fn overhead(ec2: &Ec2Type, class: &NodeClass, capacity: &Resources) -> Resources {
    let mut overhead = kube_reserved(ec2, class, capacity);
    set_all(&mut overhead, &class.kubelet.kube_reserved);
    let mut system_reserved = Resources::default();
    set_all(&mut system_reserved, &class.kubelet.system_reserved);
    overhead.add(&system_reserved);
    overhead.memory_bytes +=
        threshold(class, "memory.available", capacity.memory_bytes).unwrap_or(100 * MIB);
    overhead.ephemeral_bytes += threshold(class, "nodefs.available", capacity.ephemeral_bytes)
        .unwrap_or_else(|| share(capacity.ephemeral_bytes, 100_000));
    overhead
}

/// The reservation that the image's start-up script computes.
fn kube_reserved(ec2: &Ec2Type, class: &NodeClass, capacity: &Resources) -> Resources {
    // Amazon Linux counts the pods that its interfaces could serve, even where maxPods is lower.
    let pods = match class.image_family {
        ImageFamily::Al2 | ImageFamily::Al2023 | ImageFamily::Custom => {
            eni_limited_pods(ec2, class, 0)
        }
        ImageFamily::Bottlerocket
        | ImageFamily::Windows2019
        | ImageFamily::Windows2022
        | ImageFamily::Windows2025 => capacity.pods,
    };
    let mut reserved = Resources::new(kube_reserved_cpu_milli(ec2.vcpu), (11 * pods + 255) * MIB);
    reserved.ephemeral_bytes = GIB;
    reserved
}

fn kube_reserved_cpu_milli(vcpu: u32) -> i64 {
    let mut left = i64::from(vcpu);
    let mut milli = 0;
    for (cores, share) in CPU_SHARES {
        let counted = left.min(cores);
        milli += counted * share / 10;
        left -= counted;
    }
    milli
}

fn set_all(resources: &mut Resources, amounts: &BTreeMap<String, i64>) {
    for name in RESERVABLE {
        if let Some(amount) = amounts.get(name) {
            resources.set(name, *amount);
        }
    }
}

/// The class's own hard eviction threshold; a soft one never counts.
fn threshold(class: &NodeClass, signal: &str, capacity: i64) -> Option<i64> {
    Some(match class.kubelet.eviction_hard.get(signal)? {
        EvictionThreshold::Bytes(bytes) => *bytes,
        EvictionThreshold::Ppm(1_000_000) => 0,
        EvictionThreshold::Ppm(ppm) => share(capacity, *ppm),
    })
}

/// Millionths of an amount, rounded up.
fn share(amount: i64, ppm: u32) -> i64 {
    (amount.max(0) as u128 * u128::from(ppm)).div_ceil(1_000_000) as i64
}
