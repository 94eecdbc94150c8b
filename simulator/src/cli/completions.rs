//! `plimsoll completions SHELL`.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Cli, Status, output};

/// Print a script that completes commands and options in a shell
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  plimsoll completions bash > plimsoll.bash
  plimsoll completions zsh > _plimsoll")]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self) -> anyhow::Result<Status> {
        let Self { shell } = self;
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Cli::command(), "plimsoll", &mut script);
        output::print(&String::from_utf8(script)?)?;
        Ok(Status::Done)
    }
}
