//! User data: what makes an instance join the cluster, in the words of its image family.
//!
//! ```text
//! class, claim, cluster, instance type ──► Bootstrap ──► al2 │ al2023 │ bottlerocket │ windows
//! ```
//!
//! The same input gives the same text, byte for byte, because launch templates are found again by
//! what is in them.

mod al2;
mod al2023;
mod bottlerocket;
mod kubelet_args;
mod mime;
mod windows;

use std::collections::BTreeMap;
use std::net::IpAddr;

use scheduler_core::model::{CapacityType, ImageFamily, Taint, TaintEffect, well_known};
use serde_json::{Map, Value};

pub use bottlerocket::{binds_by_default, release};

use crate::kubelet::{self, KubeletError, Resolved};

/// What EC2 takes, in bytes before they are encoded.
pub const USER_DATA_BYTES_MAX: usize = 16384;
/// From here on a class should be warned about: its next label may be one too many.
pub const USER_DATA_BYTES_HIGH: usize = USER_DATA_BYTES_MAX / 10 * 9;

/// Keeps pods off a node until it is registered.
const UNREGISTERED: &str = "karpenter.sh/unregistered";
/// Says that the taints of the claim are not to be put on the node once more.
const DO_NOT_SYNC_TAINTS: &str = "karpenter.sh/do-not-sync-taints";
/// Label domains that kubelet must not set, with their subdomains.
const RESTRICTED_DOMAINS: [&str; 2] = ["kubernetes.io", "k8s.io"];

/// The cluster that nodes join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterAccess {
    /// Name.
    pub name: String,
    /// URL of the API server.
    pub endpoint: String,
    /// Certificates that the API server's one is checked with, in base64.
    pub ca_bundle: String,
    /// Range of service addresses; nodes of AL2023 must know it.
    pub service_cidr: Option<String>,
    /// Address of the cluster's DNS service.
    pub dns: Option<IpAddr>,
}

/// What is done with local disks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InstanceStore {
    /// Nothing.
    #[default]
    Unused,
    /// They are joined and hold ephemeral storage.
    Raid0,
}

/// Everything that user data depends on.
#[derive(Clone, Copy, Debug)]
pub struct Bootstrap<'a> {
    /// The cluster.
    pub cluster: &'a ClusterAccess,
    /// The image's family.
    pub family: ImageFamily,
    /// The user's own (`spec.userData`).
    pub own: Option<&'a str>,
    /// `spec.kubelet`.
    pub kubelet: Option<&'a Map<String, Value>>,
    /// Pods that the instance type has room for.
    pub pods: i64,
    /// Labels of the claim.
    pub labels: &'a BTreeMap<String, String>,
    /// How the instance is bought.
    pub capacity_type: CapacityType,
    /// Taints of the claim, startup taints after the others.
    pub taints: &'a [Taint],
    /// What is done with local disks.
    pub instance_store: InstanceStore,
    /// Release of Bottlerocket, as far as it is known ([`release`]).
    pub release: Option<&'a str>,
}

/// User data as the instance reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserData {
    /// The text.
    pub text: String,
    /// Settings of the user's own that are left out, because Bottlerocket has no such.
    pub dropped: Vec<String>,
}

/// Why there is no user data.
#[derive(Debug, thiserror::Error)]
pub enum UserDataError {
    /// Nodes of AL2023 must be told the range of service addresses.
    #[error("the cluster's range of service addresses is not known yet")]
    NoServiceCidr,
    /// The user's own is not the archive that it begins as.
    #[error("spec.userData is a malformed MIME archive: {problem}")]
    Mime {
        /// What is wrong.
        problem: &'static str,
    },
    /// The user's own is not TOML.
    #[error("spec.userData is not TOML, as Bottlerocket needs it")]
    Toml(#[source] Box<toml::de::Error>),
    /// The user's own has something else where Bottlerocket has a table.
    #[error("spec.userData: {path} is not a table")]
    NotATable {
        /// Where.
        path: String,
    },
    /// The kubelet settings cannot be read.
    #[error("the kubelet settings cannot be read")]
    Kubelet(#[from] KubeletError),
    /// What was made cannot be written.
    #[error("the user data cannot be written: {problem}")]
    Unwritable {
        /// Why.
        problem: String,
    },
}

impl Bootstrap<'_> {
    /// The user data.
    ///
    /// # Errors
    /// If the user's own cannot be merged, or something is not known yet.
    pub fn user_data(&self) -> Result<UserData, UserDataError> {
        let whole = |text| UserData { text, dropped: Vec::new() };
        match self.family {
            ImageFamily::Al2 => al2::render(self).map(whole),
            ImageFamily::Al2023 => al2023::render(self).map(whole),
            ImageFamily::Bottlerocket => bottlerocket::render(self),
            ImageFamily::Windows2019 | ImageFamily::Windows2022 | ImageFamily::Windows2025 => {
                windows::render(self).map(whole)
            }
            ImageFamily::Custom => Ok(whole(self.own.unwrap_or_default().to_owned())),
        }
    }

    /// Kubelet's settings for the instance type.
    fn resolved(&self) -> Result<Resolved, UserDataError> {
        Ok(kubelet::resolve(self.kubelet, self.pods, self.cluster.dns)?)
    }

    /// Labels that kubelet sets.
    fn node_labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.labels.clone();
        labels.insert(well_known::CAPACITY_TYPE.to_owned(), self.capacity_type.as_str().to_owned());
        labels.insert(DO_NOT_SYNC_TAINTS.to_owned(), "true".to_owned());
        labels.retain(|key, _| !is_restricted(key));
        labels
    }

    /// Taints that kubelet registers its node with.
    fn node_taints(&self) -> Vec<Taint> {
        let mut taints = self.taints.to_vec();
        if taints.iter().all(|taint| taint.key != UNREGISTERED) {
            let (key, value) = (UNREGISTERED.to_owned(), String::new());
            taints.push(Taint { key, value, effect: TaintEffect::NoExecute });
        }
        taints
    }
}

/// Whether kubelet must not set a label itself.
fn is_restricted(key: &str) -> bool {
    let Some((domain, _)) = key.split_once('/') else { return false };
    RESTRICTED_DOMAINS.iter().any(|restricted| {
        domain.strip_suffix(restricted).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// An effect as Kubernetes names it.
fn effect(effect: TaintEffect) -> &'static str {
    match effect {
        TaintEffect::NoSchedule => "NoSchedule",
        TaintEffect::PreferNoSchedule => "PreferNoSchedule",
        TaintEffect::NoExecute => "NoExecute",
    }
}

#[cfg(test)]
mod tests;
