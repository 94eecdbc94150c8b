//! Which label keys and values a pool may name.

use crate::crd::AWS_LABELS;
use crate::finding::Problem;

/// Checks a label key of a pool's requirements or labels: its form, and that it is not one that
/// the controller sets itself.
pub(super) fn check_key(key: &str) -> Result<(), Problem> {
    let refuse = |problem: String, fix: &str| Err(Problem::new("key", problem, fix));
    if !is_qualified_name(key) {
        return refuse(
            format!("{key:?} is not a label key"),
            "write a name of at most 63 letters, digits, '-', '_' and '.', after an optional \
             DNS name and '/'",
        );
    }
    if matches!(key, "karpenter.sh/nodepool" | "kubernetes.io/hostname") {
        return refuse(format!("label {key} is set on each node by itself"), "leave it out");
    }
    let domain = key.split_once('/').map_or(key, |(domain, _)| domain);
    if domain.ends_with("karpenter.sh") && key != "karpenter.sh/capacity-type" {
        return refuse(
            format!("label domain {domain} is reserved"),
            "use a label domain of your own",
        );
    }
    let aws_name = key.strip_prefix("karpenter.k8s.aws/");
    if domain.ends_with("karpenter.k8s.aws") && !aws_name.is_some_and(|n| AWS_LABELS.contains(&n)) {
        return refuse(
            format!("label domain {domain} is reserved, and no node has a label {key}"),
            "use a label domain of your own, or correct the name",
        );
    }
    Ok(())
}

/// Checks a label value.
pub(super) fn check_value(value: &str) -> Result<(), Problem> {
    if value.is_empty() || is_name(value) {
        return Ok(());
    }
    Err(Problem::new(
        "values",
        format!("{value:?} is not a label value"),
        "write at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends",
    ))
}

/// Whether a text is a name, after an optional DNS name and `/`.
pub(super) fn is_qualified_name(text: &str) -> bool {
    match text.split_once('/') {
        None => is_name(text),
        Some((domain, name)) => is_dns_name(domain) && is_name(name),
    }
}

fn is_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let at_ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && at_ends(bytes.first())
        && at_ends(bytes.last())
        && bytes.iter().all(|byte| inner(*byte))
}

fn is_dns_name(text: &str) -> bool {
    let is_part = |part: &str| {
        let bytes = part.as_bytes();
        let alphanumeric = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        bytes.first().is_some_and(alphanumeric)
            && bytes.last().is_some_and(alphanumeric)
            && bytes.iter().all(|byte| alphanumeric(byte) || *byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_the_controller_sets_are_refused() {
        for key in [
            "karpenter.sh/nodepool",
            "kubernetes.io/hostname",
            "karpenter.sh/custom",
            "sub.karpenter.sh/custom",
            "karpenter.k8s.aws/instance-colour",
            "a b",
            "UPPER.example/key",
            "example.com/",
            "",
        ] {
            assert!(check_key(key).is_err(), "{key}");
        }
    }

    #[test]
    fn well_known_and_own_keys_are_allowed() {
        for key in [
            "karpenter.sh/capacity-type",
            "karpenter.k8s.aws/instance-family",
            "topology.kubernetes.io/zone",
            "kops.k8s.io/instancegroup",
            "node-restriction.kubernetes.io/team",
            "team",
            "example.com/Team_1",
        ] {
            assert_eq!(check_key(key), Ok(()), "{key}");
        }
    }

    #[test]
    fn values_have_at_most_63_characters() {
        assert!(check_value(&"a".repeat(63)).is_ok() && check_value("").is_ok());
        assert!(check_value(&"a".repeat(64)).is_err() && check_value("-a").is_err());
    }
}
