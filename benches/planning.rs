//! Criterion benchmarks of planning: the instances of `cargo xtask figures`.

use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use jiff::SignedDuration;
use plimsoll_benches::{Answer, Buys, Market, Mix, plan};
use scheduler_core::model::Price;
use scheduler_core::testkit::Variety;
use scheduler_core::verify::verify;
use scheduler_core::{ClusterSnapshot, Engine, Settings, Supply};

const PODS: [usize; 2] = [1_000, 10_000];
const MIXED: [Mix; 2] = [Mix::Mixed(Variety::Deployments(50)), Mix::Mixed(Variety::AllDifferent)];

criterion_group! {
    name = planning;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    targets = one_pod, first, last, check_plan, step
}
criterion_main!(planning);

/// Mixed batches against every type, and those that resemble real clusters against c/m/r types for
/// arm64, each with its name in the results.
fn batches() -> impl Iterator<Item = (BenchmarkId, ClusterSnapshot)> {
    let everything = Market::everything().expect("the catalogue is built in");
    let arm64 = Market::arm64(Buys::Spot, None).supply().expect("the catalogue is built in");
    let mixed = MIXED.map(|mix| (mix, Arc::clone(&everything)));
    let real = Mix::REAL.map(|mix| (mix, Arc::clone(&arm64)));
    mixed.into_iter().chain(real).flat_map(|(mix, supply): (Mix, Arc<Supply>)| {
        PODS.map(|pods| {
            let batch = mix.batch(&supply, 1, pods).expect("the tables of sizes are built in");
            (BenchmarkId::new(mix.to_string(), pods), batch)
        })
    })
}

/// One pod and an engine that remembers nothing: nearly all of it is lowering the supply.
fn one_pod(criterion: &mut Criterion) {
    let supply = Market::everything().expect("the catalogue is built in");
    let snapshot = Mix::Few.batch(&supply, 1, 1).expect("no table is read");
    let settings = Answer::First.settings(Price::ZERO);
    criterion.bench_function("one_pod", |bencher| bencher.iter(|| plan(&settings, &snapshot)));
}

/// From snapshot to verified first answer, by an engine that remembers nothing.
fn first(criterion: &mut Criterion) {
    answers(criterion, "first", Answer::First);
}

/// The same with the work that the product spends on improvement and on the bound.
fn last(criterion: &mut Criterion) {
    answers(criterion, "final", Answer::Final);
}

fn answers(criterion: &mut Criterion, name: &str, answer: Answer) {
    let settings = answer.settings(Price::ZERO);
    let mut group = criterion.benchmark_group(name);
    for (id, snapshot) in batches() {
        group.throughput(Throughput::Elements(snapshot.pending.len() as u64));
        group.bench_function(id, |bencher| bencher.iter(|| plan(&settings, &snapshot)));
    }
}

/// The verifier alone.
fn check_plan(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify");
    for (id, snapshot) in batches() {
        let plan = plan(&Answer::First.settings(Price::ZERO), &snapshot);
        group.throughput(Throughput::Elements(snapshot.pending.len() as u64));
        group.bench_function(id, |bencher| bencher.iter(|| verify(&snapshot, &plan)));
    }
}

/// The step that closes a batch window, by an engine that has planned with this supply before, as
/// the controller's has.
fn step(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("step");
    for (id, snapshot) in batches() {
        let later = snapshot.now + SignedDuration::from_mins(1);
        let closing = ClusterSnapshot { now: later, ..snapshot.clone() };
        let other = Mix::Few.batch(&snapshot.supply, 2, 10).expect("no table is read");
        let warm = || {
            let mut engine = Engine::new(Settings::default());
            engine.plan_now(&other);
            engine.step(&snapshot);
            engine
        };
        group.throughput(Throughput::Elements(snapshot.pending.len() as u64));
        group.bench_function(id, |bencher| {
            bencher.iter_batched(warm, |mut engine| engine.step(&closing), BatchSize::PerIteration);
        });
    }
}
