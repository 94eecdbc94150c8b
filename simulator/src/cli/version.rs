//! `plimsoll version`.

use clap::Args;

use super::{Status, output};

/// Print the version
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  plimsoll version
  plimsoll --version")]
pub(super) struct Version {}

impl Version {
    pub(super) fn run(self) -> anyhow::Result<Status> {
        let Self {} = self;
        output::print(concat!("plimsoll ", env!("CARGO_PKG_VERSION"), "\n"))?;
        Ok(Status::Done)
    }
}
