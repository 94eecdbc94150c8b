//! The strategies that come with the program.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use scheduler_core::model::{
    Budget, BudgetLimit, CapacityType, ConsolidationPolicy, Disruption, ImageFamily, Labels,
    Limits, NodeClass, NodePool, Operator, Requirement, Requirements, well_known,
};
use scheduler_core::{Packer, Settings};

use super::{Mode, PoolLimits, Strategy};

const CLASS: &str = "default";
const FAMILY: &str = "karpenter.k8s.aws/instance-family";
const CATEGORY: &str = "karpenter.k8s.aws/instance-category";
const GENERATION: &str = "karpenter.k8s.aws/instance-generation";

/// Quiet time before an empty node goes, as in the platform's manifest. The same for every
/// strategy, so that they differ only in what their descriptions say.
const CONSOLIDATE_AFTER: SignedDuration = SignedDuration::from_secs(30);

pub(super) fn strategy(name: &str) -> Option<Strategy> {
    use CapacityType::{OnDemand, Spot};
    let strategy = match name {
        "static-peak" => Strategy {
            mode: Mode::StaticPeak,
            ..autoscaled(
                name,
                "as many on-demand nodes of the cheapest arm64 type as the peak needs, around the \
                 clock",
                general(&[OnDemand], ConsolidationPolicy::WhenEmpty),
            )
        },
        "on-demand" => autoscaled(
            name,
            "on-demand arm64 nodes of the c, m, r and t families as they are needed, empty ones \
             removed",
            general(&[OnDemand], ConsolidationPolicy::WhenEmpty),
        ),
        "idp" => Strategy {
            limits: PoolLimits::LiftedBelowPeak,
            ..autoscaled(
                name,
                "the platform's own NodePool: Spot and on-demand t4g nodes, empty ones removed",
                platform(),
            )
        },
        "ffd" => with_packer(
            autoscaled(
                name,
                "the peer's manner: first-fit decreasing, pod by pod, on the pool of plimsoll; \
                 empty nodes removed",
                general(&[Spot, OnDemand], ConsolidationPolicy::WhenEmpty),
            ),
            Packer::FirstFitDecreasing,
        ),
        "plimsoll" => autoscaled(
            name,
            "our default: Spot and on-demand arm64 nodes of the c, m, r and t families, packed \
             against a bound, Spot weighed with its risk",
            general(&[Spot, OnDemand], ConsolidationPolicy::WhenEmptyOrUnderutilized),
        ),
        _ => return None,
    };
    Some(strategy)
}

fn autoscaled(name: &str, description: &str, node_pool: NodePool) -> Strategy {
    Strategy {
        name: name.to_owned(),
        description: description.to_owned(),
        node_pools: vec![node_pool],
        node_classes: vec![NodeClass::new(CLASS, ImageFamily::Al2023)],
        settings: Settings { packer: Packer::DualGreedy, ..Settings::default() },
        mode: Mode::Autoscaled,
        limits: PoolLimits::Kept,
    }
}

fn with_packer(mut strategy: Strategy, packer: Packer) -> Strategy {
    strategy.settings.packer = packer;
    strategy
}

/// The families that the peer's documents recommend, as far as they are arm64.
fn general(capacity_types: &[CapacityType], policy: ConsolidationPolicy) -> NodePool {
    let own = [(CATEGORY, Requirement::any_of(["c", "m", "r", "t"])), (GENERATION, above("2"))];
    pool("general", capacity_types, own, policy)
}

/// The platform's manifest, requirement by requirement.
fn platform() -> NodePool {
    let own = [(FAMILY, Requirement::any_of(["t4g"])), (GENERATION, above("3"))];
    let both = [CapacityType::Spot, CapacityType::OnDemand];
    NodePool {
        limits: Limits(BTreeMap::from([
            ("cpu".to_owned(), 100_000),
            ("memory".to_owned(), 200 << 30),
        ])),
        ..pool("karpenter-node-group", &both, own, ConsolidationPolicy::WhenEmpty)
    }
}

fn pool(
    name: &str,
    capacity_types: &[CapacityType],
    own: impl IntoIterator<Item = (&'static str, Requirement)>,
    policy: ConsolidationPolicy,
) -> NodePool {
    let capacity_types = capacity_types.iter().map(|one| one.as_str());
    let mut requirements = Requirements::new();
    requirements.add(well_known::ARCH, Requirement::any_of(["arm64"]));
    requirements.add(well_known::CAPACITY_TYPE, Requirement::any_of(capacity_types));
    for (key, requirement) in own {
        requirements.add(key, requirement);
    }
    NodePool {
        name: name.to_owned(),
        node_class: CLASS.to_owned(),
        weight: 0,
        requirements,
        labels: Labels::from([
            (well_known::NODE_POOL.to_owned(), name.to_owned()),
            (well_known::EC2_NODE_CLASS.to_owned(), CLASS.to_owned()),
        ]),
        taints: Vec::new(),
        limits: Limits::default(),
        disruption: Disruption {
            policy,
            consolidate_after: Some(CONSOLIDATE_AFTER),
            // Karpenter's default where a manifest names no budget.
            budgets: vec![Budget {
                nodes: BudgetLimit::Percent(10),
                reasons: Vec::new(),
                schedule: None,
            }],
        },
        replicas: None,
    }
}

fn above(value: &str) -> Requirement {
    Requirement::new(Operator::Gt, &[value.to_owned()]).unwrap_or_else(|_| Requirement::exists())
}
