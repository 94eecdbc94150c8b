//! Integrals over time, in total and step by step.

use std::collections::BTreeMap;

use scheduler_core::model::{CapacityType, Resources};

use super::NodeFacts;
use crate::outcome::Series;

/// Most steps of a series: enough for a chart as wide as a screen.
const STEPS_MAX: u64 = 400;

/// Lengths that people read easily, in seconds.
const STEP_SECS: [u64; 13] = [1, 5, 10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400];

/// How a replay's time is cut into steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StepGrid {
    /// Length of a step.
    pub(crate) step_seconds: u64,
    /// Length of the replay.
    pub(crate) seconds: u64,
}

impl StepGrid {
    /// The shortest readable step that keeps the number of steps in bounds.
    pub(crate) fn covering(seconds: u64) -> Self {
        let readable = STEP_SECS.into_iter().find(|step| seconds.div_ceil(*step) <= STEPS_MAX);
        let days = seconds.div_ceil(STEPS_MAX).div_ceil(86_400).max(1) * 86_400;
        Self { step_seconds: readable.unwrap_or(days), seconds }
    }

    /// Number of steps.
    pub(crate) fn steps(self) -> usize {
        self.seconds.div_ceil(self.step_seconds) as usize
    }

    /// The parts of an interval by step: step, and milliseconds of the interval in it.
    pub(crate) fn parts(self, from: i64, to: i64) -> impl Iterator<Item = (usize, i64)> {
        let step = self.step_seconds as i64 * 1000;
        let to = to.min(self.seconds as i64 * 1000);
        let mut at = from;
        std::iter::from_fn(move || {
            if at >= to {
                return None;
            }
            let index = at.div_euclid(step);
            let end = to.min((index + 1) * step);
            let part = (index as usize, end - at);
            at = end;
            Some(part)
        })
    }
}

/// The nodes and bound pods of an instant.
#[derive(Debug, Default)]
pub(super) struct Present {
    pub(super) nodes: i64,
    spot_nodes: i64,
    micro_usd: i64,
    allocatable: Resources,
    pub(super) requested: Resources,
    pods: i64,
    by_type: BTreeMap<String, i64>,
    by_capacity_type: BTreeMap<CapacityType, i64>,
}

impl Present {
    pub(super) fn add_node(&mut self, node: &NodeFacts, count: i64) {
        self.nodes += count;
        self.micro_usd += count * node.price.micro_usd();
        self.allocatable.add_times(&node.allocatable, count);
        if node.capacity_type == CapacityType::Spot {
            self.spot_nodes += count;
        }
        *self.by_type.entry(node.instance_type.clone()).or_default() += count;
        *self.by_capacity_type.entry(node.capacity_type).or_default() += count;
    }

    pub(super) fn add_pod(&mut self, requests: &Resources, count: i64) {
        self.requested.add_times(requests, count);
        self.pods += count;
    }
}

/// Integrals over some time: amounts × milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) millis: i128,
    micro_usd: i128,
    pub(super) node_millis: i128,
    pub(super) spot_node_millis: i128,
    pub(super) pod_millis: i128,
    pub(super) requested_cpu: i128,
    pub(super) allocatable_cpu: i128,
    pub(super) requested_memory: i128,
    pub(super) allocatable_memory: i128,
}

impl Sums {
    fn add(&mut self, present: &Present, millis: i64) {
        let times = |amount: i64| i128::from(amount) * i128::from(millis);
        self.millis += i128::from(millis);
        self.micro_usd += times(present.micro_usd);
        self.node_millis += times(present.nodes);
        self.spot_node_millis += times(present.spot_nodes);
        self.pod_millis += times(present.pods);
        self.requested_cpu += times(present.requested.cpu_milli);
        self.allocatable_cpu += times(present.allocatable.cpu_milli);
        self.requested_memory += times(present.requested.memory_bytes);
        self.allocatable_memory += times(present.allocatable.memory_bytes);
    }
}

/// The integrals so far.
#[derive(Debug)]
pub(super) struct Steps {
    grid: StepGrid,
    at: i64,
    total: Sums,
    sums: Vec<Sums>,
    by_type: BTreeMap<String, Vec<i64>>,
    by_capacity_type: BTreeMap<CapacityType, Vec<i64>>,
    waiting: Vec<u64>,
}

impl Steps {
    pub(super) fn new(grid: StepGrid) -> Self {
        Self {
            grid,
            at: 0,
            total: Sums::default(),
            sums: vec![Sums::default(); grid.steps()],
            by_type: BTreeMap::new(),
            by_capacity_type: BTreeMap::new(),
            waiting: vec![0; grid.steps()],
        }
    }

    pub(super) fn total(&self) -> Sums {
        self.total
    }

    /// The present lasts until this millisecond.
    pub(super) fn advance_to(&mut self, until: i64, present: &Present, waiting: u64) {
        let steps = self.sums.len();
        let empty = || vec![0; steps];
        for (step, millis) in self.grid.parts(self.at, until) {
            self.total.add(present, millis);
            self.sums[step].add(present, millis);
            self.waiting[step] = waiting;
            for (name, nodes) in present.by_type.iter().filter(|(_, nodes)| **nodes != 0) {
                if !self.by_type.contains_key(name) {
                    self.by_type.insert(name.clone(), empty());
                }
                if let Some(steps) = self.by_type.get_mut(name) {
                    steps[step] += nodes * millis;
                }
            }
            for (capacity_type, nodes) in &present.by_capacity_type {
                let steps = self.by_capacity_type.entry(*capacity_type).or_insert_with(empty);
                steps[step] += nodes * millis;
            }
        }
        self.at = self.at.max(until);
    }

    pub(super) fn finish(self) -> Series {
        let share = |part: i128, whole: i128| {
            if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
        };
        let means = |node_millis: &[i64]| -> Vec<f64> {
            let steps = node_millis.iter().zip(&self.sums);
            steps.map(|(millis, step)| share(i128::from(*millis), step.millis)).collect()
        };
        let each = |value: fn(&Sums) -> (i128, i128)| -> Vec<f64> {
            let pairs = self.sums.iter().map(value);
            pairs.map(|(part, whole)| share(part, whole)).collect()
        };
        Series {
            dollars_per_hour: each(|step| (step.micro_usd, step.millis * 1_000_000)),
            nodes_by_type: (self.by_type.iter())
                .map(|(name, steps)| (name.clone(), means(steps)))
                .collect(),
            nodes_by_capacity_type: (self.by_capacity_type.iter())
                .map(|(capacity_type, steps)| (capacity_type.to_string(), means(steps)))
                .collect(),
            cpu_fill: each(|step| (step.requested_cpu, step.allocatable_cpu)),
            memory_fill: each(|step| (step.requested_memory, step.allocatable_memory)),
            pending: self.waiting.clone(),
            wait_histogram: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_cut_at_the_steps() {
        let grid = StepGrid { step_seconds: 10, seconds: 25 };
        let parts: Vec<_> = grid.parts(4_000, 99_000).collect();
        assert_eq!(parts, [(0, 6_000), (1, 10_000), (2, 5_000)]);
    }

    #[test]
    fn steps_are_readable_and_not_too_many() {
        let week = StepGrid::covering(7 * 86_400);
        assert_eq!((week.step_seconds, week.steps()), (1800, 336));
        assert!(StepGrid::covering(1_000 * 86_400).steps() <= 400);
    }

    #[test]
    fn a_step_shows_the_mean_of_what_changes_within_it() {
        let mut steps = Steps::new(StepGrid { step_seconds: 10, seconds: 10 });
        let mut present = Present::default();
        steps.advance_to(5_000, &present, 3);
        present.micro_usd = 2_000_000;
        steps.advance_to(10_000, &present, 1);
        let series = steps.finish();
        assert_eq!((series.dollars_per_hour, series.pending), (vec![1.0], vec![1]));
    }
}
