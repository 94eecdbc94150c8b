//! The packing picture: nodes at the busiest instant as boxes, their pods inside.
//!
//! A box is as wide as the node's CPU. The tall band shows the CPU that each pod asks for, in the
//! colour of its workload; the thin band beneath shows how much of the memory is asked for.

use std::collections::BTreeMap;

use serde::Serialize;

use super::chart::Key;
use super::format::{count, plural};
use super::svg::Svg;
use crate::outcome::{Comparison, NodePicture, Picture, PodPicture};

/// Most boxes in one picture: more are a texture, and a page has to stay small.
const NODES: usize = 240;
/// Pixels of the widest box, before a narrow page shrinks it.
const WIDEST: f64 = 320.0;
/// Least pixels a core, so that a pod of a tenth of a core can still be seen.
const LEAST: f64 = 4.0;
/// Colours of workloads.
const COLOURS: usize = 12;
/// Workloads named in the legend.
const NAMED: usize = 8;
/// Heights of the two bands and the gap between them.
const CPU_BAND: i64 = 34;
const GAP: i64 = 2;
const MEMORY_BAND: i64 = 7;
/// The group of daemons (see `PodPicture::group`).
const DAEMON: &str = "daemon";

/// A picture as the template shows it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Packing {
    /// How many nodes and pods.
    pub(super) caption: String,
    /// Nodes by type.
    pub(super) shelves: Vec<Shelf>,
    /// Nodes that are not drawn, in words.
    pub(super) left_out: Option<String>,
}

/// Nodes of one type.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Shelf {
    /// Type and capacity type.
    pub(super) title: String,
    /// The boxes, one SVG each.
    pub(super) boxes: Vec<String>,
}

/// Colours by workload and the scale, common to all pictures of a report.
#[derive(Debug)]
pub(super) struct Painter<'a> {
    classes: BTreeMap<&'a str, String>,
    legend: Vec<Key>,
    pixels_per_core: f64,
}

impl<'a> Painter<'a> {
    /// Gives the workloads that ask for most CPU their colours first.
    pub(super) fn new(comparison: &'a Comparison) -> Self {
        let nodes = || comparison.outcomes.iter().flat_map(|outcome| &outcome.busiest.nodes);
        let mut cpu: BTreeMap<&str, i64> = BTreeMap::new();
        for pod in nodes().flat_map(|node| &node.pods).filter(|pod| pod.group != DAEMON) {
            *cpu.entry(&pod.group).or_default() += pod.cpu_milli;
        }
        let mut ranked: Vec<_> = cpu.into_iter().collect();
        ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
        let class = |rank: usize| format!("w{}", rank % COLOURS);
        let mut legend: Vec<_> = ranked
            .iter()
            .take(NAMED)
            .enumerate()
            .map(|(rank, (group, _))| Key { class: class(rank), name: named(group).to_owned() })
            .collect();
        if ranked.len() > NAMED {
            let others = plural((ranked.len() - NAMED) as u64, "more workload");
            legend
                .push(Key { class: "many".to_owned(), name: format!("{others}, colours repeat") });
        }
        legend.push(Key { class: DAEMON.to_owned(), name: "daemons".to_owned() });
        legend.push(Key { class: "free".to_owned(), name: "free".to_owned() });
        legend.push(Key { class: "memory".to_owned(), name: "memory asked for".to_owned() });
        let mut classes: BTreeMap<_, _> =
            ranked.into_iter().enumerate().map(|(rank, (group, _))| (group, class(rank))).collect();
        classes.insert(DAEMON, DAEMON.to_owned());
        let widest = nodes().map(|node| node.cpu_milli).max().unwrap_or(1000).max(1);
        let pixels_per_core = (WIDEST * 1000.0 / widest as f64).clamp(LEAST, WIDEST / 4.0);
        Self { classes, legend, pixels_per_core }
    }

    /// What the colours mean.
    pub(super) fn legend(&self) -> &[Key] {
        &self.legend
    }

    /// Draws one strategy's busiest instant.
    pub(super) fn paint(&self, picture: &Picture) -> Packing {
        let mut shelves: Vec<Shelf> = Vec::new();
        for same in by_type(&picture.nodes) {
            let boxes = same.iter().map(|node| self.node(node)).collect();
            let title = format!(
                "{} × {} {}",
                count(same.len() as u64),
                same[0].instance_type,
                same[0].capacity_type
            );
            shelves.push(Shelf { title, boxes });
        }
        let mut room = NODES;
        for shelf in &mut shelves {
            shelf.boxes.truncate(room);
            room -= shelf.boxes.len();
        }
        shelves.retain(|shelf| !shelf.boxes.is_empty());
        let nodes = picture.nodes.len();
        let pods: usize = picture.nodes.iter().map(|node| node.pods.len()).sum();
        Packing {
            caption: format!(
                "{} with {}, daemons included",
                plural(nodes as u64, "node"),
                plural(pods as u64, "pod"),
            ),
            shelves,
            left_out: (nodes > NODES)
                .then(|| format!("{}, not drawn.", plural((nodes - NODES) as u64, "more node"))),
        }
    }

    fn node(&self, node: &NodePicture) -> String {
        let cpu = node.cpu_milli.max(1);
        let width = cpu as f64 / 1000.0 * self.pixels_per_core;
        let height = CPU_BAND + GAP + MEMORY_BAND;
        let mut svg = Svg::default();
        svg.open(
            "svg",
            &[
                ("style", &format!("width:{width:.1}px")),
                ("height", &height),
                ("viewBox", &format!("0 0 {cpu} {height}")),
                ("preserveAspectRatio", &"none"),
            ],
        );
        svg.leaf("title", &[], &node_title(node));
        band(&mut svg, "free", (0, 0), (cpu, CPU_BAND));
        let mut x = 0;
        for pod in &node.pods {
            // A box is never drawn wider than its node, whatever the pods ask for.
            let width = pod.cpu_milli.min(cpu - x);
            if width > 0 {
                self.pod(&mut svg, pod, x, width);
                x += width;
            }
        }
        let top = CPU_BAND + GAP;
        band(&mut svg, "free", (0, top), (cpu, MEMORY_BAND));
        let asked: i64 = node.pods.iter().map(|pod| pod.memory_mib).sum();
        let asked = (asked * cpu / node.memory_mib.max(1)).clamp(0, cpu);
        band(&mut svg, "memory", (0, top), (asked, MEMORY_BAND));
        svg.close("svg");
        svg.finish()
    }

    fn pod(&self, svg: &mut Svg, pod: &PodPicture, x: i64, width: i64) {
        let class = self.classes.get(pod.group.as_str()).map_or("w0", String::as_str);
        svg.open("rect", &[("class", &class), ("x", &x), ("width", &width), ("height", &CPU_BAND)]);
        let title = format!(
            "{} ({}): {} CPU, {}",
            pod.name,
            named(&pod.group),
            cores(pod.cpu_milli),
            gibibytes(pod.memory_mib)
        );
        svg.leaf("title", &[], &title);
        svg.close("rect");
    }
}

/// Runs of nodes of one type and capacity type, in the picture's order of first sight.
fn by_type(nodes: &[NodePicture]) -> Vec<Vec<&NodePicture>> {
    let mut groups: Vec<Vec<&NodePicture>> = Vec::new();
    let mut index: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for node in nodes {
        let key = (node.instance_type.as_str(), node.capacity_type.as_str());
        let at = *index.entry(key).or_insert_with(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        groups[at].push(node);
    }
    groups
}

fn band(svg: &mut Svg, class: &str, (x, y): (i64, i64), (width, height): (i64, i64)) {
    svg.empty(
        "rect",
        &[("class", &class), ("x", &x), ("y", &y), ("width", &width), ("height", &height)],
    );
}

fn node_title(node: &NodePicture) -> String {
    let cpu: i64 = node.pods.iter().map(|pod| pod.cpu_milli).sum();
    let memory: i64 = node.pods.iter().map(|pod| pod.memory_mib).sum();
    format!(
        "{} ({} {}, {}): {} of {} CPU, {} of {}, {}",
        node.name,
        node.instance_type,
        node.capacity_type,
        node.zone,
        cores(cpu),
        cores(node.cpu_milli),
        gibibytes(memory),
        gibibytes(node.memory_mib),
        plural(node.pods.len() as u64, "pod")
    )
}

fn named(group: &str) -> &str {
    if group.is_empty() { "no workload" } else { group }
}

fn cores(milli: i64) -> String {
    format!("{:.2}", milli as f64 / 1000.0)
}

fn gibibytes(mib: i64) -> String {
    format!("{:.1} GiB", mib as f64 / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::comparison;
    use super::*;

    #[test]
    fn every_pod_with_cpu_has_a_box_with_a_tooltip() {
        let comparison = comparison();
        let picture = &comparison.outcomes[4].busiest;
        let packing = Painter::new(&comparison).paint(picture);
        let drawn: usize = packing
            .shelves
            .iter()
            .flat_map(|shelf| &shelf.boxes)
            .map(|svg| svg.matches("<title>").count() - 1)
            .sum();
        assert_eq!(drawn, picture.nodes.iter().map(|node| node.pods.len()).sum::<usize>());
    }

    #[test]
    fn a_node_that_is_overfull_is_drawn_full() {
        let mut comparison = comparison();
        let node = &mut comparison.outcomes[4].busiest.nodes[0];
        node.pods[0].cpu_milli = 10 * node.cpu_milli;
        node.pods[0].memory_mib = 10 * node.memory_mib;
        let cpu = node.cpu_milli;
        let packing = Painter::new(&comparison).paint(&comparison.outcomes[4].busiest);
        let widths = packing.shelves[0].boxes[0].split(" width=\"").skip(1);
        let widest = widths.filter_map(|rest| rest.split('"').next()?.parse::<i64>().ok()).max();
        assert_eq!(widest, Some(cpu));
    }

    #[test]
    fn what_is_not_drawn_is_said() {
        let mut comparison = comparison();
        let picture = &mut comparison.outcomes[0].busiest;
        let node = picture.nodes[0].clone();
        picture.nodes = vec![node; NODES + 7];
        let packing = Painter::new(&comparison).paint(&comparison.outcomes[0].busiest);
        assert_eq!(packing.left_out.as_deref(), Some("7 more nodes, not drawn."));
    }
}
