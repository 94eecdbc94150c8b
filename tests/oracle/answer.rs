//! The engine's answers against the optimum.

use std::ops::Range;
use std::sync::LazyLock;

use rayon::prelude::*;
use scheduler_core::testkit::describe;
use scheduler_core::verify::verify;
use scheduler_core::{Engine, Plan, Settings};

use crate::draw::draw;
use crate::instance::Instance;
use crate::program::{Optimum, Program};

/// Seeds of the instances.
const SEEDS: Range<u64> = 0..1_000;

/// The variable that names other seeds to look at, as `17..18`.
const OTHER_SEEDS: &str = "ORACLE_SEEDS";

/// Nodes by whose price a final answer may exceed the optimum, and a first one.
const NODES_OVER: (i64, i64) = (1, 3);

/// Answers in a hundred that are optimal, at least: final and first ones.
const OPTIMAL_PERCENT: (usize, usize) = (90, 65);

/// Part of the relaxation that the values of pods prove at least where no node exists yet. Column
/// generation stops close to the end.
const PROVEN_MIN: f64 = 0.995;

/// An instance, what is known about it and what the engine answers.
struct Case {
    seed: u64,
    instance: Instance,
    program: Program,
    optimum: Optimum,
    /// Price of the best plan with parts of nodes allowed.
    relaxation: f64,
    first: Plan,
    last: Plan,
}

static CASES: LazyLock<Vec<Case>> =
    LazyLock::new(|| seeds().into_par_iter().map(Case::new).collect());

fn seeds() -> Range<u64> {
    let Ok(range) = std::env::var(OTHER_SEEDS) else { return SEEDS };
    let (start, end) = range.split_once("..").expect("seeds are given as START..END");
    let number = |text: &str| text.parse().expect("a seed is a number");
    number(start)..number(end)
}

impl Case {
    fn new(seed: u64) -> Self {
        let instance = draw(seed);
        let program = Program::new(&instance);
        let snapshot = instance.cluster().build();
        let plan = |settings| Engine::new(settings).plan_now(&snapshot);
        Self {
            seed,
            optimum: program.optimum(),
            relaxation: program.relaxation(),
            program,
            first: plan(Settings { improvement_steps: 0, ..Settings::default() }),
            last: plan(Settings::default()),
            instance,
        }
    }

    /// What is wrong with a plan that may cost so many nodes more than the optimum.
    fn faults(&self, plan: &Plan, nodes_over: i64) -> Vec<String> {
        let report = &plan.report;
        let (bound, price) = (report.lower_bound.micro_usd(), report.price.micro_usd());
        let optimum = self.optimum.micro_usd;
        let ours = plan.launches().map(|node| node.price.micro_usd()).max().unwrap_or(0);
        let most = optimum + nodes_over * ours.max(self.optimum.dearest_micro_usd);
        let found = verify(&self.instance.cluster().build(), plan);
        let is_clean = found.is_empty() && report.violations.is_empty();
        // A bound may be rounded up: prices are whole micro-dollars.
        let provable = self.relaxation + 1.0;
        let checks = [
            (report.placed as i64 == self.program.placeable(), "a pod with a place is not placed"),
            (is_clean, "the verifier finds fault"),
            (bound <= optimum, "the bound exceeds the optimum"),
            (bound as f64 <= provable, "the bound exceeds what values of pods can prove"),
            (optimum <= price, "the plan costs less than the optimum"),
            (price <= most, "the plan costs whole nodes more than the optimum"),
        ];
        let failed = checks.into_iter().filter(|(holds, _)| !holds);
        failed.map(|(_, fault)| format!("{fault} (verifier: {found:?})")).collect()
    }

    fn describe(&self, faults: &[String]) -> String {
        let Self { seed, instance, optimum, relaxation, first, last, .. } = self;
        let answer = |name: &str, plan: &Plan| {
            let (bound, price) = (plan.report.lower_bound, plan.report.price);
            format!("{name} answer: bound {bound}, price {price}\n{}", describe(plan))
        };
        let (first, last) = (answer("first", first), answer("final", last));
        let next = seed + 1;
        format!(
            "seed {seed}: {}\n{optimum:?}, relaxation {relaxation}\n{first}\n{last}\n{instance:?}\n\
             again: {OTHER_SEEDS}={seed}..{next} cargo test -p plimsoll-tests --test oracle\n",
            faults.join("; ")
        )
    }
}

/// Fails with every instance of which something is wrong.
fn expect_no_fault(faults_of: impl Fn(&Case) -> Vec<String> + Sync) {
    let wrong = CASES.par_iter().filter_map(|case| {
        let faults = faults_of(case);
        (!faults.is_empty()).then(|| case.describe(&faults))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{} instances:\n{}", wrong.len(), wrong.join("\n"));
}

/// Figures that are good if they are high, in ascending order. They are printed, so that a threshold
/// can be chosen.
struct Distribution(Vec<f64>);

type Figure = fn(&Case) -> f64;

/// Cases in which nodes have to be bought.
fn paid() -> impl Iterator<Item = &'static Case> {
    CASES.iter().filter(|case| case.optimum.micro_usd > 0)
}

impl Distribution {
    #[expect(clippy::print_stdout, reason = "the figures of a test are for who reads its output")]
    fn of(what: &str, cases: impl Iterator<Item = &'static Case>, figure: Figure) -> Self {
        let mut figures: Vec<f64> = cases.map(figure).collect();
        figures.sort_by(f64::total_cmp);
        let found = Self(figures);
        let shown = [0, 1, 2, 5, 10, 25, 50].map(|percent| format!("{:.3}", found.at(percent)));
        println!("{what}: at 0, 1, 2, 5, 10, 25, 50 % of {}: {}", found.0.len(), shown.join(" "));
        found
    }

    /// What all but so many in a hundred reach.
    fn at(&self, percent: usize) -> f64 {
        self.0[(self.0.len() - 1) * percent / 100]
    }
}

/// The optimum as part of a plan's price.
fn optimality(case: &Case, plan: &Plan) -> f64 {
    case.optimum.micro_usd as f64 / plan.report.price.micro_usd() as f64
}

#[test]
fn the_integer_program_finds_what_trying_all_fillings_finds() {
    expect_no_fault(|case| {
        let (program, tried) = (case.optimum.micro_usd, case.program.optimum_by_trying_all());
        // A part of a micro-dollar is the solver's noise.
        let agree = program == tried && case.relaxation <= tried as f64 + 1e-3;
        (!agree).then(|| format!("trying all gives {tried}")).into_iter().collect()
    });
}

#[test]
fn the_optimum_lies_between_bound_and_plan_and_the_plan_within_one_node_of_it() {
    expect_no_fault(|case| case.faults(&case.last, NODES_OVER.0));
}

#[test]
fn the_optimum_lies_between_bound_and_first_answer_too() {
    expect_no_fault(|case| case.faults(&case.first, NODES_OVER.1));
}

#[test]
fn most_answers_are_optimal() {
    let last = Distribution::of("optimum / final", paid(), |case| optimality(case, &case.last));
    let first = Distribution::of("optimum / first", paid(), |case| optimality(case, &case.first));
    assert!(last.at(100 - OPTIMAL_PERCENT.0) >= 1.0);
    assert!(first.at(100 - OPTIMAL_PERCENT.1) >= 1.0);
}

#[test]
fn the_values_of_pods_prove_nearly_all_that_can_be_proven() {
    let proven: Figure =
        |case| case.program.proven_by(&case.last.report.certificate) / case.relaxation;
    let published: Figure =
        |case| case.last.report.lower_bound.micro_usd() as f64 / case.relaxation;
    let alone = || paid().filter(|case| case.instance.nodes.is_empty());
    let beside = paid().filter(|case| !case.instance.nodes.is_empty());
    let proven = Distribution::of("values / relaxation", alone(), proven);
    let bound = Distribution::of("bound / relaxation", alone(), published);
    let beside = Distribution::of("bound / relaxation beside nodes", beside, published);
    assert!(proven.at(0) >= PROVEN_MIN);
    assert!(bound.at(0) >= PROVEN_MIN);
    assert!(beside.at(25) >= PROVEN_MIN);
}
