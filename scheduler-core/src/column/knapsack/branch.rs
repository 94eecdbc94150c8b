//! Branch and bound for the best pattern of a shape (Horowitz & Sahni 1974, with the multipliers of
//! the relaxation as weights).

use super::{EPSILON, Knapsack, Pattern, bound, dot, pattern};
use crate::column::instance::{Held, Instance};
use crate::problem::dims::{fits, take, times_fitting};

/// An item that branching decides about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Core {
    position: usize,
    /// Reduced profit: value less the price of the room it takes.
    profit: f64,
    value: f64,
    /// Value over the price of the room it takes; infinite if it takes none that has a price.
    density: f64,
    most: i64,
    /// The most that the items from here on can add.
    later: f64,
}

impl Knapsack {
    /// Looks for a pattern worth more than `target` among all of them. Returns the best one found,
    /// if any is, and an upper bound on the worth of every pattern, which is `target` at least.
    /// `steps` is what is left of the limit on branches.
    pub(crate) fn branch(
        &mut self,
        instance: &Instance,
        shape: usize,
        values: &[f64],
        (target, steps): (f64, &mut u32),
    ) -> (Option<(f64, Pattern)>, f64) {
        let held = &instance.held[shape];
        let upper = bound(instance, shape, values, &self.multipliers);
        let slack = upper - target;
        if slack <= 0.0 {
            return (None, target);
        }
        self.chosen.clear();
        self.chosen.resize(held.items.len(), 0);
        self.core.clear();
        let mut free = instance.shapes[shape].room.clone();
        let mut worth = 0.0;
        for (position, item) in held.items.iter().enumerate() {
            let value = values[*item as usize];
            let profit = value - dot(&self.multipliers, instance.request(*item));
            if profit >= slack {
                // Every pattern worth more than the target has all of these.
                let most = held.most[position];
                self.chosen[position] = most;
                worth += value * most as f64;
                take(&mut free, &instance.items[*item as usize].request, most);
            } else if profit > -slack && value > 0.0 {
                let most = held.most[position];
                let taken = value - profit;
                let density = if taken > EPSILON * value { value / taken } else { f64::INFINITY };
                self.core.push(Core { position, profit, value, density, most, later: 0.0 });
            }
        }
        if free.iter().any(|amount| *amount < 0) {
            return (None, target);
        }
        self.core.sort_by(|a, b| b.density.total_cmp(&a.density).then(a.position.cmp(&b.position)));
        let mut later = 0.0;
        for one in self.core.iter_mut().rev() {
            later += one.profit.max(0.0) * one.most as f64;
            one.later = later;
        }
        let core = std::mem::take(&mut self.core);
        let mut search = Search {
            instance,
            held,
            core: &core,
            multipliers: &self.multipliers,
            scale: scale_of(instance, shape),
            target,
            open: target,
            steps,
            chosen: &mut self.chosen,
            best: &mut self.best,
            found: false,
        };
        search.descend(0, &mut free, worth);
        let (found, best_worth, open) = (search.found, search.target, search.open);
        self.core = core;
        let best = found.then(|| pattern(held, values, &self.best));
        (best, open.max(best_worth))
    }
}

/// Branch and bound in the midst of its work.
struct Search<'a> {
    instance: &'a Instance,
    held: &'a Held,
    core: &'a [Core],
    multipliers: &'a [f64],
    /// By resource: scaled amount of one unit.
    scale: Vec<f64>,
    /// Worth of the best pattern so far, or what it has to exceed.
    target: f64,
    /// Upper bound of branches that were not looked at.
    open: f64,
    steps: &'a mut u32,
    chosen: &'a mut Vec<i64>,
    best: &'a mut Vec<i64>,
    found: bool,
}

impl Search<'_> {
    fn descend(&mut self, mut at: usize, free: &mut Vec<i64>, worth: f64) {
        if worth > self.target {
            self.target = worth;
            self.found = true;
            self.best.clear();
            self.best.extend_from_slice(self.chosen);
        }
        // Items that do not fit any more do not count.
        let one = loop {
            let Some(one) = self.core.get(at) else { return };
            let request = &self.instance.items[self.held.items[one.position] as usize].request;
            if fits(request, free) {
                break *one;
            }
            at += 1;
        };
        let room: f64 = (free.iter().zip(&self.scale).zip(self.multipliers))
            .map(|((free, scale), multiplier)| *free as f64 * scale * multiplier)
            .sum();
        let by_density = if one.density.is_finite() { room * one.density } else { f64::INFINITY };
        let upper = worth + (room + one.later).min(by_density);
        if upper <= self.target * (1.0 + EPSILON) {
            return;
        }
        if *self.steps == 0 {
            self.open = self.open.max(upper);
            return;
        }
        *self.steps -= 1;
        let request = &self.instance.items[self.held.items[one.position] as usize].request;
        let most = times_fitting(request, free).min(one.most);
        for pods in (0..=most).rev() {
            take(free, request, pods);
            self.chosen[one.position] = pods;
            self.descend(at + 1, free, worth + one.value * pods as f64);
            self.chosen[one.position] = 0;
            take(free, request, -pods);
        }
    }
}

fn scale_of(instance: &Instance, shape: usize) -> Vec<f64> {
    let amounts = instance.shapes[shape].room.iter().zip(instance.room(shape));
    amounts.map(|(amount, scaled)| scaled / (*amount).max(1) as f64).collect()
}
