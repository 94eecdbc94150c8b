//! EC2 as a provider of nodes: what can be rented, how much of it pods can use, and what it costs.
//!
//! ```text
//! catalogue file ──► Catalog ──┐
//!                              ├──► instance_types ──► Vec<InstanceType>, as the core packs them
//! NodeClass, CatalogOptions ───┘
//!
//! EC2NodeClass ──► node_class: queries ──► answers of AWS ──► status, conditions, LaunchSpec
//!                  bootstrap: user data         drift, interruption: what becomes of instances
//! ```
//!
//! The crate is pure: no AWS SDK, no clock, and no IO but [`Catalog::read`]. A catalogue of
//! `us-east-1` is built in.
//!
//! ```
//! use aws_provider::{Catalog, CatalogOptions};
//! use scheduler_core::model::{ImageFamily, NodeClass};
//!
//! let catalog = Catalog::embedded()?;
//! let class = NodeClass::new("default", ImageFamily::Al2023);
//! let types = catalog.instance_types(&class, &CatalogOptions::default());
//! let large = types.iter().find(|one| one.name == "m5.large").expect("m5.large is built in");
//! assert_eq!(large.allocatable().cpu_milli, 1930);
//! # Ok::<(), aws_provider::CatalogError>(())
//! ```
//!
//! # What a catalogue cannot say
//!
//! Some labels and resources of Karpenter come from fields that the catalogue format does not
//! have. They are left out rather than guessed:
//!
//! - `instance-encryption-in-transit-supported`, `nitro-sandbox`, `topology.k8s.aws/zone-id`.
//! - `instance-accelerator-*` of types that have accelerators: the format counts them without a
//!   name. Types without any carry the keys as `DoesNotExist`, so a pod that asks for an
//!   accelerator never gets one of those.
//! - The resources `aws.amazon.com/neuron` and `aws.amazon.com/neuroncore`, for the same reason.
//! - `vpc.amazonaws.com/efa` where the class sets no `networkInterfaces`; where it does, whether a
//!   type has as many EFA devices is not checked.
//! - `instance-tenancy` is `default` alone, because the prices are those of shared tenancy.
//! - Capacity reservations and placement groups: their labels are `DoesNotExist`.
//! - Zones are those of the catalogue; a class's subnets do not narrow them.

pub mod api;
pub mod bootstrap;
mod catalog;
pub mod coalesce;
pub mod demotion;
pub mod discovery;
pub mod drift;
pub mod error;
pub mod instance;
mod instance_type;
pub mod interruption;
pub mod kubelet;
pub mod launch;
mod launch_spec;
pub mod launch_template;
#[cfg(test)]
mod memory;
pub mod node_class;
pub mod pricing;
pub mod profile;
pub mod quota;
pub mod repair;
pub mod reservation;
pub mod subnet;
pub mod tags;
mod time;
pub mod unavailable;

pub use catalog::{
    Architecture, AsOf, Catalog, CatalogError, CatalogOptions, Ec2Type, Gpu, InterruptionBand,
    LiveFacts, NetworkInterfaces,
};
pub use error::CloudError;
pub use launch_spec::{
    Boot, InterfaceKind, IpFamily, LaunchInterface, LaunchNetwork, LaunchPlacement, LaunchSpec,
    LaunchSubnet,
};
