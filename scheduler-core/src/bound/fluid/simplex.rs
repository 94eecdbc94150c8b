//! Revised simplex with columns found on demand.
//!
//! Rows are (group, resource) pairs with demand, a handful. A column is a shape that gives each of
//! its resources to one group; the best column under the present duals gives each to the group
//! that pays most, so no column has to be listed.

use super::FluidShape;

/// Improvement a column must promise, relative to its cost, to be taken.
const TOLERANCE: f64 = 1e-9;

/// Artificial columns cost so many times the dearest shape.
const ARTIFICIAL: f64 = 1e6;

/// Pivots a row, after which the present prices are taken: any prices give a valid bound.
const PIVOTS_PER_ROW: usize = 60;

/// Dual prices by group and resource, for amounts divided by `scale`.
pub(super) fn solve(shapes: &[FluidShape], demand: &[Vec<i64>], scale: &[f64]) -> Vec<Vec<f64>> {
    let dims = scale.len();
    let mut prices = vec![vec![0.0; dims]; demand.len()];
    let rows: Vec<(usize, usize)> = (0..demand.len())
        .flat_map(|group| (0..dims).map(move |dim| (group, dim)))
        .filter(|(group, dim)| demand[*group][*dim] > 0)
        .collect();
    if rows.is_empty() || shapes.is_empty() {
        return prices;
    }
    let mut row_of = vec![vec![None; dims]; demand.len()];
    for (row, (group, dim)) in rows.iter().enumerate() {
        row_of[*group][*dim] = Some(row);
    }
    let dearest = shapes.iter().map(|shape| shape.cost).max().unwrap_or(0).max(1) as f64;
    let right: Vec<f64> =
        rows.iter().map(|(group, dim)| demand[*group][*dim] as f64 / scale[*dim]).collect();
    let mut basis = Basis::artificial(right, dearest * ARTIFICIAL);
    let mut column = vec![0.0; rows.len()];
    for _ in 0..PIVOTS_PER_ROW * rows.len() {
        let duals = basis.duals();
        let Some(cost) = entering(shapes, scale, &row_of, &duals, &mut column) else { break };
        if !basis.pivot(&column, cost) {
            break;
        }
    }
    for ((group, dim), price) in rows.iter().zip(basis.duals()) {
        prices[*group][*dim] = price;
    }
    prices
}

/// Writes the most profitable column and returns its cost; `None` if none is profitable.
fn entering(
    shapes: &[FluidShape],
    scale: &[f64],
    row_of: &[Vec<Option<usize>>],
    duals: &[f64],
    column: &mut [f64],
) -> Option<f64> {
    // A surplus column takes away from a row whose price is negative.
    let cheapest = (0..duals.len()).min_by(|a, b| duals[*a].total_cmp(&duals[*b]))?;
    if duals[cheapest] < -TOLERANCE {
        column.fill(0.0);
        column[cheapest] = -1.0;
        return Some(0.0);
    }
    let best_row = |shape: &FluidShape, dim: usize| {
        let rows = shape.groups.iter().filter_map(|group| row_of[*group][dim]);
        rows.max_by(|a, b| duals[*a].total_cmp(&duals[*b]).then(b.cmp(a)))
    };
    let mut best = (TOLERANCE, None);
    for (index, shape) in shapes.iter().enumerate() {
        let mut worth = 0.0;
        for (dim, scale) in scale.iter().enumerate() {
            if let Some(row) = best_row(shape, dim) {
                worth += duals[row] * shape.room[dim].max(0) as f64 / scale;
            }
        }
        let cost = shape.cost as f64;
        let profit = (worth - cost) / cost.max(1.0);
        if profit > best.0 {
            best = (profit, Some(index));
        }
    }
    let shape = &shapes[best.1?];
    column.fill(0.0);
    for (dim, scale) in scale.iter().enumerate() {
        if let Some(row) = best_row(shape, dim) {
            column[row] = shape.room[dim].max(0) as f64 / scale;
        }
    }
    Some(shape.cost as f64)
}

/// A basis by its inverse.
struct Basis {
    inverse: Vec<Vec<f64>>,
    costs: Vec<f64>,
    levels: Vec<f64>,
}

impl Basis {
    fn artificial(levels: Vec<f64>, cost: f64) -> Self {
        let rows = levels.len();
        let unit = |row: usize| (0..rows).map(|at| f64::from(u8::from(at == row))).collect();
        Self { inverse: (0..rows).map(unit).collect(), costs: vec![cost; rows], levels }
    }

    fn duals(&self) -> Vec<f64> {
        let mut duals = vec![0.0; self.levels.len()];
        for (row, cost) in self.inverse.iter().zip(&self.costs) {
            if *cost != 0.0 {
                duals.iter_mut().zip(row).for_each(|(dual, entry)| *dual += cost * entry);
            }
        }
        duals
    }

    /// Brings a column into the basis; false if it could grow for ever or nothing can leave.
    fn pivot(&mut self, column: &[f64], cost: f64) -> bool {
        let direction: Vec<f64> = self
            .inverse
            .iter()
            .map(|row| row.iter().zip(column).map(|(a, b)| a * b).sum())
            .collect();
        let mut leaving: Option<(f64, usize)> = None;
        for (row, step) in direction.iter().enumerate().filter(|(_, step)| **step > 1e-11) {
            let ratio = self.levels[row] / step;
            if leaving.is_none_or(|(best, _)| ratio < best) {
                leaving = Some((ratio, row));
            }
        }
        let Some((ratio, leaving)) = leaving else { return false };
        let pivot = direction[leaving];
        let pivot_row: Vec<f64> = self.inverse[leaving].iter().map(|entry| entry / pivot).collect();
        for (row, step) in direction.iter().enumerate() {
            if row != leaving && *step != 0.0 {
                self.levels[row] = (self.levels[row] - step * ratio).max(0.0);
                let entries = self.inverse[row].iter_mut().zip(&pivot_row);
                entries.for_each(|(entry, pivot)| *entry -= step * pivot);
            }
        }
        self.levels[leaving] = ratio;
        self.inverse[leaving] = pivot_row;
        self.costs[leaving] = cost;
        true
    }
}
