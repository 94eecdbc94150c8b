//! The explanation of a node as plain text.

use std::collections::BTreeMap;

use scheduler_core::model::{NodeStage, Price};

use super::{NewNode, NodeExplanation, StandingNode, WorkloadPods};
use crate::explain::text::{filled, list, offering, relative};
use crate::plan::{AlternativeDocument, Dollars, SHOWN_MICRO_USD, with_count};
use crate::report::format::plural;
use crate::report::grid::paragraphs;

pub(super) fn text(explanation: &NodeExplanation) -> String {
    let (verdict, rows) = match explanation {
        NodeExplanation::Planned(node) => new_node(node),
        NodeExplanation::Existing(node) => existing(node),
    };
    let rows = rows.into_iter().map(|(label, text)| [label.to_owned(), text]);
    [paragraphs([[verdict]]), paragraphs(rows)].concat()
}

type Rows = Vec<(&'static str, String)>;

fn new_node(new: &NewNode) -> (String, Rows) {
    let NewNode { number, node, workloads, worth_per_hour, waste_per_hour, .. } = new;
    let Dollars(price) = node.offering.price_per_hour;
    let verdict = format!("Node {number} of the plan: {}.", offering(&node.offering));
    let mut rows = vec![
        ("NodePool", node.node_pool.clone()),
        ("holds", listed(workloads)),
        ("filled", filled(node)),
    ];
    let parts = node.worth.iter();
    let parts: Vec<_> = parts.map(|(name, one)| format!("{name} {}", dollars(*one))).collect();
    if !parts.is_empty() {
        rows.push((
            "worth",
            format!(
                "{} an hour for its pods at the prices behind the bound: {}",
                dollars(*worth_per_hour),
                parts.join(", ")
            ),
        ));
        rows.push(("wastes", wastes(waste_per_hour.0, price)));
    }
    match &new.next {
        Some(next) => {
            rows.push(("next best", next_best(next, new.risk_price_per_hour.0)));
            let others = node.alternatives.len() as u64;
            rows.push((
                "in all",
                format!("{} would hold the same pods", plural(others, "other offering")),
            ));
        }
        None => rows.push(("next best", "no other offering within the price ceiling".to_owned())),
    }
    (verdict, rows)
}

fn wastes(waste: Price, price: Price) -> String {
    if waste.micro_usd() < SHOWN_MICRO_USD {
        return "nothing to speak of: its pods are worth its price".to_owned();
    }
    let share = waste.usd() / price.usd() * 100.0;
    format!("{} an hour, {share:.1} % of its price", dollars(Dollars(waste)))
}

fn next_best(next: &AlternativeDocument, chosen: Price) -> String {
    let Dollars(risk_price) = next.risk_price_per_hour;
    format!(
        "{}; with interruptions ${:.4} against ${:.4} ({})",
        offering(&next.offering),
        risk_price.usd(),
        chosen.usd(),
        relative(risk_price, chosen)
    )
}

fn existing(node: &StandingNode) -> (String, Rows) {
    let facts = [&node.instance_type, &node.zone, &node.capacity_type];
    let facts: Vec<_> = facts.into_iter().flatten().map(String::as_str).collect();
    let facts = if facts.is_empty() { String::new() } else { format!(": {}", facts.join(", ")) };
    let state = match (node.deleting, node.stage) {
        (true, _) => "is going away",
        (false, NodeStage::Launched) => "is in flight",
        (false, NodeStage::Registered | NodeStage::Initialized) => "exists",
    };
    let verdict = format!("Node {} {state}{facts}.", node.node);
    let pool = node.node_pool.as_deref().unwrap_or("none: Plimsoll does not manage the node");
    let mut rows = vec![
        ("NodePool", pool.to_owned()),
        ("runs", plural(node.running as u64, "pod")),
        ("free", amounts(&node.free)),
    ];
    if node.stage != NodeStage::Initialized {
        rows.push(("", "less what its DaemonSets will ask for".to_owned()));
    }
    if node.deleting {
        rows.push(("gets", "nothing, because it is going away".to_owned()));
    } else if node.pods.is_empty() {
        rows.push(("gets", "no pod of the plan".to_owned()));
    } else {
        rows.push(("gets", list(&node.pods)));
        rows.push(("then free", amounts(&node.free_after)));
    }
    (verdict, rows)
}

fn listed(workloads: &[WorkloadPods]) -> String {
    let names = workloads.iter().map(|one| with_count(&one.workload, one.pods));
    names.collect::<Vec<_>>().join(", ")
}

fn amounts(resources: &BTreeMap<String, String>) -> String {
    let amounts = resources.iter().map(|(name, amount)| format!("{name} {amount}"));
    amounts.collect::<Vec<_>>().join(", ")
}

fn dollars(Dollars(price): Dollars) -> String {
    format!("${:.4}", price.usd())
}
