//! Large-neighbourhood search (Shaw 1998): take some nodes away, pack their pods anew, keep what is
//! not dearer.
//!
//! Pods have values from linear programming; a node is suspicious by what it costs over what its
//! pods are worth, and suspicious nodes are taken first. The nodes are dealt out to a fixed number
//! of streams, each with its own random numbers, and dealt out anew between rounds; so the result
//! depends neither on the number of threads nor on their speed.

use rayon::prelude::*;

use crate::column::Instance;
use crate::pack::random::Random;
use crate::problem::dims::{fits, take, times_fitting};

/// Pods that share a node: item and number, ascending.
pub(crate) type Pods = Vec<(u32, i64)>;

/// A node to buy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bin {
    /// Index among the instance's shapes.
    pub(crate) shape: usize,
    pub(crate) pods: Pods,
}

/// What the search works on.
pub(crate) struct Board<'a, F> {
    pub(crate) instance: &'a Instance,
    /// By item: what a pod is worth, in micro-dollars an hour.
    pub(crate) values: &'a [f64],
    /// How many more pods of an item rules allow next to these.
    pub(crate) allowance: F,
    /// By item: whether that depends on other items.
    pub(crate) minds_others: &'a [bool],
    /// By shape: what a node takes of the limits of its pool, pool and resource being one index.
    pub(crate) limits: &'a [Vec<(usize, i64)>],
}

/// Streams into which the nodes are dealt out.
const STREAMS: usize = 8;

/// Fewer nodes than this stay together.
const STREAM_NODES_MIN: usize = 6;

/// Times that nodes are dealt out.
const ROUNDS: usize = 8;

/// Once so many different pods are taken away, no more nodes are.
const ITEMS_MAX: usize = 96;

/// Shapes that are tried for the same pods, at most and about.
const SHAPES_MAX: usize = 24;

/// Steps at most for every pair of nodes: more find little.
const STEPS_PER_PAIR: usize = 50;

/// How much the order of pods is disturbed at most.
const NOISE_MAX: f64 = 0.8;

/// Steps that a step costs more where an item depends on the others on its node.
const MINDING_COST: usize = 8;

/// Nodes taken away to make one of them, at most.
const MERGED_MAX: usize = 24;

/// Nodes taken away at once otherwise, at most.
const NODES_MAX: usize = 6;

impl<F: Fn(u32, &[(u32, i64)]) -> i64 + Sync> Board<'_, F> {
    /// Improves a packing in so many steps.
    pub(crate) fn improve(&self, mut bins: Vec<Bin>, steps: u32) -> Vec<Bin> {
        let mut random = Random::new(0x706c_696d);
        let steps = (steps as usize).min(bins.len() * bins.len() * STEPS_PER_PAIR);
        let (items, minding) =
            (self.minds_others.len(), self.minds_others.iter().filter(|minds| **minds).count());
        let steps = steps * items / (items + MINDING_COST * minding).max(1);
        for round in 0..ROUNDS {
            random.shuffle(&mut bins);
            let streams = (bins.len() / STREAM_NODES_MIN).clamp(1, STREAMS);
            let share = steps / ROUNDS / streams;
            let mut dealt: Vec<Vec<Bin>> = vec![Vec::new(); streams];
            for (at, bin) in bins.drain(..).enumerate() {
                dealt[at % streams].push(bin);
            }
            let improved: Vec<Vec<Bin>> = dealt
                .into_par_iter()
                .enumerate()
                .map(|(stream, bins)| {
                    let seed = (round * STREAMS + stream) as u64;
                    Stream::new(self, bins, Random::new(seed)).run(share)
                })
                .collect();
            bins = improved.into_iter().flatten().collect();
        }
        bins
    }

    /// Cost of a node less what its pods are worth.
    fn gap(&self, bin: &Bin) -> f64 {
        self.instance.shapes[bin.shape].cost as f64 - self.worth(&bin.pods)
    }

    fn worth(&self, pods: &[(u32, i64)]) -> f64 {
        pods.iter().map(|(item, pods)| self.values[*item as usize] * *pods as f64).sum()
    }
}

/// One stream of the search.
struct Stream<'a, F> {
    board: &'a Board<'a, F>,
    bins: Vec<Bin>,
    gaps: Vec<f64>,
    random: Random,
    /// Pods without a node, in the order in which they are tried.
    open: Vec<Open>,
    /// Requests of the open pods, by position, then resource.
    requests: Vec<i64>,
    /// Shapes that are tried.
    chosen: Vec<usize>,
    /// By position: pods of the best filling so far, and of the one in the making.
    best: Vec<i64>,
    counts: Vec<i64>,
    /// Pods of the one in the making.
    placed: Pods,
    free: Vec<i64>,
}

/// Pods of one item without a node.
#[derive(Clone, Copy, Debug)]
struct Open {
    item: u32,
    left: i64,
    value: f64,
    key: f64,
}

impl<'a, F: Fn(u32, &[(u32, i64)]) -> i64 + Sync> Stream<'a, F> {
    fn new(board: &'a Board<'a, F>, bins: Vec<Bin>, random: Random) -> Self {
        let gaps = bins.iter().map(|bin| board.gap(bin)).collect();
        Self {
            board,
            bins,
            gaps,
            random,
            open: Vec::new(),
            requests: Vec::new(),
            chosen: Vec::new(),
            best: Vec::new(),
            counts: Vec::new(),
            placed: Vec::new(),
            free: Vec::new(),
        }
    }

    fn run(mut self, steps: usize) -> Vec<Bin> {
        if !self.bins.is_empty() {
            (0..steps).for_each(|_| self.step());
        }
        self.bins
    }

    fn step(&mut self) {
        let taken = self.take_nodes();
        let before: i64 =
            taken.iter().map(|at| self.board.instance.shapes[self.bins[*at].shape].cost).sum();
        self.open_pods(&taken);
        let Some(rebuilt) = self.rebuild(before) else { return };
        if !self.within_limits(&taken, &rebuilt) {
            return;
        }
        for at in taken {
            self.bins.swap_remove(at);
            self.gaps.swap_remove(at);
        }
        for bin in rebuilt {
            self.gaps.push(self.board.gap(&bin));
            self.bins.push(bin);
        }
    }

    /// Positions of nodes to take away, descending; of three that come up, the one whose pods are
    /// worth least for its cost.
    fn take_nodes(&mut self) -> Vec<usize> {
        let (nodes_max, cost_max) = self.how_many();
        let mut taken: Vec<usize> = Vec::with_capacity(nodes_max);
        let (mut items, mut cost) = (0, 0);
        for _ in 0..nodes_max {
            if items > ITEMS_MAX && !taken.is_empty() || cost >= cost_max {
                break;
            }
            let mut worst = self.random.below(self.bins.len());
            for _ in 0..2 {
                let other = self.random.below(self.bins.len());
                if self.gaps[other] > self.gaps[worst] {
                    worst = other;
                }
            }
            if !taken.contains(&worst) {
                items += self.bins[worst].pods.len();
                cost += self.board.instance.shapes[self.bins[worst].shape].cost;
                taken.push(worst);
            }
        }
        taken.sort_unstable_by(|a, b| b.cmp(a));
        taken
    }

    /// How many nodes to take away: a few, or as many as may make one node of some shape.
    fn how_many(&mut self) -> (usize, i64) {
        if self.random.below(2) == 0 {
            return (1 + self.random.below(NODES_MAX), i64::MAX);
        }
        let shapes = &self.board.instance.shapes;
        let cost = shapes[self.random.below(shapes.len())].cost as f64;
        (MERGED_MAX, (cost * (1.0 + self.random.unit())) as i64)
    }

    /// Takes the pods off these nodes, and orders them by value, disturbed at random.
    fn open_pods(&mut self, taken: &[usize]) {
        let mut pods: Pods =
            taken.iter().flat_map(|at| self.bins[*at].pods.iter().copied()).collect();
        pods.sort_unstable();
        pods.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 += next.1;
            }
            same
        });
        let noise = self.random.unit() * NOISE_MAX;
        let by_density = self.random.below(2) == 0;
        self.open.clear();
        for (item, left) in pods {
            let value = self.board.values[item as usize];
            let size = if by_density {
                let amounts = self.board.instance.request(item).iter();
                amounts.copied().fold(1e-9, f64::max).sqrt()
            } else {
                1.0
            };
            let key = value / size * (1.0 + noise * (self.random.unit() - 0.5));
            self.open.push(Open { item, left, value, key });
        }
        self.open.sort_by(|a, b| b.key.total_cmp(&a.key).then(a.item.cmp(&b.item)));
        self.list_requests();
    }

    fn list_requests(&mut self) {
        self.requests.clear();
        for one in &self.open {
            self.requests.extend_from_slice(&self.board.instance.items[one.item as usize].request);
        }
    }

    /// Packs the open pods, for no more than `most`.
    fn rebuild(&mut self, most: i64) -> Option<Vec<Bin>> {
        let shapes = &self.board.instance.shapes;
        self.choose_shapes();
        let mut built = Vec::new();
        let mut cost = 0;
        while !self.open.is_empty() {
            let mut best: Option<(f64, usize)> = None;
            for at in 0..self.chosen.len() {
                let shape = self.chosen[at];
                let ratio = self.fill(shape) / shapes[shape].cost as f64;
                if ratio > best.map_or(0.0, |(best, _)| best) {
                    best = Some((ratio, shape));
                    std::mem::swap(&mut self.best, &mut self.counts);
                }
            }
            let Some((_, shape)) = best else {
                if self.chosen.len() == shapes.len() {
                    return None;
                }
                self.chosen.clear();
                self.chosen.extend(0..shapes.len());
                continue;
            };
            let bin = self.close(shape);
            cost += shapes[bin.shape].cost;
            if cost > most {
                return None;
            }
            built.push(bin);
        }
        Some(built)
    }

    fn choose_shapes(&mut self) {
        let all = self.board.instance.shapes.len();
        let share = self.random.unit() * (SHAPES_MAX as f64 / all as f64).min(1.0);
        self.chosen.clear();
        for shape in 0..all {
            if self.random.unit() < share {
                self.chosen.push(shape);
            }
        }
    }

    /// Takes the open pods in order, as many of each as fit, into `counts`; returns their worth.
    fn fill(&mut self, shape: usize) -> f64 {
        let Self { board, open, requests, counts, placed, free, .. } = self;
        let one = &board.instance.shapes[shape];
        free.clear();
        free.extend_from_slice(&one.room);
        counts.clear();
        counts.resize(open.len(), 0);
        placed.clear();
        let mut worth = 0.0;
        let dims = free.len();
        for (at, request) in requests.chunks_exact(dims).enumerate() {
            if !fits(request, free) {
                continue;
            }
            let Open { item, left, value, .. } = open[at];
            if !one.groups.contains(board.instance.items[item as usize].group) {
                continue;
            }
            let mut times = if left == 1 { 1 } else { times_fitting(request, free).min(left) };
            times = times.min(board.instance.items[item as usize].per_node);
            if board.minds_others[item as usize] {
                times = times.min((board.allowance)(item, placed));
            }
            take(free, request, times);
            counts[at] = times;
            if times > 0 {
                placed.push((item, times));
            }
            worth += value * times as f64;
        }
        // Pods that ask for nothing that has a price have to go somewhere too.
        if counts.iter().any(|count| *count > 0) { worth.max(f64::MIN_POSITIVE) } else { 0.0 }
    }

    /// Makes a node of the best filling: of its shape, or of the cheapest that holds the same.
    fn close(&mut self, shape: usize) -> Bin {
        let filled = self.open.iter_mut().zip(&self.best).filter(|(_, count)| **count > 0);
        let mut pods: Pods = Vec::new();
        for (one, count) in filled {
            one.left -= count;
            pods.push((one.item, *count));
        }
        self.open.retain(|one| one.left > 0);
        self.list_requests();
        pods.sort_unstable();
        Bin { shape: self.cheapest_holding(&pods).unwrap_or(shape), pods }
    }

    fn cheapest_holding(&self, pods: &Pods) -> Option<usize> {
        let instance = self.board.instance;
        let mut asked = vec![0; instance.dims];
        for (item, pods) in pods {
            take(&mut asked, &instance.items[*item as usize].request, -pods);
        }
        (0..instance.shapes.len()).find(|shape| {
            let one = &instance.shapes[*shape];
            fits(&asked, &one.room)
                && pods
                    .iter()
                    .all(|(item, _)| one.groups.contains(instance.items[*item as usize].group))
        })
    }

    /// Whether the new nodes take no more of any limit than those taken away.
    fn within_limits(&self, taken: &[usize], rebuilt: &[Bin]) -> bool {
        let limits = self.board.limits;
        let mut change: Vec<(usize, i64)> = Vec::new();
        let mut add = |shape: usize, sign: i64| {
            for (limit, amount) in &limits[shape] {
                match change.iter_mut().find(|(one, _)| one == limit) {
                    Some((_, sum)) => *sum += sign * amount,
                    None => change.push((*limit, sign * amount)),
                }
            }
        };
        for at in taken {
            add(self.bins[*at].shape, -1);
        }
        for bin in rebuilt {
            add(bin.shape, 1);
        }
        change.iter().all(|(_, amount)| *amount <= 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::{Item, Shape};
    use crate::problem::BitSet;

    /// Items of these sizes, five pods each, and shapes by room and cost.
    fn instance(sizes: &[i64], shapes: &[(i64, i64)]) -> Instance {
        let mut groups = BitSet::new(1);
        groups.insert(0);
        let item =
            |size: &i64| Item { request: vec![*size], pods: 5, per_node: i64::MAX, group: 0 };
        let shape = |(room, cost): &(i64, i64)| Shape {
            cost: *cost,
            room: vec![*room],
            groups: groups.clone(),
        };
        Instance::new(sizes.iter().map(item).collect(), shapes.iter().map(shape).collect())
    }

    /// Every pod on a node of its own.
    fn apart(instance: &Instance) -> Vec<Bin> {
        let items = instance.items.iter().enumerate();
        let alone = |(item, one): (usize, &Item)| {
            (0..one.pods).map(move |_| Bin { shape: 0, pods: vec![(item as u32, 1)] })
        };
        items.flat_map(alone).collect()
    }

    fn improve(instance: &Instance, per_node: i64, limits: &[Vec<(usize, i64)>]) -> Vec<Bin> {
        let values: Vec<f64> =
            instance.items.iter().map(|item| item.request[0] as f64 * 10.0).collect();
        let board = Board {
            instance,
            values: &values,
            allowance: |item, pods: &[(u32, i64)]| {
                let present = pods.iter().find(|(other, _)| *other == item);
                per_node - present.map_or(0, |(_, pods)| *pods)
            },
            minds_others: &vec![per_node < i64::MAX; values.len()],
            limits,
        };
        board.improve(apart(instance), 10_000)
    }

    fn cost(instance: &Instance, bins: &[Bin]) -> i64 {
        bins.iter().map(|bin| instance.shapes[bin.shape].cost).sum()
    }

    const NO_LIMITS: [Vec<(usize, i64)>; 2] = [Vec::new(), Vec::new()];

    #[test]
    fn pods_that_fit_together_share_a_node() {
        let instance = instance(&[6, 4], &[(10, 100), (12, 130)]);
        let bins = improve(&instance, i64::MAX, &NO_LIMITS);
        assert_eq!(cost(&instance, &bins), 500);
        assert!(bins.iter().all(|bin| bin.pods == [(0, 1), (1, 1)]));
    }

    #[test]
    fn rules_about_single_nodes_are_kept() {
        let instance = instance(&[2, 3], &[(10, 100), (20, 200)]);
        let bins = improve(&instance, 1, &NO_LIMITS);
        assert!(bins.iter().flat_map(|bin| &bin.pods).all(|(_, pods)| *pods == 1));
        assert_eq!(bins.len(), 5);
    }

    #[test]
    fn limits_are_taken_no_more_than_before() {
        // Two small nodes are cheaper than one large one, and take more of the limit than it has.
        let instance = instance(&[5], &[(10, 100), (5, 10)]);
        let needs = [vec![(0, 1)], vec![(0, 3)]];
        let bins = improve(&instance, i64::MAX, &needs);
        let taken: i64 = bins.iter().map(|bin| needs[bin.shape][0].1).sum();
        assert!(taken <= 5, "{taken}");
        assert!(cost(&instance, &bins) < 500);
    }

    #[test]
    fn the_same_search_ends_the_same() {
        let instance = instance(&[2, 3, 5, 7], &[(10, 100), (17, 160)]);
        assert_eq!(
            improve(&instance, i64::MAX, &NO_LIMITS),
            improve(&instance, i64::MAX, &NO_LIMITS)
        );
    }
}
