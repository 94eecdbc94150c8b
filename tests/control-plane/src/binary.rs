//! The binary: built once from the Go module, and kept outside the source tree.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fmt};

use anyhow::{Context as _, bail};
use sha2::{Digest as _, Sha256};

use crate::go;

/// The release of Kubernetes that go.mod pins, as the programs are to announce it.
const KUBERNETES: (u32, u32, u32) = (1, 33, 13);
/// Everything that the binary is made of.
const SOURCES: [&str; 4] = ["go.mod", "go.sum", "main.go", "planned.go"];

/// The path of the binary that holds all programs of the control plane. Builds it if no earlier
/// run has: about seven minutes on two cores.
///
/// # Errors
/// If there is no Go and none can be had, or if the build fails.
pub fn plane_binary() -> anyhow::Result<PathBuf> {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plane");
    let cache = cache_folder()?;
    let folder = cache.join(format!("plane-{}", key(&module)?));
    let binary = folder.join("plane");
    fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create the folder {}", folder.display()))?;
    // Several test programs may need it at the same time.
    let lock = File::create(folder.join("lock")).context("cannot create a lock file")?;
    lock.lock().context("cannot lock the folder of the control plane")?;
    if !binary.is_file() {
        build(&module, &cache, &binary)?;
    }
    Ok(binary)
}

fn build(module: &Path, cache: &Path, binary: &Path) -> anyhow::Result<()> {
    let (major, minor, _) = KUBERNETES;
    let go = go::find_or_install(cache)?;
    say(format_args!(
        "building etcd and Kubernetes {} once (about 7 minutes on two cores), into {}",
        version(),
        binary.display()
    ));
    let set = |name: &str, value: &dyn fmt::Display| {
        format!("-X k8s.io/component-base/version.{name}={value}")
    };
    let flags = [
        "-s -w".to_owned(),
        set("gitVersion", &version()),
        set("gitMajor", &major),
        set("gitMinor", &minor),
    ];
    let unfinished = binary.with_extension("unfinished");
    let status = Command::new(go)
        .current_dir(module)
        .env("CGO_ENABLED", "0")
        .args(["build", "-trimpath", "-mod=readonly", "-buildvcs=false", "-ldflags"])
        .arg(flags.join(" "))
        .arg("-o")
        .args([unfinished.as_path(), Path::new(".")])
        .stdin(Stdio::null())
        .status()
        .context("cannot start go")?;
    if !status.success() {
        bail!("`go build` in tests/plane ended with {status}");
    }
    fs::rename(&unfinished, binary).context("cannot put the built control plane in its place")
}

fn version() -> String {
    let (major, minor, patch) = KUBERNETES;
    format!("v{major}.{minor}.{patch}")
}

/// Where Plimsoll keeps what it can make again; the same root as that of `cargo xtask`.
fn cache_folder() -> anyhow::Result<PathBuf> {
    let xdg = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let root = xdg.or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".cache")));
    let root = root.context(
        "neither XDG_CACHE_HOME nor HOME says where the control plane can be kept; set one of them",
    )?;
    Ok(root.join("plimsoll/tools"))
}

/// Changes with everything that the binary is made of.
fn key(module: &Path) -> anyhow::Result<String> {
    let mut hash = Sha256::new();
    hash.update(version());
    for name in SOURCES {
        let path = module.join(name);
        hash.update(fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    let hash = hash.finalize();
    Ok(hash[..8].iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}")))
}

/// Tells on standard error what takes long. Tests capture what is printed otherwise.
pub(crate) fn say(line: fmt::Arguments<'_>) {
    // Nothing is left to do if the terminal is gone.
    let _ = writeln!(io::stderr(), "{line}");
}
