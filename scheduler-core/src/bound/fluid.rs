//! The fluid relaxation: pods as liquids that may be split over nodes at will (`solver.md` §2).
//!
//! Minimise `Σ c_s x_s` where every node of shape s gives its room `b_s`, resource by resource, to
//! the groups that it admits, and every group's demand is met. The dual prices each resource of
//! each group: maximise `Σ D_gr π_gr` where `Σ_r b_sr max_g π_gr ≤ c_s` for every shape. *Any*
//! non-negative prices, divided by their worst excess θ, prove a bound (Farley 1990); so the
//! prices are found in floating point, rounded to integers, and the bound is computed exactly.

mod simplex;

use crate::model::Price;

/// A shape as the relaxation sees it.
#[derive(Clone, Debug)]
pub(crate) struct FluidShape {
    /// Price in micro-dollars an hour.
    pub(crate) cost: i64,
    /// Room for pods.
    pub(crate) room: Vec<i64>,
    /// Groups that it admits, ascending.
    pub(crate) groups: Vec<usize>,
}

/// The relaxation for one set of shapes.
#[derive(Clone, Debug)]
pub(crate) struct Fluid {
    shapes: Vec<FluidShape>,
    dims: usize,
    /// Amounts are divided by 2^shift so that products stay small.
    shifts: Vec<u32>,
}

/// Prices of resources, by group, then resource.
#[derive(Clone, Debug, Default)]
pub(crate) struct Duals {
    /// In 2⁻¹⁶ micro-dollars an hour for 2^shift units.
    prices: Vec<Vec<i64>>,
}

/// Fraction bits of a dual price.
const FRACTION_BITS: u32 = 16;

/// Bits that are kept of the largest amount of a resource.
const AMOUNT_BITS: u32 = 24;

impl Fluid {
    /// The relaxation over these shapes; dominated ones may be left out.
    pub(crate) fn new(shapes: Vec<FluidShape>, dims: usize) -> Self {
        let largest = |dim: usize| shapes.iter().map(|one| one.room[dim]).max().unwrap_or(0);
        let shift =
            |dim: usize| (64 - largest(dim).max(1).leading_zeros()).saturating_sub(AMOUNT_BITS);
        let shifts = (0..dims).map(shift).collect();
        Self { shapes, dims, shifts }
    }

    /// Prices that are best for this demand, by group.
    pub(crate) fn solve(&self, demand: &[Vec<i64>]) -> Duals {
        let scale: Vec<f64> = (0..self.dims)
            .map(|dim| self.shapes.iter().map(|one| one.room[dim]).max().unwrap_or(0).max(1) as f64)
            .collect();
        let prices = simplex::solve(&self.shapes, demand, &scale);
        let to_integer = |(dim, price): (usize, f64)| {
            let unit = f64::from(1 << self.shifts[dim].min(30)) / scale[dim];
            (price.max(0.0) * unit * f64::from(1 << FRACTION_BITS)) as i64
        };
        let prices =
            prices.into_iter().map(|group| group.into_iter().enumerate().map(to_integer).collect());
        Duals { prices: prices.collect() }
    }

    /// What one pod of a group is worth under these prices, in 2⁻¹⁶ micro-dollars an hour.
    pub(crate) fn value(&self, duals: &Duals, group: usize, request: &[i64]) -> Vec<i64> {
        let value = |(dim, asked): (usize, &i64)| {
            let worth = i128::from(duals.prices[group][dim]) * i128::from(*asked);
            (worth >> self.shifts[dim]) as i64
        };
        request.iter().enumerate().map(value).collect()
    }

    /// What the pods on a node of each shape are worth together at most, under these prices.
    pub(crate) fn loads(&self, duals: &Duals) -> impl Iterator<Item = i128> {
        self.shapes.iter().map(|one| self.load(duals, &one.groups, &one.room))
    }

    /// A price that no set of nodes with room for the demand can undercut, given free room that
    /// costs nothing: groups that it admits, and amounts.
    pub(crate) fn bound(
        &self,
        duals: &Duals,
        demand: &[Vec<i64>],
        free: &[(Vec<usize>, Vec<i64>)],
    ) -> Price {
        // Demand is rounded down and room up, so that the bound stays valid.
        let mut worth: i128 = 0;
        for (prices, demand) in duals.prices.iter().zip(demand) {
            for (dim, amount) in demand.iter().enumerate() {
                worth += i128::from(prices[dim]) * i128::from(amount >> self.shifts[dim]);
            }
        }
        for (groups, room) in free {
            worth -= self.load(duals, groups, room);
        }
        let mut factor: i128 = 1 << FACTOR_BITS;
        for shape in &self.shapes {
            let load = self.load(duals, &shape.groups, &shape.room);
            let cost = i128::from(shape.cost) << FRACTION_BITS;
            if load > cost {
                factor = factor.min((cost << FACTOR_BITS) / load);
            }
        }
        let bound = worth.max(0).saturating_mul(factor) >> (FACTOR_BITS + FRACTION_BITS);
        Price::from_micro_usd(bound as i64)
    }

    /// What some room is worth at most.
    fn load(&self, duals: &Duals, groups: &[usize], room: &[i64]) -> i128 {
        let worth = |(dim, amount): (usize, &i64)| {
            let best = groups.iter().map(|group| duals.prices[*group][dim]).max().unwrap_or(0);
            let rounded_up = (amount.max(&0) + (1 << self.shifts[dim]) - 1) >> self.shifts[dim];
            i128::from(best) * i128::from(rounded_up)
        };
        room.iter().enumerate().map(worth).sum()
    }
}

/// Fraction bits of the factor by which prices are reduced until they are feasible.
const FACTOR_BITS: u32 = 24;

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(cost: i64, room: [i64; 2], groups: &[usize]) -> FluidShape {
        FluidShape { cost, room: room.to_vec(), groups: groups.to_vec() }
    }

    #[test]
    fn one_resource_is_bought_where_a_unit_is_cheapest() {
        let fluid = Fluid::new(vec![shape(100, [10, 100], &[0]), shape(150, [20, 100], &[0])], 2);
        let demand = [vec![40, 40]];
        let bound = fluid.bound(&fluid.solve(&demand), &demand, &[]);
        assert!((299..=300).contains(&bound.micro_usd()), "{bound}");
    }

    #[test]
    fn two_resources_are_bought_as_a_mixture() {
        let fluid = Fluid::new(vec![shape(100, [10, 10], &[0]), shape(150, [10, 30], &[0])], 2);
        let demand = [vec![20, 40]];
        let bound = fluid.bound(&fluid.solve(&demand), &demand, &[]);
        assert!((249..=250).contains(&bound.micro_usd()), "{bound}");
    }

    #[test]
    fn a_group_that_needs_the_dearer_shape_pays_for_it() {
        let shapes = vec![shape(10, [10, 10], &[0]), shape(40, [10, 10], &[0, 1])];
        let fluid = Fluid::new(shapes, 2);
        let demand = [vec![100, 100], vec![10, 1]];
        let bound = fluid.bound(&fluid.solve(&demand), &demand, &[]);
        // One dear node for the second group, whose spare memory carries nothing without CPU.
        assert!((138..=140).contains(&bound.micro_usd()), "{bound}");
    }

    #[test]
    fn free_room_lowers_the_bound() {
        let fluid = Fluid::new(vec![shape(100, [10, 10], &[0])], 2);
        let demand = [vec![20, 20]];
        let free = [(vec![0], vec![5, 5])];
        let bound = fluid.bound(&fluid.solve(&demand), &demand, &free);
        assert!((149..=150).contains(&bound.micro_usd()), "{bound}");
    }
}
