//! Labels and the keys that Karpenter and Kubernetes give a meaning.

use std::collections::BTreeMap;

/// Labels of an object.
pub type Labels = BTreeMap<String, String>;

/// Label keys with a fixed meaning (`karpenter-core.md` §2.1, `aws-provider.md` §2.3).
pub mod well_known {
    /// Owning `NodePool`.
    pub const NODE_POOL: &str = "karpenter.sh/nodepool";
    /// `spot`, `on-demand` or `reserved`.
    pub const CAPACITY_TYPE: &str = "karpenter.sh/capacity-type";
    /// Availability zone.
    pub const ZONE: &str = "topology.kubernetes.io/zone";
    /// Region.
    pub const REGION: &str = "topology.kubernetes.io/region";
    /// EC2 instance type.
    pub const INSTANCE_TYPE: &str = "node.kubernetes.io/instance-type";
    /// CPU architecture.
    pub const ARCH: &str = "kubernetes.io/arch";
    /// Operating system.
    pub const OS: &str = "kubernetes.io/os";
    /// Node name; also the topology key for "one per node".
    pub const HOSTNAME: &str = "kubernetes.io/hostname";
    /// Windows build number.
    pub const WINDOWS_BUILD: &str = "node.kubernetes.io/windows-build";
    /// Name of the `EC2NodeClass`.
    pub const EC2_NODE_CLASS: &str = "karpenter.k8s.aws/ec2nodeclass";

    /// `true` once the node of a `NodeClaim` has joined.
    pub const REGISTERED: &str = "karpenter.sh/registered";
    /// `true` once everything that the node is to have is there.
    pub const INITIALIZED: &str = "karpenter.sh/initialized";

    /// Older spellings of a key, rewritten wherever a requirement is read.
    const ALIASES: [(&str, &str); 6] = [
        ("failure-domain.beta.kubernetes.io/zone", ZONE),
        ("failure-domain.beta.kubernetes.io/region", REGION),
        ("beta.kubernetes.io/arch", ARCH),
        ("beta.kubernetes.io/os", OS),
        ("beta.kubernetes.io/instance-type", INSTANCE_TYPE),
        ("topology.ebs.csi.aws.com/zone", ZONE),
    ];

    /// The current spelling of a label key.
    pub fn normalize(key: &str) -> &str {
        ALIASES.iter().find(|(old, _)| *old == key).map_or(key, |(_, new)| new)
    }
}

#[cfg(test)]
mod tests {
    use super::well_known;

    #[test]
    fn old_keys_are_rewritten() {
        assert_eq!(
            well_known::normalize("failure-domain.beta.kubernetes.io/zone"),
            well_known::ZONE
        );
        assert_eq!(well_known::normalize("team"), "team");
    }
}
