//! Classes with rules about domains: which pod goes to which zone, or other domain.
//!
//! Pods are taken one by one, so that every rule holds after each of them and therefore in the
//! end. A pod goes to free room where a domain that is allowed has some, otherwise to the allowed
//! domain in which its share of a node is cheapest.

use std::collections::BTreeMap;

use crate::pack::existing::sites_of;
use crate::pack::parts::Part;
use crate::pack::state::State;
use crate::pack::topology::{Bin, Scope};
use crate::problem::BitSet;
use crate::problem::cache::share;
use crate::problem::rules::Kind;
use crate::solution::Setback;

/// Shapes of which the rules about a class see the same.
struct Region {
    shapes: BitSet,
    /// One of the shapes.
    any: usize,
    /// Highest weight of a pool that sells here, negated; then the least price of a pod's share.
    cost: (i64, i128),
    pods: i64,
}

/// Places pods of these classes on existing nodes, and divides the rest by domain.
pub(crate) fn divide(state: &mut State<'_>, classes: &[usize]) -> Vec<Part> {
    let problem = state.problem;
    let seeks = |class: usize| {
        problem.rules.of_class[class].iter().any(|rule| {
            let rule = &problem.rules.all[*rule];
            rule.owner[class] && matches!(rule.kind, Kind::Affinity)
        })
    };
    // Those that others want to be near come first; then rounds, until nobody finds company.
    let (seekers, others): (Vec<usize>, Vec<usize>) =
        classes.iter().partition(|class| seeks(**class));
    let mut parts = Vec::new();
    let mut left = vec![0; problem.classes.len()];
    for class in others.iter().chain(&seekers) {
        left[*class] = state.remaining[*class];
    }
    for class in others {
        place_class(state, class, &mut left, &mut parts);
    }
    loop {
        let before: i64 = left.iter().sum();
        for class in &seekers {
            place_class(state, *class, &mut left, &mut parts);
        }
        if left.iter().sum::<i64>() == before {
            break;
        }
    }
    parts
}

fn place_class(state: &mut State<'_>, class: usize, left: &mut [i64], parts: &mut Vec<Part>) {
    let problem = state.problem;
    let mut regions = regions(state, class);
    while left[class] > 0 {
        if let Some(site) = best_site(state, class) {
            state.put_on_site(class, site, 1);
        } else {
            let allowed = regions.iter_mut().filter(|region| {
                state.counts.first_broken(problem, class, Bin::Shape(region.any)).is_none()
            });
            let Some(region) = allowed.min_by_key(|region| (region.cost, region.any)) else {
                let nearest = regions.iter().min_by_key(|region| (region.cost, region.any));
                let broken = nearest.and_then(|region| {
                    state.counts.first_broken(problem, class, Bin::Shape(region.any))
                });
                state.setbacks[class] = broken.map(Setback::Rule);
                break;
            };
            let bin = Bin::Shape(region.any);
            state.counts.record(problem, (class, 1), bin, Scope::Keys);
            region.pods += 1;
        }
        left[class] -= 1;
    }
    let divided = regions.into_iter().filter(|region| region.pods > 0);
    parts.extend(divided.map(|region| Part {
        class,
        shapes: region.shapes,
        left: region.pods,
        domain_of: Some(region.any),
    }));
}

/// The existing node that takes the next pod: in the emptiest domain of the spreads, then in the
/// order in which nodes are filled.
fn best_site(state: &mut State<'_>, class: usize) -> Option<usize> {
    let problem = state.problem;
    let sites = sites_of(state, class);
    let crowd = |site: usize| state.counts.crowd(problem, class, Bin::Site(site));
    let allowed = sites.iter().enumerate().filter(|(_, site)| state.site_allows(class, **site));
    allowed.min_by_key(|(order, site)| (crowd(**site), *order)).map(|(_, site)| *site)
}

/// The regions in which new nodes for the class can be bought.
fn regions(state: &State<'_>, class: usize) -> Vec<Region> {
    let problem = state.problem;
    let one = &problem.classes[class];
    if one.spec.unsupported.is_some() {
        return Vec::new();
    }
    let views = problem.rules.views_of([class]);
    let mut regions: BTreeMap<Vec<Option<usize>>, Region> = BTreeMap::new();
    let admission = one.preferred.unwrap_or(one.admission);
    for shape in problem.admissions[admission].usable.iter() {
        let sold = &problem.table.shapes[shape];
        let Some(share) = share(sold.risk_price, &one.request, problem.room(shape)) else {
            continue;
        };
        if !problem.suits(class, shape) {
            continue;
        }
        let view = views.of(&problem.rules, shape).collect();
        let weight = problem.snapshot.supply.node_pools[problem.table.pool(shape)].weight;
        let cost = (-i64::from(weight), share);
        let region = regions.entry(view).or_insert_with(|| Region {
            shapes: BitSet::new(problem.table.shapes.len()),
            any: shape,
            cost,
            pods: 0,
        });
        region.shapes.insert(shape);
        region.cost = region.cost.min(cost);
    }
    regions.into_values().collect()
}
