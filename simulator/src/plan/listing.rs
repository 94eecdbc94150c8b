//! The rows of a plan: new nodes, nodes that get pods, pods without a place.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use scheduler_core::PlannedNode;
use scheduler_core::model::{PodId, Price};
use scheduler_core::plan::{GapShare, explain};

use super::Planned;
use super::document::existing;
use super::workload::Workloads;
use crate::report::format::{count, dollars, plural};
use crate::report::grid::{Align, Grid};

/// Up to so many nodes have a row each; beyond, equal offerings share one.
const ROWS: usize = 40;
/// The least amount of money that four decimals of a dollar show.
pub(crate) const SHOWN_MICRO_USD: i64 = 50;
/// Hours that a month is counted as.
const HOURS_A_MONTH: f64 = 730.0;

/// New nodes.
pub(super) fn nodes(planned: &Planned) -> Grid {
    let mut grid = Grid::new([
        ("node", Align::Right),
        ("node pool", Align::Left),
        ("type", Align::Left),
        ("zone", Align::Left),
        ("bought", Align::Left),
        ("$/hour", Align::Right),
        ("pods", Align::Right),
        ("CPU", Align::Right),
        ("memory", Align::Right),
        ("for", Align::Left),
    ]);
    let workloads = Workloads::new(planned);
    for (number, group) in groups(planned) {
        let first = group[0];
        let price: Price = group.iter().map(|node| node.price).sum();
        let pods = || group.iter().flat_map(|node| &node.pods);
        let (number, instance_type) = match group.len() {
            1 => (number.to_string(), first.instance_type.clone()),
            many => {
                let many = count(many as u64);
                (format!("{number} …"), format!("{many} × {}", first.instance_type))
            }
        };
        grid.row(vec![
            number,
            first.node_pool.clone(),
            instance_type,
            first.zone.clone(),
            first.capacity_type.to_string(),
            format!("{:.4}", price.usd()),
            count(pods().count() as u64),
            fill(&group, "cpu"),
            fill(&group, "memory"),
            workloads.in_short(pods()),
        ]);
    }
    grid
}

/// Nodes that exist, or are in flight, and get pods.
pub(super) fn existing_nodes(planned: &Planned) -> Grid {
    let mut grid =
        Grid::new([("existing node", Align::Left), ("pods", Align::Right), ("for", Align::Left)]);
    let workloads = Workloads::new(planned);
    for node in existing(planned) {
        let pods = count(node.pods.len() as u64);
        let of = workloads.in_short(&node.pods);
        grid.row(vec![node.node, pods, of]);
    }
    grid
}

/// Pods without a place. Those of one workload with one reason share an entry: code, pods, what
/// stands in the way, what would help.
pub(super) fn unschedulable(planned: &Planned) -> Vec<[String; 4]> {
    let workloads = Workloads::new(planned);
    let mut entries: BTreeMap<[String; 4], Vec<&PodId>> = BTreeMap::new();
    for one in &planned.plan.report.unschedulable {
        let who = format!("{}/{}", one.pod.namespace, workloads.of(&one.pod));
        let key = [one.code.to_string(), who, explain::message(one), explain::fix(one)];
        entries.entry(key).or_default().push(&one.pod);
    }
    let entry = |([code, who, message, fix], pods): ([String; 4], Vec<&PodId>)| {
        let who = match pods.as_slice() {
            [pod] => pod.to_string(),
            pods => format!("{who}, {} such as {}", plural(pods.len() as u64, "pod"), pods[0]),
        };
        [code, who, message, fix]
    };
    entries.into_iter().map(entry).collect()
}

/// The price of the new nodes against the bound, in one sentence.
pub(super) fn headline(planned: &Planned) -> String {
    let report = &planned.plan.report;
    if report.pods == 0 {
        return "No pods are pending: there is nothing to launch.".to_owned();
    }
    let pods = plural(report.pods as u64, "pending pod");
    let launches = planned.plan.launches().count();
    if launches == 0 {
        let existing = if report.placed > 0 { ": existing nodes take them" } else { "" };
        return format!(
            "{} of {pods} placed, no new nodes{existing}.",
            count(report.placed as u64)
        );
    }
    let bound = report.gap_ppm().map_or_else(String::new, |ppm| {
        let gap = ppm as f64 / 1e4;
        format!(", {gap:.1} % above the proven lower bound of {}", precise(report.lower_bound))
    });
    format!(
        "{} of {pods} placed; {} at {} an hour ({} a month){bound}.",
        count(report.placed as u64),
        plural(launches as u64, "new node"),
        precise(report.price),
        dollars(report.price.usd() * HOURS_A_MONTH),
    )
}

/// What the plan costs over the bound, by reason; nothing to say if it is the bound.
pub(super) fn over_bound(planned: &Planned) -> Option<String> {
    let report = &planned.plan.report;
    let over = report.price - report.lower_bound;
    let mut shares = report.gap.clone();
    // Less than what is shown says nothing.
    shares.retain(|share| share.price.micro_usd().abs() >= SHOWN_MICRO_USD);
    shares.sort_by_key(|share| (Reverse(share.price), share.reason));
    let over = format!("{} an hour over the bound", precise(over));
    let share = |share: &GapShare| {
        format!("{} {}", precise(share.price), explain::gap_reason(share.reason))
    };
    match shares.as_slice() {
        [] => None,
        [only] => Some(format!("{over} {}.", explain::gap_reason(only.reason))),
        many => {
            let many: Vec<_> = many.iter().map(share).collect();
            Some(format!("{over}: {}.", many.join(", ")))
        }
    }
}

fn precise(price: Price) -> String {
    let sign = if price < Price::ZERO { "-" } else { "" };
    format!("{sign}${:.4}", price.usd().abs())
}

/// Nodes that share a row, with the number of the first.
fn groups(planned: &Planned) -> Vec<(usize, Vec<&PlannedNode>)> {
    let nodes: Vec<_> = (1..).zip(planned.plan.launches()).collect();
    if nodes.len() <= ROWS {
        return nodes.into_iter().map(|(number, node)| (number, vec![node])).collect();
    }
    let mut groups: BTreeMap<_, (usize, Vec<&PlannedNode>)> = BTreeMap::new();
    for (number, node) in nodes {
        let key = (&node.node_pool, &node.instance_type, &node.zone, node.capacity_type);
        groups.entry(key).or_insert((number, Vec::new())).1.push(node);
    }
    groups.into_values().collect()
}

/// Requested share of a resource over all nodes of a group.
fn fill(nodes: &[&PlannedNode], resource: &str) -> String {
    let requested: i64 = nodes.iter().map(|node| node.requests.get(resource)).sum();
    let allocatable: i64 = nodes.iter().map(|node| node.allocatable.get(resource)).sum();
    format!("{:.0} %", requested as f64 / allocatable.max(1) as f64 * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::fixture::planned;

    #[test]
    fn many_like_nodes_share_a_row_that_names_the_first() {
        let mut planned = planned();
        let launch = planned.plan.actions[0].clone();
        planned.plan.actions.extend(vec![launch; ROWS]);
        let grid = nodes(&planned);
        assert_eq!(grid.rows().len(), 1);
        assert_eq!(
            (grid.rows()[0][0].as_str(), grid.rows()[0][2].as_str()),
            ("1 …", "41 × m7g.large")
        );
    }

    #[test]
    fn a_gap_with_one_reason_names_its_amount_once() {
        let mut planned = planned();
        planned.plan.report.gap.truncate(1);
        let expected = "$0.0017 an hour over the bound because nodes come whole.";
        assert_eq!(over_bound(&planned).as_deref(), Some(expected));
    }

    #[test]
    fn a_plan_at_its_bound_says_nothing_about_a_gap() {
        let mut planned = planned();
        planned.plan.report.gap.clear();
        assert_eq!(over_bound(&planned), None);
    }
}
