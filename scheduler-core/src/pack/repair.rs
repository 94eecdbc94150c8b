//! The last look: pods whose rules do not hold in the end lose their place.
//!
//! Places are given in an order in which every rule holds after each step; a rule can still be
//! broken in the end when pods that it counted on found no node, or when a pod that it counts but
//! does not bind came later.

use crate::pack::state::State;
use crate::pack::topology::{Bin, Counts, Scope};
use crate::problem::rules::Kind;
use crate::solution::{Content, Setback, add_content};

/// Takes pods away until every rule holds for all that stay, and tells whether any had to go.
pub(crate) fn repair(state: &mut State<'_>) -> bool {
    let mut repaired = false;
    // Each round takes one pod away.
    while let Some((rule, class, bin)) = first_violation(state) {
        remove(state, class, bin);
        state.setbacks[class] = Some(Setback::Rule(rule));
        repaired = true;
    }
    repaired
}

/// A pod that its rule does not allow where it is, on the newest node first.
fn first_violation(state: &State<'_>) -> Option<(usize, usize, Bin)> {
    let problem = state.problem;
    for (number, rule) in problem.rules.all.iter().enumerate() {
        let least = match &rule.kind {
            Kind::Spread(spread) => state.counts.least(number, spread),
            Kind::Anti | Kind::Affinity => 0,
        };
        let footholds = match &rule.kind {
            Kind::Affinity => Counts::footholds(problem, number, contents(state)),
            Kind::Spread(_) | Kind::Anti => Vec::new(),
        };
        let new = state.nodes.iter().enumerate().rev().flat_map(|(index, node)| {
            let bin = Bin::Node(index, node.shape);
            node.contents.iter().map(move |(class, _)| (*class, bin))
        });
        let old = state.on_sites.iter().enumerate().rev().flat_map(|(site, contents)| {
            contents.iter().map(move |(class, pods)| (*class, Bin::Site(site), *pods))
        });
        // Pods that an earlier plan put where they are go last.
        let kept = |class: usize, bin: Bin| match bin {
            Bin::Site(site) => {
                let kept = state.kept[site].iter().find(|(one, _)| *one == class);
                kept.map_or(0, |(_, pods)| *pods)
            }
            Bin::Node(..) | Bin::Shape(_) => 0,
        };
        let (late, early): (Vec<_>, Vec<_>) =
            old.partition(|(class, bin, pods)| *pods > kept(*class, *bin));
        let old = late.into_iter().chain(early).map(|(class, bin, _)| (class, bin));
        let mut owned = new.chain(old).filter(|(class, _)| rule.owner[*class]);
        let found = owned.find(|(class, bin)| match &rule.kind {
            Kind::Spread(spread) => {
                state.counts.selected_at(problem, number, *bin) - least > spread.max_skew
            }
            Kind::Affinity => {
                state.counts.is_alone(problem, number, *class, *bin)
                    || state.counts.is_unfounded(problem, number, &footholds, *bin)
            }
            Kind::Anti => false,
        });
        if let Some((class, bin)) = found {
            return Some((number, class, bin));
        }
    }
    None
}

/// What is where.
fn contents<'a>(state: &'a State<'_>) -> impl Iterator<Item = (Bin, Content)> + use<'a> {
    let new = state.nodes.iter().enumerate().flat_map(|(index, node)| {
        let bin = Bin::Node(index, node.shape);
        node.contents.iter().map(move |content| (bin, *content))
    });
    let old = state.on_sites.iter().enumerate().flat_map(|(site, contents)| {
        contents.iter().map(move |content| (Bin::Site(site), *content))
    });
    new.chain(old)
}

fn remove(state: &mut State<'_>, class: usize, bin: Bin) {
    let problem = state.problem;
    match bin {
        Bin::Site(site) => {
            state.put_on_site(class, site, -1);
            return;
        }
        Bin::Node(node, shape) => {
            add_content(&mut state.nodes[node].contents, class, -1);
            if state.nodes[node].contents.is_empty() {
                state.limits.give_back(problem, shape);
            }
        }
        Bin::Shape(_) => return,
    }
    state.remaining[class] += 1;
    state.counts.record(problem, (class, -1), bin, Scope::All);
}
