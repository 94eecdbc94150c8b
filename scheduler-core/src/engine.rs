//! `observe` and `step`: the only place where decisions are made.

mod batch;
mod buffer;
mod emptiness;
mod fixed;
mod policy;
mod withheld;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use self::batch::{Batches, Decision};
use self::buffer::Holders;
pub use self::policy::{MinValuesPolicy, PreferencePolicy, UnknownPolicy};
use self::withheld::{RETRIES, Withheld};
use crate::bound::{self, Effort};
use crate::model::{NodeName, Price};
use crate::pack;
use crate::pack::grant::{self, Trial};
use crate::plan::{Plan, PlanReport, PlanStats, build, diagnose, split};
use crate::problem::{Lowering, Problem};
use crate::snapshot::ClusterSnapshot;
use crate::verify::{self, Violation};

/// How the engine decides. The defaults are Karpenter's where it has the setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// A batch closes when no new pod has come for so long.
    pub batch_idle: SignedDuration,
    /// A batch closes at the latest so long after its first pod.
    pub batch_max: SignedDuration,
    /// What becomes of pools that cannot offer as many values as their `minValues` ask for.
    #[serde(default)]
    pub min_values_policy: MinValuesPolicy,
    /// Which packer fills new nodes.
    pub packer: Packer,
    /// What losing a node to a Spot interruption costs. Times the expected interruptions per hour
    /// it is added to a Spot price when offerings are compared.
    pub interruption_cost: Price,
    /// Offerings are listed as alternatives to a chosen one up to so many per cent of its price,
    /// both with the expected cost of interruptions; and beyond as far as `minValues` asks.
    pub alternatives_ceiling_percent: u32,
    /// Most of a workload's pods on one node, in per cent, at least one pod; none is no limit.
    pub blast_radius_percent: Option<u32>,
    /// What becomes of preferences.
    pub preferences: PreferencePolicy,
    /// Work spent on a better plan and a tighter bound than the first answer, in steps of the
    /// local search; 0 takes the first answer.
    pub improvement_steps: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch_idle: SignedDuration::from_secs(1),
            batch_max: SignedDuration::from_secs(10),
            min_values_policy: MinValuesPolicy::Strict,
            packer: Packer::DualGreedy,
            interruption_cost: Price::from_micro_usd(1_000_000),
            alternatives_ceiling_percent: 150,
            blast_radius_percent: None,
            preferences: PreferencePolicy::Respect,
            improvement_steps: 50_000,
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
    holders: Holders,
    prepared: Option<Prepared>,
    #[cfg(any(test, feature = "testkit"))]
    spoil: Option<fn(&ClusterSnapshot, &mut Plan)>,
}

/// A plan made ahead of time, with what it was made for.
#[derive(Debug)]
struct Prepared {
    snapshot: ClusterSnapshot,
    plan: Plan,
}

impl Prepared {
    /// Whether a plan for the snapshot would be the same: plans do not depend on the time.
    fn is_for(&self, snapshot: &ClusterSnapshot) -> bool {
        let known = &self.snapshot;
        known.supply == snapshot.supply
            && known.nodes == snapshot.nodes
            && known.pending == snapshot.pending
    }
}

impl Engine {
    /// An engine that has seen nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            lowering: None,
            batches: Batches::default(),
            holders: Holders::default(),
            prepared: None,
            #[cfg(any(test, feature = "testkit"))]
            spoil: None,
        }
    }

    /// The engine with a fault: this is done to each of its plans before it is judged.
    #[cfg(any(test, feature = "testkit"))]
    #[must_use]
    pub fn spoiling(mut self, spoil: fn(&ClusterSnapshot, &mut Plan)) -> Self {
        self.spoil = Some(spoil);
        self
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
        match self.batches.decide(snapshot, &self.settings) {
            Decision::Plan => self.plan_pods(snapshot, Self::tend_nodes),
            Decision::Wait(wake_at) => {
                let mut plan = Plan { wake_at, ..Plan::default() };
                self.tend_nodes(snapshot, &mut plan);
                let violations = seal(snapshot, &mut plan);
                refused(plan, violations)
            }
        }
    }

    /// Plans all pending pods at once, without waiting for a batch window.
    pub fn plan_now(&mut self, snapshot: &ClusterSnapshot) -> Plan {
        self.plan_pods(snapshot, Self::tend_static_pools)
    }

    /// The fast answer for all pending pods: what [`Self::plan_now`] would plan in no improvement
    /// steps.
    pub fn first_answer(&mut self, snapshot: &ClusterSnapshot) -> Plan {
        let plan = self.solve(snapshot, 0);
        self.judged(snapshot, (plan, 0), |_, _, _| {})
    }

    /// Uses the time while a batch window is open: plans the pods that have come so far, in all
    /// improvement steps. If no others come, the step that closes the window has its plan at
    /// once, and the same plan as without.
    pub fn prepare(&mut self, snapshot: &ClusterSnapshot) {
        if self.batches.is_open() && !self.prepared.as_ref().is_some_and(|one| one.is_for(snapshot))
        {
            let plan = self.solve(snapshot, self.settings.improvement_steps);
            self.prepared = Some(Prepared { snapshot: snapshot.clone(), plan });
        }
    }

    fn plan_pods(
        &mut self,
        snapshot: &ClusterSnapshot,
        complete: impl Fn(&mut Self, &ClusterSnapshot, &mut Plan),
    ) -> Plan {
        let steps = self.settings.improvement_steps;
        let plan = match self.prepared.take() {
            Some(prepared) if prepared.is_for(snapshot) => prepared.plan,
            _ => self.solve(snapshot, steps),
        };
        self.judged(snapshot, (plan, steps), complete)
    }

    /// Completes a plan for the waiting pods and has it judged. If it is at fault, the pods that the
    /// faults are about are left out, and the others planned anew; a plan that is still at fault
    /// after a few times, or whose faults are about no pods, is not carried out.
    fn judged(
        &mut self,
        snapshot: &ClusterSnapshot,
        (mut plan, steps): (Plan, u32),
        complete: impl Fn(&mut Self, &ClusterSnapshot, &mut Plan),
    ) -> Plan {
        let mut withheld = Withheld::default();
        let mut retries = 0;
        loop {
            withheld.report(snapshot, &mut plan.report);
            complete(self, snapshot, &mut plan);
            let violations = seal(snapshot, &mut plan);
            if violations.is_empty()
                || retries == RETRIES
                || !withheld.add(snapshot, &plan, &violations)
            {
                return refused(plan, violations);
            }
            retries += 1;
            plan = self.solve(&withheld.rest(snapshot), steps);
        }
    }

    /// Adds to a plan what nodes need besides pods.
    fn tend_nodes(&mut self, snapshot: &ClusterSnapshot, plan: &mut Plan) {
        // Nothing is given up while pods wait that have not been looked at, nor before it is known
        // which nodes have the room that buffers ask for.
        if !self.batches.is_open() && self.holders.know(snapshot, plan) {
            give_up_empty(snapshot, &self.holders, plan);
        }
        self.tend_static_pools(snapshot, plan);
    }

    fn tend_static_pools(&mut self, snapshot: &ClusterSnapshot, plan: &mut Plan) {
        fixed::balance(snapshot, &self.settings, plan);
    }

    fn solve(&mut self, snapshot: &ClusterSnapshot, steps: u32) -> Plan {
        let Self { settings, lowering, .. } = self;
        let lowering = match lowering.take() {
            Some(known) if known.is_of(&snapshot.supply) => lowering.insert(known),
            _ => lowering.insert(Lowering::new(snapshot.supply.clone(), settings.clone())),
        };
        let problem = lowering.problem(snapshot);
        let pack = |problem: &Problem<'_>, steps: u32| match settings.packer {
            Packer::DualGreedy => pack::pack(problem, steps),
            Packer::FirstFitDecreasing => pack::ffd::pack(problem),
        };
        let few = snapshot.pending.len() <= grant::FEW_PODS;
        let trial_steps = if few { grant::STEPS } else { 0 };
        let wishes = lowering.wishes(&problem);
        let trial = Trial {
            problem: &problem,
            granting: &mut |wishes| lowering.granting(&problem, wishes),
            pack: &|problem| pack(problem, trial_steps),
        };
        let granted = trial.grant(&wishes);
        let plain = || pack::complete(&problem, pack(&problem, steps));
        let solution = if granted.is_empty() {
            plain()
        } else {
            let kept = pack(&lowering.granting(&problem, &granted), steps);
            let kept = pack::complete(&problem, kept);
            // No wish is worth a pod's place.
            let wanting = kept.left() > 0;
            let plain = wanting.then(plain).filter(|plain| plain.left() < kept.left());
            plain.unwrap_or(kept)
        };
        let effort = match settings.packer {
            Packer::DualGreedy if steps > 0 => Effort::Columns,
            Packer::DualGreedy | Packer::FirstFitDecreasing => Effort::First,
        };
        let (values, (mut actions, rest)) = rayon::join(
            || bound::values(&problem, &solution, effort),
            || build::actions(&problem, &solution, settings.alternatives_ceiling_percent),
        );
        split::note_worth(&problem, &solution, &values, &mut actions);
        let unschedulable = diagnose::unschedulable(&problem, &solution, &rest);
        let shapes = solution.nodes.iter().map(|node| &problem.table.shapes[node.shape]);
        let placed = snapshot.pending.len() - unschedulable.len();
        let (buffers_short, unschedulable) =
            unschedulable.into_iter().partition(|one| snapshot.is_chunk(&one.pod));
        let report = PlanReport {
            pods: snapshot.pending.len(),
            placed,
            price: shapes.map(|shape| shape.price).sum(),
            lower_bound: Price::ZERO,
            bound_method: values.method.to_owned(),
            certificate: bound::certificate(&problem, &solution, &values),
            gap: Vec::new(),
            interruption_cost: settings.interruption_cost,
            alternatives_ceiling_percent: settings.alternatives_ceiling_percent,
            min_values_policy: settings.min_values_policy,
            unschedulable,
            buffers_short,
            violations: Vec::new(),
            stats: PlanStats {
                classes: problem.classes.len(),
                shapes: problem.table.shapes.len(),
                candidates: solution.candidates,
                patterns: solution.patterns,
                wishes: wishes.len(),
                granted: granted.len(),
            },
        };
        let mut plan = Plan { actions, wake_at: None, report };
        plan.report.gap = split::shares(&problem, &solution, &values, &plan);
        #[cfg(any(test, feature = "testkit"))]
        if let Some(spoil) = self.spoil {
            spoil(snapshot, &mut plan);
        }
        plan
    }
}

/// Nodes on which this plan or an earlier one expects pods.
fn expecting<'a>(snapshot: &'a ClusterSnapshot, plan: &'a Plan) -> BTreeSet<&'a NodeName> {
    let planned = plan.nominations().map(|(_, node)| node);
    let nominated = snapshot.pending.iter().filter_map(|pod| pod.nominated.as_ref());
    planned.chain(nominated).collect()
}

fn give_up_empty(snapshot: &ClusterSnapshot, holders: &Holders, plan: &mut Plan) {
    let mut expected = expecting(snapshot, plan);
    expected.extend(holders.nodes());
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

/// Has the bound proven and the plan judged, and returns what is wrong with it.
fn seal(snapshot: &ClusterSnapshot, plan: &mut Plan) -> Vec<Violation> {
    if plan.actions.is_empty() && plan.report.pods == 0 {
        return Vec::new();
    }
    let violations = verify::seal(snapshot, plan);
    if plan.report.pods > 0 {
        let reserved = plan.launches().any(|node| node.reservation.is_some());
        split::complete(&mut plan.report, reserved || !snapshot.nodes.is_empty());
    }
    violations
}

/// The plan as it leaves the engine: one that is at fault is not carried out.
fn refused(mut plan: Plan, violations: Vec<Violation>) -> Plan {
    if !violations.is_empty() {
        plan.actions.clear();
        plan.report.violations = violations;
    }
    plan
}
