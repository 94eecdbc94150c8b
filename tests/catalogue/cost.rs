//! What plans cost, on the prices and node sizes on which the peer itself was measured: on demand,
//! arm64, general, compute and memory types, up to 32 vCPUs.

use std::sync::Arc;

use scheduler_core::model::well_known::ARCH;
use scheduler_core::model::{CapacityType, Operator, Requirement};
use scheduler_core::testkit::{Variety, mixed, pool, supply, waiting};
use scheduler_core::{ClusterSnapshot, Packer, Supply};

use super::{INSTANCE_TYPES, plan};

fn capped() -> Arc<Supply> {
    let vcpus = Requirement::new(Operator::Lte, &["32".to_owned()]).expect("one integer is given");
    let pool = pool("default")
        .capacity_type(CapacityType::OnDemand)
        .requires(ARCH, ["arm64"])
        .requires("karpenter.k8s.aws/instance-category", ["c", "m", "r"])
        .requirement("karpenter.k8s.aws/instance-cpu", vcpus);
    supply([pool], &INSTANCE_TYPES)
}

/// Three batches of deployments and three in which every pod differs.
fn problems(pods: usize) -> Vec<ClusterSnapshot> {
    let capped = capped();
    let varieties = [Variety::Deployments(pods / 10), Variety::AllDifferent];
    let problems = [1, 2, 3].into_iter().flat_map(|seed| varieties.map(|variety| (seed, variety)));
    problems.map(|(seed, variety)| waiting(&capped, mixed(seed, pods, variety))).collect()
}

/// Price over the lower bound in thousandths, in ascending order.
fn gaps_permille(packer: Packer, pods: usize) -> Vec<i64> {
    let gap = |snapshot: &ClusterSnapshot| {
        let plan = plan(packer, snapshot);
        assert_eq!(plan.report.placed, pods);
        plan.report.gap_ppm().expect("the bound is above zero") / 1_000
    };
    let mut gaps: Vec<i64> = problems(pods).iter().map(gap).collect();
    gaps.sort_unstable();
    gaps
}

#[test]
fn first_fit_decreasing_costs_what_the_peer_costs() {
    for pods in [100, 500, 1_000, 2_000] {
        let gaps = gaps_permille(Packer::FirstFitDecreasing, pods);
        let median = gaps[gaps.len() / 2];
        assert!((90..=200).contains(&median), "{pods} pods: {gaps:?} permille over the bound");
    }
}

#[test]
fn the_first_answer_is_within_the_range_of_the_published_algorithm() {
    for (pods, permille_max) in [(100, 160), (500, 100), (2_000, 70)] {
        let gaps = gaps_permille(Packer::DualGreedy, pods);
        assert!(gaps.iter().all(|gap| *gap <= permille_max), "{pods} pods: {gaps:?}");
    }
}

#[test]
fn our_plan_is_never_dearer_than_the_peers() {
    for snapshot in [100, 500, 2_000].into_iter().flat_map(problems) {
        let ours = plan(Packer::DualGreedy, &snapshot).report;
        let theirs = plan(Packer::FirstFitDecreasing, &snapshot).report;
        assert_eq!((ours.placed, theirs.placed), (ours.pods, theirs.pods));
        assert!(
            ours.price <= theirs.price,
            "{} pods: {} > {}",
            ours.pods,
            ours.price,
            theirs.price
        );
    }
}
