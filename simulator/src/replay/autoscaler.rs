//! The engine drives the cluster.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use scheduler_core::verify::verify;
use scheduler_core::{Action, ClusterSnapshot, Engine, Observation, Plan, Refusal};

use super::VerifyPlans;
use super::drive::Driver;
use crate::clock;
use crate::world::{LaunchResult, World};

/// A failed launch is known after so long, the time of one call to EC2.
const LAUNCH_ANSWER: SignedDuration = SignedDuration::from_secs(1);

/// Shortest time between two decisions: the resolution of the clock.
const TICK: SignedDuration = SignedDuration::from_millis(1);

/// Most findings that are kept; one is already too many.
const FINDINGS_MAX: usize = 1000;

/// Makes plans: the engine, or a stand-in for it in tests.
pub(crate) trait Planner {
    /// Notes what happened between steps.
    fn observe(&mut self, observation: &Observation);
    /// Decides what to do now.
    fn step(&mut self, snapshot: &ClusterSnapshot) -> Plan;
}

impl Planner for Engine {
    fn observe(&mut self, observation: &Observation) {
        Self::observe(self, observation);
    }

    fn step(&mut self, snapshot: &ClusterSnapshot) -> Plan {
        Self::step(self, snapshot)
    }
}

/// Asks a planner whenever there may be something to decide, and carries its plans out.
#[derive(Debug)]
pub(crate) struct Autoscaler<P> {
    planner: P,
    verify: VerifyPlans,
    wake_at: Option<Timestamp>,
    plans: u32,
    violations: BTreeSet<String>,
}

impl<P: Planner> Autoscaler<P> {
    pub(crate) fn new(planner: P, verify: VerifyPlans) -> Self {
        Self { planner, verify, wake_at: None, plans: 0, violations: BTreeSet::new() }
    }

    /// What was found wrong with plans.
    pub(crate) fn into_violations(self) -> Vec<String> {
        self.violations.into_iter().collect()
    }

    fn decide(&mut self, world: &mut World) {
        let now = world.now();
        let (snapshot, refusals) = world.snapshot();
        let begun = Instant::now();
        let plan = self.planner.step(&snapshot);
        let micros = begun.elapsed().as_micros() as u64;
        world.recorder().counts.decisions += 1;
        if plan.report.pods > 0 {
            world.recorder().decided(micros);
        }
        self.check(&snapshot, &plan, &refusals);
        let results = world.carry_out(&plan);
        for result in &results {
            if let LaunchResult::Unknown(offering) = result {
                self.note(now, &format!("the supply has no offering {offering:?}"));
            }
        }
        // What the plan changed is an event that the planner hears of at once.
        let tick = clock::later(now, TICK);
        let changes_nodes =
            |one: &Action| !matches!(one, Action::Nominate { .. } | Action::Hold { .. });
        let changed_nodes = plan.actions.iter().any(changes_nodes);
        self.wake_at = if changed_nodes { Some(tick) } else { plan.wake_at.map(|at| at.max(tick)) };
        if results.contains(&LaunchResult::SoldOut) {
            self.planner.observe(&Observation::LaunchFailed);
            let answer = clock::later(now, LAUNCH_ANSWER);
            self.wake_at = Some(self.wake_at.map_or(answer, |at| at.min(answer)));
        }
    }

    fn check(&mut self, snapshot: &ClusterSnapshot, plan: &Plan, refusals: &[Refusal]) {
        for refusal in refusals {
            self.note(snapshot.now, &refusal.to_string());
        }
        for violation in &plan.report.violations {
            self.note(snapshot.now, &violation.to_string());
        }
        if plan.actions.is_empty() {
            return;
        }
        let every = match self.verify {
            VerifyPlans::Always => 1,
            VerifyPlans::Sampled(every) => every.max(1),
        };
        if self.plans.is_multiple_of(every) {
            for violation in verify(snapshot, plan) {
                self.note(snapshot.now, &violation.to_string());
            }
        }
        self.plans += 1;
    }

    fn note(&mut self, now: Timestamp, finding: &str) {
        if self.violations.len() < FINDINGS_MAX {
            let second = clock::millis_since_zero(now) / 1000;
            self.violations.insert(format!("second {second:>7}: {finding}"));
        }
    }
}

impl<P: Planner> Driver for Autoscaler<P> {
    fn answer(&mut self, world: &mut World) -> ControlFlow<(), Option<Timestamp>> {
        let due = self.wake_at.is_some_and(|at| at <= world.now());
        // Pods that were bound as soon as they came leave nothing to decide.
        if world.take_changed() || due || world.has_waiting() {
            self.decide(world);
        }
        ControlFlow::Continue(self.wake_at)
    }
}
