//! What was placed where, in indices of the problem.

use crate::column::rows::Hints;
use crate::model::Price;
use crate::problem::Problem;

/// So many pods of a class.
pub(crate) type Content = (usize, i64);

/// A node to buy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewNode {
    /// Index into the table of shapes.
    pub(crate) shape: usize,
    /// Its pods by class, ascending.
    pub(crate) contents: Vec<Content>,
}

/// A packing of all pending pods.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Solution {
    /// By existing node: the pods placed on it.
    pub(crate) on_sites: Vec<Vec<Content>>,
    /// Nodes to buy.
    pub(crate) nodes: Vec<NewNode>,
    /// By class: pods without a place.
    pub(crate) unplaced: Vec<i64>,
    /// By class: why its unplaced pods have none, where the search itself found out.
    pub(crate) setbacks: Vec<Option<Setback>>,
    /// Shapes that were worth looking at.
    pub(crate) candidates: usize,
    /// Fillings that were built.
    pub(crate) patterns: usize,
    /// What column generation found for most of the new nodes, if it was asked.
    pub(crate) hints: Option<Hints>,
}

/// Pods without a place, then what the new nodes cost with the expected cost of interruptions.
pub(crate) type Rank = (i64, Price);

/// The rank of a packing.
pub(crate) fn rank(problem: &Problem<'_>, nodes: &[NewNode], unplaced: &[i64]) -> Rank {
    let bought = nodes.iter().filter(|node| !node.contents.is_empty());
    let cost = bought.map(|node| problem.table.shapes[node.shape].risk_price).sum();
    (unplaced.iter().sum(), cost)
}

impl Solution {
    /// Pods without a place.
    pub(crate) fn left(&self) -> i64 {
        self.unplaced.iter().sum()
    }

    /// Of two packings the one with the lower rank is better.
    pub(crate) fn rank(&self, problem: &Problem<'_>) -> Rank {
        rank(problem, &self.nodes, &self.unplaced)
    }
}

/// Why the search could not place pods that some node would have room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Setback {
    /// A rule between pods; its index among the problem's rules.
    Rule(usize),
    /// A limit of this pool; its index in the supply.
    Limit(usize),
}

/// Adds pods of a class to a list of contents.
pub(crate) fn add_content(contents: &mut Vec<Content>, class: usize, pods: i64) {
    match contents.binary_search_by_key(&class, |(class, _)| *class) {
        Ok(at) => {
            contents[at].1 += pods;
            if contents[at].1 == 0 {
                contents.remove(at);
            }
        }
        Err(at) => contents.insert(at, (class, pods)),
    }
}
