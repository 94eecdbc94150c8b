//! What the limits of pools, and reservations, leave for new nodes.

use std::collections::BTreeSet;

use crate::problem::Problem;

/// By pool: what its limits leave, as (resource, amount).
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    left: Vec<Vec<(String, i64)>>,
    /// By reservation: instances that can still be launched into it.
    reserved: Vec<i64>,
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
        let reserved = problem.table.reservations.iter().map(|one| one.remaining);
        Self { left: left.collect(), reserved: reserved.collect() }
    }

    /// Whether there is room for one more node of a shape.
    pub(crate) fn allow(&self, problem: &Problem<'_>, shape: usize) -> bool {
        self.nodes_within(problem, shape) > 0
    }

    /// The first limit of a pool that one more node of a shape would exceed.
    pub(crate) fn first_exceeded(&self, problem: &Problem<'_>, shape: usize) -> Option<&str> {
        let (pool, capacity) = problem.pool_and_capacity(shape);
        let need = |name: &str| if name == "nodes" { 1 } else { capacity.get(name) };
        let mut limits = self.left[pool].iter();
        limits.find(|(name, left)| need(name) > *left).map(|(name, _)| name.as_str())
    }

    /// How many more nodes of a shape there is room for.
    pub(crate) fn nodes_within(&self, problem: &Problem<'_>, shape: usize) -> i64 {
        let (pool, capacity) = problem.pool_and_capacity(shape);
        let most = |(name, left): &(String, i64)| {
            let need = if name == "nodes" { 1 } else { capacity.get(name) };
            if need > 0 { (*left).max(0) / need } else { i64::MAX }
        };
        let reserved = problem.reservation(shape).map(|one| self.reserved[one].max(0));
        self.left[pool].iter().map(most).chain(reserved).min().unwrap_or(i64::MAX)
    }

    /// Takes what one node needs, which is the most that any of these shapes needs, and an
    /// instance of each of their reservations.
    pub(crate) fn take(&mut self, problem: &Problem<'_>, shapes: &[usize]) {
        let Some(first) = shapes.first() else { return };
        let (pool, _) = problem.pool_and_capacity(*first);
        for (name, left) in &mut self.left[pool] {
            let need = |shape: &usize| problem.pool_and_capacity(*shape).1.get(name);
            let most = shapes.iter().map(need).max().unwrap_or(0);
            *left -= if name == "nodes" { 1 } else { most };
        }
        let named = shapes.iter().filter_map(|shape| problem.reservation(*shape));
        for reservation in named.collect::<BTreeSet<usize>>() {
            self.reserved[reservation] -= 1;
        }
    }

    /// Gives back what one node of a shape took.
    pub(crate) fn give_back(&mut self, problem: &Problem<'_>, shape: usize) {
        let (pool, capacity) = problem.pool_and_capacity(shape);
        for (name, left) in &mut self.left[pool] {
            *left += if name == "nodes" { 1 } else { capacity.get(name) };
        }
        if let Some(reservation) = problem.reservation(shape) {
            self.reserved[reservation] += 1;
        }
    }

    /// What a node of a shape takes, each limit of each pool and each reservation being one number.
    pub(crate) fn needs(&self, problem: &Problem<'_>, shape: usize) -> Vec<(usize, i64)> {
        let (pool, capacity) = problem.pool_and_capacity(shape);
        let before: usize = self.left[..pool].iter().map(Vec::len).sum();
        let need = |name: &str| if name == "nodes" { 1 } else { capacity.get(name) };
        let pools: usize = self.left.iter().map(Vec::len).sum();
        let names = self.left[pool].iter().enumerate();
        let reservation = problem.reservation(shape).map(|one| (pools + one, 1));
        names.map(|(at, (name, _))| (before + at, need(name))).chain(reservation).collect()
    }
}
