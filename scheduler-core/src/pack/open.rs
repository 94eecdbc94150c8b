//! New nodes for what existing ones do not take.

use crate::column::rows::Hints;
use crate::engine::MinValuesPolicy;
use crate::pack::candidates::{Flexibility, Sale};
use crate::pack::parts::Part;
use crate::pack::state::State;
use crate::pack::tier::Tier;
use crate::pack::topology::{Bin, Scope};
use crate::problem::dims::fits;
use crate::solution::{Setback, add_content};

/// Buys nodes for these parts, pools of higher weight first, and of each what is paid for already
/// first. What finds no node is taken out of the counts of its domain again.
pub(crate) fn open_nodes(state: &mut State<'_>, mut parts: Vec<Part>) {
    let problem = state.problem;
    let pools = &problem.snapshot.supply.node_pools;
    let mut weights: Vec<u32> = pools.iter().map(|pool| pool.weight).collect();
    weights.dedup();
    for weight in weights {
        open_tier(state, &mut parts, |pool| pools[pool].weight == weight);
    }
    // Preferences are given up for what found no node.
    for part in parts.iter_mut().filter(|part| part.left > 0 && part.domain_of.is_none()) {
        let class = &problem.classes[part.class];
        if class.preferred.is_some() {
            part.shapes = problem.usable(part.class).clone();
        }
    }
    if parts.iter().any(|part| part.left > 0) {
        open_tier(state, &mut parts, |_| true);
    }
    for part in parts.iter().filter(|part| part.left > 0) {
        if let Some(shape) = part.domain_of {
            let taken = (part.class, -part.left);
            state.counts.record(problem, taken, Bin::Shape(shape), Scope::Keys);
        }
    }
}

fn open_tier(state: &mut State<'_>, parts: &mut [Part], pools: impl Fn(usize) -> bool) {
    let mut flexibilities = vec![Flexibility::Kept];
    if state.problem.min_values_policy == MinValuesPolicy::BestEffort {
        flexibilities.push(Flexibility::Relaxed);
    }
    for flexibility in flexibilities {
        if !state.problem.table.reservations.is_empty() {
            buy(state, parts, (Sale::Reserved, flexibility, &pools));
        }
        buy(state, parts, (Sale::Open, flexibility, &pools));
    }
}

fn buy(
    state: &mut State<'_>,
    parts: &mut [Part],
    offers: (Sale, Flexibility, impl Fn(usize) -> bool),
) {
    let problem = state.problem;
    let Some(tier) = Tier::new(problem, parts, state.limits.clone(), offers) else { return };
    state.candidates = state.candidates.max(tier.candidates.len());
    let packed = tier.pack(state.steps);
    state.patterns += packed.patterns;
    let items = |hints: &Option<Hints>| hints.as_ref().map_or(0, |hints| hints.classes.len());
    if items(&packed.hints) > items(&state.hints) {
        state.hints = packed.hints;
    }
    let scope = (!problem.rules.all.is_empty()).then_some(Scope::Hosts);
    for bin in packed.bins {
        let mut contents = Vec::with_capacity(bin.pods.len());
        for (item, pods) in bin.pods {
            let part = &mut parts[tier.part_of[item as usize]];
            part.left -= pods;
            add_content(&mut contents, part.class, pods);
        }
        state.open(tier.candidates[bin.shape].shape, contents, scope);
    }
    note_limits(state, parts, &tier);
}

/// Notes the pools whose limits keep pods without a node.
fn note_limits(state: &mut State<'_>, parts: &[Part], tier: &Tier<'_, '_>) {
    let problem = state.problem;
    for part in parts.iter().filter(|part| part.left > 0) {
        let request = &problem.classes[part.class].request;
        let limited = tier.candidates.iter().find(|one| {
            part.shapes.contains(one.shape)
                && fits(request, problem.room(one.shape))
                && !state.limits_allow(one.shape)
        });
        let pool = limited.map(|one| Setback::Limit(problem.table.pool(one.shape)));
        state.setbacks[part.class] = state.setbacks[part.class].or(pool);
    }
}
