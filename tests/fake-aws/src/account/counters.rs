//! How often what was called.

use std::collections::BTreeMap;
use std::fmt;

use super::action::Action;
use crate::error::Failure;

/// Codes that say "later".
const THROTTLED: [&str; 4] =
    ["RequestLimitExceeded", "RequestThrottled", "Throttling", "ThrottlingException"];

/// What became of the calls of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All calls.
    pub calls: u64,
    /// Those among them that were throttled.
    pub throttled: u64,
    /// Those among them that ended without an answer for another reason.
    pub failed: u64,
}

/// Calls by kind, and what was launched with them. Prints as a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    by_action: BTreeMap<Action, Count>,
    launched: u64,
}

impl Counters {
    /// Calls of this kind.
    pub fn of(&self, action: Action) -> Count {
        self.by_action.get(&action).copied().unwrap_or_default()
    }

    /// Calls of every kind, by service and name.
    pub fn all(&self) -> impl Iterator<Item = (Action, Count)> {
        self.by_action.iter().map(|(action, count)| (*action, *count))
    }

    /// Instances that were launched.
    pub const fn launched(&self) -> u64 {
        self.launched
    }

    pub(crate) fn launch(&mut self, instances: u32) {
        self.launched += u64::from(instances);
    }

    pub(crate) fn record<T>(&mut self, action: Action, result: &Result<T, Failure>) {
        let count = self.by_action.entry(action).or_default();
        count.calls += 1;
        match result {
            Err(Failure::Refused(error)) if THROTTLED.contains(&error.code.as_str()) => {
                count.throttled += 1;
            }
            // A dry run that would have worked has worked.
            Err(Failure::Refused(error)) if error.code == "DryRunOperation" => {}
            Err(_) => count.failed += 1,
            Ok(_) => {}
        }
    }
}

impl fmt::Display for Counters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let header = ["calls", "throttled", "failed", "per 1,000 launched"];
        writeln!(
            f,
            "{:40}{:>10}{:>11}{:>8}{:>20}",
            "", header[0], header[1], header[2], header[3]
        )?;
        for (action, count) in self.all() {
            let per_thousand = match (count.calls * 10_000).checked_div(self.launched) {
                Some(tenths) => format!("{}.{}", tenths / 10, tenths % 10),
                None => "–".to_owned(),
            };
            let Count { calls, throttled, failed } = count;
            let name = action.to_string();
            writeln!(f, "{name:40}{calls:>10}{throttled:>11}{failed:>8}{per_thousand:>20}")?;
        }
        writeln!(f, "{} instances launched", self.launched)
    }
}

#[cfg(test)]
mod tests {
    use super::super::action::Service;
    use super::{Action, Counters};

    #[test]
    fn calls_are_told_for_a_thousand_instances() {
        let mut counters = Counters::default();
        for _ in 0..3 {
            counters.record(Action::new(Service::Ec2, "CreateFleet"), &Ok(()));
        }
        counters.launch(2000);
        let table = counters.to_string();
        assert!(table.contains("ec2:CreateFleet") && table.contains(" 1.5\n"), "{table}");
    }
}
