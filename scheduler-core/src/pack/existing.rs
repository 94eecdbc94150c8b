//! Free room of nodes that exist or are in flight.

use crate::model::NodeStage;
use crate::pack::state::State;
use crate::problem::dims::times_fitting;
use crate::solution::add_content;

/// Leaves pods where an earlier plan expects them, if they still fit.
pub(crate) fn keep_nominated(state: &mut State<'_>, classes: &[usize]) {
    let problem = state.problem;
    let pending = &problem.snapshot.pending;
    let mut nominated: Vec<(usize, usize, usize)> = Vec::new();
    for class in classes {
        for pod in &problem.classes[*class].pods {
            let Some(name) = &pending[*pod].nominated else { continue };
            let nodes = &problem.snapshot.nodes;
            if let Ok(site) = nodes.binary_search_by(|node| node.node.name.cmp(name)) {
                nominated.push((*pod, *class, site));
            }
        }
    }
    nominated.sort_unstable();
    // In rounds: a pod may be expected next to another one that comes later by name.
    loop {
        let before = nominated.len();
        nominated.retain(|(_, class, site)| {
            let stays = state.sites_admitting(*class).binary_search(site).is_ok()
                && state.site_allows(*class, *site);
            if stays {
                state.put_on_site(*class, *site, 1);
                add_content(&mut state.kept[*site], *class, 1);
            }
            !stays
        });
        if nominated.len() == before {
            break;
        }
    }
}

/// Fills existing nodes with pods of these classes: the most important and largest first, each
/// into the fullest node that holds it, nodes that are ready before those to come.
pub(crate) fn fill(state: &mut State<'_>, classes: &[usize]) {
    let problem = state.problem;
    if problem.sites.is_empty() {
        return;
    }
    let mut order: Vec<usize> = classes.to_vec();
    order.sort_by_cached_key(|class| {
        let one = &problem.classes[*class];
        (std::cmp::Reverse((one.spec.priority, size(state, &one.request))), *class)
    });
    for class in order {
        if state.remaining[class] == 0 {
            continue;
        }
        let simple = !problem.is_limited(class);
        for site in sites_of(state, class) {
            let fitting = times_fitting(&problem.classes[class].request, &state.free[site]);
            let mut pods = fitting.min(state.remaining[class]);
            if !simple {
                while pods > 0 && state.site_allows(class, site) {
                    state.put_on_site(class, site, 1);
                    pods -= 1;
                }
            } else if pods > 0 {
                state.put_on_site(class, site, pods);
            }
            if state.remaining[class] == 0 {
                break;
            }
        }
    }
}

/// Existing nodes that admit a class and have room for a pod of it, in the order in which they are
/// filled.
pub(crate) fn sites_of(state: &mut State<'_>, class: usize) -> Vec<usize> {
    let admitting = state.sites_admitting(class);
    let request = &state.problem.classes[class].request;
    let admitted =
        admitting.iter().copied().filter(|site| times_fitting(request, &state.free[*site]) > 0);
    let mut sites: Vec<(NodeStage, i64, usize)> = admitted
        .map(|site| {
            let stage = state.problem.snapshot.nodes[site].node.stage;
            (stage, size(state, &state.free[site]), site)
        })
        .collect();
    sites.sort_unstable();
    sites.into_iter().map(|(_, _, site)| site).collect()
}

/// Size of a request or of free room: the sum of its shares of the largest nodes there are.
fn size(state: &State<'_>, amounts: &[i64]) -> i64 {
    let largest = &state.problem.largest;
    let share = |(amount, largest): (&i64, &i64)| {
        (i128::from((*amount).max(0)) << 30) / i128::from((*largest).max(1))
    };
    amounts.iter().zip(largest).map(share).sum::<i128>() as i64
}
