//! The fractional knapsack of a node, for its multipliers.
//!
//! Pods of each kind in any fraction between two bounds, and one row a resource: the dual simplex
//! method, which finds any basis a good start because every variable can be moved to the bound that
//! suits its sign. It computes in floating point: nothing depends on its result being exact.

use super::kinds::Items;

/// Fraction bits of a multiplier.
pub(super) const MULTIPLIER_BITS: u32 = 20;

/// A larger multiplier is cut off here. Any multipliers make a valid bound; a pod slot or another
/// resource of which there are few units needs large ones.
const MULTIPLIER_MAX: f64 = (1_i64 << 60) as f64;

/// Pivots of one program at most. A handful is usual; a program cut short gives multipliers too.
const PIVOTS_MAX: usize = 100;

/// Amounts are relative to the largest room, counts are whole: smaller differences are noise.
const TINY: f64 = 1e-9;

/// A linear program whose rooms and bounds change, and the basis that it was last solved with.
#[derive(Debug)]
pub(super) struct Simplex {
    rows: usize,
    /// By kind, the largest being 1.
    values: Vec<f64>,
    /// Rows by kind, relative to `units`.
    requests: Vec<f64>,
    /// Value that counts as 1.
    value_unit: f64,
    /// Amount of each resource that counts as 1.
    units: Vec<f64>,
    /// Variables in the basis, one a row: kinds first, then the unused room of each row.
    basis: Vec<usize>,
    in_basis: Vec<bool>,
    /// Inverse of the basis, row by row.
    inverse: Vec<f64>,
    /// Kinds outside the basis that are at their upper bound.
    at_upper: Vec<bool>,
    breaks: Vec<Break>,
}

/// A node's room and how many pods of each kind it takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node<'n> {
    pub(super) room: &'n [i64],
    /// Fewest pods of each kind.
    pub(super) lower: &'n [i64],
    /// Most pods of each kind.
    pub(super) upper: &'n [i64],
}

/// What solving a program leaves behind.
#[derive(Debug)]
pub(super) struct Optimum {
    /// What one unit of each resource is worth, in 2⁻²⁰ of the unit of values.
    pub(super) multipliers: Vec<i64>,
    /// Pods of each kind in the basis, in fractions.
    pub(super) basic: Vec<(usize, f64)>,
    /// Pivots made.
    pub(super) pivots: usize,
}

/// Where a variable changes its sign as the multipliers move.
#[derive(Clone, Copy, Debug)]
struct Break {
    at: f64,
    variable: usize,
    /// By how much passing it slows the gain; infinite if it cannot be passed.
    slows: f64,
}

impl Simplex {
    pub(super) fn new(items: &Items, largest_room: &[i64]) -> Self {
        let rows = items.width;
        let units: Vec<f64> = largest_room.iter().map(|room| (*room).max(1) as f64).collect();
        let value_unit = items.values.iter().copied().max().unwrap_or(1) as f64;
        let mut requests = Vec::with_capacity(items.len() * rows);
        for kind in 0..items.len() {
            requests
                .extend(items.request(kind).iter().zip(&units).map(|(a, unit)| *a as f64 / unit));
        }
        let mut in_basis = vec![false; items.len() + rows];
        in_basis[items.len()..].fill(true);
        let mut inverse = vec![0.0; rows * rows];
        (0..rows).for_each(|row| inverse[row * rows + row] = 1.0);
        Self {
            rows,
            values: items.values.iter().map(|value| *value as f64 / value_unit).collect(),
            requests,
            value_unit,
            units,
            basis: (items.len()..items.len() + rows).collect(),
            in_basis,
            inverse,
            // Without multipliers everything is worth taking.
            at_upper: vec![true; items.len()],
            breaks: Vec::new(),
        }
    }

    /// Solves the program of a node, starting from where the last one ended.
    pub(super) fn solve(&mut self, node: Node<'_>) -> Optimum {
        let mut pivots = 0;
        let multipliers = loop {
            let multipliers = self.multipliers();
            let amounts = self.basic_amounts(node);
            if pivots == PIVOTS_MAX {
                break multipliers;
            }
            let Some((row, beyond)) = self.worst(node, &amounts) else {
                break multipliers;
            };
            let Some(entering) = self.entering(node, &multipliers, row, beyond) else {
                break multipliers;
            };
            if !self.exchange(row, entering, beyond) {
                break multipliers;
            }
            pivots += 1;
        };
        let amounts = self.basic_amounts(node);
        let kinds = self.values.len();
        let basic = self.basis.iter().copied().zip(amounts).filter(|(one, _)| *one < kinds);
        Optimum { basic: basic.collect(), multipliers: self.rounded(&multipliers), pivots }
    }

    /// Whether a kind that is not in the basis is at its upper bound.
    pub(super) fn is_at_upper(&self, kind: usize) -> bool {
        self.at_upper[kind]
    }

    fn request(&self, kind: usize) -> &[f64] {
        &self.requests[kind * self.rows..][..self.rows]
    }

    fn multipliers(&self) -> Vec<f64> {
        let mut multipliers = vec![0.0; self.rows];
        for (row, variable) in self.basis.iter().enumerate() {
            let Some(value) = self.values.get(*variable) else {
                continue;
            };
            let inverse = &self.inverse[row * self.rows..][..self.rows];
            multipliers.iter_mut().zip(inverse).for_each(|(one, part)| *one += value * part);
        }
        multipliers
    }

    fn rounded(&self, multipliers: &[f64]) -> Vec<i64> {
        let unit = self.value_unit * f64::from(1_u32 << MULTIPLIER_BITS);
        let scaled = multipliers.iter().zip(&self.units);
        // A cast of something that is not a number gives 0.
        scaled
            .map(|(one, amount)| (one * unit / amount).round().clamp(0.0, MULTIPLIER_MAX) as i64)
            .collect()
    }

    /// Amounts of the basic variables.
    fn basic_amounts(&self, node: Node<'_>) -> Vec<f64> {
        let mut rest: Vec<f64> =
            node.room.iter().zip(&self.units).map(|(room, unit)| *room as f64 / unit).collect();
        for kind in 0..self.values.len() {
            if self.in_basis[kind] {
                continue;
            }
            let pods = if self.at_upper[kind] { node.upper[kind] } else { node.lower[kind] };
            if pods != 0 {
                let asked = rest.iter_mut().zip(self.request(kind));
                asked.for_each(|(rest, asked)| *rest -= pods as f64 * asked);
            }
        }
        // Pods that ask for nothing leave no rows.
        let rows = self.inverse.chunks_exact(self.rows.max(1));
        rows.map(|row| dot(row, &rest)).collect()
    }

    /// The basic variable that is furthest out of bounds, and by how much: negative below its
    /// lower bound, positive above its upper one.
    fn worst(&self, node: Node<'_>, amounts: &[f64]) -> Option<(usize, f64)> {
        let mut worst: Option<(usize, f64, f64)> = None;
        for (row, (variable, amount)) in self.basis.iter().zip(amounts).enumerate() {
            let (lower, upper, scale) = match self.values.get(*variable) {
                Some(_) => {
                    let size: f64 = self.request(*variable).iter().copied().fold(0.0, f64::max);
                    (node.lower[*variable] as f64, node.upper[*variable] as f64, size)
                }
                None => (0.0, f64::INFINITY, 1.0),
            };
            let beyond = if *amount < lower { amount - lower } else { (amount - upper).max(0.0) };
            // A fraction of a pod counts by the room that it takes.
            let weight = beyond.abs() * scale;
            if weight > TINY && worst.is_none_or(|(_, _, most)| weight > most) {
                worst = Some((row, beyond, weight));
            }
        }
        worst.map(|(row, beyond, _)| (row, beyond))
    }

    /// The variable that takes the place of the one in `row`, while others that are passed on the
    /// way change from one bound to the other.
    fn entering(
        &mut self,
        node: Node<'_>,
        multipliers: &[f64],
        row: usize,
        beyond: f64,
    ) -> Option<usize> {
        let kinds = self.values.len();
        let direction: Vec<f64> = self.inverse[row * self.rows..][..self.rows]
            .iter()
            .map(|part| part * beyond.signum())
            .collect();
        let mut breaks = std::mem::take(&mut self.breaks);
        breaks.clear();
        for kind in (0..kinds).filter(|kind| !self.in_basis[*kind]) {
            let request = self.request(kind);
            let slope = dot(&direction, request);
            let moves = if self.at_upper[kind] { -slope } else { slope };
            if moves <= TINY * TINY {
                continue;
            }
            let reduced = self.values[kind] - dot(multipliers, request);
            let distance = if self.at_upper[kind] { reduced } else { -reduced };
            let range = (node.upper[kind] - node.lower[kind]) as f64;
            breaks.push(Break {
                at: distance.max(0.0) / moves,
                variable: kind,
                slows: moves * range,
            });
        }
        for (index, slope) in direction.iter().enumerate() {
            if !self.in_basis[kinds + index] && *slope > TINY {
                let at = multipliers[index].max(0.0) / slope;
                breaks.push(Break { at, variable: kinds + index, slows: f64::INFINITY });
            }
        }
        let found = stopping(&mut breaks, beyond.abs());
        if let Some(position) = found {
            for passed in &breaks[..position] {
                let side = &mut self.at_upper[passed.variable];
                *side = !*side;
            }
        }
        let entering = found.map(|position| breaks[position].variable);
        self.breaks = breaks;
        entering
    }

    /// Puts a variable into the basis in the place of another. `false` if the basis would be
    /// singular.
    fn exchange(&mut self, row: usize, entering: usize, beyond: f64) -> bool {
        let (rows, kinds) = (self.rows, self.values.len());
        let column: Vec<f64> = (0..rows)
            .map(|index| {
                let inverse = &self.inverse[index * rows..][..rows];
                match entering.checked_sub(kinds) {
                    None => dot(inverse, self.request(entering)),
                    Some(slack) => inverse[slack],
                }
            })
            .collect();
        if column[row].abs() < TINY * TINY {
            return false;
        }
        let pivot: Vec<f64> =
            self.inverse[row * rows..][..rows].iter().map(|part| part / column[row]).collect();
        for (index, factor) in column.iter().enumerate() {
            let target = &mut self.inverse[index * rows..][..rows];
            if index == row {
                target.copy_from_slice(&pivot);
            } else {
                target.iter_mut().zip(&pivot).for_each(|(one, part)| *one -= factor * part);
            }
        }
        let leaving = std::mem::replace(&mut self.basis[row], entering);
        self.in_basis[leaving] = false;
        self.in_basis[entering] = true;
        if let Some(side) = self.at_upper.get_mut(leaving) {
            *side = beyond > 0.0;
        }
        true
    }
}

/// Orders the breaks up to the one at which the gain ends, and returns its position.
fn stopping(breaks: &mut [Break], gain: f64) -> Option<usize> {
    let by_distance =
        |a: &Break, b: &Break| a.at.total_cmp(&b.at).then(a.variable.cmp(&b.variable));
    // Halves that are passed as a whole need no sorting.
    let (mut start, mut end, mut left) = (0, breaks.len(), gain);
    while end - start > 8 {
        let middle = start + (end - start) / 2;
        breaks[start..end].select_nth_unstable_by(middle - start, by_distance);
        let slowed: f64 = breaks[start..middle].iter().map(|one| one.slows).sum();
        if slowed >= left {
            end = middle;
        } else {
            left -= slowed;
            start = middle;
        }
    }
    breaks[start..end].sort_unstable_by(by_distance);
    for (position, one) in breaks.iter().enumerate().take(end).skip(start) {
        left -= one.slows;
        if left <= 0.0 {
            return Some(position);
        }
    }
    // The one after a half that ends the gain is in its place. Where nothing ends it, that is
    // rounding: a node that cannot hold its lower bounds is never asked for.
    Some(end.min(breaks.len().checked_sub(1)?))
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}
