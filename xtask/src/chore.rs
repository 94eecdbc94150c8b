//! The chores, and the steps that each consists of.

use std::io;

use clap::{Args, Parser, Subcommand};

use crate::cargo::{cargo, run};
use crate::step::{Step, run_all};
use crate::{compatibility, deny, direction};

/// Chores of this repository.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

impl Cli {
    /// Runs the chore that was asked for.
    pub(crate) fn run(self) -> anyhow::Result<()> {
        // Standard output belongs to what the steps run.
        run_all(&self.chore.steps(), &mut io::stderr())
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
enum Chore {
    /// All that CI runs: format, direction, compatibility, lint, programs, test, doc, deny
    Ci,
    /// All tests
    Test,
    /// Is the code formatted? (`cargo fmt --all` formats it)
    Format,
    /// Does any crate depend on one that it may not depend on?
    Direction,
    /// Does every row of docs/compatibility.md name a test that exists, or a reason?
    Compatibility,
    /// Does clippy or the compiler have anything to remark?
    Lint,
    /// Do the programs build by themselves, without what tests turn on?
    Programs,
    /// Does the documentation build, with every link in it?
    Doc,
    /// Are licences and sources of all dependencies allowed?
    Deny,
    /// Write the definitions in deploy/crds anew from their types
    Crds,
    /// Print planning speed and cost beside the promises; `figures --help` tells what to choose
    #[command(disable_help_flag = true)]
    Figures(Passed),
    /// Hold plans for random clusters against the real kube-scheduler: `--seeds 0..2000`
    Judge(Seeds),
    /// Look for a random instance on which the peer's manner is cheaper; `compare --help`
    #[command(disable_help_flag = true)]
    Compare(Passed),
}

/// Which random clusters are judged.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
struct Seeds {
    /// The first seed, and the one after the last
    #[arg(long, value_name = "FIRST..END", default_value = "0..2000")]
    seeds: String,
}

/// What a program that is not a chore itself makes of the rest of the line.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
struct Passed {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<String>,
}

impl Chore {
    fn steps(self) -> Vec<Step> {
        let step = |name, work: fn() -> anyhow::Result<()>| vec![Step::new(name, work)];
        match self {
            // The cheap ones first, so that a slip is told at once.
            Self::Ci => [
                Self::Format,
                Self::Direction,
                Self::Compatibility,
                Self::Lint,
                Self::Programs,
                Self::Test,
                Self::Doc,
                Self::Deny,
            ]
            .into_iter()
            .flat_map(Self::steps)
            .collect(),
            Self::Test => vec![Step::new("control plane", plane), Step::new("test", test)],
            Self::Format => step("format", || run(cargo("fmt").args(["--all", "--check"]))),
            Self::Direction => step("direction", direction::check),
            Self::Compatibility => step("compatibility", compatibility::check),
            Self::Lint => step("lint", lint),
            Self::Programs => step("programs", programs),
            Self::Doc => step("doc", doc),
            Self::Deny => step("deny", deny::check),
            Self::Crds => step("crds", crds),
            Self::Figures(passed) => vec![measured("figures", "planning-figures", passed)],
            Self::Judge(Seeds { seeds }) => {
                vec![Step::new("control plane", plane), Step::new("judge", move || judge(&seeds))]
            }
            Self::Compare(passed) => vec![measured("compare", "compare-packers", passed)],
        }
    }
}

fn test() -> anyhow::Result<()> {
    run(cargo("test").arg("--workspace"))
}

/// Builds the control plane that tests run against, unless an earlier run has.
fn plane() -> anyhow::Result<()> {
    run(cargo("run").args(["--quiet", "--package", "plimsoll-control-plane"]))
}

fn judge(seeds: &str) -> anyhow::Result<()> {
    let test = ["--package", "plimsoll-tests", "--test", "judge", "kube_scheduler_agrees"];
    run(cargo("test").args(test).env("JUDGE_SEEDS", seeds))
}

fn lint() -> anyhow::Result<()> {
    run(cargo("clippy").args(["--workspace", "--all-targets", "--", "--deny", "warnings"]))
}

/// In a build of the whole workspace, features that only tests ask for are on everywhere; this
/// builds what users build.
fn programs() -> anyhow::Result<()> {
    let packages = ["--package", "plimsoll", "--package", "plimsoll-controller"];
    run(cargo("check").args(packages).arg("--bins"))
}

fn doc() -> anyhow::Result<()> {
    // Private items too: the documentation is for those who work here.
    let arguments = ["--workspace", "--no-deps", "--document-private-items"];
    run(cargo("doc").args(arguments).env("RUSTDOCFLAGS", "--deny warnings"))
}

fn crds() -> anyhow::Result<()> {
    run(cargo("run").args(["--quiet", "--package", "xtask", "--example", "crds"]))
}

/// A step that runs a program of the benchmarks as users would build it.
fn measured(name: &'static str, program: &'static str, passed: Passed) -> Step {
    Step::new(name, move || {
        let arguments = ["--release", "--package", "plimsoll-benches", "--bin", program, "--"];
        run(cargo("run").args(arguments).args(&passed.arguments))
    })
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
    fn ci_runs_every_check_once_and_writes_nothing() {
        let names: Vec<&str> = Chore::Ci.steps().iter().map(|step| step.name).collect();
        let expected = [
            "format",
            "direction",
            "compatibility",
            "lint",
            "programs",
            "control plane",
            "test",
            "doc",
            "deny",
        ];
        assert_eq!(names, expected);
    }
    #[test]
    fn a_program_gets_the_rest_of_the_line_as_it_is() {
        let line = ["xtask", "figures", "--seeds", "4,5", "--help"];
        let passed = Passed { arguments: line[2..].iter().map(ToString::to_string).collect() };
        assert_eq!(Cli::parse_from(line).chore, Chore::Figures(passed));
    }
}
