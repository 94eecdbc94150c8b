//! The cheapest plan as an integer program over all fillings of a node.

use std::collections::BTreeMap;

use good_lp::{
    Expression, ProblemVariables, Solution, SolverModel, Variable, constraint, microlp, variable,
};

use scheduler_core::model::PodId;
use scheduler_core::plan::Certificate;

use crate::instance::Instance;

/// How far a whole number may be off in a solver's answer.
const TOLERANCE: f64 = 1e-6;

/// How to cover waiting pods with fillings. A filling holds no pod for which there is room left:
/// with fewer pods it would cost the same.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// By workload: pods that must be placed, 0 if no node on sale holds one.
    pods: Vec<i64>,
    /// Fillings and what the cheapest node for each costs, in micro-dollars.
    bought: Vec<(Vec<i64>, i64)>,
    /// By node that exists: fillings, of which it can have one.
    standing: Vec<Vec<Vec<i64>>>,
}

/// The best plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Optimum {
    /// Price of its new nodes in micro-dollars.
    pub(crate) micro_usd: i64,
    /// Price of the dearest of them.
    pub(crate) dearest_micro_usd: i64,
}

impl Program {
    pub(crate) fn new(instance: &Instance) -> Self {
        let workloads = &instance.workloads;
        let (on_sale, standing) = (instance.rooms_on_sale(), instance.rooms_standing());
        let placeable = |number: usize| {
            let mut alone = vec![0; workloads.len()];
            alone[number] = 1;
            let is_placeable = on_sale.iter().any(|room| room.holds(workloads, &alone));
            // Otherwise as many as possible would have to be placed, which is another program.
            assert!(is_placeable || !standing.iter().any(|room| room.holds(workloads, &alone)));
            is_placeable
        };
        let pods: Vec<i64> = (workloads.iter().enumerate())
            .map(|(number, workload)| if placeable(number) { workload.pods } else { 0 })
            .collect();
        let mut bought: BTreeMap<Vec<i64>, i64> = BTreeMap::new();
        for room in &on_sale {
            for filling in room.full(workloads, &pods) {
                let cheapest = bought.entry(filling).or_insert(room.micro_usd);
                *cheapest = room.micro_usd.min(*cheapest);
            }
        }
        let standing = standing.iter().map(|room| room.full(workloads, &pods)).collect();
        Self { pods, bought: bought.into_iter().collect(), standing }
    }

    /// Pods that must be placed.
    pub(crate) fn placeable(&self) -> i64 {
        self.pods.iter().sum()
    }

    /// The price of the best plan, by an integer program. The answer is checked in integers.
    pub(crate) fn optimum(&self) -> Optimum {
        let (levels, solution) = self.solve(|| variable().min(0).integer());
        let whole = |level: &Variable| {
            let value = solution.value(*level);
            assert!((value - value.round()).abs() < TOLERANCE, "{value} is no whole number");
            value.round() as i64
        };
        let bought: Vec<i64> = levels.bought.iter().map(whole).collect();
        let standing: Vec<Vec<i64>> =
            levels.standing.iter().map(|node| node.iter().map(whole).collect()).collect();
        assert!(bought.iter().chain(standing.iter().flatten()).all(|times| *times >= 0));
        assert!(standing.iter().all(|node| node.iter().sum::<i64>() <= 1));
        let used = (self.bought.iter().map(|(filling, _)| filling).zip(&bought))
            .chain(self.standing.iter().flatten().zip(standing.iter().flatten()));
        let mut placed = vec![0; self.pods.len()];
        for (filling, times) in used {
            placed.iter_mut().zip(filling).for_each(|(placed, pods)| *placed += pods * times);
        }
        assert!(placed.iter().zip(&self.pods).all(|(placed, pods)| placed >= pods));
        let paid = self.bought.iter().zip(&bought).filter(|(_, times)| **times > 0);
        Optimum {
            micro_usd: paid.clone().map(|((_, price), times)| price * times).sum(),
            dearest_micro_usd: paid.map(|((_, price), _)| *price).max().unwrap_or(0),
        }
    }

    /// The price, in micro-dollars, with parts of nodes allowed: as high as values of pods can
    /// prove.
    pub(crate) fn relaxation(&self) -> f64 {
        let (levels, solution) = self.solve(|| variable().min(0));
        solution.eval(self.price(&levels))
    }

    /// The price of the best plan in micro-dollars, by trying every filling for every number of
    /// pods that may be left.
    pub(crate) fn optimum_by_trying_all(&self) -> i64 {
        let left: Vec<Vec<i64>> = all_up_to(&self.pods);
        let number: BTreeMap<&[i64], usize> =
            left.iter().enumerate().map(|(number, pods)| (pods.as_slice(), number)).collect();
        let after = |pods: &[i64], filling: &[i64]| {
            let rest = pods.iter().zip(filling).map(|(pods, filled)| (pods - filled).max(0));
            number[rest.collect::<Vec<i64>>().as_slice()]
        };
        let mut best: Vec<i64> = Vec::with_capacity(left.len());
        for (state, pods) in left.iter().enumerate() {
            let Some(first) = pods.iter().position(|pods| *pods > 0) else {
                best.push(0);
                continue;
            };
            // Some node has to hold the first of them.
            let helpful = self.bought.iter().filter(|(filling, _)| filling[first] > 0);
            let prices = helpful.map(|(filling, price)| {
                let rest = after(pods, filling);
                assert!(rest < state);
                price + best[rest]
            });
            best.push(prices.min().expect("every pod that counts can be placed"));
        }
        for node in &self.standing {
            let with_node = |pods: &Vec<i64>| {
                let prices = node.iter().map(|filling| best[after(pods, filling)]);
                prices.min().unwrap_or_else(|| best[number[pods.as_slice()]])
            };
            best = left.iter().map(with_node).collect();
        }
        best[number[self.pods.as_slice()]]
    }

    /// The price, in micro-dollars, that these values of pods prove: as many times their worth as no
    /// filling is worth more than its node, less what the best fillings of standing nodes take.
    pub(crate) fn proven_by(&self, certificate: &Certificate) -> f64 {
        let value = |workload| {
            let first = PodId::new("default", format!("app{workload}-1"));
            let kind = certificate.kinds.iter().find(|kind| kind.first == first);
            kind.map_or(0.0, |kind| kind.value as f64)
        };
        let values: Vec<f64> = (0..self.pods.len()).map(value).collect();
        let worth = |pods: &Vec<i64>| -> f64 {
            values.iter().zip(pods).map(|(value, pods)| value * *pods as f64).sum()
        };
        let taken = self.standing.iter().map(|node| node.iter().map(worth).fold(0.0, f64::max));
        let rest = worth(&self.pods) - taken.sum::<f64>();
        let times = self.bought.iter().map(|(pods, price)| *price as f64 / worth(pods));
        rest * times.fold(f64::INFINITY, f64::min)
    }

    fn solve(&self, level: impl Fn() -> good_lp::VariableDefinition) -> (Levels, impl Solution) {
        let mut variables = ProblemVariables::new();
        let levels = Levels {
            bought: self.bought.iter().map(|_| variables.add(level())).collect(),
            standing: (self.standing.iter())
                .map(|node| node.iter().map(|_| variables.add(level())).collect())
                .collect(),
        };
        let mut model = variables.minimise(self.price(&levels)).using(microlp);
        for (workload, pods) in self.pods.iter().enumerate().filter(|(_, pods)| **pods > 0) {
            let bought = self.bought.iter().map(|(filling, _)| filling).zip(&levels.bought);
            let standing = self.standing.iter().flatten().zip(levels.standing.iter().flatten());
            let placed: Expression = bought
                .chain(standing)
                .filter(|(filling, _)| filling[workload] > 0)
                .map(|(filling, level)| filling[workload] as f64 * *level)
                .sum();
            model = model.with(constraint!(placed >= *pods as f64));
        }
        for node in levels.standing.iter().filter(|node| !node.is_empty()) {
            model = model.with(constraint!(node.iter().sum::<Expression>() <= 1.0));
        }
        let solution = model.solve().expect("enough nodes cover all pods");
        (levels, solution)
    }

    fn price(&self, levels: &Levels) -> Expression {
        let terms = self.bought.iter().zip(&levels.bought);
        terms.map(|((_, price), level)| *price as f64 * *level).sum()
    }
}

/// How often each filling is used.
struct Levels {
    bought: Vec<Variable>,
    standing: Vec<Vec<Variable>>,
}

/// All lists of as many numbers, each between 0 and the given one, in ascending order.
fn all_up_to(most: &[i64]) -> Vec<Vec<i64>> {
    let mut lists = vec![Vec::new()];
    for most in most {
        let longer = |list: Vec<i64>| {
            (0..=*most).map(move |last| {
                let mut list = list.clone();
                list.push(last);
                list
            })
        };
        lists = lists.into_iter().flat_map(longer).collect();
    }
    lists
}

#[cfg(test)]
mod tests {
    use scheduler_core::model::CapacityType;

    use super::*;
    use crate::instance::{Access, Kind, Offering, Pool, Rule, Size, Standing, Workload};

    const CAPACITY_TYPE: CapacityType = CapacityType::OnDemand;

    fn kind(cpu_milli: i64, micro_usd: i64) -> Kind {
        let size = Size { cpu_milli, memory_mi: 8_192 };
        let offering = Offering { zone: "a", capacity_type: CAPACITY_TYPE, micro_usd };
        Kind { size, slots: 10, offerings: vec![offering] }
    }

    /// Three pods of 3 CPU with a rule; nodes have 4 CPU for $10 or 8 CPU for $15.
    fn three_pods(rule: Rule) -> Instance {
        let size = Size { cpu_milli: 3_000, memory_mi: 64 };
        let workload = Workload { size, pods: 3, rule, tolerates: Access::Everybody };
        Instance {
            kinds: vec![kind(4_000, 10), kind(8_000, 15)],
            pools: vec![Pool::default()],
            workloads: vec![workload],
            ..Instance::default()
        }
    }

    #[track_caller]
    fn expect(instance: &Instance, optimum: i64, relaxation: f64) {
        let program = Program::new(instance);
        assert_eq!(program.optimum().micro_usd, optimum);
        assert_eq!(program.optimum_by_trying_all(), optimum);
        assert!((program.relaxation() - relaxation).abs() < TOLERANCE);
    }

    #[test]
    fn a_large_and_a_small_node_hold_three_pods_that_two_large_ones_would_hold_dearer() {
        expect(&three_pods(Rule::Anywhere), 25, 22.5);
    }

    #[test]
    fn pods_that_keep_apart_get_a_small_node_each() {
        expect(&three_pods(Rule::OneANode), 30, 30.0);
    }

    #[test]
    fn a_node_that_exists_takes_what_fits_beside_its_pods() {
        let mut instance = three_pods(Rule::Anywhere);
        instance.nodes.push(Standing {
            pool: 0,
            kind: 1,
            offering: instance.kinds[1].offerings[0],
            stranger: Size { cpu_milli: 4_500, memory_mi: 64 },
            resident: None,
        });
        expect(&instance, 15, 15.0);
    }

    #[test]
    fn pods_that_no_node_on_sale_holds_do_not_count() {
        let program = Program::new(&three_pods(Rule::InZone("b")));
        assert_eq!((program.placeable(), program.optimum().micro_usd), (0, 0));
    }
}
