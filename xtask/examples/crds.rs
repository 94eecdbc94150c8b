//! Writes the definitions of the custom resources into `deploy/crds`: `cargo xtask crds`.
//!
//! That the files there are up to date is a test of `plimsoll-api`.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use plimsoll_api::crd;

fn main() -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/crds");
    fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create the folder {}", folder.display()))?;
    for (file, text) in crd::all()? {
        let path = folder.join(file);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}
