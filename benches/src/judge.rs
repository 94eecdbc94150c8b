//! Ways to answer a problem, and whether an answer is worth a figure.

use anyhow::{Result, ensure};
use scheduler_core::model::Price;
use scheduler_core::verify::verify;
use scheduler_core::{ClusterSnapshot, Engine, Packer, Plan, Settings};

use crate::mix::Mix;

/// A way to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The peer's manner: per-pod first-fit decreasing.
    Peer,
    /// The first answer.
    First,
    /// What comes of it with so much work.
    Improved {
        /// Steps of work.
        steps: u32,
    },
    /// What comes of it with the work that the product spends.
    Final,
}

impl Answer {
    /// The engine's settings. By `interruption_cost` Spot offerings are compared; without it prices
    /// are as on the list.
    pub fn settings(self, interruption_cost: Price) -> Settings {
        let (packer, improvement_steps) = match self {
            Self::Peer => (Packer::FirstFitDecreasing, 0),
            Self::First => (Packer::DualGreedy, 0),
            Self::Improved { steps } => (Packer::DualGreedy, steps),
            Self::Final => (Packer::DualGreedy, Settings::default().improvement_steps),
        };
        Settings { packer, interruption_cost, improvement_steps, ..Settings::default() }
    }
}

/// The plan of an engine that remembers nothing.
pub fn plan(settings: &Settings, snapshot: &ClusterSnapshot) -> Plan {
    Engine::new(settings.clone()).plan_now(snapshot)
}

/// An engine that has looked at the supply of this cluster before, as the controller's has, but not
/// at its pods.
///
/// # Errors
/// If a table of sizes cannot be read.
pub fn warm(settings: &Settings, snapshot: &ClusterSnapshot) -> Result<Engine> {
    let mut engine = Engine::new(settings.clone());
    engine.plan_now(&Mix::Few.batch(&snapshot.supply, 0, 1)?);
    Ok(engine)
}

/// A figure of a wrong plan is worth nothing.
///
/// # Errors
/// If the plan breaks a constraint, or costs something and has no bound.
pub fn check(snapshot: &ClusterSnapshot, plan: &Plan) -> Result<()> {
    // The engine takes the actions out of a plan with which it finds fault, so ask it too.
    let found = [plan.report.violations.clone(), verify(snapshot, plan)].concat();
    ensure!(found.is_empty(), "the plan is wrong: {}", found[0]);
    let (price, bound) = (plan.report.price, plan.report.lower_bound);
    ensure!(price == Price::ZERO || bound > Price::ZERO, "the plan has no lower bound");
    Ok(())
}

/// The same, and every pod must have a place: costs of different work do not compare.
///
/// # Errors
/// If the plan is wrong or leaves a pod without a place.
pub fn check_whole(snapshot: &ClusterSnapshot, plan: &Plan) -> Result<()> {
    check(snapshot, plan)?;
    let (placed, waiting) = (plan.report.placed, snapshot.pending.len());
    ensure!(placed == waiting, "{placed} of {waiting} pods have a place");
    Ok(())
}
