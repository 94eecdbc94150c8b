//! Volumes that are attached to a node, as a resource of it.
//!
//! A pod asks for one unit for each of its volumes of a CSI driver that has a limit somewhere. A
//! resource that a node does not name is zero, so whoever fills in a node or an instance type whose
//! number of volumes nobody limits gives it [`NO_LIMIT`].

/// The CSI driver of EBS volumes, those that in-tree names speak of included.
pub const EBS_DRIVER: &str = "ebs.csi.aws.com";

/// The amount that stands for "as many as you like": far beyond what the pods of a node can have,
/// and small enough to calculate with.
pub const NO_LIMIT: i64 = 1_000_000;

const PREFIX: &str = "attachable-volumes-csi-";

/// The resource that counts the volumes of a CSI driver, by the name that Kubernetes gives it.
pub fn attachable_volumes(driver: &str) -> String {
    format!("{PREFIX}{driver}")
}

/// Whether a resource counts volumes.
pub fn counts_volumes(resource: &str) -> bool {
    resource.starts_with(PREFIX)
}
