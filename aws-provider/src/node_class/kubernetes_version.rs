//! Versions of Kubernetes, as images depend on them.

use std::fmt;
use std::str::FromStr;

/// A minor version of Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KubernetesVersion {
    /// Major.
    pub major: u32,
    /// Minor.
    pub minor: u32,
}

/// Versions that this one is known to work with.
const SUPPORTED: (u32, u32, u32) = (1, 26, 36);

/// Why a text is not a version of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a version of Kubernetes, expected one such as 1.33")]
pub struct KubernetesVersionError {
    /// The text.
    pub text: String,
}

impl KubernetesVersion {
    /// Version 1 with this minor.
    pub const fn minor(minor: u32) -> Self {
        Self { major: 1, minor }
    }

    /// Whether it is among the versions that we know. Others work as well as they happen to.
    pub const fn is_supported(self) -> bool {
        let (major, oldest, newest) = SUPPORTED;
        self.major == major && self.minor >= oldest && self.minor <= newest
    }
}

impl fmt::Display for KubernetesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for KubernetesVersion {
    type Err = KubernetesVersionError;

    /// Reads `1.33`, and `1.33+` as some API servers say it.
    fn from_str(text: &str) -> Result<Self, KubernetesVersionError> {
        let parts = text.split_once('.');
        let number = |part: &str| part.parse::<u32>().ok();
        parts
            .and_then(|(major, minor)| {
                Some(Self { major: number(major)?, minor: number(minor.trim_end_matches('+'))? })
            })
            .ok_or_else(|| KubernetesVersionError { text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_plus_is_left_out() {
        assert_eq!("1.33+".parse(), Ok(KubernetesVersion::minor(33)));
        assert_eq!(KubernetesVersion::minor(33).to_string(), "1.33");
    }

    #[test]
    fn versions_from_1_26_to_1_36_are_known() {
        let supported =
            [25, 26, 36, 37].map(|minor| KubernetesVersion::minor(minor).is_supported());
        assert_eq!(supported, [false, true, true, false]);
    }

    #[test]
    fn other_texts_are_no_versions() {
        for text in ["", "1", "1.x", "v1.33", "1.33.2"] {
            assert!(text.parse::<KubernetesVersion>().is_err(), "{text}");
        }
    }
}
