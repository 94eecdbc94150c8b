//! What the limits of pools leave for new nodes.

use crate::problem::Problem;

/// By pool: what its limits leave, as (resource, amount).
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    left: Vec<Vec<(String, i64)>>,
}

impl Limits {
    /// What is left next to the present nodes, deleting ones left out.
    pub(crate) fn new(problem: &Problem<'_>) -> Self {
        let snapshot = problem.snapshot;
        let left = snapshot.supply.node_pools.iter().map(|pool| {
            let mut left: Vec<(String, i64)> =
                pool.limits.0.iter().map(|(name, limit)| (name.clone(), *limit)).collect();
            let nodes = snapshot.nodes.iter().map(|node| &node.node);
            for node in
                nodes.filter(|node| !node.deleting && node.node_pool.as_ref() == Some(&pool.name))
            {
                for (name, left) in &mut left {
                    *left -= if name == "nodes" { 1 } else { node.capacity.get(name) };
                }
            }
            left
        });
        Self { left: left.collect() }
    }

    /// Whether there is room for one more node of a shape.
    pub(crate) fn allow(&self, problem: &Problem<'_>, shape: usize) -> bool {
        self.nodes_within(problem, shape) > 0
    }

    /// How many more nodes of a shape there is room for.
    pub(crate) fn nodes_within(&self, problem: &Problem<'_>, shape: usize) -> i64 {
        let (pool, capacity) = problem.pool_and_capacity(shape);
        let most = |(name, left): &(String, i64)| {
            let need = if name == "nodes" { 1 } else { capacity.get(name) };
            if need > 0 { (*left).max(0) / need } else { i64::MAX }
        };
        self.left[pool].iter().map(most).min().unwrap_or(i64::MAX)
    }

    /// Takes what one node needs, which is the most that any of these shapes needs.
    pub(crate) fn take(&mut self, problem: &Problem<'_>, shapes: &[usize]) {
        let Some(first) = shapes.first() else { return };
        let (pool, _) = problem.pool_and_capacity(*first);
        for (name, left) in &mut self.left[pool] {
            let need = |shape: &usize| problem.pool_and_capacity(*shape).1.get(name);
            let most = shapes.iter().map(need).max().unwrap_or(0);
            *left -= if name == "nodes" { 1 } else { most };
        }
    }

    /// Gives back what one node of a shape took.
    pub(crate) fn give_back(&mut self, problem: &Problem<'_>, shape: usize) {
        let (pool, capacity) = problem.pool_and_capacity(shape);
        for (name, left) in &mut self.left[pool] {
            *left += if name == "nodes" { 1 } else { capacity.get(name) };
        }
    }

    /// What a node of a shape takes, each limit of each pool being one number.
    pub(crate) fn needs(&self, problem: &Problem<'_>, shape: usize) -> Vec<(usize, i64)> {
        let (pool, capacity) = problem.pool_and_capacity(shape);
        let before: usize = self.left[..pool].iter().map(Vec::len).sum();
        let need = |name: &str| if name == "nodes" { 1 } else { capacity.get(name) };
        let names = self.left[pool].iter().enumerate();
        names.map(|(at, (name, _))| (before + at, need(name))).collect()
    }
}
