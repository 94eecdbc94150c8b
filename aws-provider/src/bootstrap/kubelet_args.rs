//! Kubelet's settings as flags, for images that take no configuration file.

use std::collections::BTreeMap;
use std::fmt::Display;

use scheduler_core::model::Taint;

use super::{Bootstrap, effect};
use crate::kubelet::Resolved;

/// The flags in one line.
pub(super) fn kubelet_args(bootstrap: &Bootstrap<'_>, kubelet: &Resolved) -> String {
    let managed = &kubelet.managed;
    let mut args = Args::default();
    args.quoted("node-labels", Some(pairs(&bootstrap.node_labels(), "=")));
    args.quoted("register-with-taints", Some(taints(&bootstrap.node_taints())));
    args.value("max-pods", Some(kubelet.max_pods));
    args.value("pods-per-core", managed.pods_per_core);
    args.map("system-reserved", managed.system_reserved.as_ref(), "=");
    args.map("kube-reserved", managed.kube_reserved.as_ref(), "=");
    args.map("eviction-hard", managed.eviction_hard.as_ref(), "<");
    args.map("eviction-soft", managed.eviction_soft.as_ref(), "<");
    args.map("eviction-soft-grace-period", managed.eviction_soft_grace_period.as_ref(), "=");
    args.value("eviction-max-pod-grace-period", managed.eviction_max_pod_grace_period);
    args.value("image-gc-high-threshold", managed.image_gc_high_threshold_percent);
    args.value("image-gc-low-threshold", managed.image_gc_low_threshold_percent);
    args.value("cpu-cfs-quota", managed.cpu_cfs_quota);
    args.0.join(" ")
}

/// Labels as the value of a flag.
pub(super) fn node_labels_flag(labels: &BTreeMap<String, String>) -> String {
    format!("--node-labels=\"{}\"", pairs(labels, "="))
}

#[derive(Default)]
struct Args(Vec<String>);

impl Args {
    fn value(&mut self, name: &str, value: Option<impl Display>) {
        self.0.extend(value.map(|value| format!("--{name}={value}")));
    }

    fn quoted(&mut self, name: &str, value: Option<String>) {
        self.value(
            name,
            value.filter(|value| !value.is_empty()).map(|value| format!("\"{value}\"")),
        );
    }

    fn map(&mut self, name: &str, map: Option<&BTreeMap<String, String>>, between: &str) {
        self.quoted(name, map.map(|map| pairs(map, between)));
    }
}

fn pairs(map: &BTreeMap<String, String>, between: &str) -> String {
    let pairs: Vec<String> =
        map.iter().map(|(key, value)| format!("{key}{between}{value}")).collect();
    pairs.join(",")
}

fn taints(taints: &[Taint]) -> String {
    let text = |taint: &Taint| match taint.value.as_str() {
        "" => format!("{}:{}", taint.key, effect(taint.effect)),
        value => format!("{}={value}:{}", taint.key, effect(taint.effect)),
    };
    taints.iter().map(text).collect::<Vec<_>>().join(",")
}
