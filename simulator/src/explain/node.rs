//! Why a node of the plan is what it is, or what a node that exists still takes.

mod text;

use std::collections::BTreeMap;

use scheduler_core::model::{NodeStage, PodId, Price, Resources, well_known};
use scheduler_core::{NodeWithPods, PlannedNode};
use serde::Serialize;

use crate::plan::{
    AlternativeDocument, Dollars, Planned, PlannedNodeDocument, Workloads, quantities,
};

/// What is to be said about one node.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum NodeExplanation {
    /// It is to be launched.
    Planned(Box<NewNode>),
    /// It exists or is in flight.
    Existing(Box<StandingNode>),
}

/// A node that is to be launched.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewNode {
    /// Its place among the nodes of the plan, from 1.
    pub number: usize,
    /// The node.
    pub node: PlannedNodeDocument,
    /// Requested share of what it has, by resource.
    pub fill: BTreeMap<String, f64>,
    /// Workloads that its pods belong to.
    pub workloads: Vec<WorkloadPods>,
    /// What its pods are worth together at the prices behind the bound.
    pub worth_per_hour: Dollars,
    /// Its price less what its pods are worth: what it adds to the gap.
    pub waste_per_hour: Dollars,
    /// Its price and the expected cost of interruptions.
    pub risk_price_per_hour: Dollars,
    /// The alternative that is cheapest with the expected cost of interruptions.
    pub next: Option<AlternativeDocument>,
}

/// A node that exists or is in flight.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StandingNode {
    /// Its name.
    pub node: String,
    /// Pool that it belongs to.
    pub node_pool: Option<String>,
    /// Instance type.
    pub instance_type: Option<String>,
    /// Zone.
    pub zone: Option<String>,
    /// Capacity type.
    pub capacity_type: Option<String>,
    /// How far it has come.
    pub stage: NodeStage,
    /// It is going away: nothing is placed on it.
    pub deleting: bool,
    /// Workload pods that run on it.
    pub running: usize,
    /// What its pods leave free.
    pub free: BTreeMap<String, String>,
    /// What is free once the plan is carried out.
    pub free_after: BTreeMap<String, String>,
    /// Pods of the plan that go there.
    pub pods: Vec<PodId>,
    /// Workloads that they belong to.
    pub workloads: Vec<WorkloadPods>,
}

/// Pods of one workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WorkloadPods {
    /// The workload; a pod without one stands for itself.
    pub workload: String,
    /// How many.
    pub pods: usize,
}

impl NodeExplanation {
    /// What is to be said about the node of this name, or about the node of the plan with this
    /// number; `None` if there is none.
    pub fn new(planned: &Planned, node: &str) -> Option<Self> {
        if let Some(standing) = planned.snapshot.node(node) {
            return Some(Self::Existing(Box::new(existing(planned, standing))));
        }
        let number: usize = node.parse().ok()?;
        let launch = planned.plan.launches().nth(number.checked_sub(1)?)?;
        Some(Self::Planned(Box::new(new_node(planned, number, launch))))
    }

    /// The explanation for a terminal.
    pub fn text(&self) -> String {
        text::text(self)
    }
}

fn new_node(planned: &Planned, number: usize, node: &PlannedNode) -> NewNode {
    let share = |(name, amount): (&str, i64)| {
        let share = node.requests.get(name) as f64 / amount as f64;
        (name.to_owned(), (share * 1e4).round() / 1e4)
    };
    let worth: Price = node.worth.values().copied().sum();
    let document = PlannedNodeDocument::new(node);
    NewNode {
        number,
        fill: node.allocatable.iter().map(share).collect(),
        workloads: by_workload(planned, &node.pods),
        worth_per_hour: Dollars(worth),
        waste_per_hour: Dollars(node.price - worth),
        risk_price_per_hour: Dollars(risk_price(planned, node)),
        next: document.alternatives.first().cloned(),
        node: document,
    }
}

/// The price with the expected cost of interruptions; the price alone if nobody sells it.
fn risk_price(planned: &Planned, node: &PlannedNode) -> Price {
    let supply = &planned.snapshot.supply;
    let catalog = supply.node_pool(&node.node_pool).map_or(&[][..], |pool| supply.catalog(pool));
    let mut types = catalog.iter().filter(|one| one.name == node.instance_type);
    let offering = types.next().and_then(|one| {
        let mut offerings = one.offerings.iter();
        offerings.find(|one| one.zone == node.zone && one.capacity_type == node.capacity_type)
    });
    offering.map_or(node.price, |one| one.risk_price(planned.plan.report.interruption_cost))
}

fn existing(planned: &Planned, standing: &NodeWithPods) -> StandingNode {
    let node = &standing.node;
    let label = |key: &str| node.labels.get(key).cloned();
    let coming = planned.plan.nominations().filter(|(_, to)| **to == node.name);
    let pods: Vec<PodId> = coming.map(|(pod, _)| pod.clone()).collect();
    let mut free = node.allocatable.clone();
    free.subtract(&standing.used());
    let mut free_after = free.clone();
    for pod in planned.snapshot.pending.iter().filter(|pod| pods.contains(&pod.id)) {
        free_after.subtract(&pod.spec.requests);
    }
    StandingNode {
        node: node.name.clone(),
        node_pool: node.node_pool.clone(),
        instance_type: label(well_known::INSTANCE_TYPE),
        zone: label(well_known::ZONE),
        capacity_type: label(well_known::CAPACITY_TYPE),
        stage: node.stage,
        deleting: node.deleting,
        running: standing.workload_pods().count(),
        free: room(&node.allocatable, &free),
        free_after: room(&node.allocatable, &free_after),
        workloads: by_workload(planned, &pods),
        pods,
    }
}

/// What is free of everything that a node has, nothing left included.
fn room(allocatable: &Resources, free: &Resources) -> BTreeMap<String, String> {
    let mut room = quantities(free);
    for (name, _) in allocatable.iter() {
        room.entry(name.to_owned()).or_insert_with(|| "0".to_owned());
    }
    room
}

fn by_workload(planned: &Planned, pods: &[PodId]) -> Vec<WorkloadPods> {
    let workloads = Workloads::new(planned);
    let ranked = workloads.ranked(pods).into_iter();
    ranked.map(|(name, pods)| WorkloadPods { workload: name.to_owned(), pods }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture::planned;

    fn text(node: &str) -> String {
        NodeExplanation::new(&planned(), node).unwrap().text()
    }

    #[test]
    fn a_node_of_the_plan_reads_as_recorded() {
        insta::assert_snapshot!(text("1"));
    }

    #[test]
    fn a_node_that_exists_reads_as_recorded() {
        insta::assert_snapshot!(text("ip-10-0-1-7"));
    }

    #[test]
    fn numbers_count_from_one_to_the_last_node_of_the_plan() {
        let found = ["0", "1", "2", "-1", "web"]
            .map(|name| NodeExplanation::new(&planned(), name).is_some());
        assert_eq!(found, [false, true, false, false, false]);
    }

    #[test]
    fn what_a_node_wastes_is_its_price_less_what_its_pods_are_worth() {
        let NodeExplanation::Planned(node) = NodeExplanation::new(&planned(), "1").unwrap() else {
            unreachable!("node 1 is planned");
        };
        let [worth, waste] = [node.worth_per_hour, node.waste_per_hour].map(|Dollars(one)| one);
        assert_eq!((worth.micro_usd(), waste.micro_usd()), (56_100, 1_700));
    }
}
