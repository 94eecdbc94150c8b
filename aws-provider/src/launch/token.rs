//! Client tokens.

use std::fmt;

use crate::catalog::hex_sha256;

/// Identifies a launch, to EC2 as its client token and to us as a tag of what it launched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaunchToken(String);

impl LaunchToken {
    /// The token of a launch for these claims, which follows from their names.
    pub fn new(claims: &[String]) -> Self {
        let bytes: Vec<u8> = claims.iter().flat_map(|claim| claim.bytes().chain([0])).collect();
        // 64 digits, as many as EC2 takes.
        Self(hex_sha256(&bytes))
    }

    /// The token that was written down.
    pub fn recorded(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// As it is written down.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LaunchToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
