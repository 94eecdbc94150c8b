//! Client tokens.

use std::fmt::{self, Write as _};

use sha2::{Digest, Sha256};

/// Identifies a launch, to EC2 as its client token and to us as a tag of what it launched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaunchToken(String);

impl LaunchToken {
    /// The token of a launch for these claims, which follows from their names.
    pub fn new(claims: &[String]) -> Self {
        let mut hasher = Sha256::new();
        for claim in claims {
            hasher.update(claim);
            hasher.update([0]);
        }
        // 64 digits, as many as EC2 takes.
        let hex = hasher.finalize().iter().fold(String::new(), |mut hex, byte| {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        Self(hex)
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
