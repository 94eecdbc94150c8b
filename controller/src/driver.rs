//! The loop: read, decide, report, wait. It makes no decision of its own.

use std::pin::pin;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use scheduler_core::{ClusterSnapshot, Engine, Plan};

use crate::clock::Clock;

/// Shortest pause between two rounds, so that a wake-up time in the past cannot make the loop spin.
const PAUSE_MIN: SignedDuration = SignedDuration::from_millis(10);

/// When the loop ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rounds {
    /// After a single round.
    Once,
    /// Never.
    UntilStopped,
}

/// Where the cluster is read.
pub(crate) trait Source {
    /// The cluster as it is now, with what was left out of it.
    fn read(&mut self, now: Timestamp) -> anyhow::Result<Reading>;
}

/// A cluster that was read.
pub(crate) struct Reading {
    /// What the engine gets.
    pub(crate) snapshot: ClusterSnapshot,
    /// Findings and refusals, one sentence each.
    pub(crate) warnings: Vec<String>,
}

/// Decides.
pub(crate) trait Planner {
    /// What to do now.
    fn step(&mut self, snapshot: &ClusterSnapshot) -> Plan;
    /// Uses the time until the next step.
    fn prepare(&mut self, snapshot: &ClusterSnapshot);
}

impl Planner for Engine {
    fn step(&mut self, snapshot: &ClusterSnapshot) -> Plan {
        Self::step(self, snapshot)
    }

    fn prepare(&mut self, snapshot: &ClusterSnapshot) {
        Self::prepare(self, snapshot);
    }
}

/// Where people read what happened. Told at every round; repeats are its own affair.
pub(crate) trait Journal {
    /// The cluster was read, with these warnings.
    fn read(&mut self, warnings: &[String]);
    /// The cluster could not be read; the last snapshot stays in force.
    fn unreadable(&mut self, error: &anyhow::Error);
    /// The engine answered.
    fn decided(&mut self, snapshot: &ClusterSnapshot, plan: &Plan);
}

/// The loop and its ports.
pub(crate) struct Driver<C, S, P, J> {
    /// Tells the time.
    pub(crate) clock: C,
    /// Reads the cluster.
    pub(crate) source: S,
    /// Decides.
    pub(crate) planner: P,
    /// Reports.
    pub(crate) journal: J,
    /// Longest pause between two rounds.
    pub(crate) interval: SignedDuration,
}

impl<C: Clock, S: Source, P: Planner, J: Journal> Driver<C, S, P, J> {
    /// Runs until `stop` completes, or a single round with [`Rounds::Once`]. A round that has begun
    /// is finished.
    ///
    /// # Errors
    /// If the cluster cannot be read with [`Rounds::Once`]; otherwise that is reported and the
    /// last snapshot stays in force.
    pub(crate) async fn run(
        mut self,
        rounds: Rounds,
        stop: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        let mut stop = pin!(stop);
        let mut last = None;
        loop {
            let now = self.clock.now();
            match (self.read(now), rounds) {
                (Ok(snapshot), _) => last = Some(snapshot),
                (Err(error), Rounds::Once) => return Err(error),
                (Err(error), Rounds::UntilStopped) => self.journal.unreadable(&error),
            }
            let wake_at = last.as_mut().and_then(|snapshot| {
                snapshot.now = now;
                let plan = self.planner.step(snapshot);
                self.journal.decided(snapshot, &plan);
                plan.wake_at
            });
            if rounds == Rounds::Once {
                return Ok(());
            }
            if let Some(snapshot) = &last {
                self.planner.prepare(snapshot);
            }
            tokio::select! {
                () = &mut stop => return Ok(()),
                () = tokio::time::sleep(self.pause(wake_at)) => {}
            }
        }
    }

    fn read(&mut self, now: Timestamp) -> anyhow::Result<ClusterSnapshot> {
        let Reading { snapshot, warnings } = self.source.read(now)?;
        self.journal.read(&warnings);
        Ok(snapshot)
    }

    /// Time to the wake-up or the interval, whichever is shorter.
    fn pause(&self, wake_at: Option<Timestamp>) -> Duration {
        let now = self.clock.now();
        let until = wake_at.map_or(self.interval, |wake_at| wake_at.duration_since(now));
        until.min(self.interval).max(PAUSE_MIN).unsigned_abs()
    }
}

#[cfg(test)]
mod tests;
