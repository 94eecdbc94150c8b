//! Items and shapes side by side, in the form in which knapsacks and master read them.

use rayon::prelude::*;

use crate::problem::BitSet;
use crate::problem::dims::times_fitting;

/// Identical pods.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) request: Vec<i64>,
    pub(crate) pods: i64,
    /// Most of them on one node, whatever its size.
    pub(crate) per_node: i64,
    /// Group of shapes that admit it.
    pub(crate) group: usize,
}

/// What can be bought, any number of times.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    /// In micro-dollars an hour, at least 1.
    pub(crate) cost: i64,
    pub(crate) room: Vec<i64>,
    /// Groups that it admits.
    pub(crate) groups: BitSet,
}

/// Room that is there already: so many nodes that cost nothing more.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    pub(crate) room: Vec<i64>,
    /// Groups that it admits.
    pub(crate) groups: BitSet,
    pub(crate) nodes: i64,
}

/// Items that one shape holds, with the most of each.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) items: Vec<u32>,
    pub(crate) most: Vec<i64>,
}

/// One packing problem without rules.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) dims: usize,
    pub(crate) items: Vec<Item>,
    /// What can be bought; then the standing nodes, at no cost.
    pub(crate) shapes: Vec<Shape>,
    /// Numbers of the standing nodes, which are the last shapes.
    pub(crate) standing: Vec<i64>,
    /// By shape.
    pub(crate) held: Vec<Held>,
    /// Requests over the largest room, by item, then resource.
    pub(crate) requests: Vec<f64>,
    /// Rooms over the largest room, by shape, then resource.
    pub(crate) rooms: Vec<f64>,
}

impl Instance {
    /// Items that no shape holds stay in, and get no value.
    pub(crate) fn new(items: Vec<Item>, shapes: Vec<Shape>) -> Self {
        let dims = shapes.first().map_or(0, |shape| shape.room.len());
        let largest = |dim: usize| shapes.iter().map(|one| one.room[dim]).max().unwrap_or(0).max(1);
        let scale: Vec<f64> = (0..dims).map(|dim| 1.0 / largest(dim) as f64).collect();
        let scaled = |amounts: &Vec<i64>| -> Vec<f64> {
            amounts.iter().zip(&scale).map(|(one, scale)| *one as f64 * scale).collect()
        };
        let held = shapes.par_iter().map(|shape| Held::new(&items, shape)).collect();
        Self {
            standing: Vec::new(),
            requests: items.iter().flat_map(|item| scaled(&item.request)).collect(),
            rooms: shapes.iter().flat_map(|shape| scaled(&shape.room)).collect(),
            dims,
            items,
            shapes,
            held,
        }
    }

    /// The same with standing nodes.
    pub(crate) fn beside(self, standing: Vec<Standing>) -> Self {
        let nodes = standing.iter().map(|one| one.nodes).collect();
        let free =
            standing.into_iter().map(|one| Shape { cost: 0, room: one.room, groups: one.groups });
        let shapes = self.shapes.into_iter().chain(free).collect();
        Self { standing: nodes, ..Self::new(self.items, shapes) }
    }

    /// The same shapes with other items.
    pub(crate) fn with_items(&self, items: Vec<Item>) -> Self {
        Self { standing: self.standing.clone(), ..Self::new(items, self.shapes.clone()) }
    }

    /// Number of shapes that can be bought.
    pub(crate) fn sold(&self) -> usize {
        self.shapes.len() - self.standing.len()
    }

    /// Scaled request of an item.
    pub(crate) fn request(&self, item: u32) -> &[f64] {
        let start = item as usize * self.dims;
        &self.requests[start..start + self.dims]
    }

    /// Scaled room of a shape.
    pub(crate) fn room(&self, shape: usize) -> &[f64] {
        &self.rooms[shape * self.dims..(shape + 1) * self.dims]
    }
}

impl Held {
    fn new(items: &[Item], shape: &Shape) -> Self {
        let mut held = Self { items: Vec::new(), most: Vec::new() };
        for (index, item) in items.iter().enumerate() {
            if !shape.groups.contains(item.group) {
                continue;
            }
            let most = times_fitting(&item.request, &shape.room).min(item.pods).min(item.per_node);
            if most > 0 {
                held.items.push(index as u32);
                held.most.push(most);
            }
        }
        held
    }
}
