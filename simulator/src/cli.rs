//! The command line: verbs, formats, exit codes.
//!
//! Results go to standard output, everything else to standard error. Exit codes: 0 done, 1 error,
//! 2 findings or unschedulable pods, 3 a stated limit exceeded.

mod cluster;
mod completions;
mod explain;
mod output;
mod plan;
mod planning;
mod prices;
mod progress;
mod simulate;
mod strategy;
mod values;
mod verify;
mod version;

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// How a command ended when it was no error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    /// Done, nothing to remark.
    Done,
    /// Something was refused or a pod has no place.
    Findings,
    /// A limit that the caller stated is exceeded.
    LimitExceeded,
}

impl Status {
    const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Findings => 2,
            Self::LimitExceeded => 3,
        }
    }
}

/// What every error ends with.
const ERROR: u8 = 1;

/// Node autoscaling for Kubernetes on AWS, offline: what would be launched, why, and what it costs.
#[derive(Debug, Parser)]
#[command(name = "plimsoll", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Simulate(simulate::Simulate),
    Plan(plan::PlanArgs),
    Explain(explain::Explain),
    Verify(verify::Verify),
    Completions(completions::Completions),
    Version(version::Version),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    ExitCode::from(run(std::env::args_os()))
}

/// Runs one command line and returns its exit code.
fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        // Help and version come as an "error" that is none; a wrong usage is an error like others,
        // not the 2 that clap would give it.
        Err(usage) => {
            // Nothing is left to do if the terminal is gone.
            let _ = usage.print();
            return if usage.use_stderr() { ERROR } else { Status::Done.code() };
        }
    };
    let result = match cli.verb {
        Verb::Simulate(verb) => verb.run(),
        Verb::Plan(verb) => verb.run(),
        Verb::Explain(verb) => verb.run(),
        Verb::Verify(verb) => verb.run(),
        Verb::Completions(verb) => verb.run(),
        Verb::Version(verb) => verb.run(),
    };
    match result {
        Ok(status) => status.code(),
        Err(error) if is_broken_pipe(&error) => Status::Done.code(),
        Err(error) => {
            say(&format!("error: {}", chain(&error)));
            ERROR
        }
    }
}

/// An error with its causes on one line.
fn chain(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// The reader of our output has seen enough, as in `plimsoll … | head`.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn Error + 'static)| Some(cause.downcast_ref::<io::Error>()?.kind());
    error.chain().any(|cause| kind(cause) == Some(io::ErrorKind::BrokenPipe))
}

/// Writes a line to standard error.
fn say(line: &str) {
    // Nothing is left to do if the terminal is gone.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_of_every_verb_ends_with_two_examples() {
        for verb in Cli::command().get_subcommands_mut() {
            let help = verb.render_long_help().to_string();
            let examples = help.split("Examples:\n").nth(1).unwrap_or_default().trim_end();
            assert_eq!(examples.lines().count(), 2, "{}", verb.get_name());
            assert!(examples.lines().all(|line| line.starts_with("  plimsoll ")), "{examples}");
        }
    }
}
