//! What a replay yields: plain data between the simulation and whatever shows it.

use std::collections::BTreeMap;

use serde::Serialize;

/// Several strategies on the same trace with the same seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// Version of Plimsoll.
    pub version: String,
    /// The command that reproduces this result.
    pub command: String,
    /// What was replayed.
    pub trace: TraceInfo,
    /// Prices and machines.
    pub catalog: CatalogInfo,
    /// Seed of every random stream.
    pub seed: u64,
    /// Factor on all Spot prices, in millionths.
    pub spot_price_factor_ppm: u32,
    /// Start of the replay's clock zero, seconds of the trace that were replayed.
    pub seconds: u64,
    /// Dollars that no strategy can undercut: the integral over time of the fluid bound for the
    /// pods that the trace has running at that instant.
    pub clairvoyant_dollars: f64,
    /// Length of one step of every series, in seconds.
    pub step_seconds: u64,
    /// The fluid bound over time, in dollars an hour, mean of each step.
    pub bound_series: Vec<f64>,
    /// One outcome a strategy, in the order asked for; savings are against the first.
    pub outcomes: Vec<Outcome>,
}

/// What was replayed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TraceInfo {
    /// File name, or name of the embedded trace.
    pub name: String,
    /// SHA-256 of the uncompressed trace and its groups file, hexadecimal.
    pub hash: String,
    /// The trace was made up, not measured.
    pub synthetic: bool,
    /// Text that the source's licence asks to be shown.
    pub attribution: Option<String>,
    /// Pods in the replayed part.
    pub pods: u64,
}

/// Prices and machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CatalogInfo {
    /// SHA-256 of the uncompressed catalogue, hexadecimal.
    pub hash: String,
    /// Region of the prices.
    pub region: String,
    /// Date of the on-demand prices.
    pub as_of: String,
}

/// One strategy's run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// Name of the strategy.
    pub strategy: String,
    /// One sentence about it.
    pub description: String,
    /// Its figures.
    pub figures: Figures,
    /// How it went over time.
    pub series: Series,
    /// Nodes and pods at the instant with most requested CPU.
    pub busiest: Picture,
    /// Pods that never got a place, by reason code.
    pub never_placed: BTreeMap<String, u64>,
    /// Findings of the verifier over all plans; must stay empty.
    pub violations: Vec<String>,
}

/// The figures of `product.md` §4.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Dollars over the trace.
    pub dollars: f64,
    /// Dollars a month of 730 hours at the same rate.
    pub dollars_per_month: f64,
    /// Share saved against the first strategy; 0 for the first itself.
    pub saving: f64,
    /// Dollars over the clairvoyant bound, as a share of the bound (0.25 = 25 % over).
    pub over_bound: f64,
    /// Hours of all nodes together.
    pub node_hours: f64,
    /// Share of node-hours on Spot.
    pub spot_share: f64,
    /// Mean share of allocatable CPU that pods requested, weighted by node-hours × CPU.
    pub cpu_fill: f64,
    /// The same for memory.
    pub memory_fill: f64,
    /// Seconds pods waited from creation to binding: median.
    pub wait_p50_seconds: f64,
    /// 95th percentile.
    pub wait_p95_seconds: f64,
    /// 99th percentile.
    pub wait_p99_seconds: f64,
    /// Longest.
    pub wait_max_seconds: f64,
    /// Pods that never got a place.
    pub never_placed: u64,
    /// Pods that were evicted by choice, per pod and day of running.
    pub evictions_per_pod_day: f64,
    /// Nodes lost to Spot interruptions.
    pub interruptions: u64,
    /// Nodes launched.
    pub launches: u64,
    /// Most nodes at a time.
    pub peak_nodes: u64,
    /// Decisions made by the engine.
    pub decisions: u64,
    /// Milliseconds of engine time a decision that planned pods: median.
    pub decision_p50_ms: f64,
    /// 99th percentile.
    pub decision_p99_ms: f64,
    /// Peak resident memory of the process in MiB at the end of the run; `None` where the system
    /// does not tell.
    pub peak_memory_mib: Option<f64>,
}

/// One value a step.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// Dollars an hour, mean of the step.
    pub dollars_per_hour: Vec<f64>,
    /// Mean number of nodes by instance type.
    pub nodes_by_type: BTreeMap<String, Vec<f64>>,
    /// Mean number of nodes by capacity type.
    pub nodes_by_capacity_type: BTreeMap<String, Vec<f64>>,
    /// Share of allocatable CPU requested by pods.
    pub cpu_fill: Vec<f64>,
    /// Share of allocatable memory requested by pods.
    pub memory_fill: Vec<f64>,
    /// Pods waiting at the end of the step.
    pub pending: Vec<u64>,
    /// Waiting times as (upper edge in seconds, pods); the last edge is infinite (`None`).
    pub wait_histogram: Vec<(Option<f64>, u64)>,
}

/// Nodes with their pods at one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Picture {
    /// Seconds from the trace's zero.
    pub at_seconds: u64,
    /// Nodes, largest first.
    pub nodes: Vec<NodePicture>,
}

/// A node in a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodePicture {
    /// Node name.
    pub name: String,
    /// Instance type.
    pub instance_type: String,
    /// Zone.
    pub zone: String,
    /// `spot` or `on-demand`.
    pub capacity_type: String,
    /// Allocatable CPU in milli-cores.
    pub cpu_milli: i64,
    /// Allocatable memory in MiB.
    pub memory_mib: i64,
    /// Pods on it, largest first.
    pub pods: Vec<PodPicture>,
}

/// A pod in a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodPicture {
    /// Pod name.
    pub name: String,
    /// Workload, or `daemon` for a daemon.
    pub group: String,
    /// Requested CPU in milli-cores.
    pub cpu_milli: i64,
    /// Requested memory in MiB.
    pub memory_mib: i64,
}
