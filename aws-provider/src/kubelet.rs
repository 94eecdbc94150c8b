//! `spec.kubelet`: what is understood of it, and what it becomes for one instance type.
//!
//! The field is an open map with the shape of kubelet's own configuration. Twelve of its fields are
//! *managed*: they are understood and have a place in the user data of every image family. The
//! others are handed on as they are by families that take a configuration file.

mod check;
mod schema;

use std::collections::BTreeMap;
use std::net::IpAddr;

use plimsoll_api::quantity::Quantity;
use serde::Deserialize;
use serde_json::{Map, Value};

pub use check::{Expressions, KubeletFault, check, check_support};

/// Names of the managed fields.
pub(crate) const MANAGED: [&str; 12] = [
    "clusterDNS",
    "maxPods",
    "podsPerCore",
    "systemReserved",
    "kubeReserved",
    "evictionHard",
    "evictionSoft",
    "evictionSoftGracePeriod",
    "evictionMaxPodGracePeriod",
    "imageGCHighThresholdPercent",
    "imageGCLowThresholdPercent",
    "cpuCFSQuota",
];

/// The managed fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Managed {
    /// Addresses of the cluster's DNS.
    #[serde(rename = "clusterDNS")]
    pub cluster_dns: Option<Vec<String>>,
    /// Most pods on a node.
    pub max_pods: Option<MaxPods>,
    /// Most pods per core.
    pub pods_per_core: Option<i32>,
    /// Reserved for the system, by resource.
    pub system_reserved: Option<BTreeMap<String, String>>,
    /// Reserved for Kubernetes, by resource.
    pub kube_reserved: Option<BTreeMap<String, String>>,
    /// Thresholds at which pods are evicted at once, by signal.
    pub eviction_hard: Option<BTreeMap<String, String>>,
    /// Thresholds at which pods are evicted after a while, by signal.
    pub eviction_soft: Option<BTreeMap<String, String>>,
    /// And after how long.
    pub eviction_soft_grace_period: Option<BTreeMap<String, String>>,
    /// Longest time that a pod has to end.
    pub eviction_max_pod_grace_period: Option<i32>,
    /// Use of the disk above which images are always removed.
    #[serde(rename = "imageGCHighThresholdPercent")]
    pub image_gc_high_threshold_percent: Option<i32>,
    /// Use of the disk below which images are never removed.
    #[serde(rename = "imageGCLowThresholdPercent")]
    pub image_gc_low_threshold_percent: Option<i32>,
    /// Whether limits of CPU are enforced.
    #[serde(rename = "cpuCFSQuota")]
    pub cpu_cfs_quota: Option<bool>,
}

/// `maxPods`: a number, or an expression over the instance type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum MaxPods {
    /// A number.
    Number(i32),
    /// An expression.
    Expression(String),
}

/// A configuration that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("spec.kubelet.{field} cannot be read; correct its type")]
pub struct KubeletError {
    /// The field.
    pub field: String,
    /// Why.
    #[source]
    pub source: serde_json::Error,
}

/// The managed fields of a configuration.
///
/// # Errors
/// If one of them is of another type.
pub fn managed(kubelet: Option<&Map<String, Value>>) -> Result<Managed, KubeletError> {
    let value = Value::Object(kubelet.cloned().unwrap_or_default());
    serde_path_to_error::deserialize(value).map_err(|error| KubeletError {
        field: error.path().to_string(),
        source: error.into_inner(),
    })
}

/// Names of the fields that are not managed, in order.
pub fn unmanaged(kubelet: &Map<String, Value>) -> Vec<&str> {
    let mut names: Vec<&str> = kubelet.keys().map(String::as_str).collect();
    names.retain(|name| !MANAGED.contains(name));
    names.sort_unstable();
    names
}

/// A configuration as the nodes of one instance type get it.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The managed fields, `maxPods` and `clusterDNS` filled in.
    pub managed: Managed,
    /// Most pods on a node.
    pub max_pods: i64,
    /// The whole map, expressions replaced.
    pub raw: Map<String, Value>,
}

/// The configuration for a type with room for so many pods, in a cluster whose DNS is at this
/// address. Expressions are not evaluated: `maxPods` becomes the type's number, and reserved
/// amounts are left out.
///
/// # Errors
/// If a managed field is of another type.
pub fn resolve(
    kubelet: Option<&Map<String, Value>>,
    pods: i64,
    dns: Option<IpAddr>,
) -> Result<Resolved, KubeletError> {
    let mut managed = managed(kubelet)?;
    let mut raw = kubelet.cloned().unwrap_or_default();
    for (field, reserved) in [
        ("kubeReserved", &mut managed.kube_reserved),
        ("systemReserved", &mut managed.system_reserved),
    ] {
        if let Some(reserved) = reserved {
            reserved.retain(|_, amount| is_quantity(amount));
            raw.insert(field.to_owned(), texts(reserved));
        }
    }
    let max_pods = match managed.max_pods {
        Some(MaxPods::Number(number)) => i64::from(number),
        Some(MaxPods::Expression(_)) | None => pods,
    };
    raw.insert("maxPods".to_owned(), max_pods.into());
    if managed.cluster_dns.as_ref().is_none_or(Vec::is_empty) {
        managed.cluster_dns = dns.map(|dns| vec![dns.to_string()]);
    }
    if let Some(dns) = &managed.cluster_dns {
        raw.insert("clusterDNS".to_owned(), dns.as_slice().into());
    }
    Ok(Resolved { managed, max_pods, raw })
}

fn texts(map: &BTreeMap<String, String>) -> Value {
    map.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect()
}

pub(crate) fn is_quantity(text: &str) -> bool {
    text.parse::<Quantity>().is_ok()
}

#[cfg(test)]
mod tests;
