//! Rows of the master program: many different items as fewer, each standing for a cluster of
//! similar ones.
//!
//! A master program with a row for each of thousands of items is slow, and items that differ by a
//! few per cent are worth nearly the same. So clusters are priced, by the mean of their items, and
//! an item's value is its cluster's, corrected by the prices of resources at which the cluster's
//! pods are used. Values found in this way are as good as any others for a proof: it looks at
//! every item.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::generate::Generated;
use super::instance::{Instance, Item};
use super::knapsack::Knapsack;

/// Rows at most: more different items are looked at in clusters.
const ROWS_MAX: usize = 120;

/// Which row stands for an item.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rows {
    /// By item: its row.
    pub(crate) of: Vec<usize>,
    /// Whether a row can stand for several items.
    clustered: bool,
}

/// What column generation found, for a problem that may be nearly the same.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hints {
    /// By item: its class.
    pub(crate) classes: Vec<usize>,
    pub(crate) rows: Rows,
    /// By row: what a pod is worth, in micro-dollars an hour.
    pub(crate) values: Vec<f64>,
    /// Shapes of the table, and pods by row.
    pub(crate) columns: Vec<(usize, Vec<(u32, i64)>)>,
}

/// Items in the making of clusters.
struct Part {
    items: Vec<u32>,
    /// How much splitting it would help.
    spread: f64,
    /// The resource in which its items differ most.
    dim: usize,
}

impl Rows {
    /// The rows of an instance; `values` say how much an item matters.
    pub(crate) fn new(instance: &Instance, values: &[f64]) -> Self {
        if instance.items.len() <= ROWS_MAX {
            return Self { of: (0..instance.items.len()).collect(), clustered: false };
        }
        let mut by_kind: BTreeMap<(usize, bool), Vec<u32>> = BTreeMap::new();
        for (index, item) in instance.items.iter().enumerate() {
            by_kind.entry((item.group, item.per_node == 1)).or_default().push(index as u32);
        }
        let mut parts: Vec<Part> =
            by_kind.into_values().map(|items| Part::new(instance, values, items)).collect();
        while parts.len() < ROWS_MAX {
            let widest = (0..parts.len())
                .max_by(|a, b| parts[*a].spread.total_cmp(&parts[*b].spread).then(b.cmp(a)));
            let Some(widest) = widest.filter(|at| parts[*at].spread > 0.0) else { break };
            let part = parts.swap_remove(widest);
            let (low, high) = split(instance, values, part);
            parts.push(Part::new(instance, values, low));
            parts.push(Part::new(instance, values, high));
        }
        let mut of = vec![0; instance.items.len()];
        for (row, part) in parts.iter().enumerate() {
            part.items.iter().for_each(|item| of[*item as usize] = row);
        }
        Self { of, clustered: true }
    }

    /// Whether every item has a row of its own.
    pub(crate) fn are_items(&self) -> bool {
        !self.clustered
    }

    /// The rows as items.
    pub(crate) fn instance<'i>(&self, instance: &'i Instance) -> Cow<'i, Instance> {
        if !self.clustered {
            return Cow::Borrowed(instance);
        }
        let rows = self.of.iter().max().map_or(0, |last| last + 1);
        let mut members: Vec<Vec<u32>> = vec![Vec::new(); rows];
        for (item, row) in self.of.iter().enumerate() {
            members[*row].push(item as u32);
        }
        let items = members.iter().map(|members| mean(instance, members)).collect();
        Cow::Owned(instance.with_items(items))
    }

    /// Values of the rows from those of the items.
    pub(crate) fn means(&self, instance: &Instance, values: &[f64]) -> Vec<f64> {
        let rows = self.of.iter().max().map_or(0, |last| last + 1);
        let mut sums = vec![(0.0, 0.0); rows];
        for ((row, value), item) in self.of.iter().zip(values).zip(&instance.items) {
            sums[*row].0 += value * item.pods as f64;
            sums[*row].1 += item.pods as f64;
        }
        sums.into_iter().map(|(sum, pods)| sum / f64::max(pods, 1.0)).collect()
    }

    /// Values of the items from those found for the rows, which are `by_row`.
    pub(crate) fn spread(
        &self,
        instance: &Instance,
        by_row: &Instance,
        found: &Generated,
    ) -> Vec<f64> {
        if !self.clustered {
            return found.values.clone();
        }
        let dims = instance.dims;
        let mut slopes = vec![0.0; by_row.items.len() * dims];
        let mut weights = vec![0.0; by_row.items.len()];
        let mut knapsack = Knapsack::default();
        for (column, level) in &found.mixture {
            knapsack.relax(by_row, column.shape, &found.values);
            for (row, pods) in &column.pods {
                // Rows after the items stand for nodes that are there already.
                if *row as usize >= by_row.items.len() {
                    continue;
                }
                let (row, weight) = (*row as usize, level * *pods as f64);
                weights[row] += weight;
                let slope = &mut slopes[row * dims..(row + 1) * dims];
                let pairs = slope.iter_mut().zip(&knapsack.multipliers);
                pairs.for_each(|(slope, multiplier)| *slope += weight * multiplier);
            }
        }
        let value = |(index, row): (usize, &usize)| {
            let mean = by_row.request(*row as u32);
            let slope = &slopes[row * dims..(row + 1) * dims];
            let pairs = instance.request(index as u32).iter().zip(mean).zip(slope);
            let correction: f64 = pairs.map(|((own, mean), slope)| (own - mean) * slope).sum();
            (found.values[*row] + correction / weights[*row].max(1e-9)).max(0.0)
        };
        self.of.iter().enumerate().map(value).collect()
    }
}

impl Part {
    fn new(instance: &Instance, values: &[f64], items: Vec<u32>) -> Self {
        let weight: f64 = items
            .iter()
            .map(|item| values[*item as usize] * instance.items[*item as usize].pods as f64)
            .sum();
        let mut widest = (0.0, 0);
        for dim in 0..instance.dims {
            let amounts = items.iter().map(|item| instance.request(*item)[dim].max(1e-6));
            let (least, most) =
                amounts.fold((f64::INFINITY, 0.0_f64), |(a, b), one| (a.min(one), b.max(one)));
            let width = (most / least).ln();
            if width > widest.0 {
                widest = (width, dim);
            }
        }
        Self { items, spread: widest.0 * weight, dim: widest.1 }
    }
}

/// Halves a part in the resource in which its items differ most, by what they are worth.
fn split(instance: &Instance, values: &[f64], part: Part) -> (Vec<u32>, Vec<u32>) {
    let Part { mut items, dim, .. } = part;
    items.sort_by(|a, b| {
        instance.request(*a)[dim].total_cmp(&instance.request(*b)[dim]).then(a.cmp(b))
    });
    let worth = |item: &u32| values[*item as usize] * instance.items[*item as usize].pods as f64;
    let half: f64 = items.iter().map(worth).sum::<f64>() / 2.0;
    let mut sum = 0.0;
    let mut cut = 1;
    for (at, item) in items.iter().enumerate() {
        sum += worth(item);
        if sum > half {
            cut = at;
            break;
        }
    }
    // Equal amounts stay together.
    let amount = |at: usize| instance.request(items[at])[dim];
    let mut cut = cut.clamp(1, items.len() - 1);
    while cut < items.len() - 1 && amount(cut) <= amount(cut - 1) {
        cut += 1;
    }
    while cut > 1 && amount(cut) <= amount(cut - 1) {
        cut -= 1;
    }
    let high = items.split_off(cut);
    (items, high)
}

/// The items of a cluster as one.
fn mean(instance: &Instance, members: &[u32]) -> Item {
    let items = members.iter().map(|item| &instance.items[*item as usize]);
    let pods: i64 = items.clone().map(|item| item.pods).sum();
    let request = (0..instance.dims).map(|dim| {
        let sum: i128 =
            items.clone().map(|item| i128::from(item.request[dim]) * i128::from(item.pods)).sum();
        (sum / i128::from(pods.max(1))) as i64
    });
    let first = &instance.items[members[0] as usize];
    Item { request: request.collect(), pods, per_node: first.per_node, group: first.group }
}
