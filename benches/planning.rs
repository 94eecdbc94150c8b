//! Criterion benchmarks of planning against every type of `us-east-1`.

use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use jiff::SignedDuration;
use plimsoll_benches::{batch, everything};
use scheduler_core::testkit::Variety;
use scheduler_core::verify::verify;
use scheduler_core::{ClusterSnapshot, Engine, Settings, Supply};

const PODS: [usize; 3] = [1_000, 10_000, 100_000];
const VARIETIES: [(&str, Variety); 3] = [
    ("50-classes", Variety::Deployments(50)),
    ("500-classes", Variety::Deployments(500)),
    ("all-different", Variety::AllDifferent),
];

criterion_group! {
    name = planning;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(3));
    targets = one_pod, plan_now, check_plan, step
}
criterion_main!(planning);

/// Every batch, with its name in the results.
fn batches(supply: &Arc<Supply>) -> impl Iterator<Item = (BenchmarkId, ClusterSnapshot)> {
    PODS.into_iter().flat_map(move |pods| {
        VARIETIES
            .map(|(name, variety)| (BenchmarkId::new(name, pods), batch(supply, 1, pods, variety)))
    })
}

/// One pod and an engine that remembers nothing: nearly all of it is lowering the supply.
fn one_pod(criterion: &mut Criterion) {
    let supply = everything().expect("the catalogue is built in");
    let snapshot = batch(&supply, 1, 1, Variety::AllDifferent);
    criterion.bench_function("one_pod", |bencher| {
        bencher.iter(|| Engine::new(Settings::default()).plan_now(&snapshot));
    });
}

/// Lowering, packing and verification by an engine that remembers nothing.
fn plan_now(criterion: &mut Criterion) {
    let supply = everything().expect("the catalogue is built in");
    let mut group = criterion.benchmark_group("plan_now");
    for (id, snapshot) in batches(&supply) {
        group.throughput(Throughput::Elements(snapshot.pending.len() as u64));
        group.bench_function(id, |bencher| {
            bencher.iter(|| Engine::new(Settings::default()).plan_now(&snapshot));
        });
    }
}

/// The verifier alone.
fn check_plan(criterion: &mut Criterion) {
    let supply = everything().expect("the catalogue is built in");
    let mut group = criterion.benchmark_group("verify");
    for (id, snapshot) in batches(&supply) {
        let plan = Engine::new(Settings::default()).plan_now(&snapshot);
        group.throughput(Throughput::Elements(snapshot.pending.len() as u64));
        group.bench_function(id, |bencher| bencher.iter(|| verify(&snapshot, &plan)));
    }
}

/// The step that closes a batch window, by an engine that has planned with this supply before, as
/// the controller's has.
fn step(criterion: &mut Criterion) {
    let supply = everything().expect("the catalogue is built in");
    let mut group = criterion.benchmark_group("step");
    for (id, snapshot) in batches(&supply) {
        let later = snapshot.now + SignedDuration::from_mins(1);
        let closing = ClusterSnapshot { now: later, ..snapshot.clone() };
        let warm = || {
            let mut engine = Engine::new(Settings::default());
            engine.plan_now(&batch(&supply, 2, 10, Variety::AllDifferent));
            engine.step(&snapshot);
            engine
        };
        group.throughput(Throughput::Elements(snapshot.pending.len() as u64));
        group.bench_function(id, |bencher| {
            bencher.iter_batched(warm, |mut engine| engine.step(&closing), BatchSize::PerIteration);
        });
    }
}
