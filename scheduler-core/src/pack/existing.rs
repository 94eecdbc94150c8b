//! Free room of nodes that exist or are in flight.

use crate::model::NodeStage;
use crate::pack::state::State;
use crate::problem::Problem;
use crate::problem::dims::times_fitting;
use crate::solution::add_content;

/// Leaves pods where an earlier plan expects them, if they still fit.
pub(crate) fn keep_nominated(state: &mut State<'_>, classes: &[usize]) {
    let problem = state.problem;
    let mut nominated: Vec<(usize, usize, usize)> = Vec::new();
    for class in classes {
        for pod in &problem.classes[*class].pods {
            nominated.extend(problem.nominated_site(*pod).map(|site| (*pod, *class, site)));
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

/// Which pods get free room first, of those that are equally important.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The largest: small ones find room later.
    Size,
    /// Those that save most on new nodes for the room they take.
    Saving,
}

/// Fills existing nodes with pods of these classes: the most important first, then in the state's
/// order, each into the fullest node that holds it, nodes that are ready before those to come.
pub(crate) fn fill(state: &mut State<'_>, classes: &[usize]) {
    let problem = state.problem;
    if problem.sites.is_empty() {
        return;
    }
    let mut order: Vec<usize> = classes.to_vec();
    order.sort_by_cached_key(|class| {
        let one = &problem.classes[*class];
        let size = size(state, &one.request);
        let first = match state.order {
            Order::Size => i128::from(size),
            Order::Saving => saving(problem, *class) / i128::from(size.max(1)),
        };
        (std::cmp::Reverse((one.spec.priority, first)), *class)
    });
    for class in order {
        if state.remaining[class] == 0 {
            continue;
        }
        let simple = !problem.is_limited(class)
            && !problem.shared.has(class)
            && problem.rules.of_class[class].is_empty();
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
    let mut sites = with_room(state, class);
    sites.sort_unstable();
    sites.into_iter().map(|(_, _, site)| site).collect()
}

/// The same, in any order: stage, size of the free room and number.
pub(crate) fn with_room(state: &mut State<'_>, class: usize) -> Vec<(NodeStage, i64, usize)> {
    let admitting = state.sites_admitting(class);
    let request = &state.problem.classes[class].request;
    let admitted =
        admitting.iter().copied().filter(|site| times_fitting(request, &state.free[*site]) > 0);
    let staged = admitted.map(|site| {
        let stage = state.problem.snapshot.nodes[site].node.stage;
        (stage, size(state, &state.free[site]), site)
    });
    staged.collect()
}

/// What a pod of the class costs at least on new nodes of its own kind, in fractions of a
/// micro-dollar.
fn saving(problem: &Problem<'_>, class: usize) -> i128 {
    let request = &problem.classes[class].request;
    let costs = problem.usable(class).iter().filter_map(|shape| {
        let pods = times_fitting(request, problem.room(shape));
        let price = i128::from(problem.table.shapes[shape].risk_price.micro_usd()) << SAVING_BITS;
        (pods > 0).then(|| price / i128::from(pods))
    });
    // What has no other place comes first.
    costs.min().unwrap_or(i128::MAX >> 1)
}

/// Fraction bits of a saving, so that it can be divided by a size.
const SAVING_BITS: u32 = 60;

/// Size of a request or of free room: the sum of its shares of the largest nodes there are.
pub(crate) fn size(state: &State<'_>, amounts: &[i64]) -> i64 {
    let largest = &state.problem.largest;
    let share = |(amount, largest): (&i64, &i64)| {
        (i128::from((*amount).max(0)) << 30) / i128::from((*largest).max(1))
    };
    amounts.iter().zip(largest).map(share).sum::<i128>() as i64
}
