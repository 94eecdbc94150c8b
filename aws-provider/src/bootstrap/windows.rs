//! Windows: a PowerShell block that calls the image's own script.

use super::kubelet_args::kubelet_args;
use super::{Bootstrap, UserDataError};

pub(super) fn render(bootstrap: &Bootstrap<'_>) -> Result<String, UserDataError> {
    let kubelet = bootstrap.resolved()?;
    let cluster = bootstrap.cluster;
    let mut lines = vec!["<powershell>".to_owned()];
    lines.extend(bootstrap.own.filter(|own| !own.is_empty()).map(str::to_owned));
    lines.push(
        "[string]$EKSBootstrapScriptFile = \"$env:ProgramFiles\\Amazon\\EKS\\Start-EKSBootstrap.ps1\""
            .to_owned(),
    );
    let mut call = format!(
        "& $EKSBootstrapScriptFile -EKSClusterName '{}' -APIServerEndpoint '{}' \
         -Base64ClusterCA '{}' -KubeletExtraArgs '{}'",
        cluster.name,
        cluster.endpoint,
        cluster.ca_bundle,
        kubelet_args(bootstrap, &kubelet)
    );
    let dns = kubelet.managed.cluster_dns.as_ref().and_then(|all| all.first());
    call.extend(dns.map(|dns| format!(" -DNSClusterIP '{dns}'")));
    lines.push(call);
    lines.push("</powershell>".to_owned());
    Ok(lines.join("\n") + "\n")
}
