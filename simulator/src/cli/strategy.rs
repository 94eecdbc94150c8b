//! Strategies by name or from a file of `NodePools`.

use std::path::Path;

use anyhow::{Context as _, bail};
use jiff::Timestamp;
use plimsoll_api::{Cluster, Severity, convert, read_paths};
use scheduler_core::Settings;
use scheduler_core::model::{ImageFamily, NodeClass};

use super::say;
use crate::strategy::Strategy;

/// The strategy that `NAME` or `name=FILE` stands for.
pub(super) fn named(text: &str) -> anyhow::Result<Strategy> {
    if let Some((name, file)) = text.split_once('=') {
        return from_file(name, Path::new(file));
    }
    Strategy::builtin(text).with_context(|| {
        let names = Strategy::BUILTIN.join(", ");
        format!("there is no strategy {text:?}; use one of {names}, or name=FILE with a NodePool")
    })
}

/// The strategy that `NAME` or `FILE` stands for.
pub(super) fn named_or_file(text: &str) -> anyhow::Result<Strategy> {
    if Strategy::builtin(text).is_none() && Path::new(text).exists() {
        return from_file(text, Path::new(text));
    }
    named(text)
}

/// The pools of a file, decided about as `plimsoll` does.
fn from_file(name: &str, file: &Path) -> anyhow::Result<Strategy> {
    if name.is_empty() {
        bail!("strategy ={} has no name; write name={0}", file.display());
    }
    let objects = read_paths(&[file.to_owned()])?;
    // No decision about a NodePool depends on the time.
    let Cluster { node_pools, mut node_classes, findings, .. } =
        convert(&objects, Timestamp::UNIX_EPOCH);
    if let Some(error) = findings.iter().find(|finding| finding.severity == Severity::Error) {
        bail!("strategy {name}: {error}");
    }
    for warning in &findings {
        say(&warning.to_string());
    }
    if node_pools.is_empty() {
        bail!("strategy {name}: {} has no NodePool; add one", file.display());
    }
    for pool in &node_pools {
        if node_classes.iter().all(|class| class.name != pool.node_class) {
            say(&format!(
                "warning: {}: NodePool {}: there is no EC2NodeClass {}; AL2023 with default \
                 settings is assumed",
                file.display(),
                pool.name,
                pool.node_class
            ));
            node_classes.push(NodeClass::new(&pool.node_class, ImageFamily::Al2023));
        }
    }
    Ok(Strategy::from_pools(name, node_pools, node_classes, Settings::default()))
}
