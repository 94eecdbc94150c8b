//! Bottlerocket: settings in TOML, ours over the user's.

mod known;

use std::collections::BTreeMap;

use plimsoll_api::crd::ec2_node_class::{Ami, Ec2NodeClassSpec};
use toml::{Table, Value};

use super::{Bootstrap, InstanceStore, UserData, UserDataError, effect};
use crate::kubelet::Resolved;

/// The first release whose `bind` knows what to bind.
const BINDS_BY_DEFAULT: [u32; 3] = [1, 46, 0];
/// What `bind` is told on older ones.
const BOUND: [&str; 4] = ["--dirs", "/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods"];

pub(super) fn render(bootstrap: &Bootstrap<'_>) -> Result<UserData, UserDataError> {
    let own = bootstrap.own.unwrap_or_default();
    let mut document: Table = own.parse().map_err(|error| UserDataError::Toml(Box::new(error)))?;
    let settings = table(&mut document, "settings", "")?;
    let kubernetes = table(settings, "kubernetes", "settings")?;
    let dropped = known::drop_unknown(kubernetes);
    let resolved = bootstrap.resolved()?;
    set_cluster(kubernetes, bootstrap);
    set_labels_and_taints(kubernetes, bootstrap)?;
    set_kubelet(kubernetes, &resolved);
    if bootstrap.instance_store == InstanceStore::Raid0 {
        let commands = table(settings, "bootstrap-commands", "settings")?;
        let mount = mount_instance_store(bootstrap.release);
        commands.insert("000-mount-instance-storage".to_owned(), mount);
    }
    let text = toml::to_string(&document)
        .map_err(|error| UserDataError::Unwritable { problem: error.to_string() })?;
    Ok(UserData { text, dropped })
}

/// The table of this name within another one, made if it is missing.
fn table<'a>(
    parent: &'a mut Table,
    name: &str,
    path: &str,
) -> Result<&'a mut Table, UserDataError> {
    let entry = parent.entry(name).or_insert_with(|| Value::Table(Table::new()));
    let separator = if path.is_empty() { "" } else { "." };
    let not_a_table = || UserDataError::NotATable { path: format!("{path}{separator}{name}") };
    entry.as_table_mut().ok_or_else(not_a_table)
}

fn set_cluster(kubernetes: &mut Table, bootstrap: &Bootstrap<'_>) {
    let cluster = bootstrap.cluster;
    set(kubernetes, "api-server", Some(cluster.endpoint.as_str()));
    set(kubernetes, "cluster-name", Some(cluster.name.as_str()));
    set(kubernetes, "cluster-certificate", Some(cluster.ca_bundle.as_str()));
}

fn set_labels_and_taints(
    kubernetes: &mut Table,
    bootstrap: &Bootstrap<'_>,
) -> Result<(), UserDataError> {
    let labels = table(kubernetes, "node-labels", "settings.kubernetes")?;
    labels.extend(bootstrap.node_labels().into_iter().map(|(key, value)| (key, value.into())));
    let mut taints: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for taint in bootstrap.node_taints() {
        let text = format!("{}:{}", taint.value, effect(taint.effect));
        taints.entry(taint.key).or_default().push(text.into());
    }
    let taints: Table = taints.into_iter().map(|(key, all)| (key, Value::Array(all))).collect();
    // Taints of the user's own would stay on the node, since nobody knows to remove them.
    set(kubernetes, "node-taints", Some(taints));
    Ok(())
}

fn set_kubelet(kubernetes: &mut Table, resolved: &Resolved) {
    let managed = &resolved.managed;
    let map = |map: Option<&BTreeMap<String, String>>| {
        map.map(|map| {
            map.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect::<Table>()
        })
    };
    let text = |number: Option<i32>| number.map(|number| number.to_string());
    let dns = managed.cluster_dns.as_ref().and_then(|all| all.first());
    set(kubernetes, "cluster-dns-ip", dns.map(String::as_str));
    set(kubernetes, "max-pods", Some(resolved.max_pods));
    set(kubernetes, "system-reserved", map(managed.system_reserved.as_ref()));
    set(kubernetes, "kube-reserved", map(managed.kube_reserved.as_ref()));
    set(kubernetes, "eviction-hard", map(managed.eviction_hard.as_ref()));
    set(kubernetes, "eviction-soft", map(managed.eviction_soft.as_ref()));
    let grace = map(managed.eviction_soft_grace_period.as_ref());
    set(kubernetes, "eviction-soft-grace-period", grace);
    let grace = managed.eviction_max_pod_grace_period;
    set(kubernetes, "eviction-max-pod-grace-period", grace);
    let high = text(managed.image_gc_high_threshold_percent);
    set(kubernetes, "image-gc-high-threshold-percent", high);
    let low = text(managed.image_gc_low_threshold_percent);
    set(kubernetes, "image-gc-low-threshold-percent", low);
    set(kubernetes, "cpu-cfs-quota-enforced", managed.cpu_cfs_quota);
}

fn set(table: &mut Table, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        table.insert(name.to_owned(), value.into());
    }
}

fn mount_instance_store(release: Option<&str>) -> Value {
    let command = |step: &str, more: &[&str]| {
        let words = ["apiclient", "ephemeral-storage", step];
        Value::Array(words.iter().chain(more).map(|word| Value::from(*word)).collect())
    };
    let bound: &[&str] = if release.is_some_and(binds_by_default) { &[] } else { &BOUND };
    let mut mount = Table::new();
    let commands = vec![command("init", &[]), command("bind", bound)];
    set(&mut mount, "commands", Some(Value::Array(commands)));
    set(&mut mount, "essential", Some(true));
    set(&mut mount, "mode", Some("always"));
    Value::Table(mount)
}

/// Whether a release knows itself which directories to bind to local disks.
pub fn binds_by_default(release: &str) -> bool {
    if release == "latest" {
        return true;
    }
    let release = release.strip_prefix('v').unwrap_or(release);
    let parts: Option<Vec<u32>> = release.split('.').map(|part| part.parse().ok()).collect();
    parts.is_some_and(|parts| parts.len() == 3 && parts[..] >= BINDS_BY_DEFAULT[..])
}

/// The release of Bottlerocket that a class's nodes run: of the alias, or as far as names of images
/// tell it. `amis` are the images of the class's status.
pub fn release(spec: &Ec2NodeClassSpec, amis: &[Ami]) -> Option<String> {
    if let Some((_, release)) = spec.alias().and_then(|alias| alias.split_once('@')) {
        return Some(release.to_owned());
    }
    let terms = spec.ami_selector_terms.as_deref().unwrap_or_default();
    let named = terms.iter().filter_map(|term| term.name.as_deref()).find_map(in_name);
    let name_of = |id: &String| amis.iter().find(|ami| ami.id == *id)?.name.as_deref();
    let by_id = || terms.iter().filter_map(|term| name_of(term.id.as_ref()?)).find_map(in_name);
    let resolved = || {
        let names = amis.iter().filter_map(|ami| ami.name.as_deref());
        names.filter(|name| name.contains("bottlerocket")).find_map(in_name)
    };
    named.or_else(by_id).or_else(resolved)
}

/// The release in an image's name, such as `bottlerocket-aws-k8s-1.33-x86_64-v1.46.0-1a2b3c4d`.
fn in_name(name: &str) -> Option<String> {
    let mut parts = name.split('-');
    parts.find(|part| part.starts_with('v') && part.contains('.')).map(str::to_owned)
}
