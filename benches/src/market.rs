//! What may be bought.

use std::fmt;
use std::sync::{Arc, LazyLock};

use anyhow::{Context, Result};
use aws_provider::{Catalog, CatalogOptions};
use scheduler_core::Supply;
use scheduler_core::model::well_known::ARCH;
use scheduler_core::model::{
    CapacityType, ImageFamily, InstanceType, NodeClass, Operator, Requirement,
};
use scheduler_core::testkit::{self, NODE_CLASS, PoolBuilder, pool};

/// Architectures of the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// `arm64` only.
    Arm64,
    /// `amd64` only.
    Amd64,
    /// Either.
    Any,
}

/// Capacity types of the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Buys {
    /// On-demand capacity only.
    OnDemand,
    /// Spot capacity only.
    Spot,
    /// Whichever is cheaper.
    Both,
}

/// A part of the catalogue's general, compute and memory types, bought through one pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Market {
    /// Architectures.
    pub architecture: Architecture,
    /// Capacity types.
    pub buys: Buys,
    /// Most vCPUs of a node; `None` is no limit.
    pub vcpus_max: Option<u32>,
    /// Zones; `None` is all of the region.
    pub zones: Option<Vec<&'static str>>,
}

impl Market {
    /// Node types for `arm64`, of all zones.
    pub const fn arm64(buys: Buys, vcpus_max: Option<u32>) -> Self {
        Self { architecture: Architecture::Arm64, buys, vcpus_max, zones: None }
    }

    /// What the pool can launch.
    ///
    /// # Errors
    /// If the catalogue that is built in cannot be read.
    pub fn supply(&self) -> Result<Arc<Supply>> {
        Ok(testkit::supply([self.pool()?], &instance_types()?))
    }

    /// Every type of the catalogue, on demand and Spot.
    ///
    /// # Errors
    /// If the catalogue that is built in cannot be read.
    pub fn everything() -> Result<Arc<Supply>> {
        Ok(testkit::supply([pool("default")], &instance_types()?))
    }

    /// So many types of the catalogue, evenly chosen, on demand and Spot.
    ///
    /// # Errors
    /// If the catalogue that is built in cannot be read.
    pub fn sample(types: usize) -> Result<Arc<Supply>> {
        let all = instance_types()?;
        let chosen = (0..types).map(|number| all[number * all.len() / types].clone());
        Ok(testkit::supply([pool("default")], &Arc::new(chosen.collect())))
    }

    fn pool(&self) -> Result<PoolBuilder> {
        let mut pool =
            pool("default").requires("karpenter.k8s.aws/instance-category", ["c", "m", "r"]);
        pool = match self.architecture {
            Architecture::Arm64 => pool.requires(ARCH, ["arm64"]),
            Architecture::Amd64 => pool.requires(ARCH, ["amd64"]),
            Architecture::Any => pool,
        };
        pool = match self.buys {
            Buys::OnDemand => pool.capacity_type(CapacityType::OnDemand),
            Buys::Spot => pool.capacity_type(CapacityType::Spot),
            Buys::Both => pool,
        };
        if let Some(vcpus) = self.vcpus_max {
            let vcpus = Requirement::new(Operator::Lte, &[vcpus.to_string()])?;
            pool = pool.requirement("karpenter.k8s.aws/instance-cpu", vcpus);
        }
        Ok(match &self.zones {
            Some(zones) => pool.zones(zones.iter().copied()),
            None => pool,
        })
    }
}

impl fmt::Display for Market {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let architecture = match self.architecture {
            Architecture::Arm64 => "arm64",
            Architecture::Amd64 => "amd64",
            Architecture::Any => "any architecture",
        };
        write!(f, "{architecture}, {}", self.buys)?;
        if let Some(vcpus) = self.vcpus_max {
            write!(f, ", ≤ {vcpus} vCPUs")?;
        }
        self.zones.iter().try_for_each(|zones| write!(f, ", {}", zones.join(" ")))
    }
}

impl fmt::Display for Buys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnDemand => "on-demand",
            Self::Spot => "Spot",
            Self::Both => "Spot + on-demand",
        })
    }
}

/// Every type as a node with the defaults of AL2023, read once.
fn instance_types() -> Result<Arc<Vec<InstanceType>>> {
    static READ: LazyLock<Result<Arc<Vec<InstanceType>>, String>> = LazyLock::new(|| {
        let class = NodeClass::new(NODE_CLASS, ImageFamily::Al2023);
        let catalog = Catalog::embedded().map_err(|error| error.to_string())?;
        Ok(catalog.instance_types(&class, &CatalogOptions::default()))
    });
    READ.clone().map_err(anyhow::Error::msg).context("reading the catalogue that is built in")
}
