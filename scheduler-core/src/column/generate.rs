//! The loop of column generation: master, knapsacks, bound.

use rayon::prelude::*;

use super::instance::Instance;
use super::knapsack::{Knapsack, Pattern};
use super::master::{Column, Master};

/// What column generation found.
#[derive(Clone, Debug)]
pub(crate) struct Generated {
    /// By item: what a pod is worth, in micro-dollars an hour, where the bound is best.
    pub(crate) values: Vec<f64>,
    /// Lower bound that these values prove, up to rounding.
    pub(crate) bound: f64,
    /// Patterns in use with their levels.
    pub(crate) mixture: Vec<(Column, f64)>,
    /// All patterns that are near to being used.
    pub(crate) columns: Vec<Column>,
}

/// Rounds at most.
const ROUNDS_MAX: usize = 400;

/// Distance between mixture and bound, relative to the bound, at which to stop.
const NEAR_ENOUGH: f64 = 2e-3;

/// Worth over cost, less one, that values need not be lowered for.
const SETTLED: f64 = 5e-4;

/// How far knapsacks look from the best values towards the newest (Wentges 1997).
const SMOOTHING: f64 = 0.5;

/// Most patterns added in one round.
const COLUMNS_A_ROUND: usize = 24;

/// Worth over cost of a rounded pattern above which branching has nothing to add yet.
const WORTH_IT: f64 = 1.002;

/// Branches for one knapsack. A bound on its worth that is too high by a per cent costs the whole
/// bound as much.
const BRANCHES: u32 = 40_000;

/// Columns that the master keeps, for each row.
const COLUMNS_PER_ROW: usize = 8;

/// Generates columns for items of which each fits somewhere. It begins with the values and patterns given, which may come from a similar problem.
pub(crate) fn generate(instance: &Instance, (values, columns): (&[f64], Vec<Column>)) -> Generated {
    let items = instance.items.len();
    let mut demand: Vec<i64> = instance.items.iter().map(|item| item.pods).collect();
    demand.extend(instance.standing.iter().map(|nodes| -nodes));
    let mut master = Master::new(&demand, singles(instance));
    for column in columns {
        master.add(column);
    }
    master.solve();
    let mut best = (0.0, values.to_vec());
    let mut rounds = 0;
    // The first knapsacks look at the values given.
    let mut smoothing = 1.0;
    while rounds < ROUNDS_MAX {
        rounds += 1;
        let values: Vec<f64> = (best.1.iter().zip(&master.prices))
            .map(|(best, new)| (smoothing * best + (1.0 - smoothing) * new).max(0.0))
            .collect();
        let rents = &master.prices[items..];
        let mut found = price(instance, (&values, rents), Care::Rounded);
        if !found.iter().any(|one| one.best.as_ref().is_some_and(|(ratio, _)| *ratio > WORTH_IT)) {
            found = price(instance, (&values, rents), Care::Branched);
        }
        let (bound, excess) = proven(instance, &values, &found);
        if bound > best.0 {
            best = (bound, values.iter().map(|value| value / excess).collect());
        }
        if master.cost() <= best.0 * (1.0 + NEAR_ENOUGH) {
            break;
        }
        if add(&mut master, instance, found) == 0 {
            if smoothing == 0.0 {
                break;
            }
            // The smoothed values have nothing new to show; the master's own may.
            smoothing = 0.0;
            continue;
        }
        smoothing = SMOOTHING;
        master.solve();
        master.forget_above(COLUMNS_PER_ROW * instance.items.len().max(32));
    }
    let (bound, values) = best;
    let mixture = master.mixture().map(|(column, level)| (column.clone(), level)).collect();
    Generated { values, bound, mixture, columns: master.columns }
}

/// The bound that values prove, by what the knapsacks found; and the worst worth over cost of what
/// can be bought.
fn proven(instance: &Instance, values: &[f64], found: &[Found]) -> (f64, f64) {
    let (sold, standing) = found.split_at(instance.sold());
    let excess = sold.iter().map(|one| one.upper / one.cost).fold(1.0, f64::max);
    let mut worth: f64 =
        instance.items.iter().zip(values).map(|(item, value)| item.pods as f64 * value).sum();
    for (one, nodes) in standing.iter().zip(&instance.standing) {
        worth -= one.upper * *nodes as f64;
    }
    (worth.max(0.0) / excess, excess)
}

/// Lowers values until no shape can be worth more than its cost, in so many rounds at most: where
/// one seems to be, the items that its knapsack wants are worth less. Returns the values that
/// prove most, and the bound.
pub(crate) fn settle(instance: &Instance, values: &[f64], rounds: usize) -> (Vec<f64>, f64) {
    let mut present = values.to_vec();
    let mut best = (present.clone(), 0.0);
    let rents = vec![0.0; instance.standing.len()];
    for _ in 0..=rounds {
        let found = price(instance, (&present, &rents), Care::Branched);
        let (bound, excess) = proven(instance, &present, &found);
        if bound > best.1 {
            best = (present.clone(), bound);
        }
        if excess <= 1.0 + SETTLED {
            break;
        }
        let before = present.clone();
        for one in &found[..instance.sold()] {
            for item in &one.wanted {
                let value = &mut present[*item as usize];
                *value = value.min(before[*item as usize] * one.cost / one.upper);
            }
        }
    }
    best
}

/// A pattern of one item each: the one by which a pod costs least.
fn singles(instance: &Instance) -> Vec<Column> {
    let mut best: Vec<Option<(f64, Column)>> = vec![None; instance.items.len()];
    let sold = instance.shapes.iter().zip(&instance.held).take(instance.sold());
    for (number, (shape, held)) in sold.enumerate() {
        for (item, most) in held.items.iter().zip(&held.most) {
            let a_pod = shape.cost as f64 / *most as f64;
            let known = &mut best[*item as usize];
            if known.as_ref().is_none_or(|(best, _)| a_pod < *best) {
                let pods = vec![(*item, *most)];
                *known = Some((a_pod, Column { shape: number, cost: shape.cost as f64, pods }));
            }
        }
    }
    best.into_iter().flatten().map(|(_, column)| column).collect()
}

/// What the knapsack of one shape found.
struct Found {
    shape: usize,
    /// What a node costs; of a standing one, what the master says that its room is worth.
    cost: f64,
    /// Upper bound on the worth of its patterns.
    upper: f64,
    /// The best pattern, with its worth over cost, if that is above 1.
    best: Option<(f64, Pattern)>,
    /// Items that the relaxation wants, if they are worth too much together.
    wanted: Vec<u32>,
}

/// How hard knapsacks are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Care {
    /// The relaxation, rounded.
    Rounded,
    /// Branch and bound, with a limit.
    Branched,
}

/// Solves the knapsack of every shape, on all cores. `rents` are what the room of standing nodes is
/// worth so far.
fn price(instance: &Instance, (values, rents): (&[f64], &[f64]), care: Care) -> Vec<Found> {
    let sold = instance.sold();
    let shapes = (0..instance.shapes.len()).into_par_iter();
    shapes
        .map_init(Knapsack::default, |knapsack, shape| {
            let cost = match shape.checked_sub(sold) {
                Some(standing) => rents[standing].max(1.0),
                None => instance.shapes[shape].cost as f64,
            };
            let mut found = Found {
                shape,
                cost,
                upper: knapsack.relax(instance, shape, values),
                best: None,
                wanted: Vec::new(),
            };
            if found.upper <= cost {
                return found;
            }
            let (worth, pattern) = knapsack.round(instance, shape, values);
            found.best = (worth > cost).then_some((worth / cost, pattern));
            if care == Care::Branched {
                let mut steps = BRANCHES;
                let target = (worth.max(cost), &mut steps);
                let (better, upper) = knapsack.branch(instance, shape, values, target);
                found.upper = upper;
                found.best = better.map(|(worth, pattern)| (worth / cost, pattern)).or(found.best);
                found.wanted = knapsack.wanted(instance, shape);
            }
            found
        })
        .collect()
}

/// Adds the patterns that are worth most over their cost, and returns how many were new.
fn add(master: &mut Master, instance: &Instance, found: Vec<Found>) -> usize {
    let mut better: Vec<(f64, usize, Pattern)> = found
        .into_iter()
        .filter_map(|one| one.best.map(|(ratio, pattern)| (ratio, one.shape, pattern)))
        .filter(|(ratio, ..)| *ratio > 1.0 + 1e-7)
        .collect();
    better.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut added = 0;
    for (_, shape, mut pods) in better.into_iter().take(COLUMNS_A_ROUND) {
        if let Some(standing) = shape.checked_sub(instance.sold()) {
            pods.push(((instance.items.len() + standing) as u32, -1));
        }
        if !master.knows(shape, &pods) {
            let cost = instance.shapes[shape].cost as f64;
            master.add(Column { shape, cost, pods });
            added += 1;
        }
    }
    added
}

#[cfg(test)]
mod tests {
    use good_lp::Solution as _;
    use good_lp::{Expression, SolverModel, microlp, variable, variables};
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::column::{Item, Shape};
    use crate::problem::BitSet;
    use crate::problem::dims::{take, times_fitting};

    fn instances() -> impl Strategy<Value = Instance> {
        let item = (vec(1..=6_i64, 2), 1..=5_i64);
        let shape = (vec(6..=14_i64, 2), 10..=60_i64);
        (vec(item, 1..=4), vec(shape, 1..=3)).prop_map(|(items, shapes)| {
            let mut groups = BitSet::new(1);
            groups.insert(0);
            let items = items.into_iter().map(|(request, pods)| Item {
                request,
                pods,
                per_node: i64::MAX,
                group: 0,
            });
            let shapes = shapes.into_iter().map(|(room, cost)| Shape {
                cost: cost * 1_000,
                room,
                groups: groups.clone(),
            });
            Instance::new(items.collect(), shapes.collect())
        })
    }

    /// Every pattern of a shape.
    fn patterns(instance: &Instance, shape: usize) -> Vec<Pattern> {
        let held = &instance.held[shape];
        let mut all = vec![(instance.shapes[shape].room.clone(), Pattern::new())];
        for (item, most) in held.items.iter().zip(&held.most) {
            let request = &instance.items[*item as usize].request;
            all = all
                .iter()
                .flat_map(|(free, pods)| {
                    (0..=times_fitting(request, free).min(*most)).map(|number| {
                        let (mut free, mut pods) = (free.clone(), pods.clone());
                        take(&mut free, request, number);
                        pods.push((*item, number));
                        (free, pods)
                    })
                })
                .collect();
        }
        all.into_iter().map(|(_, pods)| pods).collect()
    }

    /// The master program over all patterns, by a general solver.
    fn oracle(instance: &Instance) -> f64 {
        let mut unknown = variables!();
        let mut cost = Expression::default();
        let mut covered = vec![Expression::default(); instance.items.len()];
        for shape in 0..instance.shapes.len() {
            for pattern in patterns(instance, shape) {
                let level = unknown.add(variable().min(0.0));
                cost += instance.shapes[shape].cost as f64 * level;
                for (item, pods) in pattern {
                    covered[item as usize] += pods as f64 * level;
                }
            }
        }
        let mut program = unknown.minimise(&cost).using(microlp);
        for (covered, item) in covered.into_iter().zip(&instance.items) {
            program = program.with(covered.geq(item.pods as f64));
        }
        program.solve().expect("enough nodes hold any number of pods").eval(&cost)
    }

    fn all_fit(instance: &Instance) -> bool {
        (0..instance.items.len() as u32)
            .all(|item| instance.held.iter().any(|held| held.items.contains(&item)))
    }

    proptest! {
        #[test]
        fn the_bound_comes_near_to_the_program_over_all_patterns(instance in instances()) {
            prop_assume!(all_fit(&instance));
            let nothing = vec![0.0; instance.items.len()];
            let found = generate(&instance, (&nothing, Vec::new()));
            let expected = oracle(&instance);
            prop_assert!(found.bound <= expected * (1.0 + 1e-6), "{} of {expected}", found.bound);
            prop_assert!(found.bound >= expected * (1.0 - 2.0 * NEAR_ENOUGH), "{} of {expected}", found.bound);
        }

        #[test]
        fn settled_values_prove_a_bound(instance in instances(), high in 1..=100_000_u32) {
            prop_assume!(all_fit(&instance));
            let values = vec![f64::from(high); instance.items.len()];
            let (_, bound) = settle(&instance, &values, 40);
            prop_assert!(bound <= oracle(&instance) * (1.0 + 1e-6));
        }
    }
}
