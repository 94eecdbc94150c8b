//! The rows of a plan: new nodes, nodes that get pods, pods without a place.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use scheduler_core::PlannedNode;
use scheduler_core::model::{PodId, Price};
use scheduler_core::plan::explain;

use super::Planned;
use super::document::existing;
use crate::report::format::{count, dollars, plural};
use crate::report::grid::{Align, Grid};

/// Up to so many nodes have a row each; beyond, equal offerings share one.
const ROWS: usize = 40;
/// Hours that a month is counted as.
const HOURS_A_MONTH: f64 = 730.0;
/// Characters for the workloads of a row, so that a row keeps to some 120 columns.
const ROOM: usize = 32;

/// New nodes.
pub(super) fn nodes(planned: &Planned) -> Grid {
    let mut grid = Grid::new([
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
    let owners = owners(planned);
    for group in groups(planned) {
        let first = group[0];
        let price: Price = group.iter().map(|node| node.price).sum();
        let pods = || group.iter().flat_map(|node| &node.pods);
        let instance_type = match group.len() {
            1 => first.instance_type.clone(),
            many => format!("{} × {}", count(many as u64), first.instance_type),
        };
        grid.row(vec![
            first.node_pool.clone(),
            instance_type,
            first.zone.clone(),
            first.capacity_type.to_string(),
            format!("{:.4}", price.usd()),
            count(pods().count() as u64),
            fill(&group, "cpu"),
            fill(&group, "memory"),
            workloads(pods(), &owners),
        ]);
    }
    grid
}

/// Nodes that exist, or are in flight, and get pods.
pub(super) fn existing_nodes(planned: &Planned) -> Grid {
    let mut grid =
        Grid::new([("existing node", Align::Left), ("pods", Align::Right), ("for", Align::Left)]);
    let owners = owners(planned);
    for node in existing(planned) {
        let pods = count(node.pods.len() as u64);
        let workloads = workloads(node.pods.iter(), &owners);
        grid.row(vec![node.node, pods, workloads]);
    }
    grid
}

/// Pods without a place. Those of one workload with one reason share an entry: code, pods, what
/// stands in the way, what would help.
pub(super) fn unschedulable(planned: &Planned) -> Vec<[String; 4]> {
    let owners = owners(planned);
    let mut entries: BTreeMap<[String; 4], Vec<&PodId>> = BTreeMap::new();
    for one in &planned.plan.report.unschedulable {
        let workload = owners.get(&one.pod).unwrap_or(&one.pod.name);
        let who = format!("{}/{workload}", one.pod.namespace);
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

fn precise(price: Price) -> String {
    format!("${:.4}", price.usd())
}

fn groups(planned: &Planned) -> Vec<Vec<&PlannedNode>> {
    let nodes: Vec<_> = planned.plan.launches().collect();
    if nodes.len() <= ROWS {
        return nodes.into_iter().map(|node| vec![node]).collect();
    }
    let mut groups: BTreeMap<_, Vec<&PlannedNode>> = BTreeMap::new();
    for node in nodes {
        let key = (&node.node_pool, &node.instance_type, &node.zone, node.capacity_type);
        groups.entry(key).or_default().push(node);
    }
    groups.into_values().collect()
}

/// Requested share of a resource over all nodes of a group.
fn fill(nodes: &[&PlannedNode], resource: &str) -> String {
    let requested: i64 = nodes.iter().map(|node| node.requests.get(resource)).sum();
    let allocatable: i64 = nodes.iter().map(|node| node.allocatable.get(resource)).sum();
    format!("{:.0} %", requested as f64 / allocatable.max(1) as f64 * 100.0)
}

/// `web ×3, api, +2 more`: workloads with most pods first, as many as there is room for.
fn workloads<'a>(
    pods: impl Iterator<Item = &'a PodId>,
    owners: &BTreeMap<&PodId, String>,
) -> String {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for pod in pods {
        let workload = owners.get(pod).map_or(pod.name.as_str(), String::as_str);
        *numbers.entry(workload).or_default() += 1;
    }
    let mut ranked: Vec<_> = numbers.into_iter().collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    let mut text = String::new();
    for (index, (name, pods)) in ranked.iter().enumerate() {
        let part = if *pods == 1 { (*name).to_owned() } else { format!("{name} ×{pods}") };
        if index > 0 && text.chars().count() + part.chars().count() > ROOM {
            // Writing to a string cannot fail.
            let _ = write!(text, ", +{} more", ranked.len() - index);
            break;
        }
        text += if index == 0 { "" } else { ", " };
        text += &part;
    }
    text
}

/// Name of the workload that each pending pod belongs to.
fn owners(planned: &Planned) -> BTreeMap<&PodId, String> {
    let pending = planned.snapshot.pending.iter();
    pending
        .filter_map(|pod| {
            let (kind, name) = pod.spec.owner.as_deref()?.split_once('/')?;
            Some((&pod.id, if kind == "ReplicaSet" { deployment(name) } else { name }.to_owned()))
        })
        .collect()
}

/// The Deployment that a `ReplicaSet` of this name belongs to, told by the hash that Kubernetes
/// appends; the name itself if there is none.
fn deployment(replica_set: &str) -> &str {
    // Letters and digits that Kubernetes' safe encoding uses.
    const ALPHABET: &str = "bcdfghjklmnpqrstvwxz2456789";
    match replica_set.rsplit_once('-') {
        Some((name, hash))
            if hash.len() >= 8 && hash.chars().all(|letter| ALPHABET.contains(letter)) =>
        {
            name
        }
        _ => replica_set,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_set_is_shown_as_its_deployment() {
        let shown = ["web-6c9d8f7b54", "web", "web-frontend", "web-canary-1"].map(deployment);
        assert_eq!(shown, ["web", "web", "web-frontend", "web-canary-1"]);
    }

    #[test]
    fn a_row_names_as_many_workloads_as_there_is_room_for() {
        let names = ["a-long-workload", "another-long-workload", "web", "web"];
        let ids: Vec<_> = names
            .iter()
            .enumerate()
            .map(|(index, name)| (PodId::new("shop", format!("{name}-{index}")), *name))
            .collect();
        let owners = ids.iter().map(|(id, name)| (id, (*name).to_owned())).collect();
        let text = workloads(ids.iter().map(|(id, _)| id), &owners);
        assert_eq!(text, "web ×2, a-long-workload, +1 more");
    }
}
