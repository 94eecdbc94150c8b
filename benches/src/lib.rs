//! What the benchmarks plan for: generated batches of pods against the catalogue of `us-east-1`.
//!
//! `cargo bench -p plimsoll-benches` measures; `cargo run --release -p plimsoll-benches --bin
//! planning-figures` prints the figures that the project has promised, in a minute.

use std::sync::Arc;

use anyhow::{Context, Result};
use aws_provider::{Catalog, CatalogOptions};
use scheduler_core::model::well_known::ARCH;
use scheduler_core::model::{
    CapacityType, ImageFamily, InstanceType, NodeClass, Operator, Requirement,
};
use scheduler_core::testkit::{self, NODE_CLASS, Variety, mixed, pool, waiting};
use scheduler_core::{ClusterSnapshot, Supply};

/// Most vCPUs of a node where node size is capped.
const VCPUS_MAX: u32 = 32;

/// Every type of the catalogue, on demand and Spot, from one pool.
///
/// # Errors
/// If the catalogue that is built in cannot be read.
pub fn everything() -> Result<Arc<Supply>> {
    Ok(testkit::supply([pool("default")], &instance_types()?))
}

/// General, compute and memory types for arm64 with up to 32 vCPUs, on demand: where the peer's
/// own figures were taken.
///
/// # Errors
/// If the catalogue that is built in cannot be read.
pub fn on_demand_up_to_32_vcpus() -> Result<Arc<Supply>> {
    let vcpus = Requirement::new(Operator::Lte, &[VCPUS_MAX.to_string()])?;
    let pool = pool("default")
        .capacity_type(CapacityType::OnDemand)
        .requires(ARCH, ["arm64"])
        .requires("karpenter.k8s.aws/instance-category", ["c", "m", "r"])
        .requirement("karpenter.k8s.aws/instance-cpu", vcpus);
    Ok(testkit::supply([pool], &instance_types()?))
}

/// A batch of mixed pods and no nodes.
pub fn batch(supply: &Arc<Supply>, seed: u64, pods: usize, variety: Variety) -> ClusterSnapshot {
    waiting(supply, mixed(seed, pods, variety))
}

fn instance_types() -> Result<Arc<Vec<InstanceType>>> {
    let class = NodeClass::new(NODE_CLASS, ImageFamily::Al2023);
    let catalog = Catalog::embedded().context("reading the catalogue that is built in")?;
    Ok(catalog.instance_types(&class, &CatalogOptions::default()))
}
