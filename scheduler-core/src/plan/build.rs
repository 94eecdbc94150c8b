//! From a solution's indices back to names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::model::attachment::places;
use crate::model::{Labels, PodId, Resources};
use crate::pack::limits::Limits;
use crate::plan::{Action, Alternative, PlannedNode};
use crate::problem::Problem;
use crate::problem::stand_in::StandIns;
use crate::solution::{Content, NewNode, Solution};

/// Other offerings that a launch names besides the chosen one, at most: EC2 takes no more types
/// in one request, and the dear ones are not wanted.
const ALTERNATIVES_MAX: usize = 60;

/// The actions of a solution, and the pods that it leaves without a place by class.
pub(crate) fn actions(
    problem: &Problem<'_>,
    solution: &Solution,
    ceiling_percent: u32,
) -> (Vec<Action>, Vec<Vec<usize>>) {
    let mut pods = PodQueue::new(problem, solution);
    let mut actions = Vec::new();
    for (site, contents) in solution.on_sites.iter().enumerate() {
        let node = &problem.snapshot.nodes[site].node.name;
        for pod in pods.take_for_site(site, contents) {
            actions.push(Action::expect(problem.snapshot, pod, node.clone()));
        }
    }
    let by_price = ByRiskPrice::new(problem, ceiling_percent);
    // Many nodes are alike; their alternatives are looked for once, on all cores.
    let distinct: BTreeSet<(usize, &Vec<Content>)> =
        solution.nodes.iter().map(|node| (node.shape, &node.contents)).collect();
    let distinct: Vec<(usize, &Vec<Content>)> = distinct.into_iter().collect();
    let alternatives: Vec<Choice> = distinct
        .par_iter()
        .map(|(shape, contents)| by_price.choice(problem, *shape, contents))
        .collect();
    let mut labels = BTreeMap::new();
    for node in &solution.nodes {
        let pods = pods.take(&node.contents);
        let known = distinct.binary_search(&(node.shape, &node.contents));
        let choice = known.map_or_else(|_| Choice::default(), |at| alternatives[at].clone());
        let labels = labels
            .entry(node.shape)
            .or_insert_with(|| Arc::new(problem.table.labels(&problem.table.shapes[node.shape])))
            .clone();
        actions.push(Action::Launch(Box::new(planned(problem, node, pods, (labels, choice)))));
    }
    (actions, pods.rest())
}

/// So many nodes for no pods, of the cheapest offerings on sale; fewer if limits or reservations
/// leave no more.
pub(crate) fn bare_nodes(
    problem: &Problem<'_>,
    count: usize,
    ceiling_percent: u32,
) -> Vec<PlannedNode> {
    let table = &problem.table;
    let by_price = ByRiskPrice::new(problem, ceiling_percent);
    let mut limits = Limits::new(problem);
    let mut nodes = Vec::new();
    let on_sale = |shape: &&usize| {
        let one = &table.shapes[**shape];
        one.available && table.rows[one.row].usable
    };
    for shape in table.by_price.iter().filter(on_sale) {
        let labels = Arc::new(table.labels(&table.shapes[*shape]));
        let choice = by_price.choice(problem, *shape, &[]);
        while nodes.len() < count && limits.allow(problem, *shape) {
            limits.take(problem, &[*shape]);
            let node = NewNode { shape: *shape, contents: Vec::new() };
            let shared = (Arc::clone(&labels), choice.clone());
            nodes.push(planned(problem, &node, Vec::new(), shared));
        }
        if nodes.len() == count {
            break;
        }
    }
    nodes
}

/// Which pods of each class have not been named yet.
struct PodQueue<'a> {
    problem: &'a Problem<'a>,
    /// By class: pods that stay where they were nominated, by site.
    staying: BTreeMap<(usize, usize), Vec<usize>>,
    /// By class: the others, last first.
    others: Vec<Vec<usize>>,
}

impl<'a> PodQueue<'a> {
    fn new(problem: &'a Problem<'a>, solution: &Solution) -> Self {
        let mut staying: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
        let mut others = vec![Vec::new(); problem.classes.len()];
        for (number, class) in problem.classes.iter().enumerate() {
            for pod in class.pods.iter().rev() {
                let site = problem.nominated_site(*pod);
                let room = site.and_then(|site| {
                    let contents = &solution.on_sites[site];
                    let at = contents.binary_search_by_key(&number, |(class, _)| *class).ok()?;
                    Some((site, contents[at].1 as usize))
                });
                match room {
                    Some((site, most))
                        if staying.get(&(number, site)).map_or(0, Vec::len) < most =>
                    {
                        staying.entry((number, site)).or_default().push(*pod);
                    }
                    _ => others[number].push(*pod),
                }
            }
        }
        Self { problem, staying, others }
    }

    fn take_for_site(&mut self, site: usize, contents: &[Content]) -> Vec<PodId> {
        let mut taken = Vec::new();
        for (class, pods) in contents {
            let stay = self.staying.remove(&(*class, site)).unwrap_or_default();
            let more = (*pods as usize).saturating_sub(stay.len());
            taken.extend(stay);
            let others = &mut self.others[*class];
            taken.extend(others.drain(others.len().saturating_sub(more)..));
        }
        self.ids(taken)
    }

    fn take(&mut self, contents: &[Content]) -> Vec<PodId> {
        let mut taken = Vec::new();
        for (class, pods) in contents {
            let others = &mut self.others[*class];
            taken.extend(others.drain(others.len().saturating_sub(*pods as usize)..));
        }
        self.ids(taken)
    }

    /// Names of pods; their positions are in the order of their names.
    fn ids(&self, mut pods: Vec<usize>) -> Vec<PodId> {
        pods.sort_unstable();
        pods.into_iter().map(|pod| self.problem.snapshot.pending[pod].id.clone()).collect()
    }

    /// By class: pods that nothing was said about.
    fn rest(self) -> Vec<Vec<usize>> {
        let mut rest = self.others;
        for ((class, _), pods) in self.staying {
            rest[class].extend(pods);
        }
        for pods in &mut rest {
            pods.sort_unstable();
        }
        rest
    }
}

fn planned(
    problem: &Problem<'_>,
    node: &NewNode,
    pods: Vec<PodId>,
    (labels, choice): (Arc<Labels>, Choice),
) -> PlannedNode {
    let table = &problem.table;
    let shape = &table.shapes[node.shape];
    let row = &table.rows[shape.row];
    let supply = &problem.snapshot.supply;
    let pool = &supply.node_pools[row.pool];
    let instance_type = &supply.catalog(pool)[row.instance_type];
    let mut requests = row.daemons.clone();
    requests.add(&load(problem, &node.contents));
    PlannedNode {
        node_pool: pool.name.clone(),
        instance_type: instance_type.name.clone(),
        zone: table.zones[shape.zone].clone(),
        capacity_type: shape.capacity_type,
        reservation: shape.reservation.map(|one| table.reservations[one].id.clone()),
        price: shape.price,
        labels,
        taints: pool.taints.clone(),
        capacity: instance_type.capacity.clone(),
        allocatable: instance_type.allocatable(),
        daemons: row.daemons.clone(),
        requests,
        pods,
        worth: Arc::default(),
        alternatives: choice.alternatives,
        min_values_relaxed: choice.relaxed,
    }
}

fn load(problem: &Problem<'_>, contents: &[Content]) -> Resources {
    let mut load = Resources::default();
    let mut volumes = BTreeSet::new();
    for (class, pods) in contents {
        let spec = &problem.classes[*class].spec;
        load.add_times(&spec.requests, *pods);
        volumes.extend(&spec.shared_volumes);
    }
    load.add(&places(volumes));
    load
}

/// The offerings that would do as well as a chosen one.
#[derive(Clone, Default)]
struct Choice {
    alternatives: Arc<Vec<Alternative>>,
    /// They are fewer than the pool's `minValues` ask for.
    relaxed: bool,
}

/// Shapes on sale by pool, in the order in which alternatives are listed.
struct ByRiskPrice {
    pools: Vec<Vec<usize>>,
    ceiling_percent: u32,
}

impl ByRiskPrice {
    fn new(problem: &Problem<'_>, ceiling_percent: u32) -> Self {
        let table = &problem.table;
        let mut pools = vec![Vec::new(); problem.snapshot.supply.node_pools.len()];
        for index in &table.by_price {
            let shape = &table.shapes[*index];
            if shape.available && table.rows[shape.row].usable {
                pools[table.rows[shape.row].pool].push(*index);
            }
        }
        Self { pools, ceiling_percent }
    }

    fn choice(&self, problem: &Problem<'_>, bought: usize, contents: &[Content]) -> Choice {
        let table = &problem.table;
        let chosen = &table.rows[table.shapes[bought].row];
        let stand_ins = StandIns::new(problem, bought, contents);
        let catalog =
            problem.snapshot.supply.catalog(&problem.snapshot.supply.node_pools[chosen.pool]);
        let ceiling = i128::from(table.shapes[bought].risk_price.micro_usd())
            * i128::from(self.ceiling_percent)
            / 100;
        let ceiling = ceiling as i64;
        let mut kept: Vec<usize> = Vec::new();
        let of_pool = self.pools[chosen.pool].iter().copied();
        for shape in of_pool.filter(|shape| stand_ins.include(*shape)) {
            let with_chosen = kept.iter().copied().chain([bought]);
            let enough = kept.len() >= ALTERNATIVES_MAX
                || table.shapes[shape].risk_price.micro_usd() > ceiling;
            if enough && problem.min_values_hold(chosen.pool, &with_chosen) {
                break;
            }
            kept.push(shape);
        }
        let named = kept.iter().copied().chain([bought]);
        let relaxed = !problem.min_values_hold(chosen.pool, &named);
        let mut alternatives: Vec<Alternative> = kept
            .into_iter()
            .map(|shape| {
                let one = &table.shapes[shape];
                Alternative {
                    risk_price: one.risk_price,
                    price: one.price,
                    instance_type: catalog[table.rows[one.row].instance_type].name.clone(),
                    zone: table.zones[one.zone].clone(),
                    capacity_type: one.capacity_type,
                }
            })
            .collect();
        alternatives.sort_unstable();
        Choice { alternatives: Arc::new(alternatives), relaxed }
    }
}
