//! An explanation as plain text.

use scheduler_core::model::{PodId, Price};

use super::{Explanation, Fate};
use crate::plan::{OfferingDocument, PlannedNodeDocument};
use crate::report::format::count;
use crate::report::grid::paragraphs;

/// Pods and offerings named one by one.
const NAMED: usize = 5;

pub(super) fn text(explanation: &Explanation) -> String {
    let Explanation { pod, requests, fate } = explanation;
    let mut rows: Vec<(&str, String)> = Vec::new();
    let verdict = match fate {
        Fate::Bound { node, neighbours } => {
            rows.push(("asks for", requests.clone()));
            rows.push(("beside", list(neighbours)));
            format!("{pod} runs on node {node}.")
        }
        Fate::ExistingNode { node, neighbours } => {
            rows.push(("asks for", requests.clone()));
            rows.push(("beside", list(neighbours)));
            rows.push(("why", "a node that is paid for has room: nothing is launched".to_owned()));
            format!("{pod} goes to node {node}, which exists.")
        }
        Fate::NewNode { node, shapes } => {
            rows.push(("asks for", requests.clone()));
            rows.extend(new_node(pod, node, *shapes));
            format!("{pod} goes to a new node.")
        }
        Fate::Unschedulable { reason, .. } => {
            rows.push(("asks for", requests.clone()));
            rows.push(("because", reason.message.clone()));
            rows.push(("fix", reason.fix.clone()));
            rows.push(("more", format!("plimsoll explain {}", reason.code)));
            format!("{pod} has no place ({}).", reason.code)
        }
    };
    let rows = rows.into_iter().map(|(label, text)| [label.to_owned(), text]);
    [paragraphs([[verdict]]), paragraphs(rows)].concat()
}

fn new_node(pod: &PodId, node: &PlannedNodeDocument, shapes: usize) -> Vec<(&'static str, String)> {
    let others: Vec<_> = node.pods.iter().filter(|other| *other != pod).cloned().collect();
    let chosen = &node.offering;
    let mut rows = vec![
        ("node", format!("{}, NodePool {}", offering(chosen), node.node_pool)),
        ("beside", list(&others)),
        ("filled", filled(node)),
    ];
    let why =
        format!("chosen among {} offerings for all pending pods together", count(shapes as u64));
    rows.push(("why", why));
    let next = node.alternatives.iter().take(NAMED);
    rows.extend(next.map(|next| {
        let next = &next.offering;
        let more = relative(next.price_per_hour.0, chosen.price_per_hour.0);
        ("or", format!("{} ({more})", offering(next)))
    }));
    let more = node.alternatives.len().saturating_sub(NAMED);
    if more > 0 {
        rows.push(("", format!("and {more} more that hold the same pods")));
    }
    rows
}

pub(super) fn offering(offering: &OfferingDocument) -> String {
    let OfferingDocument { instance_type, zone, capacity_type, price_per_hour } = offering;
    format!("{instance_type} in {zone}, {capacity_type}, ${:.4} an hour", price_per_hour.0.usd())
}

pub(super) fn filled(node: &PlannedNodeDocument) -> String {
    let share = |name: &str| {
        let requested = node.requests.get(name)?;
        let allocatable = node.allocatable.get(name)?;
        Some(format!("{name} {requested} of {allocatable}"))
    };
    let shares: Vec<_> = ["cpu", "memory", "pods"].into_iter().filter_map(share).collect();
    format!("{}, daemons included", shares.join(", "))
}

pub(super) fn relative(price: Price, chosen: Price) -> String {
    let chosen_usd = chosen.usd();
    if chosen_usd == 0.0 {
        return "dearer".to_owned();
    }
    format!("{:+.1} %", (price.usd() / chosen_usd - 1.0) * 100.0)
}

pub(super) fn list(pods: &[PodId]) -> String {
    if pods.is_empty() {
        return "no other pod".to_owned();
    }
    let named: Vec<_> = pods.iter().take(NAMED).map(ToString::to_string).collect();
    let more = pods.len() - named.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", named.join(", "))
}
