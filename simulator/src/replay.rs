//! A trace under several strategies, side by side.
//!
//! ```text
//! trace ──► World ──► ClusterSnapshot ──► Engine::step ──► Plan ──► World ──► …
//!             └──► Recorder ──► Figures, Series, Picture
//! ```
//!
//! The clock goes to whichever comes first: an event, a pod of the trace, or the engine's
//! `wake_at`. Every decision about nodes is the engine's; each plan with actions is verified.

mod autoscaler;
mod clairvoyant;
mod drive;
mod error;
mod fixed;
mod progress;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_provider::{Catalog, CatalogOptions};
use rayon::prelude::*;
use scheduler_core::model::{InstanceType, NodeClass};
use scheduler_core::{Engine, Supply};

use crate::binder::Scoring;
use crate::cloud::CloudSettings;
use crate::figures::StepGrid;
use crate::outcome::{CatalogInfo, Comparison, Outcome, TraceInfo};
use crate::strategy::{Mode, Strategy};
use crate::trace::{Groups, Scan, TraceSource, scan};
use crate::world::{Workloads, World, WorldOptions};
use autoscaler::Autoscaler;
pub use error::ReplayError;
pub use progress::{Progress, Quiet};

/// What to replay and how.
#[derive(Clone, Debug)]
pub struct CompareOptions {
    /// The trace.
    pub trace: TraceSource,
    /// Seconds of the trace to replay; `None` is all.
    pub until: Option<u64>,
    /// Requests are divided by this, rounded up; 1 leaves them alone.
    pub divide_requests: u32,
    /// Seed of every random stream.
    pub seed: u64,
    /// Factor on all Spot prices, in millionths.
    pub spot_price_factor_ppm: u32,
    /// How the cloud behaves.
    pub cloud: CloudSettings,
    /// How the binder scores nodes.
    pub scoring: Scoring,
    /// Which plans are verified.
    pub verify: VerifyPlans,
    /// The command that reproduces the result; it is only shown.
    pub command: String,
}

impl CompareOptions {
    /// The whole trace as it is, with seed 1, every plan verified.
    pub fn new(trace: TraceSource) -> Self {
        Self {
            trace,
            until: None,
            divide_requests: 1,
            seed: 1,
            spot_price_factor_ppm: 1_000_000,
            cloud: CloudSettings::default(),
            scoring: Scoring::default(),
            verify: VerifyPlans::Always,
            command: String::new(),
        }
    }
}

/// Which plans are verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerifyPlans {
    /// Every plan with actions.
    Always,
    /// Every so many-th of them, the first included; the outcome's description says so.
    Sampled(u32),
}

/// Where instance types come from.
pub(crate) trait Machines: Sync {
    /// Facts for the report.
    fn info(&self) -> CatalogInfo;
    /// The types as nodes of this class.
    fn types(&self, class: &NodeClass, spot_price_factor_ppm: u32) -> Arc<Vec<InstanceType>>;
}

impl Machines for Catalog {
    fn info(&self) -> CatalogInfo {
        CatalogInfo {
            hash: self.sha256().to_owned(),
            region: self.region().to_owned(),
            as_of: self.as_of().on_demand_price.clone(),
        }
    }

    fn types(&self, class: &NodeClass, spot_price_factor_ppm: u32) -> Arc<Vec<InstanceType>> {
        let options = CatalogOptions { spot_price_factor_ppm, ..CatalogOptions::default() };
        self.instance_types(class, &options)
    }
}

/// Replays the trace under every strategy; savings are against the first.
///
/// The result is the same for any number of threads, apart from measured times and memory.
///
/// # Errors
/// If there is no strategy, two have one name, a pool is refused, or the trace cannot be read.
pub fn compare(
    options: &CompareOptions,
    catalog: &Catalog,
    strategies: &[Strategy],
    progress: &dyn Progress,
) -> Result<Comparison, ReplayError> {
    compare_on(options, catalog, strategies, progress)
}

/// A strategy with what it can buy.
#[derive(Debug)]
struct Contestant {
    strategy: Strategy,
    supply: Arc<Supply>,
}

/// What all contestants share.
struct Course<'a> {
    options: &'a CompareOptions,
    scan: Scan,
    groups: Arc<Groups>,
    grid: StepGrid,
    progress: &'a dyn Progress,
}

fn compare_on(
    options: &CompareOptions,
    machines: &dyn Machines,
    strategies: &[Strategy],
    progress: &dyn Progress,
) -> Result<Comparison, ReplayError> {
    check_names(strategies)?;
    let scan = scan(&options.trace, options.until)?;
    let groups = Arc::new(options.trace.groups()?);
    let grid = StepGrid::covering(scan.seconds);
    let contestants = contestants(options, machines, strategies, &scan, &groups)?;
    let course = Course { options, scan, groups, grid, progress };
    let (bound, outcomes) = rayon::join(
        || clairvoyant::bound(&course, &contestants),
        || contestants.par_iter().map(|one| run(&course, one)).collect::<Result<Vec<_>, _>>(),
    );
    let (bound, mut outcomes) = (bound?, outcomes?);
    relate(&mut outcomes, bound.dollars);
    Ok(Comparison {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        command: options.command.clone(),
        trace: TraceInfo {
            name: options.trace.name(),
            hash: course.scan.hash.clone(),
            synthetic: course.groups.synthetic,
            attribution: options.trace.attribution().map(str::to_owned),
            pods: course.scan.pods,
        },
        catalog: machines.info(),
        seed: options.seed,
        spot_price_factor_ppm: options.spot_price_factor_ppm,
        seconds: grid.seconds,
        clairvoyant_dollars: bound.dollars,
        step_seconds: grid.step_seconds,
        bound_series: bound.series,
        outcomes,
    })
}

fn check_names(strategies: &[Strategy]) -> Result<(), ReplayError> {
    if strategies.is_empty() {
        return Err(ReplayError::NoStrategy);
    }
    let mut names: Vec<&str> = strategies.iter().map(|one| one.name.as_str()).collect();
    names.sort_unstable();
    match names.windows(2).find(|two| two[0] == two[1]) {
        Some(twins) => Err(ReplayError::TwinStrategies { name: twins[0].to_owned() }),
        None => Ok(()),
    }
}

fn contestants(
    options: &CompareOptions,
    machines: &dyn Machines,
    strategies: &[Strategy],
    scan: &Scan,
    groups: &Groups,
) -> Result<Vec<Contestant>, ReplayError> {
    let daemon_sets = Workloads::daemon_sets(groups);
    let divisor = i64::from(options.divide_requests.max(1));
    let peak = BTreeMap::from([
        ("cpu", scan.peak_cpu_milli / divisor),
        ("memory", (scan.peak_memory_mib << 20) / divisor),
    ]);
    // Equal classes share one catalogue.
    let mut known: Vec<(NodeClass, Arc<Vec<InstanceType>>)> = Vec::new();
    let mut types = |class: &NodeClass| {
        if let Some((_, types)) = known.iter().find(|(other, _)| other == class) {
            return Arc::clone(types);
        }
        let types = machines.types(class, options.spot_price_factor_ppm);
        known.push((class.clone(), Arc::clone(&types)));
        types
    };
    let contestants = strategies.iter().map(|strategy| {
        let mut strategy = strategy.clone();
        strategy.lift_limits(&peak);
        let (supply, refusals) = strategy.supply(&daemon_sets, &mut types);
        match refusals.into_iter().next() {
            None => Ok(Contestant { strategy, supply }),
            Some(refusal) => {
                let refusal = Box::new(refusal);
                Err(ReplayError::Refused { strategy: strategy.name, refusal })
            }
        }
    });
    contestants.collect()
}

fn run(course: &Course<'_>, contestant: &Contestant) -> Result<Outcome, ReplayError> {
    match contestant.strategy.mode {
        Mode::StaticPeak => fixed::run(course, contestant),
        Mode::Autoscaled => run_autoscaled(course, contestant),
    }
}

fn run_autoscaled(course: &Course<'_>, contestant: &Contestant) -> Result<Outcome, ReplayError> {
    let strategy = &contestant.strategy;
    let mut world = course.world(contestant);
    let engine = Engine::new(strategy.settings.clone());
    let mut driver = Autoscaler::new(engine, course.options.verify);
    course.drive(&mut world, &mut driver, &strategy.name)?;
    let violations = driver.into_violations();
    let description = match course.options.verify {
        VerifyPlans::Always => strategy.description.clone(),
        VerifyPlans::Sampled(every) => {
            format!("{}; one plan in {every} verified", strategy.description)
        }
    };
    Ok(outcome(strategy, description, world, violations))
}

fn outcome(
    strategy: &Strategy,
    description: String,
    world: World,
    violations: Vec<String>,
) -> Outcome {
    let ended = world.end();
    Outcome {
        strategy: strategy.name.clone(),
        description,
        figures: ended.figures,
        series: ended.series,
        busiest: ended.busiest,
        never_placed: ended.never_placed,
        violations,
    }
}

impl Course<'_> {
    fn world(&self, contestant: &Contestant) -> World {
        World::new(WorldOptions {
            seed: self.options.seed,
            cloud: self.options.cloud,
            scoring: self.options.scoring,
            divide_requests: self.options.divide_requests,
            groups: Arc::clone(&self.groups),
            grid: self.grid,
            supply: Arc::clone(&contestant.supply),
        })
    }

    fn drive(
        &self,
        world: &mut World,
        driver: &mut dyn drive::Driver,
        strategy: &str,
    ) -> Result<(), ReplayError> {
        let seconds = self.grid.seconds;
        drive::drive(world, &self.options.trace, driver, &|second| {
            self.progress.replayed(strategy, second, seconds);
        })?;
        self.progress.replayed(strategy, seconds, seconds);
        Ok(())
    }
}

/// Figures that compare: savings against the first outcome, and the distance to the bound.
fn relate(outcomes: &mut [Outcome], bound: f64) {
    let first = outcomes.first().map_or(0.0, |outcome| outcome.figures.dollars);
    for outcome in outcomes {
        let figures = &mut outcome.figures;
        if first > 0.0 {
            figures.saving = 1.0 - figures.dollars / first;
        }
        if bound > 0.0 {
            figures.over_bound = figures.dollars / bound - 1.0;
        }
    }
}
