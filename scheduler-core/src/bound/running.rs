//! The bound for a set of pods that changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::{Relaxed, cheapest_node, relax};
use crate::bound::fluid::Duals;
use crate::engine::Settings;
use crate::model::{Pod, PodId, PodSpec, Price};
use crate::problem::Lowering;
use crate::snapshot::{ClusterSnapshot, Supply};

/// Lower bound on the price of any set of nodes that holds a changing set of running pods.
///
/// The bound is that of the fluid relaxation, every offering of the supply allowed; existing nodes
/// do not enter. Pods that no offering can hold are left out.
#[derive(Debug)]
pub struct RunningBound {
    lowering: Lowering,
    supply: Arc<Supply>,
    specs: Vec<Arc<PodSpec>>,
    numbers: BTreeMap<usize, usize>,
    pods: Vec<i64>,
    prepared: Option<Prepared>,
    /// Pods that have come or gone since prices were last computed.
    changes: i64,
}

#[derive(Debug)]
struct Prepared {
    relaxed: Relaxed,
    requests: Vec<Vec<i64>>,
    /// Whether some offering holds a pod of the spec.
    held: Vec<bool>,
    duals: Option<Duals>,
}

/// Prices are computed anew when more than one in so many pods has changed. Older prices give a
/// valid bound too, if a little lower.
const STALE_SHARE: i64 = 50;

impl RunningBound {
    /// No pods yet. The bound allows every offering of the supply.
    pub fn new(supply: &Arc<Supply>) -> Self {
        let settings = Settings { interruption_cost: Price::ZERO, ..Settings::default() };
        Self {
            lowering: Lowering::new(supply.clone(), settings),
            supply: supply.clone(),
            specs: Vec::new(),
            numbers: BTreeMap::new(),
            pods: Vec::new(),
            prepared: None,
            changes: 0,
        }
    }

    /// One more pod runs.
    pub fn add(&mut self, spec: &Arc<PodSpec>) {
        self.change(spec, 1);
    }

    /// One pod less runs.
    pub fn remove(&mut self, spec: &Arc<PodSpec>) {
        self.change(spec, -1);
    }

    fn change(&mut self, spec: &Arc<PodSpec>, pods: i64) {
        let Self { numbers, specs, prepared, .. } = self;
        let number = *numbers.entry(Arc::as_ptr(spec).addr()).or_insert_with(|| {
            *prepared = None;
            specs.push(spec.clone());
            specs.len() - 1
        });
        self.pods.resize(self.specs.len(), 0);
        self.pods[number] += pods;
        self.changes += 1;
    }

    /// No set of nodes that holds the running pods costs less than this.
    pub fn price(&mut self) -> Price {
        if self.prepared.is_none() {
            self.prepared = Some(self.prepare());
        }
        let Some(prepared) = &mut self.prepared else { return Price::ZERO };
        let running: i64 = self.pods.iter().sum();
        let held = self.pods.iter().zip(&prepared.held);
        let pods: Vec<i64> = held.map(|(pods, held)| if *held { *pods } else { 0 }).collect();
        let requests = prepared.requests.iter().map(Vec::as_slice);
        let dims = prepared.requests.first().map_or(0, Vec::len);
        let demand = prepared.relaxed.demand_of(requests, &pods, dims);
        if self.changes * STALE_SHARE > running {
            prepared.duals = None;
            self.changes = 0;
        }
        let fluid = &prepared.relaxed.fluid;
        let duals = prepared.duals.get_or_insert_with(|| fluid.solve(&demand));
        fluid.bound(duals, &demand, &[])
    }

    fn prepare(&mut self) -> Prepared {
        // One pod of each spec stands for all of them: numbers come in with the demand.
        let pods = self.specs.iter().enumerate().map(|(number, spec)| {
            let id = PodId::new("", format!("{number:010}"));
            Arc::new(Pod {
                id,
                spec: spec.clone(),
                nominated: None,
                created: Timestamp::UNIX_EPOCH,
            })
        });
        let snapshot = ClusterSnapshot {
            now: Timestamp::UNIX_EPOCH,
            supply: self.supply.clone(),
            nodes: Vec::new(),
            pending: pods.collect(),
        };
        let problem = self.lowering.problem(&snapshot);
        let (candidates, mut relaxed) = relax(&problem);
        // Equal specs of different allocations are one class.
        let mut class_of = vec![0; self.specs.len()];
        for (class, one) in problem.classes.iter().enumerate() {
            one.pods.iter().for_each(|pod| class_of[*pod] = class);
        }
        relaxed.group_of = class_of.iter().map(|class| relaxed.group_of[*class]).collect();
        let held = |class: &usize| cheapest_node(&problem, &candidates, *class).is_some();
        Prepared {
            requests: class_of
                .iter()
                .map(|class| problem.classes[*class].request.clone())
                .collect(),
            held: class_of.iter().map(held).collect(),
            relaxed,
            duals: None,
        }
    }
}
