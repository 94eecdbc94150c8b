//! Steps of a chore, each with its name and duration.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use anyhow::Context as _;

/// One thing to do.
pub(crate) struct Step {
    /// What it is called.
    pub(crate) name: &'static str,
    work: Box<dyn Fn() -> anyhow::Result<()>>,
}

impl Step {
    /// A step of this name that does this.
    pub(crate) fn new(name: &'static str, work: impl Fn() -> anyhow::Result<()> + 'static) -> Self {
        Self { name, work: Box::new(work) }
    }
}

/// Runs steps in order until one fails; says what each took.
pub(crate) fn run_all(steps: &[Step], log: &mut impl Write) -> anyhow::Result<()> {
    let mut taken: Vec<(&str, Duration)> = Vec::new();
    for step in steps {
        writeln!(log, "==> {}", step.name)?;
        let start = Instant::now();
        let result = (step.work)();
        let duration = start.elapsed();
        let outcome = if result.is_ok() { "done" } else { "failed" };
        writeln!(log, "<== {} {outcome} in {}", step.name, seconds(duration))?;
        result.with_context(|| format!("step `{}` failed", step.name))?;
        taken.push((step.name, duration));
    }
    if taken.len() > 1 {
        writeln!(log, "{}", summary(&taken))?;
    }
    Ok(())
}

/// Writes a line to standard error: standard output belongs to what the steps run.
pub(crate) fn say(line: &str) {
    // Nothing is left to do if the terminal is gone.
    let _ = writeln!(io::stderr(), "{line}");
}

fn summary(taken: &[(&str, Duration)]) -> String {
    let total = ("total", taken.iter().map(|(_, duration)| *duration).sum());
    let width = taken.iter().map(|(name, _)| name.len()).max().unwrap_or(0).max(total.0.len());
    let line = |(name, duration): &(&str, Duration)| {
        format!("    {name:<width$} {:>10}", seconds(*duration))
    };
    taken.iter().chain([&total]).map(line).collect::<Vec<_>>().join("\n")
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn a_failed_step_ends_the_chore_and_is_named() {
        let steps = [
            Step::new("first", || bail!("it is wrong")),
            Step::new("second", || panic!("must not run")),
        ];
        let error = run_all(&steps, &mut io::sink()).unwrap_err();
        assert_eq!(format!("{error:#}"), "step `first` failed: it is wrong");
    }

    #[test]
    fn a_step_says_when_it_begins_and_when_it_is_done() {
        let mut log = Vec::new();
        run_all(&[Step::new("first", || Ok(()))], &mut log).unwrap();
        let log = String::from_utf8(log).unwrap();
        assert!(log.starts_with("==> first\n<== first done in "), "{log}");
    }

    #[test]
    fn the_summary_lists_every_step_and_the_total() {
        let taken = [("test", Duration::from_millis(61_250)), ("format", Duration::from_secs(1))];
        let expected = "    test       61.2 s\n    format      1.0 s\n    total      62.2 s";
        assert_eq!(summary(&taken), expected);
    }
}
