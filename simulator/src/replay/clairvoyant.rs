//! What no strategy can undercut: the fluid bound for the pods that run, integrated over time.

use std::collections::BTreeMap;
use std::sync::Arc;

use scheduler_core::bound::RunningBound;
use scheduler_core::model::PodSpec;
use scheduler_core::{Supply, SupplyBuilder};

use super::{Contestant, Course, ReplayError};
use crate::figures::StepGrid;
use crate::world::Workloads;

/// Micro-dollars an hour × milliseconds in a dollar.
const PER_DOLLAR: f64 = 1e6 * 3_600_000.0;

/// The bound of a trace.
#[derive(Debug)]
pub(super) struct Clairvoyant {
    pub(super) dollars: f64,
    /// Dollars an hour, mean of each step.
    pub(super) series: Vec<f64>,
}

/// The bound for the pods that the trace has running, each from its start to its end, on anything
/// that any contestant may buy.
pub(super) fn bound(
    course: &Course<'_>,
    contestants: &[Contestant],
) -> Result<Clairvoyant, ReplayError> {
    let mut bound = RunningBound::new(&union(contestants));
    let mut workloads = Workloads::new(Arc::clone(&course.groups), course.options.divide_requests);
    let mut integral = Integral::new(course.grid);
    let mut running: BTreeMap<(u64, u64), Arc<PodSpec>> = BTreeMap::new();
    let (mut arrived, mut at) = (0, 0);
    for row in course.options.trace.open()? {
        let row = row?;
        if row.start > at {
            integral.advance_with(&mut bound, &mut running, (at, row.start));
            at = row.start;
        }
        if at >= course.grid.seconds {
            break;
        }
        let spec = Arc::clone(&workloads.template(&row).spec);
        bound.add(&spec);
        running.insert((row.end.unwrap_or(u64::MAX), arrived), spec);
        arrived += 1;
    }
    integral.advance_with(&mut bound, &mut running, (at, course.grid.seconds));
    Ok(integral.finish())
}

/// Everything that any contestant may buy.
fn union(contestants: &[Contestant]) -> Arc<Supply> {
    let mut union = SupplyBuilder::new();
    for Contestant { strategy, supply } in contestants {
        let own = |name: &str| format!("{}/{name}", strategy.name);
        for (class, catalog) in &supply.catalogs {
            union = union.catalog(&own(class), Arc::clone(catalog));
        }
        for pool in &supply.node_pools {
            let mut pool = pool.clone();
            pool.name = own(&pool.name);
            pool.node_class = own(&pool.node_class);
            union = union.node_pool(pool);
        }
        // The daemons are the trace's: the builder drops those that it has already.
        for daemon_set in &supply.daemon_sets {
            union = union.daemon_set(daemon_set.clone());
        }
    }
    let (supply, _) = union.build();
    supply
}

/// The price over time.
#[derive(Debug)]
struct Integral {
    grid: StepGrid,
    steps: Vec<i128>,
}

impl Integral {
    fn new(grid: StepGrid) -> Self {
        Self { grid, steps: vec![0; grid.steps()] }
    }

    /// Moves from one second to another while pods end on the way.
    fn advance_with(
        &mut self,
        bound: &mut RunningBound,
        running: &mut BTreeMap<(u64, u64), Arc<PodSpec>>,
        (from, to): (u64, u64),
    ) {
        let to = to.min(self.grid.seconds);
        let mut at = from;
        while at < to {
            while let Some(first) = running.first_entry().filter(|first| first.key().0 <= at) {
                bound.remove(&first.remove());
            }
            let end = running.first_key_value().map_or(to, |((end, _), _)| to.min(*end));
            let micro_usd = i128::from(bound.price().micro_usd());
            for (step, millis) in self.grid.parts(at as i64 * 1000, end as i64 * 1000) {
                self.steps[step] += micro_usd * i128::from(millis);
            }
            at = end;
        }
    }

    fn finish(self) -> Clairvoyant {
        let total: i128 = self.steps.iter().sum();
        let step_millis = self.grid.step_seconds as i64 * 1000;
        let whole = self.grid.seconds as i64 * 1000;
        let series = self.steps.iter().enumerate().map(|(step, sum)| {
            let millis = step_millis.min(whole - step as i64 * step_millis);
            *sum as f64 / millis as f64 / 1e6
        });
        Clairvoyant { dollars: total as f64 / PER_DOLLAR, series: series.collect() }
    }
}
