//! Volumes that are attached to a node, as a resource of it.
//!
//! A pod asks for one unit for each of its own volumes of a CSI driver that has a limit somewhere.
//! A volume that several pods mount is a [`SharedVolume`] of each of them: a node attaches it once,
//! for however many of them are there, so a node's use of the resource is not the sum over its pods.
//!
//! A resource that a node does not name is zero, so whoever fills in a node or an instance type
//! whose number of volumes nobody limits gives it [`NO_LIMIT`].

use std::fmt;

use serde::{Deserialize, Serialize};

use super::resources::Resources;

/// The CSI driver of EBS volumes, those that in-tree names speak of included.
pub const EBS_DRIVER: &str = "ebs.csi.aws.com";

/// The amount that stands for "as many as you like". No node reaches it: EC2 attaches 128 volumes at
/// most, and the 737 pods of the largest node would have to bring five each. It is no larger than
/// that because room is also compared by its share of the largest there is, and beside a million all
/// real limits would look alike.
pub const NO_LIMIT: i64 = 4_096;

const PREFIX: &str = "attachable-volumes-csi-";

/// The resource that counts the volumes of a CSI driver, by the name that Kubernetes gives it.
pub fn attachable_volumes(driver: &str) -> String {
    format!("{PREFIX}{driver}")
}

/// Whether a resource counts volumes.
pub fn counts_volumes(resource: &str) -> bool {
    resource.starts_with(PREFIX)
}

/// A volume that several pods mount.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SharedVolume {
    /// Its CSI driver.
    pub driver: String,
    /// What tells it from the driver's other volumes.
    pub volume: String,
}

impl SharedVolume {
    /// The resource of which it takes one unit on its node.
    pub fn resource(&self) -> String {
        attachable_volumes(&self.driver)
    }
}

/// The places that these volumes take on one node, each counted as often as it is given.
pub fn places<'v>(volumes: impl IntoIterator<Item = &'v SharedVolume>) -> Resources {
    let mut places = Resources::default();
    for volume in volumes {
        places.add_amount(&volume.resource(), 1);
    }
    places
}

impl fmt::Display for SharedVolume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.volume, self.driver)
    }
}
