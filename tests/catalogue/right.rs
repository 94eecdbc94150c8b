//! Plans on real types break no constraint.

use std::sync::Arc;

use scheduler_core::model::well_known::{ARCH, INSTANCE_TYPE};
use scheduler_core::model::{BudgetLimit, CapacityType, Operator, Requirement};
use scheduler_core::testkit::{
    PodBuilder, Variety, carry_out, in_flight, mixed, pod, pool, supply, waiting,
};
use scheduler_core::verify::verify;
use scheduler_core::{ClusterSnapshot, Packer, Supply};

use super::{INSTANCE_TYPES, plan};

const PACKERS: [Packer; 2] = [Packer::DualGreedy, Packer::FirstFitDecreasing];

fn everything() -> Arc<Supply> {
    supply([pool("default")], &INSTANCE_TYPES)
}

/// Waiting pods with spreads, anti-affinity and architecture among mixed ones.
fn a_platform() -> ClusterSnapshot {
    let services = |index: usize| -> PodBuilder {
        let service = pod(&format!("service{index}")).cpu("250m").memory("700Mi").replicas(5);
        match index % 5 {
            0 => service.spread_zone(1),
            1 => service.anti_affinity_host(),
            2 => service.requires(ARCH, ["arm64"]),
            3 => service.spread_host(2).spread_zone(2),
            _ => service.host_port(9_100),
        }
    };
    let mut pods = mixed(11, 300, Variety::Deployments(40));
    pods.extend((0..20).flat_map(|index| services(index).build()));
    waiting(&everything(), pods)
}

/// The pool of the developer platform that Plimsoll is first built for.
fn platform_pool() -> Arc<Supply> {
    let newer = Requirement::new(Operator::Gt, &["3".to_owned()]).expect("one integer is given");
    let pool = pool("karpenter-node-group")
        .requires("karpenter.sh/capacity-type", ["spot", "on-demand"])
        .requires(ARCH, ["arm64"])
        .requires("karpenter.k8s.aws/instance-family", ["t4g"])
        .requirement("karpenter.k8s.aws/instance-generation", newer)
        .limit("cpu", "100")
        .limit("memory", "200Gi")
        .consolidate_after(30)
        .budget(BudgetLimit::Percent(10));
    supply([pool], &INSTANCE_TYPES)
}

#[test]
fn mixed_pods_are_placed_without_breaking_a_constraint() {
    for variety in [Variety::Deployments(40), Variety::AllDifferent] {
        let snapshot = waiting(&everything(), mixed(3, 400, variety));
        for packer in PACKERS {
            let plan = plan(packer, &snapshot);
            assert_eq!(verify(&snapshot, &plan), [], "{packer:?}");
            assert_eq!(plan.report.placed, 400, "{packer:?}");
        }
    }
}

#[test]
fn a_platform_with_constraints_is_placed_without_breaking_one() {
    let snapshot = a_platform();
    for packer in PACKERS {
        let plan = plan(packer, &snapshot);
        assert_eq!(verify(&snapshot, &plan), [], "{packer:?}");
        assert_eq!(plan.report.placed, 400, "{packer:?}");
    }
}

#[test]
fn a_plan_that_is_carried_out_is_not_planned_again() {
    let snapshot = a_platform();
    for packer in PACKERS {
        let first = plan(packer, &snapshot);
        let flying = in_flight(&snapshot, &first);
        assert_eq!(plan(packer, &flying).launches().count(), 0, "{packer:?}");
        assert_eq!(plan(packer, &carry_out(&snapshot, &first)).actions, [], "{packer:?}");
    }
}

#[test]
fn the_platforms_pool_launches_only_what_it_names() {
    let services = |index: usize| {
        pod(&format!("app{index}")).cpu("200m").memory("256Mi").replicas(1 + index % 5).build()
    };
    let pods = (0..30).flat_map(services).collect();
    let snapshot = waiting(&platform_pool(), pods);
    let plan = plan(Packer::DualGreedy, &snapshot);
    assert_eq!(verify(&snapshot, &plan), []);
    assert_eq!(plan.report.placed, snapshot.pending.len());
    assert!(plan.launches().all(|node| node.instance_type.starts_with("t4g.")));
    assert!(plan.launches().all(|node| node.capacity_type == CapacityType::Spot));
}

#[test]
fn a_pod_as_large_as_what_a_type_has_for_pods_gets_a_node_of_it() {
    let on_sale =
        INSTANCE_TYPES.iter().filter(|kind| kind.offerings.iter().any(|one| one.available));
    let sample: Vec<_> = on_sale.step_by(25).collect();
    let whole = sample.iter().map(|kind| {
        let room = kind.allocatable();
        let whole = pod(&kind.name.replace('.', "-")).requires(INSTANCE_TYPE, [&*kind.name]);
        whole.cpu(&format!("{}m", room.cpu_milli)).memory(&room.memory_bytes.to_string())
    });
    let snapshot = waiting(&everything(), whole.flat_map(PodBuilder::build).collect());
    let plan = plan(Packer::DualGreedy, &snapshot);
    let mut launched: Vec<&str> = plan.launches().map(|node| node.instance_type.as_str()).collect();
    launched.sort_unstable();
    assert_eq!(launched, sample.iter().map(|kind| kind.name.as_str()).collect::<Vec<_>>());
}
