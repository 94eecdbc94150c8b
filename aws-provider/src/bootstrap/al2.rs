//! Amazon Linux 2: a shell script that calls `bootstrap.sh`.

use std::net::Ipv6Addr;

use super::kubelet_args::kubelet_args;
use super::mime::{self, Part, SHELL};
use super::{Bootstrap, InstanceStore, UserDataError};

/// Parts of the user come first, so that ours sees what they did.
pub(super) fn render(bootstrap: &Bootstrap<'_>) -> Result<String, UserDataError> {
    let mut parts = match bootstrap.own.filter(|own| !own.is_empty()) {
        Some(own) if mime::is_archive(own) => mime::read(own)?,
        Some(own) => vec![Part::new(SHELL, own)],
        None => Vec::new(),
    };
    parts.push(Part::new(SHELL, script(bootstrap)?));
    Ok(mime::write(&parts))
}

fn script(bootstrap: &Bootstrap<'_>) -> Result<String, UserDataError> {
    let kubelet = bootstrap.resolved()?;
    let cluster = bootstrap.cluster;
    let mut lines = vec![format!(
        "/etc/eks/bootstrap.sh '{}' --apiserver-endpoint '{}' --b64-cluster-ca '{}'",
        cluster.name, cluster.endpoint, cluster.ca_bundle
    )];
    let dns = kubelet.managed.cluster_dns.as_ref().and_then(|all| all.first());
    if dns.is_some_and(|dns| dns.parse::<Ipv6Addr>().is_ok()) {
        lines.push("--ip-family ipv6".to_owned());
    }
    lines.extend(dns.map(|dns| format!("--dns-cluster-ip '{dns}'")));
    // The script would compute a number of its own.
    lines.push("--use-max-pods false".to_owned());
    lines.push(format!("--kubelet-extra-args '{}'", kubelet_args(bootstrap, &kubelet)));
    if bootstrap.instance_store == InstanceStore::Raid0 {
        lines.push("--local-disks raid0".to_owned());
    }
    let log = "exec > >(tee /var/log/user-data.log|logger -t user-data -s 2>/dev/console) 2>&1";
    Ok(format!("#!/bin/bash -xe\n{log}\n{}\n", lines.join(" \\\n")))
}
