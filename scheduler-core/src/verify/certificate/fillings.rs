//! The fillings of one offering, divided into parts and bounded part by part.

use super::kinds::{Items, Kinds};
use super::knapsack::{take, upper_bound};
use super::offered::Offered;
use super::simplex::{Node, Optimum, Simplex};

/// What can be put on a node of one offering.
#[derive(Debug)]
pub(super) struct Fillings {
    room: Vec<i64>,
    /// Kinds of which at least one pod fits.
    items: Items,
    /// Most pods of each.
    most: Vec<i64>,
    simplex: Simplex,
    /// Items by what they are worth beyond the room that they take, the best first.
    best_first: Vec<usize>,
    lower: Vec<i64>,
    upper: Vec<i64>,
}

/// A limit on the pods of an item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) item: usize,
    pub(super) side: Side,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    AtLeast(i64),
    AtMost(i64),
}

/// What is known about a part of the fillings once it has been looked at.
#[derive(Debug)]
pub(super) struct Look {
    /// No filling in this part is worth more.
    pub(super) bound: i128,
    /// One is worth this.
    pub(super) reached: i64,
    /// Two limits of which every filling keeps one, and which leave the optimum of the program
    /// out; `None` if it is whole.
    pub(super) halves: Option<[Limit; 2]>,
    /// Work done, in items looked at.
    pub(super) work: usize,
}

/// How many pods of an item a filling is to have.
#[derive(Clone, Copy, Debug)]
enum Wanted {
    InAll(i64),
    More(i64),
}

/// A pod count as near to a whole number as this is whole.
const WHOLE: f64 = 1e-6;

impl Fillings {
    pub(super) fn new(kinds: &Kinds<'_>, offered: &Offered) -> Self {
        let most = |kind: &usize| kinds.most(*kind, &offered.room, &offered.admitted);
        let fitting: Vec<usize> = (0..kinds.items.len()).filter(|kind| most(kind) > 0).collect();
        let items = kinds.items.only(&fitting);
        Self {
            room: offered.room.clone(),
            simplex: Simplex::new(&items, &offered.room),
            most: fitting.iter().map(most).collect(),
            best_first: Vec::new(),
            lower: vec![0; items.len()],
            upper: vec![0; items.len()],
            items,
        }
    }

    /// Looks at the fillings that keep to these limits. `None` if there are none.
    pub(super) fn look(&mut self, limits: impl Iterator<Item = Limit>) -> Option<Look> {
        if !self.keep_to(limits) {
            return None;
        }
        let node = Node { room: &self.room, lower: &self.lower, upper: &self.upper };
        let optimum = self.simplex.solve(node);
        let bound = upper_bound(&self.items, &optimum.multipliers, node);
        if self.best_first.is_empty() {
            self.best_first = best_first(&self.items, &optimum);
        }
        Some(Look {
            bound,
            reached: self.filling(&optimum),
            halves: self.halves(&optimum),
            work: self.items.len() * (optimum.pivots + 2),
        })
    }

    fn keep_to(&mut self, limits: impl Iterator<Item = Limit>) -> bool {
        self.lower.fill(0);
        self.upper.clone_from(&self.most);
        for limit in limits {
            let (lower, upper) = (&mut self.lower[limit.item], &mut self.upper[limit.item]);
            match limit.side {
                Side::AtLeast(pods) => *lower = pods.max(*lower),
                Side::AtMost(pods) => *upper = pods.min(*upper),
            }
        }
        let mut rest = self.room.clone();
        let mut wanted = self.lower.iter().zip(&self.upper).enumerate();
        wanted.all(|(item, (lower, upper))| {
            lower <= upper && (*lower == 0 || take(&self.items, item, *lower, &mut rest))
        })
    }

    /// The value of a filling close to the optimum of the program.
    fn filling(&self, optimum: &Optimum) -> i64 {
        let mut rest = self.room.clone();
        let mut pods = self.lower.clone();
        let mut value: i64 =
            pods.iter().zip(&self.items.values).map(|(pods, one)| pods * one).sum();
        for (item, lower) in self.lower.iter().enumerate().filter(|(_, lower)| **lower > 0) {
            take(&self.items, item, *lower, &mut rest);
        }
        let mut put = |item: usize, wanted: Wanted, rest: &mut [i64]| {
            let open = self.upper[item] - pods[item];
            let more = match wanted {
                Wanted::InAll(number) => open.min(number - pods[item]),
                Wanted::More(number) => open.min(number),
            };
            if more > 0 && take(&self.items, item, more, rest) {
                pods[item] += more;
                value += more * self.items.values[item];
            }
        };
        for item in 0..self.items.len() {
            if self.simplex.is_at_upper(item) {
                put(item, Wanted::InAll(self.upper[item]), &mut rest);
            }
        }
        for (item, amount) in &optimum.basic {
            put(*item, Wanted::InAll((amount + WHOLE).floor() as i64), &mut rest);
        }
        // What is left over holds a few more.
        for item in &self.best_first {
            let request = self.items.request(*item).iter().zip(&rest);
            let fit = request.filter(|(asked, _)| **asked > 0).map(|(asked, there)| there / asked);
            let fit = fit.min().unwrap_or(self.upper[*item]);
            put(*item, Wanted::More(fit), &mut rest);
        }
        value
    }

    /// Divides at the item whose number of pods is furthest from whole, by value.
    fn halves(&self, optimum: &Optimum) -> Option<[Limit; 2]> {
        let broken = optimum.basic.iter().filter_map(|(item, pods)| {
            let part = pods - pods.floor();
            let off = part.min(1.0 - part);
            let within = (self.lower[*item] as f64..self.upper[*item] as f64).contains(pods);
            let weight = off * self.items.values[*item] as f64;
            (off > WHOLE && within).then_some((*item, pods.floor() as i64, weight))
        });
        let most = broken.max_by(|a, b| a.2.total_cmp(&b.2).then(b.0.cmp(&a.0)));
        most.map(|(item, pods, _)| {
            [Side::AtMost(pods), Side::AtLeast(pods + 1)].map(|side| Limit { item, side })
        })
    }
}

/// Items that ask for nothing scarce first, then by value over the value of the room they take.
fn best_first(items: &Items, optimum: &Optimum) -> Vec<usize> {
    let density = |item: &usize| {
        let asked = items.request(*item).iter().zip(&optimum.multipliers);
        let cost: f64 = asked.map(|(asked, one)| *asked as f64 * *one as f64).sum();
        items.values[*item] as f64 / cost.max(1.0)
    };
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by(|a, b| density(b).total_cmp(&density(a)).then(a.cmp(b)));
    order
}
