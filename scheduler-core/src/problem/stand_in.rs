//! Which shapes could take the place of a node's own, and whether they are as many as its pool asks
//! for.

use std::sync::Arc;

use super::Problem;
use super::dims::fits;
use super::rules::Views;
use crate::engine::MinValuesPolicy;
use crate::solution::Content;

/// The shapes that hold the same pods as a node that is bought.
pub(crate) struct StandIns<'a> {
    problem: &'a Problem<'a>,
    bought: usize,
    contents: &'a [Content],
    /// What the pods ask for together, volumes that they share included.
    asked: Vec<i64>,
    /// What the rules about the pods see of a shape.
    views: Views,
}

impl<'a> StandIns<'a> {
    /// Stand-ins for a node of this shape with these pods.
    pub(crate) fn new(problem: &'a Problem<'a>, bought: usize, contents: &'a [Content]) -> Self {
        let mut asked = vec![0; problem.dims.len()];
        for (class, pods) in contents {
            let request = &problem.classes[*class].request;
            asked.iter_mut().zip(request).for_each(|(sum, one)| *sum += one * pods);
        }
        let places = problem.shared.places(contents.iter().map(|(class, _)| *class));
        asked.iter_mut().zip(places).for_each(|(sum, places)| *sum += places);
        let views = problem.rules.views_of(contents.iter().map(|(class, _)| *class));
        Self { problem, bought, contents, asked, views }
    }

    /// Whether another shape could be bought instead.
    pub(crate) fn include(&self, shape: usize) -> bool {
        let (problem, table, rules) = (self.problem, &self.problem.table, &self.problem.rules);
        let labels = |shape: usize| &table.rows[table.shapes[shape].row].pool_labels;
        shape != self.bought
            && problem.reservation(shape).is_none()
            && Arc::ptr_eq(labels(shape), labels(self.bought))
            && fits(&self.asked, &problem.whole_room(shape))
            && self.contents.iter().all(|(class, _)| {
                problem.usable(*class).contains(shape) && problem.ports_clear(*class, shape)
            })
            && self.views.of(rules, shape).eq(self.views.of(rules, self.bought))
    }
}

/// A label of which too few values are left to choose among.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lacking<'a> {
    pub(crate) key: &'a str,
    pub(crate) wanted: u32,
    pub(crate) available: u32,
}

/// Whether a node of this shape with these pods leaves as many values to choose among as the
/// `minValues` of its pool ask for, or need not.
pub(crate) fn is_flexible(problem: &Problem<'_>, shape: usize, contents: &[Content]) -> bool {
    problem.min_values_policy == MinValuesPolicy::BestEffort
        || first_lacking(problem, shape, contents).is_none()
}

/// The first label of which a node of this shape with these pods leaves too few values.
pub(crate) fn first_lacking<'a>(
    problem: &'a Problem<'_>,
    shape: usize,
    contents: &[Content],
) -> Option<Lacking<'a>> {
    let pool = problem.table.pool(shape);
    let requirements = &problem.snapshot.supply.node_pools[pool].requirements;
    if requirements.iter().all(|(_, one)| one.min_values.is_none()) {
        return None;
    }
    let stand_ins = StandIns::new(problem, shape, contents);
    let all = (0..problem.table.shapes.len()).filter(|other| stand_ins.include(*other));
    problem.first_lacking(pool, &all.chain([shape]))
}
