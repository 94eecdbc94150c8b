//! Who may depend on whom.
//!
//! ```text
//! scheduler-core  ◄─  api, aws-provider  ◄─  simulator, controller  ◄─  tests, benches
//! ```
//! [`rules`] has the table, [`edges`] holds the workspace's own edges against it, [`reach`] looks
//! at what a crate pulls in from elsewhere.

mod edges;
mod reach;
mod rules;

use anyhow::{Context as _, bail};

use crate::cargo::{cargo, read};

/// Fails on any edge between crates that the rules do not allow.
pub(crate) fn check() -> anyhow::Result<()> {
    let metadata = read(cargo("metadata").args(["--no-deps", "--format-version", "1"]))?;
    let metadata =
        edges::Metadata::parse(&metadata).context("cannot read what `cargo metadata` printed")?;
    let mut found = edges::faults(&metadata, rules::MEMBERS);
    for member in rules::MEMBERS.iter().filter(|member| !member.never.is_empty()) {
        // By itself, not with the workspace: features that other members turn on do not count.
        let arguments = ["--edges", "normal", "--target", "all", "--prefix", "depth"];
        let tree = read(
            cargo("tree").args(["--package", member.name, "--format", "{p}"]).args(arguments),
        )?;
        found.extend(reach::faults(&tree, member));
    }
    if !found.is_empty() {
        bail!(
            "edges that are not allowed (xtask/src/direction/rules.rs):\n  {}",
            found.join("\n  ")
        );
    }
    Ok(())
}
