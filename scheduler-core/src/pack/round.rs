//! Whole nodes out of a mixture of patterns.

use crate::column::Instance;
use crate::column::master::Column;
use crate::pack::improve::Bin;
use crate::problem::dims::{fits, take};

/// Items that stand behind one row of the mixture, smallest first.
pub(crate) struct Cluster {
    /// Items with what a pod of each is worth.
    items: Vec<(f64, u32)>,
    /// What the row's own pod is worth.
    mean: f64,
}

/// Turns patterns over rows into pods of items.
pub(crate) struct Rounding<'a> {
    instance: &'a Instance,
    clusters: Vec<Cluster>,
    /// By item: pods without a node.
    pub(crate) left: Vec<i64>,
}

impl<'a> Rounding<'a> {
    /// `row_of` tells the row of every item, `values` what a pod of it is worth.
    pub(crate) fn new(instance: &'a Instance, row_of: &[usize], values: &[f64]) -> Self {
        let rows = row_of.iter().max().map_or(0, |last| last + 1);
        let mut clusters: Vec<Cluster> =
            (0..rows).map(|_| Cluster { items: Vec::new(), mean: 0.0 }).collect();
        let mut pods = vec![0.0; rows];
        for (item, (row, value)) in row_of.iter().zip(values).enumerate() {
            let number = instance.items[item].pods as f64;
            clusters[*row].items.push((*value, item as u32));
            clusters[*row].mean += value * number;
            pods[*row] += number;
        }
        for (cluster, pods) in clusters.iter_mut().zip(pods) {
            cluster.items.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            cluster.mean /= f64::max(pods, 1.0);
        }
        let left = instance.items.iter().map(|item| item.pods).collect();
        Self { instance, clusters, left }
    }

    /// A node with the column's pattern; `None` if its pods have run out. Where a row stands for
    /// different items, large and small ones are taken in turn, so that they fill the node as
    /// their mean would.
    pub(crate) fn node(&mut self, column: &Column) -> Option<Bin> {
        let mut free = self.instance.shapes[column.shape].room.clone();
        let mut pods: Vec<(u32, i64)> = Vec::new();
        let mut deviation = 0.0;
        let mut rows = column.pods.clone();
        // The small ones make up for what the large ones deviate.
        rows.sort_by(|a, b| {
            let mean = |row: u32| self.clusters[row as usize].mean;
            mean(b.0).total_cmp(&mean(a.0)).then(a.0.cmp(&b.0))
        });
        for (row, number) in &rows {
            for _ in 0..*number {
                let wanted = self.clusters[*row as usize].mean - deviation;
                let Some(item) = self.nearest(*row as usize, wanted, &free) else { continue };
                deviation += item.0 - self.clusters[*row as usize].mean;
                self.put(item.1, &mut free, &mut pods);
            }
        }
        if !pods.is_empty() {
            self.fill_up(column.shape, &mut free, &mut pods);
        }
        pods.sort_unstable();
        (!pods.is_empty()).then_some(Bin { shape: column.shape, pods })
    }

    fn put(&mut self, item: u32, free: &mut [i64], pods: &mut Vec<(u32, i64)>) {
        take(free, &self.instance.items[item as usize].request, 1);
        self.left[item as usize] -= 1;
        match pods.iter_mut().find(|(one, _)| *one == item) {
            Some((_, count)) => *count += 1,
            None => pods.push((item, 1)),
        }
    }

    /// Adds the most valuable pods that still fit.
    fn fill_up(&mut self, shape: usize, free: &mut [i64], pods: &mut Vec<(u32, i64)>) {
        loop {
            let best = (0..self.clusters.len()).filter_map(|row| {
                let group = self.instance.items[self.clusters[row].items[0].1 as usize].group;
                let admitted = self.instance.shapes[shape].groups.contains(group);
                admitted.then(|| self.nearest(row, f64::INFINITY, free)).flatten()
            });
            let best = best.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
            let Some((_, item)) = best else { break };
            self.put(item, free, pods);
        }
    }

    /// Puts a node's pods back.
    pub(crate) fn give_back(&mut self, bin: &Bin) {
        bin.pods.iter().for_each(|(item, pods)| self.left[*item as usize] += pods);
    }

    /// The item of a row whose value is nearest to the one wanted, among those that fit.
    fn nearest(&self, row: usize, wanted: f64, free: &[i64]) -> Option<(f64, u32)> {
        let items = &self.clusters[row].items;
        let middle = items.partition_point(|(value, _)| *value < wanted);
        let suits = |at: &usize| {
            let item = items[*at].1 as usize;
            self.left[item] > 0 && fits(&self.instance.items[item].request, free)
        };
        let below = (0..middle).rev().find(suits);
        let above = (middle..items.len()).find(suits);
        let distance = |at: usize| (items[at].0 - wanted).abs();
        match (below, above) {
            (Some(a), Some(b)) if distance(b) < distance(a) => Some(items[b]),
            (Some(a), _) => Some(items[a]),
            (None, b) => b.map(|b| items[b]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::{Item, Shape};
    use crate::problem::BitSet;

    /// One shape with room for 12, and items of these sizes.
    fn instance(items: &[(i64, i64)]) -> Instance {
        let mut groups = BitSet::new(1);
        groups.insert(0);
        let item = |(size, pods): &(i64, i64)| Item {
            request: vec![*size],
            pods: *pods,
            per_node: i64::MAX,
            group: 0,
        };
        let shape = Shape { cost: 100, room: vec![12], groups };
        Instance::new(items.iter().map(item).collect(), vec![shape])
    }

    fn column(pods: &[(u32, i64)]) -> Column {
        Column { shape: 0, cost: 100.0, pods: pods.to_vec() }
    }

    #[test]
    fn a_row_of_one_item_gives_its_pods() {
        let instance = instance(&[(4, 3), (3, 5)]);
        let mut rounding = Rounding::new(&instance, &[0, 1], &[4.0, 3.0]);
        let bin = rounding.node(&column(&[(0, 3)])).expect("there are pods");
        assert_eq!((bin.pods, rounding.left), (vec![(0, 3)], vec![0, 5]));
    }

    #[test]
    fn large_and_small_items_of_a_row_are_taken_in_turn() {
        let instance = instance(&[(5, 2), (3, 2)]);
        let mut rounding = Rounding::new(&instance, &[0, 0], &[5.0, 3.0]);
        let bin = rounding.node(&column(&[(0, 3)])).expect("there are pods");
        // The mean is 4; 3 + 5 + 3 leaves no room for another.
        assert_eq!(bin.pods, [(0, 1), (1, 2)]);
    }

    #[test]
    fn room_that_a_pattern_leaves_is_filled() {
        let instance = instance(&[(5, 2), (2, 1)]);
        let mut rounding = Rounding::new(&instance, &[0, 1], &[5.0, 2.0]);
        let bin = rounding.node(&column(&[(0, 2)])).expect("there are pods");
        assert_eq!(bin.pods, [(0, 2), (1, 1)]);
    }

    #[test]
    fn pods_that_are_given_back_can_be_taken_again() {
        let instance = instance(&[(4, 3)]);
        let mut rounding = Rounding::new(&instance, &[0], &[4.0]);
        let bin = rounding.node(&column(&[(0, 3)])).expect("there are pods");
        assert_eq!(rounding.node(&column(&[(0, 3)])), None);
        rounding.give_back(&bin);
        assert_eq!(rounding.node(&column(&[(0, 3)])), Some(bin));
    }
}
