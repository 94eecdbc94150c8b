//! Lower bounds on cost: what a pod of each class is worth, so that no plan can be cheaper than
//! the pods it places.
//!
//! Values are found here, by linear programs in floating point. What they prove is for
//! [`crate::verify`] to say, in integers and by other code; so a mistake here makes a bound loose
//! and never wrong.

pub(crate) mod fluid;
pub(crate) mod relaxation;
mod running;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bound::fluid::Fluid;
use crate::bound::relaxation::relaxation;
use crate::column::generate::{generate, settle};
use crate::column::instance::Standing;
use crate::column::master::Column;
use crate::column::rows::{Hints, Rows};
use crate::column::{Instance, Item, Shape};
use crate::model::{PodId, Price};
use crate::pack::candidates::{Candidate, Flexibility, Sale, Worth, candidates};
use crate::plan::{Certificate, PlanReport, PodKind};
use crate::problem::admission::Admission;
use crate::problem::dims::fits;
use crate::problem::sites::site_admits;
use crate::problem::{BitSet, Problem};
use crate::solution::Solution;
pub use running::RunningBound;

/// Fraction bits of the value of a pod, of a micro-dollar an hour.
pub(crate) const FRACTION_BITS: u32 = 16;

/// What pods are worth.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Values {
    /// By class, in 2⁻¹⁶ micro-dollars an hour.
    pub(crate) by_class: Vec<i64>,
    /// By class and resource: the same at the prices of the fluid relaxation.
    by_resource: Vec<Vec<i64>>,
    /// How they were found.
    pub(crate) method: &'static str,
}

impl Values {
    /// The part of a class's value that it owes to a resource: as in the fluid relaxation.
    pub(crate) fn part(&self, class: usize, dim: usize) -> i64 {
        let Some(parts) = self.by_resource.get(class) else { return 0 };
        let whole: i128 = parts.iter().copied().map(i128::from).sum();
        let part = i128::from(parts[dim]) * i128::from(self.by_class[class]);
        (part / whole.max(1)) as i64
    }
}

/// How much work a bound may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// The fluid relaxation, or the dearest pod alone.
    First,
    /// Column generation.
    Columns,
}

/// Values that prove much for the pods that a solution puts on new nodes. Limits and weights of
/// pools, and nearly all rules between pods, are left out, which only lowers what is proven.
pub(crate) fn values(problem: &Problem<'_>, solution: &Solution, effort: Effort) -> Values {
    let classes = problem.classes.len();
    if solution.nodes.is_empty() {
        return Values {
            by_class: vec![0; classes],
            by_resource: Vec::new(),
            method: PlanReport::FLUID,
        };
    }
    let on_new = on_new_nodes(problem, solution);
    let (candidates, relaxed) = relax(problem);
    let demand = relaxed.demand(problem, &on_new);
    let duals = relaxed.fluid.solve(&demand);
    let mut by_resource: Vec<Vec<i64>> = (problem.classes.iter().zip(&relaxed.group_of))
        .map(|(class, group)| relaxed.fluid.value(&duals, *group, &class.request))
        .collect();
    for (parts, class) in by_resource.iter_mut().zip(&problem.classes) {
        // What has no price as a liquid may have one as a pod: it goes to the first thing asked for.
        let first = class.request.iter().position(|asked| *asked > 0);
        if let Some(first) = first.filter(|_| parts.iter().all(|part| *part == 0)) {
            parts[first] = 1;
        }
    }
    let by_class = by_resource.iter().map(|parts| parts.iter().sum()).collect();
    let by_fluid = Values { by_class, by_resource, method: PlanReport::FLUID };
    match effort {
        Effort::First => largest_pod(problem, &candidates, &on_new)
            .filter(|largest| worth(largest, &on_new) > worth(&by_fluid.by_class, &on_new))
            .map(|by_class| Values { by_class, method: "largest-pod", ..by_fluid.clone() })
            .unwrap_or(by_fluid),
        Effort::Columns => by_columns(problem, &candidates, (&on_new, solution), by_fluid),
    }
}

/// What the values of these pods prove, as the plan carries it.
pub(crate) fn certificate(
    problem: &Problem<'_>,
    solution: &Solution,
    values: &Values,
) -> Certificate {
    let mut kinds: Vec<PodKind> = (problem.classes.iter().zip(&solution.unplaced))
        .zip(&values.by_class)
        .filter_map(|((class, unplaced), value)| {
            let placed = class.pods.len() as i64 - unplaced;
            let first: PodId = problem.snapshot.pending[*class.pods.first()?].id.clone();
            (placed > 0).then_some(PodKind { first, placed, value: *value })
        })
        .collect();
    kinds.sort_by(|a, b| a.first.cmp(&b.first));
    let worth = kinds.iter().map(|kind| kind.placed * kind.value).sum();
    Certificate { kinds, worth }
}

fn worth(values: &[i64], pods: &[i64]) -> i128 {
    let pairs = values.iter().zip(pods);
    pairs.map(|(value, pods)| i128::from(*value) * i128::from(*pods)).sum()
}

/// The pod that needs the dearest node, all others being worth nothing.
fn largest_pod(
    problem: &Problem<'_>,
    candidates: &[Candidate],
    on_new: &[i64],
) -> Option<Vec<i64>> {
    let needed = (0..problem.classes.len()).filter(|class| on_new[*class] > 0);
    let (price, class) = needed
        .filter_map(|class| Some((cheapest_node(problem, candidates, class)?, class)))
        .max_by_key(|(price, class)| (*price, std::cmp::Reverse(*class)))?;
    let mut by_class = vec![0; problem.classes.len()];
    by_class[class] = (price.micro_usd() << FRACTION_BITS) / on_new[class];
    Some(by_class)
}

/// Rounds in which values of items are settled at most, and what they may look at together.
const SETTLING_ROUNDS: usize = 40;
const SETTLING_LOOKS: usize = 4_000_000;

fn by_columns(
    problem: &Problem<'_>,
    candidates: &[Candidate],
    (on_new, solution): (&[i64], &Solution),
    by_fluid: Values,
) -> Values {
    let placed: Vec<i64> = (problem.classes.iter().zip(&solution.unplaced))
        .map(|(class, unplaced)| class.pods.len() as i64 - unplaced)
        .collect();
    let classes: Vec<usize> = (0..problem.classes.len())
        .filter(|class| placed[*class] > 0 && cheapest_node(problem, candidates, *class).is_some())
        .collect();
    if classes.is_empty() {
        return by_fluid;
    }
    let instance = instance(problem, candidates, &classes, &placed);
    let instance = instance.beside(standing(problem, &classes));
    let unit = f64::from(1 << FRACTION_BITS);
    let fluid: Vec<f64> =
        classes.iter().map(|class| by_fluid.by_class[*class] as f64 / unit).collect();
    let hints = solution.hints.as_ref().filter(|hints| hints.classes == classes);
    let rows = hints.map_or_else(|| Rows::new(&instance, &fluid), |hints| hints.rows.clone());
    let by_row = rows.instance(&instance);
    let (first, columns) = match hints {
        Some(hints) => (hints.values.clone(), known_columns(problem, candidates, hints)),
        None => (rows.means(&instance, &fluid), Vec::new()),
    };
    let found = generate(&by_row, (&first, columns));
    let proven_fluid = if instance.standing.is_empty() {
        classes.iter().zip(&fluid).map(|(class, value)| on_new[*class] as f64 * value).sum()
    } else {
        settle(&instance, &fluid, 0).1
    };
    let mut values = rows.spread(&instance, &by_row, &found);
    let mut proven = found.bound;
    if !rows.are_items() {
        let looks = instance.items.len() * instance.shapes.len();
        (values, proven) =
            settle(&instance, &values, SETTLING_ROUNDS.min(SETTLING_LOOKS / looks.max(1)));
    }
    if proven <= proven_fluid {
        return by_fluid;
    }
    let mut by_class = vec![0; problem.classes.len()];
    for (class, value) in classes.iter().zip(values) {
        by_class[*class] = (value * unit) as i64;
    }
    Values { by_class, method: "columns", ..by_fluid }
}

/// Patterns found for other prices, each on the cheapest candidate with no less room.
fn known_columns(problem: &Problem<'_>, candidates: &[Candidate], hints: &Hints) -> Vec<Column> {
    let stands_in = |shape: usize| {
        let room = problem.room(shape);
        candidates.iter().position(|one| {
            one.shape == shape
                || room.iter().zip(problem.room(one.shape)).all(|(own, other)| own <= other)
                    && problem.admissions.iter().all(|admission| {
                        !admission.usable.contains(shape) || admission.usable.contains(one.shape)
                    })
        })
    };
    let known = hints.columns.iter().filter_map(|(shape, pods)| {
        let shape = stands_in(*shape)?;
        Some(Column { shape, cost: candidates[shape].cost as f64, pods: pods.clone() })
    });
    known.collect()
}

/// Different kinds of free room that values take into account at most; the largest are.
const STANDING_MAX: usize = 60;

/// Free room of existing nodes, and of reserved ones, in which a pod of these classes fits.
fn standing(problem: &Problem<'_>, classes: &[usize]) -> Vec<Standing> {
    let (groups, group_of) = admission_groups(problem);
    let mut rooms: BTreeMap<(Vec<i64>, BitSet), i64> = BTreeMap::new();
    for (shape, one) in problem.table.shapes.iter().enumerate() {
        let Some(reservation) = one.reservation.filter(|_| one.available) else { continue };
        let mut admitted = BitSet::new(groups.len());
        let holds = |class: &&usize| {
            problem.usable(**class).contains(shape)
                && fits(&problem.classes[**class].request, problem.room(shape))
        };
        classes.iter().filter(holds).for_each(|class| admitted.insert(group_of[*class]));
        if admitted.iter().next().is_some() {
            let nodes = problem.table.reservations[reservation].remaining;
            *rooms.entry((problem.room(shape).to_vec(), admitted)).or_default() += nodes;
        }
    }
    let nodes = problem.sites.iter().zip(&problem.snapshot.nodes);
    for (site, node) in nodes.filter(|(site, _)| site.open) {
        let mut admitted = BitSet::new(groups.len());
        let mut known = BTreeMap::new();
        for class in classes {
            let one = &problem.classes[*class];
            if fits(&one.request, &site.free)
                && *known.entry(one.admission).or_insert_with(|| site_admits(node, &one.spec))
            {
                admitted.insert(group_of[*class]);
            }
        }
        if admitted.iter().next().is_some() {
            let room = site.free.iter().map(|amount| (*amount).max(0)).collect();
            *rooms.entry((room, admitted)).or_default() += 1;
        }
    }
    let mut rooms: Vec<Standing> =
        rooms.into_iter().map(|((room, groups), nodes)| Standing { room, groups, nodes }).collect();
    rooms.sort_by_key(|one| std::cmp::Reverse(i128::from(one.room[0]) * i128::from(one.nodes)));
    rooms.truncate(STANDING_MAX);
    rooms
}

/// The packing of these classes into candidates, rules left out that concern several classes.
fn instance(
    problem: &Problem<'_>,
    candidates: &[Candidate],
    classes: &[usize],
    pods: &[i64],
) -> Instance {
    let (_, group_of) = admission_groups(problem);
    let items = classes.iter().map(|class| Item {
        request: problem.classes[*class].request.clone(),
        pods: pods[*class],
        per_node: if problem.is_alone_of_its_kind(*class) { 1 } else { i64::MAX },
        group: group_of[*class],
    });
    let shapes = candidates.iter().map(|one| Shape {
        cost: one.cost,
        room: problem.room(one.shape).to_vec(),
        groups: one.groups.clone(),
    });
    Instance::new(items.collect(), shapes.collect())
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
    let (groups, group_of) = admission_groups(problem);
    let candidates =
        candidates(problem, &groups, Worth::Bound, (Sale::Open, Flexibility::Relaxed, |_| true));
    let items: Vec<relaxation::Item<'_>> = (problem.classes.iter().zip(group_of))
        .map(|(class, group)| {
            let pods = class.pods.len() as i64;
            relaxation::Item { request: &class.request, pods, group }
        })
        .collect();
    let (fluid, demand, group_of) = relaxation(problem, &candidates, &items);
    (candidates, Relaxed { fluid, groups: demand.len(), group_of })
}

/// Distinct sets of shapes, and the set of each class.
fn admission_groups(problem: &Problem<'_>) -> (Vec<BitSet>, Vec<usize>) {
    let usable = |one: &Arc<Admission>| one.usable.clone();
    let distinct: BTreeSet<Arc<BitSet>> = problem.admissions.iter().map(usable).collect();
    let groups: Vec<BitSet> = distinct.iter().map(|shapes| shapes.as_ref().clone()).collect();
    let number = |one: &Arc<Admission>| groups.binary_search(&one.usable).unwrap_or(0);
    let of_admission: Vec<usize> = problem.admissions.iter().map(number).collect();
    (groups, problem.classes.iter().map(|class| of_admission[class.admission]).collect())
}

fn on_new_nodes(problem: &Problem<'_>, solution: &Solution) -> Vec<i64> {
    let mut pods = vec![0; problem.classes.len()];
    for (class, count) in solution.nodes.iter().flat_map(|node| &node.contents) {
        pods[*class] += count;
    }
    pods
}

fn cheapest_node(problem: &Problem<'_>, candidates: &[Candidate], class: usize) -> Option<Price> {
    let request = &problem.classes[class].request;
    let holding = candidates.iter().filter(|one| {
        problem.usable(class).contains(one.shape) && fits(request, problem.room(one.shape))
    });
    holding.map(|one| problem.table.shapes[one.shape].price).min()
}
