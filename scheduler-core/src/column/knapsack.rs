//! The best pattern for one shape: a bounded knapsack in several dimensions.
//!
//! The linear relaxation is solved by the dual simplex method for bounded variables, with long
//! steps (Maros 2003): it has a row for each resource only, so a handful of pivots do. Its
//! multipliers price the room of the shape, and give an upper bound whatever they are. Rounding
//! gives a pattern; branch and bound ([`branch`]) makes it exact where steps suffice.

mod branch;

use self::branch::Core;
use super::instance::{Held, Instance};
use crate::problem::dims::{fits, take, times_fitting};

/// Pivots a resource, after which the multipliers are taken as they are.
const PIVOTS_PER_DIM: usize = 12;

/// Amounts below this are zero.
const EPSILON: f64 = 1e-9;

/// A pattern: positions among the items that the shape holds, and numbers of pods.
pub(crate) type Pattern = Vec<(u32, i64)>;

/// Work space, kept between knapsacks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Knapsack {
    /// By resource: what a unit of scaled room is worth.
    pub(crate) multipliers: Vec<f64>,
    at_upper: Vec<bool>,
    /// By row: the basic item's position, or `None` for the slack of resource `row_slack`.
    basic: Vec<Basic>,
    inverse: Vec<f64>,
    levels: Vec<f64>,
    rest: Vec<f64>,
    passed: Vec<(f64, f64, Basic)>,
    core: Vec<Core>,
    chosen: Vec<i64>,
    best: Vec<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Basic {
    Slack(usize),
    Item(usize),
}

impl Knapsack {
    /// Solves the relaxation for these values by item and returns its value; the multipliers stay.
    pub(crate) fn relax(&mut self, instance: &Instance, shape: usize, values: &[f64]) -> f64 {
        let (dims, held) = (instance.dims, &instance.held[shape]);
        self.start(instance, shape, values);
        for _ in 0..PIVOTS_PER_DIM * dims {
            self.solve_levels(dims);
            let Some((row, below)) = self.worst_row(held) else { break };
            if !self.pivot(instance, held, values, row, below) {
                break;
            }
        }
        self.solve_levels(dims);
        bound(instance, shape, values, &self.multipliers)
    }

    fn start(&mut self, instance: &Instance, shape: usize, values: &[f64]) {
        let (dims, held) = (instance.dims, &instance.held[shape]);
        self.rest.clear();
        self.rest.extend_from_slice(instance.room(shape));
        self.at_upper.clear();
        for (item, most) in held.items.iter().zip(&held.most) {
            let wanted = values[*item as usize] > 0.0;
            self.at_upper.push(wanted);
            if wanted {
                subtract(&mut self.rest, instance.request(*item), *most as f64);
            }
        }
        self.basic.clear();
        self.basic.extend((0..dims).map(Basic::Slack));
        self.inverse.clear();
        self.inverse.resize(dims * dims, 0.0);
        (0..dims).for_each(|dim| self.inverse[dim * dims + dim] = 1.0);
        self.multipliers.clear();
        self.multipliers.resize(dims, 0.0);
    }

    fn solve_levels(&mut self, dims: usize) {
        self.levels.clear();
        let rows = self.inverse.chunks_exact(dims.max(1));
        self.levels.extend(rows.map(|row| dot(row, &self.rest)));
    }

    /// The basic variable that is farthest outside its limits, and whether it is below them.
    fn worst_row(&self, held: &Held) -> Option<(usize, bool)> {
        let mut worst = (1e-7, None);
        for (row, basic) in self.basic.iter().enumerate() {
            let level = self.levels[row];
            let above = match basic {
                Basic::Slack(_) => 0.0,
                Basic::Item(position) => level - held.most[*position] as f64,
            };
            if -level > worst.0 {
                worst = (-level, Some((row, true)));
            }
            if above > worst.0 {
                worst = (above, Some((row, false)));
            }
        }
        worst.1
    }

    /// Makes the variable of a row leave to the limit that it violates.
    fn pivot(
        &mut self,
        instance: &Instance,
        held: &Held,
        values: &[f64],
        row: usize,
        below: bool,
    ) -> bool {
        let dims = instance.dims;
        let sign = if below { 1.0 } else { -1.0 };
        let pivot_row: Vec<f64> =
            self.inverse[row * dims..(row + 1) * dims].iter().map(|entry| entry * sign).collect();
        let mut gap = match (below, self.basic[row]) {
            (true, _) => -self.levels[row],
            (false, Basic::Item(position)) => self.levels[row] - held.most[position] as f64,
            (false, Basic::Slack(_)) => return false,
        };
        self.passed.clear();
        for (position, item) in held.items.iter().enumerate() {
            let request = instance.request(*item);
            let step = dot(&pivot_row, request);
            let upper = self.at_upper[position];
            if (upper && step > EPSILON || !upper && step < -EPSILON)
                && !self.basic.contains(&Basic::Item(position))
            {
                let profit = values[*item as usize] - dot(&self.multipliers, request);
                let ratio = (profit / step).max(0.0);
                let range = step.abs() * held.most[position] as f64;
                self.passed.push((ratio, range, Basic::Item(position)));
            }
        }
        for (dim, step) in pivot_row.iter().enumerate() {
            if *step < -EPSILON && !self.basic.contains(&Basic::Slack(dim)) {
                let ratio = (-self.multipliers[dim] / step).max(0.0);
                self.passed.push((ratio, f64::INFINITY, Basic::Slack(dim)));
            }
        }
        self.passed.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| order(a.2).cmp(&order(b.2))));
        let mut entering = None;
        for at in 0..self.passed.len() {
            let (_, range, one) = self.passed[at];
            gap -= range;
            if gap <= 0.0 {
                entering = Some(one);
                break;
            }
            if let Basic::Item(position) = one {
                self.flip(instance, held, position);
            }
        }
        let Some(entering) = entering else { return false };
        if let Basic::Item(position) = entering
            && self.at_upper[position]
        {
            self.flip(instance, held, position);
        }
        if let (false, Basic::Item(position)) = (below, self.basic[row]) {
            self.flip(instance, held, position);
        }
        self.enter(instance, held, values, row, entering)
    }

    /// Moves a non-basic item from one of its limits to the other.
    fn flip(&mut self, instance: &Instance, held: &Held, position: usize) {
        let upper = &mut self.at_upper[position];
        *upper = !*upper;
        let pods = held.most[position] as f64 * if *upper { 1.0 } else { -1.0 };
        subtract(&mut self.rest, instance.request(held.items[position]), pods);
    }

    fn enter(
        &mut self,
        instance: &Instance,
        held: &Held,
        values: &[f64],
        row: usize,
        entering: Basic,
    ) -> bool {
        let dims = instance.dims;
        let direction: Vec<f64> = (0..dims)
            .map(|at| {
                let inverse = &self.inverse[at * dims..(at + 1) * dims];
                match entering {
                    Basic::Slack(dim) => inverse[dim],
                    Basic::Item(position) => dot(inverse, instance.request(held.items[position])),
                }
            })
            .collect();
        let pivot = direction[row];
        if pivot.abs() < EPSILON {
            return false;
        }
        let scaled: Vec<f64> =
            self.inverse[row * dims..(row + 1) * dims].iter().map(|entry| entry / pivot).collect();
        for (at, step) in direction.iter().enumerate() {
            let entries = &mut self.inverse[at * dims..(at + 1) * dims];
            if at == row {
                entries.copy_from_slice(&scaled);
            } else {
                subtract(entries, &scaled, *step);
            }
        }
        self.basic[row] = entering;
        self.multipliers.fill(0.0);
        for (at, basic) in self.basic.iter().enumerate() {
            if let Basic::Item(position) = basic {
                let value = values[held.items[*position] as usize];
                let entries = &self.inverse[at * dims..(at + 1) * dims];
                subtract(&mut self.multipliers, entries, -value);
            }
        }
        self.multipliers.iter_mut().for_each(|one| *one = one.max(0.0));
        true
    }

    /// Items of which the relaxation that was solved last takes some.
    pub(crate) fn wanted(&self, instance: &Instance, shape: usize) -> Vec<u32> {
        let items = instance.held[shape].items.iter().enumerate();
        let wanted = items.filter(|(position, _)| {
            self.at_upper[*position] || self.basic.contains(&Basic::Item(*position))
        });
        wanted.map(|(_, item)| *item).collect()
    }

    /// A pattern from the relaxation that was solved last: rounded down, then filled up with the
    /// most valuable pods that still fit.
    pub(crate) fn round(
        &self,
        instance: &Instance,
        shape: usize,
        values: &[f64],
    ) -> (f64, Pattern) {
        let held = &instance.held[shape];
        let mut free = instance.shapes[shape].room.clone();
        let mut pods = vec![0; held.items.len()];
        for (position, count) in pods.iter_mut().enumerate() {
            if self.at_upper[position] {
                *count = held.most[position];
            }
        }
        for (row, basic) in self.basic.iter().enumerate() {
            if let Basic::Item(position) = basic {
                let whole = (self.levels[row] + 1e-6).floor() as i64;
                pods[*position] = whole.clamp(0, held.most[*position]);
            }
        }
        // Floats suggested it; integers decide.
        for (position, count) in pods.iter_mut().enumerate() {
            let request = &instance.items[held.items[position] as usize].request;
            let fitting = times_fitting(request, &free).min(*count);
            *count = fitting;
            take(&mut free, request, fitting);
        }
        loop {
            let mut best: Option<(f64, usize)> = None;
            for (position, item) in held.items.iter().enumerate() {
                let value = values[*item as usize];
                if value > best.map_or(0.0, |(value, _)| value)
                    && pods[position] < held.most[position]
                    && fits(&instance.items[*item as usize].request, &free)
                {
                    best = Some((value, position));
                }
            }
            let Some((_, position)) = best else { break };
            pods[position] += 1;
            let request = &instance.items[held.items[position] as usize].request;
            take(&mut free, request, 1);
        }
        pattern(held, values, &pods)
    }
}

/// An upper bound on the worth of every pattern of a shape, by any multipliers.
pub(crate) fn bound(instance: &Instance, shape: usize, values: &[f64], multipliers: &[f64]) -> f64 {
    let held = &instance.held[shape];
    let mut worth = dot(instance.room(shape), multipliers);
    for (item, most) in held.items.iter().zip(&held.most) {
        let profit = values[*item as usize] - dot(multipliers, instance.request(*item));
        if profit > 0.0 {
            worth += profit * *most as f64;
        }
    }
    worth
}

fn pattern(held: &Held, values: &[f64], pods: &[i64]) -> (f64, Pattern) {
    let mut worth = 0.0;
    let mut pattern = Vec::new();
    for (item, pods) in held.items.iter().zip(pods).filter(|(_, pods)| **pods > 0) {
        worth += values[*item as usize] * *pods as f64;
        pattern.push((*item, *pods));
    }
    (worth, pattern)
}

fn order(one: Basic) -> (usize, usize) {
    match one {
        Basic::Item(position) => (0, position),
        Basic::Slack(dim) => (1, dim),
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn subtract(from: &mut [f64], what: &[f64], times: f64) {
    from.iter_mut().zip(what).for_each(|(from, what)| *from -= what * times);
}

#[cfg(test)]
mod tests {
    use good_lp::{Expression, Solution, SolverModel, microlp, variable, variables};
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::column::{Item, Shape};
    use crate::problem::BitSet;

    /// Values, requests and numbers of items; and the room of the one shape.
    type Case = (Vec<(i64, Vec<i64>, i64)>, Vec<i64>);

    fn cases() -> impl Strategy<Value = Case> {
        let item = (1..=50_i64, vec(0..=9_i64, 3), 1..=4_i64);
        (vec(item, 1..=6), vec(5..=20_i64, 3))
    }

    fn instance((items, room): &Case) -> (Instance, Vec<f64>) {
        let mut groups = BitSet::new(1);
        groups.insert(0);
        let shape = Shape { cost: 1, room: room.clone(), groups };
        let item = |(_, request, pods): &(i64, Vec<i64>, i64)| Item {
            request: request.clone(),
            pods: *pods,
            per_node: i64::MAX,
            group: 0,
        };
        let values = items.iter().map(|(value, ..)| *value as f64).collect();
        (Instance::new(items.iter().map(item).collect(), vec![shape]), values)
    }

    /// The relaxation by a general solver.
    fn oracle(instance: &Instance, values: &[f64]) -> f64 {
        let held = &instance.held[0];
        let mut unknown = variables!();
        let pods: Vec<_> = held
            .most
            .iter()
            .map(|most| unknown.add(variable().min(0.0).max(*most as f64)))
            .collect();
        let pairs = || held.items.iter().zip(&pods);
        let worth: Expression = pairs().map(|(item, pods)| values[*item as usize] * *pods).sum();
        let mut program = unknown.maximise(&worth).using(microlp);
        for (dim, room) in instance.shapes[0].room.iter().enumerate() {
            let asked: Expression = pairs()
                .map(|(item, pods)| instance.items[*item as usize].request[dim] as f64 * *pods)
                .sum();
            program = program.with(asked.leq(*room as f64));
        }
        let solution = program.solve().expect("no pod at all is a solution");
        pairs().map(|(item, pods)| values[*item as usize] * solution.value(*pods)).sum()
    }

    /// The best pattern, by trying all of them.
    fn brute_force(instance: &Instance, values: &[f64], at: usize, free: &mut Vec<i64>) -> f64 {
        let held = &instance.held[0];
        let Some(item) = held.items.get(at) else { return 0.0 };
        let request = &instance.items[*item as usize].request;
        let mut best = 0.0_f64;
        for pods in 0..=held.most[at].min(times_fitting(request, free)) {
            take(free, request, pods);
            let worth = values[*item as usize] * pods as f64;
            best = best.max(worth + brute_force(instance, values, at + 1, free));
            take(free, request, -pods);
        }
        best
    }

    proptest! {
        #[test]
        fn the_relaxation_is_that_of_a_general_solver(case in cases()) {
            let (instance, values) = instance(&case);
            let worth = Knapsack::default().relax(&instance, 0, &values);
            let expected = oracle(&instance, &values);
            prop_assert!((worth - expected).abs() < 1e-6, "{worth} for {expected}");
        }

        #[test]
        fn branching_finds_the_best_pattern(case in cases()) {
            let (instance, values) = instance(&case);
            let mut knapsack = Knapsack::default();
            knapsack.relax(&instance, 0, &values);
            let (rounded, _) = knapsack.round(&instance, 0, &values);
            let mut steps = u32::MAX;
            let (found, upper) = knapsack.branch(&instance, 0, &values, (rounded, &mut steps));
            let best = brute_force(&instance, &values, 0, &mut instance.shapes[0].room.clone());
            let worth = found.map_or(rounded, |(worth, _)| worth);
            prop_assert!((worth - best).abs() < 1e-6, "{worth} for {best}");
            prop_assert!(upper >= best - 1e-6);
        }

        #[test]
        fn the_bound_holds_when_steps_run_out(case in cases()) {
            let (instance, values) = instance(&case);
            let mut knapsack = Knapsack::default();
            knapsack.relax(&instance, 0, &values);
            let mut steps = 2;
            let (_, upper) = knapsack.branch(&instance, 0, &values, (0.0, &mut steps));
            let best = brute_force(&instance, &values, 0, &mut instance.shapes[0].room.clone());
            prop_assert!(upper >= best - 1e-6, "{upper} for {best}");
        }
    }
}
