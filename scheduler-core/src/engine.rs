//! `observe` and `step`: the only place where decisions are made.

mod batch;
mod emptiness;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use self::batch::{Batches, Decision};
use crate::bound::lower_bound;
use crate::model::{NodeName, Price};
use crate::pack;
use crate::plan::{Action, Plan, PlanReport, PlanStats, build, diagnose};
use crate::problem::Lowering;
use crate::snapshot::ClusterSnapshot;
use crate::verify::verify;

/// How the engine decides. The defaults are Karpenter's where it has the setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// A batch closes when no new pod has come for so long.
    pub batch_idle: SignedDuration,
    /// A batch closes at the latest so long after its first pod.
    pub batch_max: SignedDuration,
    /// Which packer fills new nodes.
    pub packer: Packer,
    /// What losing a node to a Spot interruption costs. Times the expected interruptions per hour
    /// it is added to a Spot price when offerings are compared.
    pub interruption_cost: Price,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch_idle: SignedDuration::from_secs(1),
            batch_max: SignedDuration::from_secs(10),
            packer: Packer::DualGreedy,
            interruption_cost: Price::from_micro_usd(1_000_000),
        }
    }
}

/// A way to fill new nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Packer {
    /// Greedy by dual value (`solver.md` §2).
    DualGreedy,
    /// Karpenter's manner: per-pod first-fit decreasing, node = set of types. The baseline.
    FirstFitDecreasing,
}

/// What a shell tells the engine about the world between steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Observation {
    /// A launch failed; its pods wait again and do not wait for a batch window.
    LaunchFailed,
}

/// The engine: settings, and what is remembered between steps.
///
/// Besides the batch window it remembers only what can be computed again from the snapshot, so
/// that the same snapshot gives the same plan.
#[derive(Debug)]
pub struct Engine {
    settings: Settings,
    lowering: Option<Lowering>,
    batches: Batches,
}

impl Engine {
    /// An engine that has seen nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self { settings, lowering: None, batches: Batches::default() }
    }

    /// Notes what happened between steps.
    pub fn observe(&mut self, observation: &Observation) {
        match observation {
            Observation::LaunchFailed => self.batches.hurry(),
        }
    }

    /// Decides what to do now. While a batch window is open the plan has no launches and `wake_at`
    /// says when it closes.
    pub fn step(&mut self, snapshot: &ClusterSnapshot) -> Plan {
        let mut plan = match self.batches.decide(snapshot, &self.settings) {
            Decision::Plan => self.plan_pods(snapshot),
            Decision::Wait(wake_at) => Plan { wake_at, ..Plan::default() },
        };
        // Nothing is given up while pods wait that have not been looked at.
        if !self.batches.is_open() {
            give_up_empty(snapshot, &mut plan);
        }
        refuse_if_wrong(snapshot, plan)
    }

    /// Plans all pending pods at once, without waiting for a batch window.
    pub fn plan_now(&mut self, snapshot: &ClusterSnapshot) -> Plan {
        let plan = self.plan_pods(snapshot);
        refuse_if_wrong(snapshot, plan)
    }

    fn plan_pods(&mut self, snapshot: &ClusterSnapshot) -> Plan {
        let Self { settings, lowering, .. } = self;
        let lowering = match lowering.take() {
            Some(known) if known.is_of(&snapshot.supply) => lowering.insert(known),
            _ => {
                lowering.insert(Lowering::new(snapshot.supply.clone(), settings.interruption_cost))
            }
        };
        let problem = lowering.problem(snapshot);
        let solution = match settings.packer {
            Packer::DualGreedy => pack::pack(&problem),
            Packer::FirstFitDecreasing => pack::ffd::pack(&problem),
        };
        let (bound, (actions, rest)) = rayon::join(
            || lower_bound(&problem, &solution),
            || build::actions(&problem, &solution),
        );
        let unschedulable = diagnose::unschedulable(&problem, &solution, &rest);
        let shapes = solution.nodes.iter().map(|node| &problem.table.shapes[node.shape]);
        let report = PlanReport {
            pods: snapshot.pending.len(),
            placed: snapshot.pending.len() - unschedulable.len(),
            price: shapes.map(|shape| shape.price).sum(),
            lower_bound: bound.price,
            bound_method: bound.method.to_owned(),
            unschedulable,
            violations: Vec::new(),
            stats: PlanStats {
                classes: problem.classes.len(),
                shapes: problem.table.shapes.len(),
                candidates: solution.candidates,
                patterns: solution.patterns,
            },
        };
        Plan { actions, wake_at: None, report }
    }
}

fn give_up_empty(snapshot: &ClusterSnapshot, plan: &mut Plan) {
    let planned = plan.nominations().map(|(_, node)| node);
    let nominated = snapshot.pending.iter().filter_map(|pod| pod.nominated.as_ref());
    let expected: BTreeSet<&NodeName> = planned.chain(nominated).collect();
    let found = emptiness::find(snapshot, &expected);
    plan.actions.extend(found.actions);
    plan.wake_at = earliest(plan.wake_at, found.wake_at);
}

fn earliest(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// A plan that the verifier finds fault with is not carried out.
fn refuse_if_wrong(snapshot: &ClusterSnapshot, mut plan: Plan) -> Plan {
    if plan.actions.is_empty() && plan.report.pods == 0 {
        return plan;
    }
    let violations = verify(snapshot, &plan);
    if !violations.is_empty() {
        plan.actions = Vec::<Action>::new();
        plan.report.violations = violations;
    }
    plan
}
