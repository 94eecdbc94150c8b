//! Kinds of batches.

use std::fmt;
use std::sync::Arc;

use anyhow::{Context, Result};
use scheduler_core::testkit::{
    Size, Variety, awkward, constrained, deployments, drawn, mixed, waiting,
};
use scheduler_core::{ClusterSnapshot, Supply};

/// A kind of batch (`solver.md` §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mix {
    /// CPU from 50m to 8 and memory from 64 MiB to 64 GiB, so many of the pods alike.
    Mixed(Variety),
    /// The same, as a few large deployments.
    Few,
    /// Round sizes; a few large deployments and many small ones.
    Deployments,
    /// Sizes of the Alibaba pods that ask for no GPU.
    OpenbCpu,
    /// Sizes of all Alibaba pods, without their GPUs.
    OpenbAll,
    /// Sizes of Azure's virtual machines.
    Azure,
    /// A few large odd sizes, each just over a part of a common node.
    Awkward,
    /// The mixture of constraints of Karpenter's own benchmark.
    Constrained,
}

/// Pods of each deployment where a mixture comes as deployments.
pub const REPLICAS: usize = 10;
/// Deployments of [`Mix::Few`].
const FEW: usize = 8;

impl Mix {
    /// The kinds that resemble real clusters, and those that are hard for a packer.
    pub const REAL: [Self; 6] =
        [Self::OpenbCpu, Self::OpenbAll, Self::Azure, Self::Deployments, Self::Few, Self::Awkward];

    /// A cluster without nodes in which so many pods of this kind wait.
    ///
    /// # Errors
    /// If a table of sizes cannot be read.
    pub fn batch(self, supply: &Arc<Supply>, seed: u64, pods: usize) -> Result<ClusterSnapshot> {
        let pods = match self {
            Self::Mixed(variety) => mixed(seed, pods, variety),
            Self::Few => mixed(seed, pods, Variety::Deployments(FEW)),
            Self::Deployments => deployments(seed, pods),
            Self::OpenbCpu => drawn(seed, pods, &sizes(include_str!("../data/openb-cpu.csv"))?),
            Self::OpenbAll => drawn(seed, pods, &sizes(include_str!("../data/openb-all.csv"))?),
            Self::Azure => drawn(seed, pods, &sizes(include_str!("../data/azure.csv"))?),
            Self::Awkward => awkward(seed, pods),
            Self::Constrained => constrained(seed, pods),
        };
        Ok(waiting(supply, pods))
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mixed(Variety::Deployments(count)) => write!(f, "mixed, {count} deployments"),
            Self::Mixed(Variety::AllDifferent) => f.write_str("mixed, all different"),
            Self::Few => f.write_str("few"),
            Self::Deployments => f.write_str("deployments"),
            Self::OpenbCpu => f.write_str("openb-cpu"),
            Self::OpenbAll => f.write_str("openb-all"),
            Self::Azure => f.write_str("azure"),
            Self::Awkward => f.write_str("awkward"),
            Self::Constrained => f.write_str("constrained"),
        }
    }
}

/// How many pods of each size a table counts.
fn sizes(table: &str) -> Result<Vec<(Size, usize)>> {
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let rows = reader.deserialize().map(|row| {
        let (cpu_milli, memory_mi, pods) = row.context("reading a table of pod sizes")?;
        Ok((Size { cpu_milli, memory_mi }, pods))
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_have_the_pods_of_their_traces() {
        let tables = [
            include_str!("../data/openb-cpu.csv"),
            include_str!("../data/openb-all.csv"),
            include_str!("../data/azure.csv"),
        ];
        let pods =
            tables.map(|table| sizes(table).unwrap().iter().map(|(_, pods)| *pods).sum::<usize>());
        assert_eq!(pods, [1_052, 7_255, 52_762]);
    }
}
