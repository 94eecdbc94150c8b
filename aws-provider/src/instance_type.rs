//! From a record of the catalogue to an instance type as the core packs it.

mod capacity;
mod labels;
mod offerings;
mod overhead;

pub(crate) use labels::windows_build;

use scheduler_core::model::{ImageFamily, InstanceType, NodeClass};

use crate::catalog::{Architecture, CatalogOptions, Ec2Type};

/// The instance type as a node of this class would have it.
pub(crate) fn resolve(
    ec2: &Ec2Type,
    region: &str,
    class: &NodeClass,
    options: &CatalogOptions,
) -> InstanceType {
    let capacity = capacity::capacity(ec2, class, options);
    let overhead = overhead::overhead(ec2, class, &capacity);
    InstanceType {
        name: ec2.name.clone(),
        requirements: labels::requirements(ec2, region, class.image_family),
        capacity,
        overhead,
        offerings: offerings::offerings(
            ec2,
            class,
            compatibility(ec2, class.image_family),
            options,
        ),
    }
}

/// Whether the class can run the type at all.
#[derive(Clone, Copy)]
enum Compatibility {
    Compatible,
    Incompatible,
}

/// The first Graviton cannot run the kernel of Amazon Linux 2023, and there is no Windows for
/// arm64.
fn compatibility(ec2: &Ec2Type, family: ImageFamily) -> Compatibility {
    let first_graviton = ec2.family == "a1" && family == ImageFamily::Al2023;
    let windows_on_arm = ec2.architecture == Architecture::Arm64 && family.is_windows();
    if first_graviton || windows_on_arm {
        Compatibility::Incompatible
    } else {
        Compatibility::Compatible
    }
}

#[cfg(test)]
mod tests;
