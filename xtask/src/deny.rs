//! Licences and sources of all dependencies, by `cargo deny` and `deny.toml`.

use std::process::Stdio;

use crate::cargo::{root, run};
use crate::tool::Tool;

const CARGO_DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };

/// Checks bans, licences and sources.
///
/// Advisories are left out: their database is a git repository that is fetched anew each time, and
/// CI has access to the package registry alone. `cargo deny check advisories` checks them where
/// there is a network.
pub(crate) fn check() -> anyhow::Result<()> {
    let mut command = CARGO_DENY.command()?;
    command.current_dir(root()).stdin(Stdio::null());
    run(command.args(["--workspace", "--locked", "check", "bans", "licenses", "sources"]))
}
