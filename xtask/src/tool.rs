//! Tools that are built once and kept outside the source tree.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::cargo::{cargo, run};
use crate::step::say;

/// A program that a chore needs, from the package registry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    /// Name of the package and of its program.
    pub(crate) name: &'static str,
    /// The version that the settings in this repository are written for.
    pub(crate) version: &'static str,
}

impl Tool {
    /// A command that runs the tool: the one on the path if it has the right version, otherwise the
    /// one that an earlier run has built, otherwise a new one.
    pub(crate) fn command(self) -> anyhow::Result<Command> {
        if self.is_on_the_path() {
            return Ok(Command::new(self.name));
        }
        let cache = cache_home(env::var_os("XDG_CACHE_HOME"), env::var_os("HOME"))?;
        let root = self.root(&cache);
        let program = root.join("bin").join(self.name);
        if !program.is_file() {
            self.install(&root)?;
        }
        Ok(Command::new(program))
    }

    fn is_on_the_path(self) -> bool {
        let output = Command::new(self.name).arg("--version").output();
        output.is_ok_and(|output| self.is_announced_by(&String::from_utf8_lossy(&output.stdout)))
    }

    fn is_announced_by(self, text: &str) -> bool {
        text.split_whitespace().eq([self.name, self.version])
    }

    /// One folder a version: a raised version is built anew, an older checkout finds its own.
    fn root(self, cache: &Path) -> PathBuf {
        cache.join("plimsoll/tools").join(format!("{}-{}", self.name, self.version))
    }

    fn install(self, root: &Path) -> anyhow::Result<()> {
        let Self { name, version } = self;
        say(&format!("building {name} {version} once, into {}", root.display()));
        // Without optimisation: it is built in a fraction of the time and runs for a second or two.
        run(cargo("install")
            .args([name, "--version", version, "--debug", "--quiet", "--root"])
            .arg(root))
        .with_context(|| format!("cannot build {name} {version}"))
    }
}

/// Where programs keep what they can make again.
fn cache_home(xdg: Option<OsString>, home: Option<OsString>) -> anyhow::Result<PathBuf> {
    // A relative XDG_CACHE_HOME is to be ignored, says its specification.
    let xdg = xdg.map(PathBuf::from).filter(|path| path.is_absolute());
    xdg.or_else(|| home.map(|home| Path::new(&home).join(".cache")))
        .context("neither XDG_CACHE_HOME nor HOME says where tools can be kept; set one of them")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOOL: Tool = Tool { name: "cargo-deny", version: "0.20.2" };

    #[test]
    fn tools_are_kept_in_a_folder_of_their_version() {
        let expected = "/cache/plimsoll/tools/cargo-deny-0.20.2";
        assert_eq!(TOOL.root(Path::new("/cache")), Path::new(expected));
    }

    #[test]
    fn a_tool_of_another_version_is_not_taken() {
        assert!(TOOL.is_announced_by("cargo-deny 0.20.2\n"));
        assert!(!TOOL.is_announced_by("cargo-deny 0.19.0\n"));
        assert!(!TOOL.is_announced_by(""));
    }

    #[test]
    fn the_cache_is_in_the_home_folder_unless_an_absolute_path_is_set() {
        let home = Some(OsString::from("/home/me"));
        assert_eq!(cache_home(Some("/x".into()), home.clone()).unwrap(), Path::new("/x"));
        for xdg in [None, Some("x".into()), Some("".into())] {
            assert_eq!(cache_home(xdg, home.clone()).unwrap(), Path::new("/home/me/.cache"));
        }
        assert!(cache_home(None, None).is_err());
    }
}
