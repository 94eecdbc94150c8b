//! Policies that Karpenter has too, under its names.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What becomes of soft constraints: preferred node affinity, preferred pod affinity and
/// anti-affinity, spread with `ScheduleAnyway` (`karpenter-core.md` §4.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PreferencePolicy {
    /// They are kept where that is worth its price.
    #[default]
    Respect,
    /// They are as good as absent.
    Ignore,
}

/// What becomes of `minValues` that cannot be had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MinValuesPolicy {
    /// The pool launches nothing for the pod.
    #[default]
    Strict,
    /// They are lowered to what can be had, before a pool of lower weight is tried.
    BestEffort,
}

/// A text that names no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown policy {found:?}, expected {expected}")]
pub struct UnknownPolicy {
    found: String,
    expected: &'static str,
}

impl FromStr for PreferencePolicy {
    type Err = UnknownPolicy;

    fn from_str(text: &str) -> Result<Self, UnknownPolicy> {
        match text {
            "Respect" => Ok(Self::Respect),
            "Ignore" => Ok(Self::Ignore),
            _ => Err(UnknownPolicy { found: text.to_owned(), expected: "Respect or Ignore" }),
        }
    }
}

impl FromStr for MinValuesPolicy {
    type Err = UnknownPolicy;

    fn from_str(text: &str) -> Result<Self, UnknownPolicy> {
        match text {
            "Strict" => Ok(Self::Strict),
            "BestEffort" => Ok(Self::BestEffort),
            _ => Err(UnknownPolicy { found: text.to_owned(), expected: "Strict or BestEffort" }),
        }
    }
}
