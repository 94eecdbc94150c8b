//! The restricted integer master: how many nodes of each known pattern, as whole numbers.
//!
//! Depth-first branch and bound on the number of nodes of one pattern. The linear programs are
//! `good_lp`'s; the number of them is limited, and with it the work.

use good_lp::{Expression, Solution, SolverModel, microlp, variable, variables};

use super::master::Column;

/// Linear programs at most.
const PROGRAMS_MAX: usize = 40;

/// A value so near to a whole number is one.
const WHOLE: f64 = 1e-6;

/// Numbers of nodes by column that cover the demand for less than `most`; `None` if none were
/// found within the limit.
pub(crate) fn solve(columns: &[Column], demand: &[i64], most: f64) -> Option<Vec<i64>> {
    let mut best: Option<(f64, Vec<i64>)> = None;
    let mut open = vec![vec![(0.0, f64::INFINITY); columns.len()]];
    let mut programs = 0;
    while let Some(limits) = open.pop() {
        if programs == PROGRAMS_MAX {
            break;
        }
        programs += 1;
        let Some((cost, levels)) = relax(columns, demand, &limits) else { continue };
        // Costs are whole micro-dollars.
        if cost > best.as_ref().map_or(most, |(cost, _)| *cost) - 1.0 + WHOLE {
            continue;
        }
        let distance = |level: &f64| (level - level.round()).abs();
        let fractional = (0..levels.len())
            .filter(|at| distance(&levels[*at]) > WHOLE)
            .max_by(|a, b| distance(&levels[*a]).total_cmp(&distance(&levels[*b])).then(b.cmp(a)));
        let Some(at) = fractional else {
            best = Some((cost, levels.iter().map(|level| level.round() as i64).collect()));
            continue;
        };
        let (mut fewer, mut more) = (limits.clone(), limits);
        fewer[at].1 = levels[at].floor();
        more[at].0 = levels[at].ceil();
        open.push(fewer);
        open.push(more);
    }
    best.map(|(_, levels)| levels)
}

/// The cheapest mixture within these limits: its cost and levels.
fn relax(columns: &[Column], demand: &[i64], limits: &[(f64, f64)]) -> Option<(f64, Vec<f64>)> {
    let mut unknown = variables!();
    let levels: Vec<_> = limits
        .iter()
        .map(|(least, most)| {
            let level = variable().min(*least);
            unknown.add(if most.is_finite() { level.max(*most) } else { level })
        })
        .collect();
    let mut covered = vec![Expression::default(); demand.len()];
    let mut cost = Expression::default();
    for (column, level) in columns.iter().zip(&levels) {
        cost += column.cost * *level;
        for (row, pods) in &column.pods {
            covered[*row as usize] += *pods as f64 * *level;
        }
    }
    let mut program = unknown.minimise(&cost).using(microlp);
    for (covered, demand) in covered.into_iter().zip(demand) {
        program = program.with(covered.geq(*demand as f64));
    }
    let solution = program.solve().ok()?;
    let levels: Vec<f64> = levels.iter().map(|level| solution.value(*level)).collect();
    let cost = columns.iter().zip(&levels).map(|(column, level)| column.cost * level).sum();
    Some((cost, levels))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(cost: f64, pods: &[(u32, i64)]) -> Column {
        Column { shape: 0, cost, pods: pods.to_vec() }
    }

    #[test]
    fn whole_nodes_cost_more_than_the_mixture() {
        let columns = [column(10.0, &[(0, 2)]), column(7.0, &[(0, 1)])];
        // Two and a half of the first would do for 25.
        assert_eq!(solve(&columns, &[5], 100.0), Some(vec![2, 1]));
    }

    #[test]
    fn patterns_of_several_items_are_combined() {
        let columns =
            [column(10.0, &[(0, 1), (1, 1)]), column(8.0, &[(0, 1)]), column(8.0, &[(1, 2)])];
        assert_eq!(solve(&columns, &[2, 2], 100.0), Some(vec![2, 0, 0]));
    }

    #[test]
    fn nothing_is_returned_that_is_not_cheaper() {
        let columns = [column(10.0, &[(0, 2)])];
        assert_eq!(solve(&columns, &[4], 20.0), None);
    }
}
