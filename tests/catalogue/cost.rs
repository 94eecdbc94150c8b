//! What plans cost, on the prices and node sizes on which the peer itself was measured: arm64,
//! general, compute and memory types, on demand up to 32 vCPUs; and with Spot, of any size.

use std::sync::Arc;

use scheduler_core::model::well_known::ARCH;
use scheduler_core::model::{CapacityType, Operator, Requirement};
use scheduler_core::testkit::{PoolBuilder, Variety, mixed, pool, supply, waiting};
use scheduler_core::{ClusterSnapshot, Packer, Supply};

use super::{INSTANCE_TYPES, plan};

fn arm64() -> PoolBuilder {
    pool("default")
        .requires(ARCH, ["arm64"])
        .requires("karpenter.k8s.aws/instance-category", ["c", "m", "r"])
}

fn capped() -> Arc<Supply> {
    let vcpus = Requirement::new(Operator::Lte, &["32".to_owned()]).expect("one integer is given");
    let pool = arm64()
        .capacity_type(CapacityType::OnDemand)
        .requirement("karpenter.k8s.aws/instance-cpu", vcpus);
    supply([pool], &INSTANCE_TYPES)
}

/// Three batches of deployments and three in which every pod differs.
fn problems(supply: &Arc<Supply>, pods: usize) -> Vec<ClusterSnapshot> {
    let varieties = [Variety::Deployments(pods / 10), Variety::AllDifferent];
    let problems = [1, 2, 3].into_iter().flat_map(|seed| varieties.map(|variety| (seed, variety)));
    problems.map(|(seed, variety)| waiting(supply, mixed(seed, pods, variety))).collect()
}

/// Price over the lower bound in thousandths, in ascending order.
fn gaps_permille(supply: &Arc<Supply>, packer: Packer, pods: usize) -> Vec<i64> {
    let gap = |snapshot: &ClusterSnapshot| {
        let plan = plan(packer, snapshot);
        assert_eq!(plan.report.placed, pods);
        plan.report.gap_ppm().expect("the bound is above zero") / 1_000
    };
    let mut gaps: Vec<i64> = problems(supply, pods).iter().map(gap).collect();
    gaps.sort_unstable();
    gaps
}

#[test]
fn first_fit_decreasing_costs_what_the_peer_costs() {
    for pods in [100, 500, 1_000, 2_000] {
        let gaps = gaps_permille(&capped(), Packer::FirstFitDecreasing, pods);
        let median = gaps[gaps.len() / 2];
        assert!((90..=200).contains(&median), "{pods} pods: {gaps:?} permille over the bound");
    }
}

#[test]
fn on_demand_plans_are_within_two_per_cent_of_their_bound() {
    for pods in [500, 2_000] {
        let gaps = gaps_permille(&capped(), Packer::DualGreedy, pods);
        assert!(gaps.iter().all(|gap| *gap < 20), "{pods} pods: {gaps:?} permille");
    }
}

#[test]
fn plans_with_spot_are_within_three_per_cent_of_their_bound() {
    let gaps = gaps_permille(&supply([arm64()], &INSTANCE_TYPES), Packer::DualGreedy, 500);
    assert!(gaps.iter().all(|gap| *gap < 30), "{gaps:?} permille");
}

#[test]
fn our_plan_is_never_dearer_than_the_peers() {
    for snapshot in [100, 500, 2_000].into_iter().flat_map(|pods| problems(&capped(), pods)) {
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
