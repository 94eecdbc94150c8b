//! Pods that must share a node with others: they go where the others have gone.

use std::cmp::Reverse;

use crate::pack::existing::sites_of;
use crate::pack::state::State;
use crate::pack::topology::{Bin, Scope};
use crate::problem::stand_in::is_flexible;
use crate::solution::{Setback, add_content};

/// Places pods of these classes one by one, in rounds, until nobody finds company. Who comes first by
/// priority has the first choice, also of what a lower class has just made possible.
pub(crate) fn place(state: &mut State<'_>, classes: &[usize]) {
    let mut order = classes.to_vec();
    order.sort_by_key(|class| (Reverse(priority(state, *class)), *class));
    while place_some(state, &order) {}
    for class in classes.iter().filter(|class| state.remaining[**class] > 0) {
        let rules = &state.problem.rules.of_class[*class];
        let broken = rules.iter().find(|rule| state.problem.rules.all[**rule].owner[*class]);
        state.setbacks[*class] = state.setbacks[*class].or(broken.map(|rule| Setback::Rule(*rule)));
    }
}

/// A round; it ends early when a class above the one just placed still waits. Whether anything was
/// placed.
fn place_some(state: &mut State<'_>, order: &[usize]) -> bool {
    let mut placed = false;
    for (position, class) in order.iter().enumerate() {
        while state.remaining[*class] > 0 && place_one(state, *class) {
            placed = true;
            let own = priority(state, *class);
            let mut above = order[..position].iter();
            if above.any(|one| state.remaining[*one] > 0 && priority(state, *one) > own) {
                return true;
            }
        }
    }
    placed
}

fn priority(state: &State<'_>, class: usize) -> i32 {
    state.problem.classes[class].spec.priority
}

fn place_one(state: &mut State<'_>, class: usize) -> bool {
    if state.problem.classes[class].spec.unsupported.is_some() {
        return false;
    }
    let site = sites_of(state, class).into_iter().find(|site| state.site_allows(class, *site));
    if let Some(site) = site {
        state.put_on_site(class, site, 1);
        return true;
    }
    join(state, class) || start(state, class)
}

/// Puts one pod on a node that is being bought.
fn join(state: &mut State<'_>, class: usize) -> bool {
    let problem = state.problem;
    let holds = |state: &State<'_>, number: usize| {
        let node = &state.nodes[number];
        // A node without pods is not bought.
        !node.contents.is_empty()
            && problem.usable(class).contains(node.shape)
            && problem.ports_clear(class, node.shape)
            && state.times_beside(class, node.shape, &node.contents) > 0
            && state.counts.first_broken(problem, class, Bin::Node(number, node.shape)).is_none()
    };
    let stays_flexible = |state: &State<'_>, number: usize| {
        let mut contents = state.nodes[number].contents.clone();
        add_content(&mut contents, class, 1);
        is_flexible(problem, state.nodes[number].shape, &contents)
    };
    let mut numbers = 0..state.nodes.len();
    let Some(number) =
        numbers.find(|number| holds(state, *number) && stays_flexible(state, *number))
    else {
        return false;
    };
    let shape = state.nodes[number].shape;
    add_content(&mut state.nodes[number].contents, class, 1);
    state.counts.record(problem, (class, 1), Bin::Node(number, shape), Scope::All);
    state.remaining[class] -= 1;
    true
}

/// Buys a node for as many of the pods as one node can hold, for the least money.
fn start(state: &mut State<'_>, class: usize) -> bool {
    let problem = state.problem;
    // Rules about domains are looked at again after each pod.
    let at_once = |pods: i64| if problem.rules.is_tied(class) { 1 } else { pods };
    let options = problem.usable(class).iter().filter_map(|shape| {
        let allowed = problem.ports_clear(class, shape)
            && state.limits_allow(shape)
            && !state.counts.adds_domain(problem, shape)
            && state.counts.first_broken(problem, class, Bin::Shape(shape)).is_none();
        let fitting = state.times_beside(class, shape, &[]);
        let pods = fitting.min(state.remaining[class]);
        let suits = allowed && pods > 0 && is_flexible(problem, shape, &[(class, at_once(pods))]);
        suits.then_some((pods, problem.table.shapes[shape].risk_price, shape))
    });
    let best = options.min_by_key(|(pods, price, shape)| (-pods, *price, *shape));
    let Some((pods, _, shape)) = best else { return false };
    state.open(shape, vec![(class, at_once(pods))], Some(Scope::All));
    true
}
