//! Pods and what can be bought for them from pools of one weight: the packing problem proper.

use std::collections::BTreeMap;

use crate::bound::FRACTION_BITS;
use crate::bound::relaxation::{Item, relaxation};
use crate::column::generate::{Generated, generate};
use crate::column::integer;
use crate::column::master::Column;
use crate::column::rows::{Hints, Rows};
use crate::column::{self, Instance};
use crate::pack::candidates::{Candidate, Flexibility, Sale, Worth as By, candidates};
use crate::pack::greedy::{self, Start};
use crate::pack::improve::{Bin, Board};
use crate::pack::limits::Limits;
use crate::pack::parts::Part;
use crate::pack::round::Rounding;
use crate::pack::topology::allowance;
use crate::problem::dims::fits;
use crate::problem::{BitSet, Problem};

/// Items are the parts that some candidate holds, numbered anew.
pub(crate) struct Tier<'a, 'p> {
    pub(crate) problem: &'a Problem<'p>,
    /// By item: its part.
    pub(crate) part_of: Vec<usize>,
    /// By item: its class.
    pub(crate) class_of: Vec<usize>,
    /// By item: pods.
    pub(crate) pods: Vec<i64>,
    /// By item: group of shapes.
    pub(crate) group_of: Vec<usize>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) limits: Limits,
}

/// What things are worth by the fluid relaxation, in 2⁻¹⁶ micro-dollars an hour.
pub(crate) struct Worth {
    /// A pod, by item and resource.
    pub(crate) by_resource: Vec<Vec<i64>>,
    /// All pods that a node holds, by candidate, at most.
    pub(crate) most: Vec<i128>,
}

/// Nodes for a tier.
pub(crate) struct Packed {
    /// Their shapes are numbers of candidates.
    pub(crate) bins: Vec<Bin>,
    /// Fillings that were built.
    pub(crate) patterns: usize,
    /// What column generation found, if it was asked.
    pub(crate) hints: Option<Hints>,
}

/// With so few items at most, a restricted integer master is tried, with so many of the patterns
/// that were found last.
const INTEGER_ITEMS_MAX: usize = 24;
const INTEGER_COLUMNS_MAX: usize = 100;

/// Levels so far below a whole number are rounded up to it; each is tried, since few nodes may be
/// better bought by the mixture's patterns and many by the greedy.
const ROUNDED_UP: [f64; 4] = [1e-6, 0.3, 0.4, 0.5];

impl<'a, 'p> Tier<'a, 'p> {
    /// The problem of these parts with what these pools offer; `None` if no pod waits.
    pub(crate) fn new(
        problem: &'a Problem<'p>,
        parts: &[Part],
        limits: Limits,
        offers: (Sale, Flexibility, impl Fn(usize) -> bool),
    ) -> Option<Self> {
        let waiting: Vec<usize> = (0..parts.len()).filter(|part| parts[*part].left > 0).collect();
        if waiting.is_empty() {
            return None;
        }
        let (groups, group_of) = groups(parts, &waiting);
        let candidates = candidates(problem, &groups, By::Decision, offers);
        let mut tier = Self {
            problem,
            part_of: Vec::new(),
            class_of: Vec::new(),
            pods: Vec::new(),
            group_of: Vec::new(),
            candidates,
            limits,
        };
        for (part, group) in waiting.into_iter().zip(group_of) {
            let request = &problem.classes[parts[part].class].request;
            let holds = |one: &Candidate| {
                one.groups.contains(group) && fits(request, problem.room(one.shape))
            };
            if tier.candidates.iter().any(holds) {
                tier.part_of.push(part);
                tier.class_of.push(parts[part].class);
                tier.pods.push(parts[part].left);
                tier.group_of.push(group);
            }
        }
        Some(tier)
    }

    /// Packs the pods: the first answer, and in so many steps a better one.
    pub(crate) fn pack(&self, steps: u32) -> Packed {
        let worth = self.worth();
        let (left, limits) = (self.pods.clone(), self.limits.clone());
        let start = if steps == 0 { Start::Guessed } else { Start::Filled };
        let (bins, patterns) = greedy::buy(self, &worth, left, limits, start);
        let mut packed = Packed { bins, patterns, hints: None };
        if steps > 0 && !packed.bins.is_empty() {
            self.refine(&mut packed, &worth, steps);
        }
        packed
    }

    fn refine(&self, packed: &mut Packed, worth: &Worth, steps: u32) {
        let instance = self.instance();
        let unit = f64::from(1 << FRACTION_BITS);
        let totals = worth.by_resource.iter().map(|parts| parts.iter().sum::<i64>());
        let fluid: Vec<f64> = totals.map(|total| total as f64 / unit).collect();
        let rows = Rows::new(&instance, &fluid);
        let first = rows.means(&instance, &fluid);
        let found = generate(&rows.instance(&instance), (&first, Vec::new()));
        packed.patterns += found.columns.len();
        for up in ROUNDED_UP {
            let (rounded, patterns) = self.rounded(&instance, (&rows, &found), (&fluid, worth), up);
            packed.patterns += patterns;
            self.keep_better(packed, rounded);
        }
        if instance.items.len() <= INTEGER_ITEMS_MAX
            && let Some(whole) = self.whole(&found, packed)
        {
            self.keep_better(packed, whole);
        }
        let minds: Vec<bool> =
            self.class_of.iter().map(|class| self.problem.minds_others(*class)).collect();
        let shapes = self.candidates.iter().map(|one| one.shape);
        let limits: Vec<_> = shapes.map(|one| self.limits.needs(self.problem, one)).collect();
        let board = Board {
            instance: &instance,
            values: &fluid,
            allowance: |item, pods: &[(u32, i64)]| self.allowance(item, pods),
            minds_others: &minds,
            limits: &limits,
        };
        packed.bins = board.improve(std::mem::take(&mut packed.bins), steps);
        packed.hints = Some(self.hints(rows, found));
    }

    /// The cheapest packing that patterns found so far can make, if it is cheaper than the present
    /// one.
    fn whole(&self, found: &Generated, packed: &Packed) -> Option<Vec<Bin>> {
        let bins = &packed.bins;
        let cost_of = |bin: &Bin| self.candidates[bin.shape].cost;
        let mut columns: Vec<Column> = found.mixture.iter().map(|(one, _)| one.clone()).collect();
        columns.extend(bins.iter().map(|bin| Column {
            shape: bin.shape,
            cost: cost_of(bin) as f64,
            pods: bin.pods.clone(),
        }));
        columns.extend(found.columns.iter().rev().take(INTEGER_COLUMNS_MAX).cloned());
        columns.sort_by(|a, b| (a.shape, &a.pods).cmp(&(b.shape, &b.pods)));
        columns.dedup();
        columns.retain(|one| self.rules_allow(&one.pods));
        let present: i64 = bins.iter().map(cost_of).sum();
        let levels = integer::solve(&columns, &self.pods, present as f64)?;
        let mut left = self.pods.clone();
        let mut limits = self.limits.clone();
        let mut whole = Vec::new();
        for (column, level) in columns.iter().zip(levels) {
            let shape = self.candidates[column.shape].shape;
            for _ in 0..level {
                // Patterns may cover more pods than there are.
                let mut pods = column.pods.clone();
                for (item, number) in &mut pods {
                    *number = (*number).min(left[*item as usize]);
                    left[*item as usize] -= *number;
                }
                pods.retain(|(_, number)| *number > 0);
                if !limits.allow(self.problem, shape) {
                    return None;
                }
                if !pods.is_empty() {
                    limits.take(self.problem, &[shape]);
                    whole.push(Bin { shape: column.shape, pods });
                }
            }
        }
        Some(whole)
    }

    /// What is found, in classes and in shapes of the table.
    fn hints(&self, rows: Rows, found: Generated) -> Hints {
        let columns = found.columns.into_iter();
        Hints {
            classes: self.class_of.clone(),
            values: found.values,
            columns: columns.map(|one| (self.candidates[one.shape].shape, one.pods)).collect(),
            rows,
        }
    }

    fn keep_better(&self, packed: &mut Packed, others: Vec<Bin>) {
        let cost =
            |bins: &[Bin]| -> i64 { bins.iter().map(|bin| self.candidates[bin.shape].cost).sum() };
        if self.places_as_many(&others, &packed.bins) && cost(&others) < cost(&packed.bins) {
            packed.bins = others;
        }
    }

    /// Whole nodes of the mixture, levels rounded up from so far below, and the rest by the greedy.
    fn rounded(
        &self,
        instance: &Instance,
        (rows, found): (&Rows, &Generated),
        (fluid, worth): (&[f64], &Worth),
        up: f64,
    ) -> (Vec<Bin>, usize) {
        let mut rounding = Rounding::new(instance, &rows.of, fluid);
        let mut limits = self.limits.clone();
        let mut bins = Vec::new();
        for (column, level) in &found.mixture {
            let shape = self.candidates[column.shape].shape;
            for _ in 0..(level + up).floor() as i64 {
                let Some(bin) = rounding.node(column) else { break };
                if !self.rules_allow(&bin.pods) || !limits.allow(self.problem, shape) {
                    rounding.give_back(&bin);
                    break;
                }
                limits.take(self.problem, &[shape]);
                bins.push(bin);
            }
        }
        let (rest, patterns) = greedy::buy(self, worth, rounding.left, limits, Start::Filled);
        bins.extend(rest);
        (bins, patterns)
    }

    fn rules_allow(&self, pods: &[(u32, i64)]) -> bool {
        (0..pods.len()).all(|at| {
            let (item, count) = pods[at];
            !self.problem.is_limited(self.class_of[item as usize])
                || self.allowance(item, &pods[..at]) >= count
        })
    }

    fn allowance(&self, item: u32, pods: &[(u32, i64)]) -> i64 {
        let contents = pods.iter().map(|(item, pods)| (self.class_of[*item as usize], *pods));
        allowance(self.problem, self.class_of[item as usize], contents)
    }

    fn places_as_many(&self, bins: &[Bin], others: &[Bin]) -> bool {
        let mut pods = vec![0; self.pods.len()];
        let mut count = |bins: &[Bin], sign: i64| {
            for (item, number) in bins.iter().flat_map(|bin| &bin.pods) {
                pods[*item as usize] += sign * number;
            }
        };
        count(bins, 1);
        count(others, -1);
        pods.iter().all(|one| *one == 0)
    }

    fn instance(&self) -> Instance {
        let items = self.class_of.iter().enumerate().map(|(item, class)| column::Item {
            request: self.problem.classes[*class].request.clone(),
            pods: self.pods[item],
            per_node: if self.problem.is_limited(*class) {
                allowance(self.problem, *class, std::iter::empty())
            } else {
                i64::MAX
            },
            group: self.group_of[item],
        });
        let shapes = self.candidates.iter().map(|one| column::Shape {
            cost: one.cost,
            room: self.problem.room(one.shape).to_vec(),
            groups: one.groups.clone(),
        });
        Instance::new(items.collect(), shapes.collect())
    }

    fn worth(&self) -> Worth {
        let requests = self.class_of.iter().map(|class| &self.problem.classes[*class].request);
        let items: Vec<Item<'_>> = requests
            .zip(&self.pods)
            .zip(&self.group_of)
            .map(|((request, pods), group)| Item { request, pods: *pods, group: *group })
            .collect();
        let (fluid, demand, group_of) = relaxation(self.problem, &self.candidates, &items);
        let duals = fluid.solve(&demand);
        let value =
            |(item, one): (usize, &Item<'_>)| fluid.value(&duals, group_of[item], one.request);
        Worth {
            by_resource: items.iter().enumerate().map(value).collect(),
            most: fluid.loads(&duals).collect(),
        }
    }
}

/// Distinct sets of shapes, and the set of each waiting part.
fn groups(parts: &[Part], waiting: &[usize]) -> (Vec<BitSet>, Vec<usize>) {
    let mut numbers: BTreeMap<&BitSet, usize> = BTreeMap::new();
    let mut groups = Vec::new();
    let mut group_of = Vec::with_capacity(waiting.len());
    for part in waiting {
        let shapes = &parts[*part].shapes;
        group_of.push(*numbers.entry(shapes).or_insert_with(|| {
            groups.push(shapes.as_ref().clone());
            groups.len() - 1
        }));
    }
    (groups, group_of)
}
