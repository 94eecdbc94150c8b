//! The restricted master program: the cheapest mixture of known patterns that covers every item.
//!
//! Revised simplex with the inverse of the basis, one row an item. It starts from patterns of one
//! item each, so that it is feasible at once, and goes on from where it was when patterns are added.

/// A pattern with its price.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    pub(crate) shape: usize,
    pub(crate) cost: f64,
    /// Pods by row, ascending.
    pub(crate) pods: Vec<(u32, i64)>,
}

/// The program and its present basis.
#[derive(Clone, Debug)]
pub(crate) struct Master {
    rows: usize,
    demand: Vec<f64>,
    pub(crate) columns: Vec<Column>,
    in_basis: Vec<bool>,
    basis: Vec<Basic>,
    inverse: Vec<f64>,
    levels: Vec<f64>,
    /// By item: what a pod is worth.
    pub(crate) prices: Vec<f64>,
    pivots: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Basic {
    Column(usize),
    Surplus(usize),
}

/// Reduced cost, relative to the cost of the column, below which it is worth entering.
const TOLERANCE: f64 = 1e-9;

/// Pivots between two computations of the inverse from the basis.
const REFACTOR_EVERY: usize = 200;

/// Pivots a row for one solution, after which the present prices are taken.
const PIVOTS_PER_ROW: usize = 2;

impl Master {
    /// A program whose first columns hold one item each, in the order of the items. Rows after
    /// those of the items have a demand below zero: a column that enters with -1 uses one of so
    /// many.
    pub(crate) fn new(demand: &[i64], singles: Vec<Column>) -> Self {
        let (rows, items) = (demand.len(), singles.len());
        let basic = |row| if row < items { Basic::Column(row) } else { Basic::Surplus(row) };
        let mut master = Self {
            rows,
            demand: demand.iter().map(|pods| *pods as f64).collect(),
            in_basis: vec![true; items],
            basis: (0..rows).map(basic).collect(),
            columns: singles,
            inverse: Vec::new(),
            levels: Vec::new(),
            prices: Vec::new(),
            pivots: 0,
        };
        master.refactor();
        master
    }

    /// Adds a pattern that is not in the program yet.
    pub(crate) fn add(&mut self, column: Column) {
        self.columns.push(column);
        self.in_basis.push(false);
    }

    /// Whether the pattern is known.
    pub(crate) fn knows(&self, shape: usize, pods: &[(u32, i64)]) -> bool {
        self.columns.iter().any(|one| one.shape == shape && one.pods == pods)
    }

    /// Cost of the mixture.
    pub(crate) fn cost(&self) -> f64 {
        self.demand.iter().zip(&self.prices).map(|(pods, price)| pods * price).sum()
    }

    /// Columns in use with their levels.
    pub(crate) fn mixture(&self) -> impl Iterator<Item = (&Column, f64)> {
        self.basis.iter().zip(&self.levels).filter_map(|(basic, level)| match basic {
            Basic::Column(column) => Some((&self.columns[*column], *level)),
            Basic::Surplus(_) => None,
        })
    }

    /// Brings columns in until none is worth it.
    pub(crate) fn solve(&mut self) {
        let mut direction = vec![0.0; self.rows];
        for _ in 0..PIVOTS_PER_ROW * self.rows {
            let Some((entering, reduced)) = self.entering() else { break };
            self.direction(entering, &mut direction);
            if !self.pivot(entering, reduced, &direction) {
                break;
            }
            self.pivots += 1;
            if self.pivots.is_multiple_of(REFACTOR_EVERY) {
                self.refactor();
            }
        }
    }

    /// Forgets columns that are dear at the present prices, if there are too many.
    pub(crate) fn forget_above(&mut self, most: usize) {
        if self.columns.len() <= most {
            return;
        }
        let mut by_cost: Vec<(bool, f64, usize)> = (0..self.columns.len())
            .map(|at| {
                let cost = self.reduced(at) / self.columns[at].cost.max(1.0);
                (!self.in_basis[at], cost, at)
            })
            .collect();
        by_cost.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        let mut kept: Vec<usize> = by_cost[..most / 2].iter().map(|(.., at)| *at).collect();
        kept.sort_unstable();
        let mut new_of = vec![usize::MAX; self.columns.len()];
        for (new, old) in kept.iter().enumerate() {
            new_of[*old] = new;
        }
        self.columns = kept.iter().map(|old| self.columns[*old].clone()).collect();
        self.in_basis = kept.iter().map(|old| self.in_basis[*old]).collect();
        for basic in &mut self.basis {
            if let Basic::Column(column) = basic {
                *column = new_of[*column];
            }
        }
    }

    fn reduced(&self, at: usize) -> f64 {
        let column = &self.columns[at];
        let worth: f64 =
            column.pods.iter().map(|(item, pods)| self.prices[*item as usize] * *pods as f64).sum();
        column.cost - worth
    }

    /// The variable whose entry promises most, with its reduced cost.
    fn entering(&self) -> Option<(Basic, f64)> {
        let mut best = (-TOLERANCE, None);
        for at in 0..self.columns.len() {
            if self.in_basis[at] {
                continue;
            }
            let reduced = self.reduced(at);
            let promise = reduced / self.columns[at].cost.max(1.0);
            if promise < best.0 {
                best = (promise, Some((Basic::Column(at), reduced)));
            }
        }
        if best.1.is_some() {
            return best.1;
        }
        let cheapest = (0..self.rows).min_by(|a, b| self.prices[*a].total_cmp(&self.prices[*b]))?;
        (self.prices[cheapest] < -TOLERANCE)
            .then(|| (Basic::Surplus(cheapest), self.prices[cheapest]))
    }

    fn direction(&self, entering: Basic, direction: &mut [f64]) {
        for (row, step) in direction.iter_mut().enumerate() {
            let inverse = &self.inverse[row * self.rows..(row + 1) * self.rows];
            *step = match entering {
                Basic::Surplus(item) => -inverse[item],
                Basic::Column(at) => self.columns[at]
                    .pods
                    .iter()
                    .map(|(item, pods)| inverse[*item as usize] * *pods as f64)
                    .sum(),
            };
        }
    }

    fn pivot(&mut self, entering: Basic, reduced: f64, direction: &[f64]) -> bool {
        let mut leaving: Option<(f64, usize)> = None;
        for (row, step) in direction.iter().enumerate() {
            if *step <= 1e-9 {
                continue;
            }
            let ratio = self.levels[row] / step;
            // Of equal ratios, the larger pivot is the steadier.
            let better = leaving.is_none_or(|(best, at)| {
                ratio < best - 1e-12 || ratio < best + 1e-12 && *step > direction[at]
            });
            if better {
                leaving = Some((ratio, row));
            }
        }
        let Some((ratio, leaving)) = leaving else { return false };
        let rows = self.rows;
        let pivot = direction[leaving];
        let pivot_row: Vec<f64> = self.inverse[leaving * rows..(leaving + 1) * rows]
            .iter()
            .map(|entry| entry / pivot)
            .collect();
        for (row, step) in direction.iter().enumerate() {
            let entries = &mut self.inverse[row * rows..(row + 1) * rows];
            if row == leaving {
                entries.copy_from_slice(&pivot_row);
            } else if *step != 0.0 {
                self.levels[row] = (self.levels[row] - step * ratio).max(0.0);
                entries
                    .iter_mut()
                    .zip(&pivot_row)
                    .for_each(|(entry, pivot)| *entry -= step * pivot);
            }
        }
        self.levels[leaving] = ratio;
        for (price, entry) in self.prices.iter_mut().zip(&pivot_row) {
            *price += reduced * entry;
        }
        if let Basic::Column(column) = self.basis[leaving] {
            self.in_basis[column] = false;
        }
        self.basis[leaving] = entering;
        if let Basic::Column(column) = entering {
            self.in_basis[column] = true;
        }
        true
    }

    /// Computes inverse, levels and prices from the basis (Gauss–Jordan with row pivoting).
    fn refactor(&mut self) {
        let rows = self.rows;
        let width = 2 * rows;
        let mut tableau = vec![0.0; rows * width];
        for (at, basic) in self.basis.iter().enumerate() {
            match basic {
                Basic::Surplus(item) => tableau[item * width + at] = -1.0,
                Basic::Column(column) => {
                    for (item, pods) in &self.columns[*column].pods {
                        tableau[*item as usize * width + at] = *pods as f64;
                    }
                }
            }
        }
        for row in 0..rows {
            tableau[row * width + rows + row] = 1.0;
        }
        for at in 0..rows {
            let best = (at..rows).max_by(|a, b| {
                let size = |row: &usize| tableau[row * width + at].abs();
                size(a).total_cmp(&size(b)).then(b.cmp(a))
            });
            let Some(best) = best.filter(|best| tableau[best * width + at].abs() > 1e-12) else {
                // Singular by rounding errors: the old inverse goes on.
                return;
            };
            if best != at {
                let (head, tail) = tableau.split_at_mut(best * width);
                head[at * width..(at + 1) * width].swap_with_slice(&mut tail[..width]);
            }
            let pivot = tableau[at * width + at];
            let pivot_row: Vec<f64> =
                tableau[at * width..(at + 1) * width].iter().map(|entry| entry / pivot).collect();
            for row in 0..rows {
                let entries = &mut tableau[row * width..(row + 1) * width];
                if row == at {
                    entries.copy_from_slice(&pivot_row);
                    continue;
                }
                let times = entries[at];
                if times != 0.0 {
                    let pairs = entries.iter_mut().zip(&pivot_row);
                    pairs.for_each(|(entry, pivot)| *entry -= times * pivot);
                }
            }
        }
        self.inverse =
            tableau.chunks_exact(width).flat_map(|row| row[rows..].iter().copied()).collect();
        self.levels = self
            .inverse
            .chunks_exact(rows.max(1))
            .map(|row| {
                let level: f64 = row.iter().zip(&self.demand).map(|(a, b)| a * b).sum();
                level.max(0.0)
            })
            .collect();
        self.prices = vec![0.0; rows];
        for (basic, row) in self.basis.iter().zip(self.inverse.chunks_exact(rows.max(1))) {
            if let Basic::Column(column) = basic {
                let cost = self.columns[*column].cost;
                self.prices.iter_mut().zip(row).for_each(|(price, entry)| *price += cost * entry);
            }
        }
    }
}
