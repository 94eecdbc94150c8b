use scheduler_core::model::{ImageFamily, NodePool};
use scheduler_core::testkit::{NODE_CLASS, pool};
use scheduler_core::{Packer, Settings};

use super::*;
use crate::cloud::Interruptions;
use crate::embedded::EmbeddedTrace;
use crate::outcome::Figures;
use crate::testkit::{trace, trace_with_groups, types};

/// The test kit's types, whatever the class; Spot prices follow the factor.
#[derive(Debug)]
struct Kit;

impl Machines for Kit {
    fn info(&self) -> CatalogInfo {
        let text = |text: &str| text.to_owned();
        CatalogInfo { hash: text("00"), region: text("test"), as_of: text("2026-01-01") }
    }

    fn types(&self, _class: &NodeClass, spot_price_factor_ppm: u32) -> Arc<Vec<InstanceType>> {
        let mut types = types().as_ref().clone();
        for offering in types.iter_mut().flat_map(|one| &mut one.offerings) {
            if offering.capacity_type == scheduler_core::model::CapacityType::Spot {
                offering.price = offering.price.scaled(i64::from(spot_price_factor_ppm), 1_000_000);
            }
        }
        Arc::new(types)
    }
}

/// Nodes are up after exactly 40 seconds and never taken back.
fn options(trace: TraceSource) -> CompareOptions {
    CompareOptions {
        cloud: CloudSettings {
            startup_p50_secs: 40.0,
            startup_p99_secs: 40.0,
            shortage_ppm: 0,
            interruptions: Interruptions::Never,
        },
        ..CompareOptions::new(trace)
    }
}

fn strategy(name: &str, pool: NodePool) -> Strategy {
    let class = NodeClass::new(NODE_CLASS, ImageFamily::Al2023);
    Strategy::from_pools(name, vec![pool], vec![class], Settings::default())
}

fn on_demand(name: &str) -> Strategy {
    let on_demand = scheduler_core::model::CapacityType::OnDemand;
    strategy(name, pool("general").capacity_type(on_demand).consolidate_after(30).build())
}

fn any(name: &str) -> Strategy {
    strategy(name, pool("general").consolidate_after(30).build())
}

fn static_peak(name: &str) -> Strategy {
    Strategy { mode: Mode::StaticPeak, ..on_demand(name) }
}

fn compare(options: &CompareOptions, strategies: &[Strategy]) -> Comparison {
    compare_on(options, &Kit, strategies, &Quiet).unwrap()
}

fn near(actual: f64, expected: f64) {
    assert!((actual - expected).abs() < 1e-9, "{actual}, expected {expected}");
}

/// What must not differ between two runs of one strategy.
fn unmeasured(outcome: &Outcome) -> Outcome {
    let figures = Figures {
        decision_p50_ms: 0.0,
        decision_p99_ms: 0.0,
        peak_memory_mib: None,
        saving: 0.0,
        ..outcome.figures.clone()
    };
    Outcome { figures, ..outcome.clone() }
}

/// Something to do all the time, for strategies that differ.
fn busy() -> CompareOptions {
    let trace = TraceSource::Embedded(EmbeddedTrace::named("idp-week").unwrap());
    let cloud = CloudSettings { shortage_ppm: 50_000, ..CloudSettings::default() };
    CompareOptions { until: Some(6 * 3600), divide_requests: 8, cloud, ..options(trace) }
}

#[test]
fn one_pod_costs_what_its_node_costs() {
    // The window closes at second 1, the node is up at 41, the pod ends at 641, and the empty node
    // goes at 671: 670 seconds at a tenth of a cent.
    let trace = trace("a,0,600,1000,1024,0,,,\nz,2000,2000,0,0,0,,,\n");
    let comparison = compare(&options(trace), &[on_demand("only")]);
    let figures = &comparison.outcomes[0].figures;
    near(figures.dollars, 0.670);
    near(figures.node_hours, 670.0 / 3600.0);
    near(figures.wait_max_seconds, 41.0);
    assert_eq!((figures.launches, figures.peak_nodes, figures.never_placed), (1, 1, 0));
    assert_eq!(comparison.outcomes[0].violations, Vec::<String>::new());
}

#[test]
fn a_cheaper_offering_saves_what_it_is_cheaper_by() {
    let trace = trace("a,0,600,1000,1024,0,,,\nz,2000,2000,0,0,0,,,\n");
    let comparison = compare(&options(trace), &[on_demand("od"), any("spot")]);
    let [od, spot] = [0, 1].map(|index| &comparison.outcomes[index].figures);
    near(od.saving, 0.0);
    near(spot.saving, 2.0 / 3.0);
    near(spot.spot_share, 1.0);
}

#[test]
fn spot_prices_follow_the_factor() {
    let trace = trace("a,0,600,1000,1024,0,,,\nz,2000,2000,0,0,0,,,\n");
    let options = CompareOptions { spot_price_factor_ppm: 1_300_000, ..options(trace) };
    near(compare(&options, &[any("spot")]).outcomes[0].figures.dollars, 0.670 / 3.0 * 1.3);
}

#[test]
fn the_static_fleet_is_as_large_as_the_peak_and_paid_for_around_the_clock() {
    // Three pods of one core at the same time: two nodes of two cores for 1000 seconds.
    let trace = trace(
        "a,0,400,1000,1024,0,,,\nb,100,300,1000,1024,0,,,\nc,200,300,1000,1024,0,,,\n\
         d,500,1000,1000,1024,0,,,\n",
    );
    let comparison = compare(&options(trace), &[static_peak("before")]);
    let figures = &comparison.outcomes[0].figures;
    near(figures.dollars, 2.0);
    near(figures.wait_max_seconds, 0.0);
    assert_eq!((figures.peak_nodes, figures.launches), (2, 0));
    let description = &comparison.outcomes[0].description;
    assert!(description.ends_with("2 × m7g.large"), "{description}");
}

#[test]
fn a_trace_that_no_type_can_hold_has_no_static_fleet() {
    let trace = trace("a,0,400,3000,1024,0,,,\n");
    let error = compare_on(&options(trace), &Kit, &[static_peak("before")], &Quiet).unwrap_err();
    assert!(error.to_string().contains("no single on-demand instance type"), "{error}");
}

#[test]
fn the_clairvoyant_bound_pays_for_the_share_of_the_cheapest_node() {
    // Half a Spot node for 600 of 1000 seconds.
    let trace = trace("a,0,600,1000,1024,0,,,\nz,1000,1000,0,0,0,,,\n");
    let comparison = compare(&options(trace), &[on_demand("od"), any("any")]);
    near(comparison.clairvoyant_dollars, 0.5 * 1.2 / 3600.0 * 600.0);
    near(
        comparison.outcomes[1].figures.over_bound,
        comparison.outcomes[1].figures.dollars / 0.1 - 1.0,
    );
}

#[test]
fn the_horizon_cuts_the_trace() {
    let trace = trace("a,0,600,1000,1024,0,,,\nb,300,600,1000,1024,0,,,\n");
    let options = CompareOptions { until: Some(200), ..options(trace) };
    let comparison = compare(&options, &[on_demand("od")]);
    assert_eq!((comparison.seconds, comparison.trace.pods), (200, 1));
    near(comparison.outcomes[0].figures.dollars, 0.199);
}

#[test]
fn a_pod_that_fits_nowhere_is_never_placed_and_says_why() {
    let trace = trace("a,0,600,9000,1024,0,,,\nb,10,600,1000,1024,0,,,\n");
    let outcome = &compare(&options(trace), &[on_demand("od")]).outcomes[0];
    assert_eq!(outcome.never_placed, BTreeMap::from([("PLM-1004".to_owned(), 1)]));
}

#[test]
fn pods_of_a_sold_out_offering_go_elsewhere() {
    // Everything is sold out half of the time; the pod finds its node in the end.
    let cloud = |trace| {
        let all = options(trace);
        CompareOptions { cloud: CloudSettings { shortage_ppm: 500_000, ..all.cloud }, ..all }
    };
    let trace = trace("a,0,20000,1000,1024,0,,,\nb,9000,20000,2000,1024,0,,,\n");
    for seed in 1..20 {
        let options = CompareOptions { seed, ..cloud(trace.clone()) };
        let outcome = &compare(&options, &[on_demand("od")]).outcomes[0];
        assert_eq!(outcome.figures.never_placed, 0, "seed {seed}: {:?}", outcome.never_placed);
        assert_eq!(outcome.violations, Vec::<String>::new(), "seed {seed}");
    }
}

#[test]
fn groups_constrain_pods() {
    let groups = r#"{"synthetic": true, "groups": {"web/front": {"namespace": "web",
        "name": "front", "kind": "Deployment", "onePerNode": true}}}"#;
    let trace = trace_with_groups(
        "a,0,600,100,64,0,,web/front,\nb,0,600,100,64,0,,web/front,\n",
        Some(groups),
    );
    let comparison = compare(&options(trace), &[on_demand("od")]);
    assert_eq!(comparison.outcomes[0].figures.peak_nodes, 2);
    assert!(comparison.trace.synthetic);
}

#[test]
fn two_runs_give_the_same_result_on_any_number_of_threads() {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let strategies = [any("one"), on_demand("two"), static_peak("three")];
        let comparison = pool.install(|| compare(&busy(), &strategies));
        let outcomes: Vec<Outcome> = comparison.outcomes.iter().map(unmeasured).collect();
        (outcomes, comparison.bound_series)
    };
    assert_eq!(run(1), run(4));
}

#[test]
fn the_order_of_strategies_changes_nothing_but_the_savings() {
    let run = |strategies: &[Strategy]| {
        let mut outcomes: Vec<Outcome> =
            compare(&busy(), strategies).outcomes.iter().map(unmeasured).collect();
        outcomes.sort_by(|a, b| a.strategy.cmp(&b.strategy));
        outcomes
    };
    let ffd = || {
        let mut ffd = any("ffd");
        ffd.settings.packer = Packer::FirstFitDecreasing;
        ffd
    };
    assert_eq!(
        run(&[any("one"), ffd(), on_demand("two")]),
        run(&[on_demand("two"), any("one"), ffd()])
    );
}

#[test]
fn the_real_engine_s_plans_are_clean_on_the_platform_s_week() {
    for outcome in compare(&busy(), &[any("any"), on_demand("od")]).outcomes {
        assert_eq!(outcome.violations, Vec::<String>::new(), "{}", outcome.strategy);
        assert_eq!(outcome.figures.never_placed, 0, "{}", outcome.strategy);
    }
}

#[test]
fn a_strategy_named_twice_is_refused() {
    let trace = trace("a,0,600,1000,1024,0,,,\n");
    let twins = [on_demand("one"), any("one")];
    let error = compare_on(&options(trace), &Kit, &twins, &Quiet).unwrap_err();
    assert_eq!(error.to_string(), "strategy one was named twice; give each its own name");
}

#[test]
fn the_built_in_strategies_find_nodes_in_the_built_in_catalogue() {
    let catalog = Catalog::embedded().unwrap();
    let trace = trace("a,0,600,1000,1024,0,,,\nz,2000,2000,0,0,0,,,\n");
    let strategies = Strategy::BUILTIN.map(|name| Strategy::builtin(name).unwrap());
    let comparison = super::compare(&options(trace), &catalog, &strategies, &Quiet).unwrap();
    for outcome in comparison.outcomes {
        assert_eq!(outcome.figures.never_placed, 0, "{}", outcome.strategy);
        assert!(outcome.figures.dollars > 0.0, "{}", outcome.strategy);
        assert_eq!(outcome.figures.peak_nodes, 1, "{}", outcome.strategy);
    }
}
