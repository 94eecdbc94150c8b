//! `plimsoll simulate [TRACE]`.

use std::io::{self, IsTerminal as _};
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::output::{self, Format};
use super::prices::Prices;
use super::progress::Bars;
use super::{Status, say, strategy, values};
use crate::binder::Scoring;
use crate::outcome::{Comparison, Outcome};
use crate::replay::{self, CompareOptions, Progress, Quiet};
use crate::report;
use crate::report::format::dollars;
use crate::strategy::Strategy;
use crate::trace::TraceSource;

/// Replay a trace of pods under several strategies and compare what each costs
///
/// The trace is a CSV file, with or without gzip, or one that is built in: azure2017-1in40 (real)
/// or idp-week (synthetic). Savings are against the first strategy named.
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  plimsoll simulate --until 1d --report report.html
  plimsoll simulate idp-week --strategy idp --strategy plimsoll --spot-price-factor 1.3")]
pub(super) struct Simulate {
    /// File or built-in name of the trace
    #[arg(default_value = "azure2017-1in40")]
    trace: String,
    /// static-peak, on-demand, idp, ffd or plimsoll, or a cluster file; can be repeated [default:
    /// all five]
    #[arg(long = "strategy", value_name = "NAME|name=FILE")]
    strategies: Vec<String>,
    /// Seed of every random stream
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
    /// Replay only the beginning of the trace, such as 36h or 3d
    #[arg(long, value_name = "DURATION", value_parser = values::duration_seconds)]
    until: Option<u64>,
    /// Divide all requests by this
    #[arg(long, value_name = "N", default_value = "1")]
    divide_requests: NonZeroU32,
    /// How kube-scheduler chooses among the nodes that a pod fits on
    #[arg(long, value_enum, default_value_t)]
    scoring: ScoringName,
    #[command(flatten)]
    prices: Prices,
    /// Form of the result on standard output
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
    /// Also write a report for people: one HTML file that needs no network
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Also write the result as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Exit with 3 if the last strategy named costs more over the trace
    #[arg(long, value_name = "DOLLARS", value_parser = values::amount)]
    max_cost: Option<f64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum ScoringName {
    /// The emptiest, as kube-scheduler does by default
    #[default]
    LeastAllocated,
    /// The fullest
    MostAllocated,
}

impl Simulate {
    pub(super) fn run(self) -> anyhow::Result<Status> {
        let command = self.command();
        let Self {
            trace,
            strategies,
            seed,
            until,
            divide_requests,
            scoring,
            prices,
            output,
            report,
            json,
            max_cost,
        } = self;
        let strategies = strategies_named(&strategies)?;
        let catalog = prices.catalog()?;
        let options = CompareOptions {
            until,
            divide_requests: divide_requests.get(),
            seed,
            spot_price_factor_ppm: prices.spot_price_factor,
            scoring: match scoring {
                ScoringName::LeastAllocated => Scoring::LeastAllocated,
                ScoringName::MostAllocated => Scoring::MostAllocated,
            },
            command,
            ..CompareOptions::new(TraceSource::named(&trace))
        };
        let bars = io::stderr().is_terminal().then(Bars::new);
        let progress: &dyn Progress = bars.as_ref().map_or(&Quiet, |bars| bars);
        let comparison = replay::compare(&options, &catalog, &strategies, progress)?;
        drop(bars);
        if let Some(path) = report {
            output::write(&path, &report::html(&comparison)?)?;
        }
        if let Some(path) = json {
            output::write(&path, &output::json(&report::document(&comparison))?)?;
        }
        output::print(&match output {
            Format::Table => report::table(&comparison),
            Format::Json => output::json(&report::document(&comparison))?,
            Format::Yaml => output::yaml(&report::document(&comparison))?,
            Format::Md => report::markdown(&comparison),
        })?;
        Ok(status(&comparison, max_cost))
    }

    /// The command that gives the same result again, with no more than it needs.
    fn command(&self) -> String {
        let mut words = vec!["plimsoll".to_owned(), "simulate".to_owned(), self.trace.clone()];
        let mut option = |name: &str, value: String| words.extend([name.to_owned(), value]);
        for strategy in &self.strategies {
            option("--strategy", strategy.clone());
        }
        option("--seed", self.seed.to_string());
        if let Some(seconds) = self.until {
            option("--until", format!("{seconds}s"));
        }
        if self.divide_requests != NonZeroU32::MIN {
            option("--divide-requests", self.divide_requests.to_string());
        }
        if self.scoring != ScoringName::default() {
            option("--scoring", "most-allocated".to_owned());
        }
        words.extend(self.prices.arguments());
        words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
    }
}

fn strategies_named(names: &[String]) -> anyhow::Result<Vec<Strategy>> {
    if names.is_empty() {
        return Strategy::BUILTIN.iter().map(|name| strategy::named(name)).collect();
    }
    names.iter().map(|name| strategy::named(name)).collect()
}

fn status(comparison: &Comparison, max_cost: Option<f64>) -> Status {
    if let (Some(limit), Some(last)) = (max_cost, comparison.outcomes.last())
        && last.figures.dollars > limit
    {
        say(&format!(
            "limit exceeded: {} costs {} over the trace, more than --max-cost {limit}",
            last.strategy,
            dollars(last.figures.dollars)
        ));
        return Status::LimitExceeded;
    }
    let sound = |outcome: &Outcome| outcome.violations.is_empty();
    if comparison.outcomes.iter().all(sound) { Status::Done } else { Status::Findings }
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./=:,+@%".contains(letter);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Cli, Verb};
    use clap::Parser as _;

    fn command(line: &[&str]) -> String {
        let cli = Cli::try_parse_from([&["plimsoll", "simulate"], line].concat());
        match cli.unwrap().verb {
            Verb::Simulate(simulate) => simulate.command(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_command_to_reproduce_names_what_differs_from_the_defaults() {
        assert_eq!(command(&[]), "plimsoll simulate azure2017-1in40 --seed 1");
        let line = [
            "my trace.csv",
            "--strategy",
            "mine=pool.yaml",
            "--until",
            "2d",
            "--report",
            "r.html",
            "--spot-price-factor",
            "1.3",
            "--scoring",
            "most-allocated",
            "--divide-requests",
            "4",
        ];
        let expected = "plimsoll simulate 'my trace.csv' --strategy mine=pool.yaml --seed 1 \
                        --until 172800s --divide-requests 4 --scoring most-allocated \
                        --spot-price-factor 1.3";
        assert_eq!(command(&line), expected);
    }

    #[test]
    fn the_command_to_reproduce_is_a_command_again() {
        let first = command(&["idp-week", "--until", "90m", "--seed", "7"]);
        let again: Vec<_> = first.split(' ').skip(2).collect();
        assert_eq!(command(&again), first);
    }
}
