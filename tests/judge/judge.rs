//! The questions that are asked about a cluster, and what comes out.

mod choices;
mod free;
mod strict;
mod unschedulable;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::ResourceExt as _;
use plimsoll_api::{Severity, convert};
use scheduler_core::model::PodId;
use scheduler_core::model::well_known::NODE_POOL;
use scheduler_core::{ClusterSnapshot, Engine, Plan, Settings};
use serde_json::json;

use crate::catalog::INSTANCE_TYPES;
use crate::cluster::Cluster;
use crate::cluster::shared::PRIORITIES;
use crate::stage::Stage;
use crate::{daemon, planned};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Questions {
    /// May every pod go where the plan wants it, and nowhere what the plan gives no place?
    Planned,
    /// The same; and do all pods that the plan places come to run if the scheduler chooses?
    PlannedAndFree,
}

/// What was asked where the answers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The plan itself is wrong.
    Plan,
    /// The scheduler does not let a pod go to its planned node.
    Placement,
    /// The scheduler has a node for a pod that the plan calls unschedulable.
    Unschedulable,
    /// A pod that the plan places does not come to run when the scheduler chooses.
    Free,
}

/// A pod on which the plan and kube-scheduler disagree.
#[derive(Clone, Debug)]
pub(crate) struct Disagreement {
    pub(crate) kind: Kind,
    pub(crate) pod: String,
    pub(crate) plan: String,
    pub(crate) scheduler: String,
}

impl Disagreement {
    /// Whether both seem to have the same cause: they are of one kind, and plans give one reason.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let reason = |one: &Self| match one.kind {
            Kind::Plan | Kind::Unschedulable => {
                one.plan.split([',', '{']).next().unwrap_or_default().to_owned()
            }
            Kind::Placement | Kind::Free => String::new(),
        };
        self.kind == other.kind && reason(self) == reason(other)
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, pod, plan, scheduler } = self;
        write!(f, "{kind:?}: {pod}\n  plan: {plan}\n  kube-scheduler: {scheduler}")
    }
}

/// What was judged of one cluster, or of many.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) clusters: usize,
    pub(crate) pods: usize,
    pub(crate) placements: usize,
    pub(crate) unschedulable: usize,
    /// Unschedulable pods for reasons that the scheduler does not know.
    pub(crate) not_judged: usize,
    pub(crate) free_clusters: usize,
    /// Plans that were needed after the first, because the scheduler chose otherwise.
    pub(crate) extra_rounds: usize,
    /// Pods that the scheduler's own choices for other pods leave without a place on any node.
    pub(crate) overtaken: usize,
    pub(crate) disagreements: Vec<Disagreement>,
    pub(crate) disagreeing_clusters: usize,
}

impl Outcome {
    pub(crate) fn add(&mut self, other: Self) {
        self.clusters += other.clusters;
        self.pods += other.pods;
        self.placements += other.placements;
        self.unschedulable += other.unschedulable;
        self.not_judged += other.not_judged;
        self.free_clusters += other.free_clusters;
        self.extra_rounds += other.extra_rounds;
        self.overtaken += other.overtaken;
        self.disagreeing_clusters += usize::from(!other.disagreements.is_empty());
        self.disagreements.extend(other.disagreements);
    }
}

/// Judges the plan for a cluster. The stage is empty before and after.
pub(crate) async fn judge(
    stage: &Stage,
    cluster: &Cluster,
    questions: Questions,
) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome { clusters: 1, ..Outcome::default() };
    let case = match Case::new(cluster, 0) {
        Ok(case) => case,
        Err(disagreement) => {
            outcome.disagreements.push(disagreement);
            return Ok(outcome);
        }
    };
    outcome.pods = case.pending.len();
    let judged = Box::pin(ask(stage, &case, questions, &mut outcome)).await;
    stage.clear().await?;
    judged.map(|()| outcome)
}

async fn ask(
    stage: &Stage,
    case: &Case<'_>,
    questions: Questions,
    outcome: &mut Outcome,
) -> anyhow::Result<()> {
    strict::ask(stage, case, outcome).await?;
    if outcome.disagreements.is_empty() {
        unschedulable::ask(stage, case, outcome).await?;
    }
    if questions == Questions::PlannedAndFree && outcome.disagreements.is_empty() {
        stage.clear().await?;
        free::ask(stage, case, outcome).await?;
    }
    Ok(())
}

/// A cluster with its plan.
struct Case<'a> {
    cluster: &'a Cluster,
    snapshot: ClusterSnapshot,
    plan: Plan,
    /// Pods that need a node.
    pending: Vec<Pod>,
    /// Nodes that are there once all have started, with the pods that stay on them.
    old_nodes: Vec<Node>,
    running: Vec<Pod>,
    /// Planned nodes, with the daemons that they get.
    nodes: Vec<Node>,
    daemons: Vec<Pod>,
    /// The node of every pod that has one.
    places: BTreeMap<PodId, String>,
}

impl<'a> Case<'a> {
    /// Plans. The number of the round keeps the names of planned nodes apart.
    fn new(cluster: &'a Cluster, round: usize) -> Result<Self, Disagreement> {
        let now = Timestamp::UNIX_EPOCH;
        let converted = convert(&cluster.objects(), now);
        // A pod that contradicts itself is an error and a pod without a place, which is judged.
        let errors = converted
            .findings
            .iter()
            .filter(|one| one.severity == Severity::Error && one.object.kind != "Pod");
        let errors: Vec<String> = errors.map(ToString::to_string).collect();
        let (snapshot, refusals) = converted.snapshot(now, |_| Arc::clone(&INSTANCE_TYPES));
        let refusals = refusals.iter().map(ToString::to_string);
        let problems: Vec<String> = errors.into_iter().chain(refusals).collect();
        if !problems.is_empty() {
            return Err(wrong_plan("the cluster", &problems.join("; ")));
        }
        let plan = Engine::new(Settings::default()).plan_now(&snapshot);
        if let Some(violation) = plan.report.violations.first() {
            return Err(wrong_plan("the plan", &format!("refused by its verifier: {violation:?}")));
        }
        let mut case = Self {
            cluster,
            snapshot,
            plan,
            pending: cluster.waiting_soon(),
            old_nodes: cluster.nodes_soon(),
            running: cluster.running_soon(),
            nodes: Vec::new(),
            daemons: Vec::new(),
            places: BTreeMap::new(),
        };
        case.build_nodes(round);
        case.check_that_every_pod_has_one_answer()?;
        case.check_that_important_pods_come_first()?;
        Ok(case)
    }

    fn build_nodes(&mut self, round: usize) {
        for (pod, node) in self.plan.nominations() {
            self.places.insert(pod.clone(), node.clone());
        }
        for (index, planned) in self.plan.launches().enumerate() {
            let name = format!("new-{round}-{index}");
            let node = planned::node(planned, &name);
            self.daemons.extend(daemon::pods_of(&self.cluster.daemon_sets, &node));
            self.nodes.push(node);
            self.places.extend(planned.pods.iter().map(|pod| (pod.clone(), name.clone())));
        }
    }

    fn check_that_every_pod_has_one_answer(&self) -> Result<(), Disagreement> {
        let without: BTreeSet<&PodId> =
            self.plan.report.unschedulable.iter().map(|one| &one.pod).collect();
        for pod in self.pending.iter().filter(|pod| !keeps_off_pools(pod)).map(id) {
            if self.places.contains_key(&pod) == without.contains(&pod) {
                return Err(wrong_plan(&pod.to_string(), "has no place and no reason, or both"));
            }
        }
        Ok(())
    }

    /// Of two pods that differ in their priority only, the lower one could give its place away.
    fn check_that_important_pods_come_first(&self) -> Result<(), Disagreement> {
        let but_priority = |pod: &Pod| {
            let mut spec = pod.spec.clone().unwrap_or_default();
            spec.priority_class_name = None;
            (pod.namespace(), pod.labels().clone(), json!(spec).to_string())
        };
        let mut lowest: BTreeMap<_, (i32, PodId)> = BTreeMap::new();
        for (pod, _) in self.placed() {
            let this = (priority(pod), id(pod));
            let one = lowest.entry(but_priority(pod)).or_insert_with(|| this.clone());
            *one = this.min(one.clone());
        }
        for pod in self.pending.iter().filter(|pod| !self.places.contains_key(&id(pod))) {
            if let Some((value, other)) = lowest.get(&but_priority(pod))
                && *value < priority(pod)
            {
                let problem = format!("{other} of a lower priority has a place that would do");
                return Err(wrong_plan(&id(pod).to_string(), &problem));
            }
        }
        Ok(())
    }

    /// Nodes for static pools. A plan puts nobody on them yet.
    fn static_nodes(&self, round: usize) -> Vec<Node> {
        let launches = self.plan.static_launches().enumerate();
        launches.map(|(index, one)| planned::node(one, &format!("fixed-{round}-{index}"))).collect()
    }

    /// Pending pods with a place, and it.
    fn placed(&self) -> impl Iterator<Item = (&Pod, &str)> {
        self.pending.iter().filter_map(|pod| Some((pod, self.places.get(&id(pod))?.as_str())))
    }
}

fn wrong_plan(object: &str, problem: &str) -> Disagreement {
    Disagreement {
        kind: Kind::Plan,
        pod: object.to_owned(),
        plan: problem.to_owned(),
        scheduler: "was not asked".to_owned(),
    }
}

/// Whether a pod asks not to be planned for, as the pods that provide nodes do.
fn keeps_off_pools(pod: &Pod) -> bool {
    let text = json!(pod.spec).to_string();
    text.contains(&json!({"key": NODE_POOL, "operator": "DoesNotExist"}).to_string())
}

fn priority(pod: &Pod) -> i32 {
    let class = pod.spec.as_ref().and_then(|spec| spec.priority_class_name.as_deref());
    let known = PRIORITIES.iter().find(|(name, _)| class == Some(name));
    known.map_or(0, |(_, value)| *value)
}

fn id(pod: &Pod) -> PodId {
    PodId::new(pod.namespace().unwrap_or_default(), pod.name_any())
}
