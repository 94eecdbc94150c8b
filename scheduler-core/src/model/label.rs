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
    /// The name of a node in requirements that are about it rather than about a label; no label can
    /// have this key. New nodes have no name yet.
    pub const NODE_NAME: &str = "matchFields:metadata.name";
    /// Windows build number.
    pub const WINDOWS_BUILD: &str = "node.kubernetes.io/windows-build";
    /// Name of the `EC2NodeClass`.
    pub const EC2_NODE_CLASS: &str = "karpenter.k8s.aws/ec2nodeclass";

    /// Id of the capacity reservation that a node is part of.
    pub const CAPACITY_RESERVATION_ID: &str = "karpenter.k8s.aws/capacity-reservation-id";
    /// `default` or `capacity-block`.
    pub const CAPACITY_RESERVATION_TYPE: &str = "karpenter.k8s.aws/capacity-reservation-type";
    /// Whether the owner of the reservation may take its capacity back.
    pub const CAPACITY_RESERVATION_INTERRUPTIBLE: &str =
        "karpenter.k8s.aws/capacity-reservation-interruptible";

    /// `default` or `dedicated`.
    pub const INSTANCE_TENANCY: &str = "karpenter.k8s.aws/instance-tenancy";
    /// Number of the partition of a placement group.
    pub const PLACEMENT_GROUP_PARTITION: &str = "karpenter.k8s.aws/placement-group-partition";

    /// Labels that an offering decides, not the instance type.
    pub const OF_OFFERING: [&str; 5] = [
        ZONE,
        CAPACITY_TYPE,
        CAPACITY_RESERVATION_ID,
        CAPACITY_RESERVATION_TYPE,
        CAPACITY_RESERVATION_INTERRUPTIBLE,
    ];

    /// Whether an offering decides the label of this key.
    pub fn is_of_offering(key: &str) -> bool {
        OF_OFFERING.contains(&key)
    }
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

    /// Keys that every node has, or that a pool gives.
    const ALL: [&str; 12] = [
        NODE_POOL,
        CAPACITY_TYPE,
        ZONE,
        REGION,
        INSTANCE_TYPE,
        ARCH,
        OS,
        HOSTNAME,
        WINDOWS_BUILD,
        EC2_NODE_CLASS,
        REGISTERED,
        INITIALIZED,
    ];

    /// Of a key, one letter in so many may be wrong for the key to be taken as mistyped.
    const LETTERS_PER_SLIP: usize = 5;

    /// The well-known key that somebody may have meant with one that is none: with the prefix
    /// forgotten or wrong, cut short, or mistyped.
    pub fn suggest(key: &str) -> Option<&'static str> {
        let name = |key: &str| key.rsplit('/').next().unwrap_or_default().to_owned();
        if normalize(key) != key || ALL.contains(&key) {
            return None;
        }
        let same_name = || ALL.iter().find(|known| name(known) == name(key));
        let mistyped = || {
            let slips = |known: &&&str| strsim::levenshtein(key, known);
            let nearest = ALL.iter().min_by_key(slips);
            nearest.filter(|known| slips(known) < known.len() / LETTERS_PER_SLIP)
        };
        same_name().or_else(mistyped).copied()
    }

    /// The current spelling of a label key.
    pub fn normalize(key: &str) -> &str {
        ALIASES.iter().find(|(old, _)| *old == key).map_or(key, |(_, new)| new)
    }
}

#[cfg(test)]
mod tests {
    use super::well_known;

    #[test]
    fn a_shortened_or_mistyped_key_is_taken_for_the_known_one() {
        for (written, meant) in [
            ("zone", well_known::ZONE),
            ("nodepool", well_known::NODE_POOL),
            ("karpenter.sh/arch", well_known::ARCH),
            ("topology.kubernetesio/zone", well_known::ZONE),
            ("node.kubernetes.io/instance-typ", well_known::INSTANCE_TYPE),
        ] {
            assert_eq!(well_known::suggest(written), Some(meant), "{written}");
        }
        for other in ["team", "example.com/tier", well_known::ZONE, "beta.kubernetes.io/arch"] {
            assert_eq!(well_known::suggest(other), None, "{other}");
        }
    }

    #[test]
    fn old_keys_are_rewritten() {
        assert_eq!(
            well_known::normalize("failure-domain.beta.kubernetes.io/zone"),
            well_known::ZONE
        );
        assert_eq!(well_known::normalize("team"), "team");
    }
}
