//! A program of the control plane while it runs.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail};

/// Most lines of a log that are told when a program ends too early.
const LOG_LINES_MAX: usize = 20;

/// A running program; it is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Program {
    name: &'static str,
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts the program of this name. Its log goes to a file in the folder.
    pub(crate) fn start(
        binary: &Path,
        name: &'static str,
        folder: &Path,
        arguments: impl IntoIterator<Item = String>,
    ) -> anyhow::Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let file = File::create(&log).context("cannot create a log file")?;
        let child = Command::new(binary)
            .arg(name)
            .args(arguments)
            .current_dir(folder)
            // A few hundred mebibytes more for a third less of garbage collection.
            .env("GOGC", "400")
            // The program ends by itself when this pipe closes, even if we are killed.
            .stdin(Stdio::piped())
            .stdout(file.try_clone().context("cannot share a log file")?)
            .stderr(file)
            .spawn()
            .with_context(|| format!("cannot start {name}"))?;
        Ok(Self { name, child, log })
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// If it has ended, with the end of its log.
    pub(crate) fn check(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => bail!("{} ended with {status}:\n{}", self.name, self.log_end()),
            Err(error) => Err(error).with_context(|| format!("cannot ask after {}", self.name)),
        }
    }

    /// The end of its log.
    pub(crate) fn log_end(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES_MAX)..].join("\n")
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It has nothing to save; an error says that it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Ports of the loopback interface that nobody uses now. All are held until the last is found, so
/// that they differ.
pub(crate) fn free_ports<const N: usize>() -> anyhow::Result<[u16; N]> {
    let mut held = Vec::with_capacity(N);
    let mut ports = [0; N];
    for port in &mut ports {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
        *port = listener.local_addr().context("a listener has no address")?.port();
        held.push(listener);
    }
    Ok(ports)
}
