//! What is measured while a replay runs, and the figures that come of it.

mod bill;
mod series;
mod waits;

use jiff::Timestamp;
use scheduler_core::model::{CapacityType, Price, Resources};

use crate::clock;
use crate::outcome::{Figures, Series};
use bill::Bill;
pub(crate) use series::StepGrid;
use series::{Present, Steps};
use waits::Waits;

/// Hours of a month.
const HOURS_PER_MONTH: f64 = 730.0;

const MILLIS_PER_HOUR: f64 = 3_600_000.0;

/// What the figures need to know about a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeFacts {
    pub(crate) instance_type: String,
    pub(crate) capacity_type: CapacityType,
    pub(crate) price: Price,
    pub(crate) allocatable: Resources,
    /// Billing starts here.
    pub(crate) launched: Timestamp,
}

/// Counts of things that happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) launches: u64,
    pub(crate) interruptions: u64,
    /// Pods evicted by choice.
    pub(crate) evictions: u64,
    pub(crate) decisions: u64,
}

/// Watches a replay.
#[derive(Debug)]
pub(crate) struct Recorder {
    steps: Steps,
    present: Present,
    bill: Bill,
    waits: Waits,
    peak_nodes: u64,
    pub(crate) counts: Counts,
    /// Engine time of the decisions that planned pods, in microseconds. The only figure that
    /// differs from run to run.
    decision_micros: Vec<u64>,
}

impl Recorder {
    /// Nothing has happened yet.
    pub(crate) fn new(grid: StepGrid) -> Self {
        Self {
            steps: Steps::new(grid),
            present: Present::default(),
            bill: Bill::default(),
            waits: Waits::default(),
            peak_nodes: 0,
            counts: Counts::default(),
            decision_micros: Vec::new(),
        }
    }

    /// Everything stays as it is until this instant, with so many pods waiting.
    pub(crate) fn advance_to(&mut self, instant: Timestamp, waiting: usize) {
        let until = clock::millis_since_zero(instant);
        self.steps.advance_to(until, &self.present, waiting as u64);
    }

    /// A node is paid for from now on.
    pub(crate) fn node_launched(&mut self, node: &NodeFacts) {
        self.present.add_node(node, 1);
        self.peak_nodes = self.peak_nodes.max(self.present.nodes as u64);
    }

    /// A node is no longer paid for.
    pub(crate) fn node_terminated(&mut self, node: &NodeFacts, now: Timestamp) {
        self.present.add_node(node, -1);
        self.bill.add(node.price, clock::millis_between(node.launched, now));
    }

    /// The replay ends while the node still runs.
    pub(crate) fn node_remains(&mut self, node: &NodeFacts, now: Timestamp) {
        self.bill.add(node.price, clock::millis_between(node.launched, now));
    }

    /// A pod that was created then is bound now.
    pub(crate) fn pod_bound(&mut self, requests: &Resources, created: Timestamp, now: Timestamp) {
        self.present.add_pod(requests, 1);
        self.waits.add(clock::millis_between(created, now));
    }

    /// A bound pod has ended or was evicted.
    pub(crate) fn pod_left(&mut self, requests: &Resources) {
        self.present.add_pod(requests, -1);
    }

    /// The engine took so long for a decision that planned pods.
    pub(crate) fn decided(&mut self, micros: u64) {
        self.decision_micros.push(micros);
    }

    /// CPU that bound pods request now.
    pub(crate) fn requested_cpu_milli(&self) -> i64 {
        self.present.requested.cpu_milli
    }

    /// The figures, apart from those that compare strategies, and the series.
    pub(crate) fn finish(mut self) -> (Figures, Series) {
        self.decision_micros.sort_unstable();
        let decision = |permille: usize| {
            let rank = (self.decision_micros.len() * permille).div_ceil(1000).max(1);
            self.decision_micros.get(rank - 1).map_or(0.0, |micros| *micros as f64 / 1000.0)
        };
        let total = self.steps.total();
        let hours = total.millis as f64 / MILLIS_PER_HOUR;
        let dollars = self.bill.dollars();
        let share = |part: i128, whole: i128| {
            if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
        };
        let pod_days = total.pod_millis as f64 / MILLIS_PER_HOUR / 24.0;
        let figures = Figures {
            dollars,
            dollars_per_month: if hours > 0.0 { dollars / hours * HOURS_PER_MONTH } else { 0.0 },
            node_hours: total.node_millis as f64 / MILLIS_PER_HOUR,
            spot_share: share(total.spot_node_millis, total.node_millis),
            cpu_fill: share(total.requested_cpu, total.allocatable_cpu),
            memory_fill: share(total.requested_memory, total.allocatable_memory),
            wait_p50_seconds: self.waits.percentile_seconds(500),
            wait_p95_seconds: self.waits.percentile_seconds(950),
            wait_p99_seconds: self.waits.percentile_seconds(990),
            wait_max_seconds: self.waits.percentile_seconds(1000),
            evictions_per_pod_day: if pod_days > 0.0 {
                self.counts.evictions as f64 / pod_days
            } else {
                0.0
            },
            interruptions: self.counts.interruptions,
            launches: self.counts.launches,
            peak_nodes: self.peak_nodes,
            decisions: self.counts.decisions,
            decision_p50_ms: decision(500),
            decision_p99_ms: decision(990),
            peak_memory_mib: peak_memory_mib(),
            ..Figures::default()
        };
        let mut series = self.steps.finish();
        series.wait_histogram = self.waits.histogram();
        (figures, series)
    }
}

/// Peak resident memory of this process, where `/proc` tells it.
fn peak_memory_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}
