//! What can be bought, divided by what rules see of it: a zone, for one.
//!
//! Classes under the same kind of rules see the same regions, so these are found once. Of a region
//! only the shapes matter on which some pod may take up the cheapest share of a node.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::pack::candidates::any_of_recent;
use crate::problem::dims::fits;
use crate::problem::rules::Views;
use crate::problem::{BitSet, Problem};

/// Shapes of which the rules about a class see the same.
#[derive(Debug)]
pub(crate) struct Region {
    pub(crate) shapes: Arc<BitSet>,
    /// The first of the shapes.
    pub(crate) any: usize,
    /// Those on which some pod may be cheapest.
    front: Vec<Sold>,
}

impl Region {
    /// What one pod costs here at least: highest weight of a pool that sells a shape for it,
    /// negated, then the least price of its share of a node; `None` if no shape holds it.
    pub(crate) fn cost(&self, request: &[i64]) -> Option<(i64, i128)> {
        self.front.iter().filter_map(|sold| sold.cost(request)).min()
    }
}

/// A shape as a seller of room.
#[derive(Debug)]
struct Sold {
    /// Weight of the pool, negated: the least comes first.
    weight: i64,
    /// In micro-dollars an hour.
    price: i128,
    room: Vec<i64>,
    /// By resource: price of a unit, in 2⁻⁶⁴ micro-dollars an hour.
    rates: Vec<i128>,
}

impl Sold {
    fn new(problem: &Problem<'_>, shape: usize) -> Self {
        let sold = &problem.table.shapes[shape];
        let weight = problem.snapshot.supply.node_pools[problem.table.pool(shape)].weight;
        let room = problem.room(shape).to_vec();
        let price = i128::from(sold.risk_price.micro_usd());
        Self { weight: -i64::from(weight), price, room, rates: Vec::new() }
    }

    fn priced(self) -> Self {
        let price = self.price << RATE_BITS;
        let rates = self.room.iter().map(|room| price / i128::from((*room).max(1))).collect();
        Self { rates, ..self }
    }

    fn cost(&self, request: &[i64]) -> Option<(i64, i128)> {
        if !fits(request, &self.room) {
            return None;
        }
        let shares = request.iter().zip(&self.rates).map(|(asked, rate)| i128::from(*asked) * rate);
        Some((self.weight, shares.max().unwrap_or(0)))
    }

    /// Whether whatever fits the other one fits here as well and costs no more.
    fn replaces(&self, other: &Self) -> bool {
        let mut rooms = self.room.iter().zip(&other.room);
        self.weight <= other.weight
            && fits(&other.room, &self.room)
            && rooms
                .all(|(mine, its)| self.price * i128::from(*its) <= other.price * i128::from(*mine))
    }
}

/// Bits after the point of a rate. Room in bytes needs many: prices stay below 2⁴⁰ micro-dollars, so
/// that what fits a shape costs less than 2¹⁰⁴ units.
const RATE_BITS: u32 = 64;

/// What tells apart the regions of two classes: the admission, the keys that rules count by, what
/// their spreads count (by address), and the class itself where not every shape may suit it.
type Face = (usize, Vec<usize>, Vec<usize>, Option<usize>);

/// Regions known so far.
#[derive(Debug)]
pub(crate) struct Atlas<'p> {
    problem: &'p Problem<'p>,
    by_face: BTreeMap<Face, Rc<[Region]>>,
}

impl<'p> Atlas<'p> {
    pub(crate) fn new(problem: &'p Problem<'p>) -> Self {
        Self { problem, by_face: BTreeMap::new() }
    }

    /// The regions in which new nodes for the class can be bought, by their first shape.
    pub(crate) fn regions(&mut self, class: usize) -> Rc<[Region]> {
        let problem = self.problem;
        let one = &problem.classes[class];
        if one.spec.unsupported.is_some() {
            return Rc::new([]);
        }
        let views = problem.rules.views_of([class]);
        let own = !one.spec.host_ports.is_empty() || problem.shared.has(class);
        let counted = views.counted.iter().map(|one| Arc::as_ptr(one).addr()).collect();
        let face = (one.wanted(), views.keys.clone(), counted, own.then_some(class));
        self.by_face.entry(face).or_insert_with(|| divide(problem, class, &views)).clone()
    }
}

/// The regions of a class.
fn divide(problem: &Problem<'_>, class: usize, views: &Views) -> Rc<[Region]> {
    let usable = &problem.admissions[problem.classes[class].wanted()].usable;
    let mut numbers: BTreeMap<Vec<Option<usize>>, usize> = BTreeMap::new();
    let mut of_region: Vec<Vec<usize>> = Vec::new();
    let mut view = Vec::new();
    for shape in usable.iter().filter(|shape| problem.suits(class, *shape)) {
        view.clear();
        view.extend(views.of(&problem.rules, shape));
        let number = numbers.get(&view).copied().unwrap_or_else(|| {
            numbers.insert(view.clone(), of_region.len());
            of_region.push(Vec::new());
            of_region.len() - 1
        });
        of_region[number].push(shape);
    }
    of_region.into_iter().map(|shapes| region(problem, &shapes)).collect()
}

fn region(problem: &Problem<'_>, shapes: &[usize]) -> Region {
    let mut all = BitSet::new(problem.table.shapes.len());
    let mut front: Vec<Sold> = Vec::new();
    for shape in shapes {
        all.insert(*shape);
        let sold = Sold::new(problem, *shape);
        if !any_of_recent(&mut front, |other| other.replaces(&sold)) {
            front.retain(|other| !sold.replaces(other));
            front.push(sold);
        }
    }
    let front = front.into_iter().map(Sold::priced).collect();
    Region { shapes: Arc::new(all), any: shapes[0], front }
}
