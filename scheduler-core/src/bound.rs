//! Lower bounds on cost.

pub(crate) mod fluid;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::bound::fluid::{Duals, Fluid};
use crate::model::{Pod, PodId, PodSpec, Price};
use crate::pack::candidates::{Candidate, Worth, candidates};
use crate::pack::greedy::{Item, relaxation};
use crate::problem::dims::fits;
use crate::problem::sites::site_admits;
use crate::problem::{BitSet, Lowering, Problem};
use crate::snapshot::{ClusterSnapshot, Supply};
use crate::solution::Solution;

/// A proven lower bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LowerBound {
    pub(crate) price: Price,
    pub(crate) method: &'static str,
}

/// A price that no plan can undercut which places the same pods: the fluid relaxation, or the
/// cheapest node that holds the pod which needs the dearest one, whichever is higher. Limits and
/// weights of pools, and all rules between pods, are left out, which only lowers it.
pub(crate) fn lower_bound(problem: &Problem<'_>, solution: &Solution) -> LowerBound {
    let mut bound = LowerBound { price: Price::ZERO, method: "fluid" };
    if solution.nodes.is_empty() {
        return bound;
    }
    let classes = problem.classes.iter().zip(&solution.unplaced);
    let placed: Vec<i64> =
        classes.map(|(class, unplaced)| class.pods.len() as i64 - unplaced).collect();
    let on_new = on_new_nodes(problem, solution);
    let (candidates, relaxed) = relax(problem);
    let needed = relaxed.demand(problem, &on_new);
    let duals = relaxed.fluid.solve(&needed);
    let demand = relaxed.demand(problem, &placed);
    let free = free_room(problem, &relaxed, &placed);
    bound.price = relaxed.fluid.bound(&duals, &demand, &free);
    let dearest = (0..problem.classes.len())
        .filter(|class| on_new[*class] > 0 && !fits_on_a_site(problem, *class))
        .filter_map(|class| cheapest_node(problem, &candidates, class))
        .max();
    if let Some(price) = dearest.filter(|price| *price > bound.price) {
        bound = LowerBound { price, method: "largest-pod" };
    }
    bound
}

/// The relaxation of a problem's classes, whatever their numbers.
#[derive(Debug)]
struct Relaxed {
    fluid: Fluid,
    groups: usize,
    group_of: Vec<usize>,
}

impl Relaxed {
    /// Amounts that so many pods of each class ask for, by group.
    fn demand(&self, problem: &Problem<'_>, pods: &[i64]) -> Vec<Vec<i64>> {
        let requests = problem.classes.iter().map(|class| class.request.as_slice());
        self.demand_of(requests, pods, problem.dims.len())
    }

    fn demand_of<'r>(
        &self,
        requests: impl Iterator<Item = &'r [i64]>,
        pods: &[i64],
        dims: usize,
    ) -> Vec<Vec<i64>> {
        let mut demand = vec![vec![0; dims]; self.groups];
        for ((request, pods), group) in requests.zip(pods).zip(&self.group_of) {
            let amounts = demand[*group].iter_mut().zip(request);
            amounts.for_each(|(amount, asked)| *amount += asked * pods);
        }
        demand
    }
}

fn relax(problem: &Problem<'_>) -> (Vec<Candidate>, Relaxed) {
    let distinct: BTreeSet<&BitSet> =
        (0..problem.classes.len()).map(|class| problem.usable(class)).collect();
    let groups: Vec<BitSet> = distinct.into_iter().cloned().collect();
    let candidates = candidates(problem, &groups, Worth::Bound, |_| true);
    let items: Vec<Item<'_>> = problem
        .classes
        .iter()
        .enumerate()
        .map(|(index, class)| Item {
            request: &class.request,
            pods: class.pods.len() as i64,
            shapes: problem.usable(index),
        })
        .collect();
    let (fluid, demand, group_of) = relaxation(problem, &candidates, &items);
    (candidates, Relaxed { fluid, groups: demand.len(), group_of })
}

fn on_new_nodes(problem: &Problem<'_>, solution: &Solution) -> Vec<i64> {
    let mut pods = vec![0; problem.classes.len()];
    for (class, count) in solution.nodes.iter().flat_map(|node| &node.contents) {
        pods[*class] += count;
    }
    pods
}

/// Free room of existing nodes with the groups that it admits.
fn free_room(
    problem: &Problem<'_>,
    relaxed: &Relaxed,
    placed: &[i64],
) -> Vec<(Vec<usize>, Vec<i64>)> {
    let open = problem.sites.iter().enumerate().filter(|(_, site)| site.open);
    let free = open.map(|(index, site)| {
        let node = &problem.snapshot.nodes[index];
        let mut faces: BTreeMap<usize, bool> = BTreeMap::new();
        let mut groups = BTreeSet::new();
        for (class, one) in problem.classes.iter().enumerate().filter(|(at, _)| placed[*at] > 0) {
            let admits = faces.entry(one.admission).or_insert_with(|| site_admits(node, &one.spec));
            if *admits {
                groups.insert(relaxed.group_of[class]);
            }
        }
        (groups.into_iter().collect(), site.free.clone())
    });
    free.collect()
}

fn fits_on_a_site(problem: &Problem<'_>, class: usize) -> bool {
    let one = &problem.classes[class];
    problem.sites.iter().zip(&problem.snapshot.nodes).any(|(site, node)| {
        site.open && fits(&one.request, &site.free) && site_admits(node, &one.spec)
    })
}

fn cheapest_node(problem: &Problem<'_>, candidates: &[Candidate], class: usize) -> Option<Price> {
    let request = &problem.classes[class].request;
    let holding = candidates.iter().filter(|one| {
        problem.usable(class).contains(one.shape) && fits(request, problem.room(one.shape))
    });
    holding.map(|one| problem.table.shapes[one.shape].price).min()
}

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
        Self {
            lowering: Lowering::new(supply.clone(), Price::ZERO),
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
