//! Settings of Kubernetes that Bottlerocket has. It refuses to boot with any other.

use toml::{Table, Value};

/// Names in `settings.kubernetes`.
const SETTINGS: [&str; 49] = [
    "allowed-unsafe-sysctls",
    "api-server",
    "cloud-provider",
    "cluster-certificate",
    "cluster-dns-ip",
    "cluster-domain",
    "cluster-name",
    "container-log-max-files",
    "container-log-max-size",
    "container-log-max-workers",
    "container-log-monitor-interval",
    "cpu-cfs-quota-enforced",
    "cpu-manager-policy",
    "cpu-manager-policy-options",
    "cpu-manager-reconcile-period",
    "credential-providers",
    "device-ownership-from-security-context",
    "event-burst",
    "event-qps",
    "eviction-hard",
    "eviction-max-pod-grace-period",
    "eviction-soft",
    "eviction-soft-grace-period",
    "hostname-override-source",
    "ids-per-pod",
    "image-gc-high-threshold-percent",
    "image-gc-low-threshold-percent",
    "kube-api-burst",
    "kube-api-qps",
    "kube-reserved",
    "log-level",
    "max-pods",
    "memory-manager-policy",
    "memory-manager-reserved-memory",
    "node-labels",
    "node-taints",
    "pod-pids-limit",
    "registry-burst",
    "registry-qps",
    "seccomp-default",
    "server-tls-bootstrap",
    "shutdown-grace-period",
    "shutdown-grace-period-for-critical-pods",
    "single-process-oom-kill",
    "static-pods",
    "system-reserved",
    "topology-manager-policy",
    "topology-manager-policy-options",
    "topology-manager-scope",
];

/// Settings that are tables of tables, with the names in these.
const NAMED_TABLES: [(&str, &[&str]); 3] = [
    ("credential-providers", &["enabled", "cache-duration", "image-patterns", "environment"]),
    ("static-pods", &["enabled", "manifest"]),
    ("memory-manager-reserved-memory", &["enabled", "memory", "hugepages-2Mi", "hugepages-1Gi"]),
];

/// A setting that is a table, with the names in it.
const OPTIONS: (&str, &[&str]) =
    ("topology-manager-policy-options", &["prefer-closest-numa-nodes", "max-allowable-numa-nodes"]);

/// Removes unknown settings, and says which.
pub(super) fn drop_unknown(kubernetes: &mut Table) -> Vec<String> {
    let mut dropped = Vec::new();
    keep(kubernetes, &SETTINGS, "", &mut dropped);
    for (name, known) in NAMED_TABLES {
        for (entry, value) in
            kubernetes.get_mut(name).and_then(Value::as_table_mut).into_iter().flatten()
        {
            if let Some(table) = value.as_table_mut() {
                keep(table, known, &format!("{name}.{entry}."), &mut dropped);
            }
        }
    }
    let (name, known) = OPTIONS;
    if let Some(table) = kubernetes.get_mut(name).and_then(Value::as_table_mut) {
        keep(table, known, &format!("{name}."), &mut dropped);
    }
    dropped
}

fn keep(table: &mut Table, known: &[&str], path: &str, dropped: &mut Vec<String>) {
    let names: Vec<String> = table.keys().cloned().collect();
    for name in names.iter().filter(|name| !known.contains(&name.as_str())) {
        table.remove(name);
        dropped.push(format!("settings.kubernetes.{path}{name}"));
    }
}
