//! Classes with rules about domains: which pod goes to which zone, or other domain.
//!
//! Pods are taken one by one, so that every rule holds after each of them and therefore in the
//! end. A pod goes to free room where a domain that is allowed has some, otherwise to the allowed
//! domain in which its share of a node is cheapest.

use crate::model::NodeStage;
use crate::pack::existing::{size, with_room};
use crate::pack::parts::Part;
use crate::pack::region::{Atlas, Region};
use crate::pack::state::State;
use crate::pack::topology::{Bin, Scope};
use crate::problem::rules::Kind;
use crate::solution::Setback;

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
    let mut atlas = Atlas::new(problem);
    let mut parts = Vec::new();
    let mut left = vec![0; problem.classes.len()];
    for class in others.iter().chain(&seekers) {
        left[*class] = state.remaining[*class];
    }
    for class in others {
        parts.extend(place_class(state, class, &mut left[class], &mut atlas));
    }
    loop {
        let before: i64 = left.iter().sum();
        for class in &seekers {
            parts.extend(place_class(state, *class, &mut left[*class], &mut atlas));
        }
        if left.iter().sum::<i64>() == before {
            break;
        }
    }
    parts
}

/// Places what is left of a class where its rules allow, and returns what goes to new nodes.
fn place_class(
    state: &mut State<'_>,
    class: usize,
    left: &mut i64,
    atlas: &mut Atlas<'_>,
) -> Vec<Part> {
    if *left == 0 {
        return Vec::new();
    }
    let problem = state.problem;
    let regions = atlas.regions(class);
    let request = &problem.classes[class].request;
    // Cheapest first.
    let mut offers: Vec<(i64, i128, usize)> = Vec::new();
    for (number, region) in regions.iter().enumerate() {
        offers.extend(region.cost(request).map(|(weight, share)| (weight, share, number)));
    }
    offers.sort_unstable();
    let mut pods = vec![0; regions.len()];
    let mut sites = Sites::new(state, class);
    while *left > 0 {
        if let Some(site) = sites.best(state) {
            state.put_on_site(class, site, 1);
            sites.update(state, site);
        } else {
            let broken = |region: usize| {
                state.counts.first_broken(problem, class, Bin::Shape(regions[region].any))
            };
            let found = offers.iter().find(|(_, _, region)| broken(*region).is_none());
            let Some((_, _, region)) = found.copied() else {
                let nearest = offers.first().and_then(|(_, _, region)| broken(*region));
                state.setbacks[class] = nearest.map(Setback::Rule);
                break;
            };
            let bin = Bin::Shape(regions[region].any);
            state.counts.record(problem, (class, 1), bin, Scope::Keys);
            pods[region] += 1;
        }
        *left -= 1;
    }
    let divided = regions.iter().zip(pods).filter(|(_, pods)| *pods > 0);
    let part = |(region, left): (&Region, i64)| Part {
        class,
        shapes: region.shapes.clone(),
        left,
        domain_of: Some(region.any),
    };
    divided.map(part).collect()
}
/// Existing nodes that may take pods of a class.
struct Sites {
    class: usize,
    /// In the order in which nodes are filled: stage, free room, number.
    all: Vec<(NodeStage, i64, usize)>,
}

impl Sites {
    fn new(state: &mut State<'_>, class: usize) -> Self {
        Self { class, all: with_room(state, class) }
    }

    /// The node that takes the next pod: in the emptiest domain of the spreads, then in the order in
    /// which nodes are filled.
    fn best(&self, state: &State<'_>) -> Option<usize> {
        let crowd = |site: usize| state.counts.crowd(state.problem, self.class, Bin::Site(site));
        let allowed = self.all.iter().filter(|(_, _, site)| state.site_allows(self.class, *site));
        let first = allowed.min_by_key(|(stage, size, site)| (crowd(*site), *stage, *size, *site));
        first.map(|(_, _, site)| *site)
    }

    /// Takes note that a node's room has changed.
    fn update(&mut self, state: &State<'_>, site: usize) {
        if let Some(known) = self.all.iter_mut().find(|(_, _, other)| *other == site) {
            known.1 = size(state, &state.free[site]);
        }
    }
}
