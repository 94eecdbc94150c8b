//! A plan as the engine could make it, for the tests of the renderers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use scheduler_core::model::{
    CapacityType, Labels, Node, NodeStage, Pod, PodId, PodSpec, Price, Resources, well_known,
};
use scheduler_core::plan::reason::Nearest;
use scheduler_core::plan::{
    Alternative, Blocker, Certificate, GapReason, GapShare, PlanStats, PodKind, ReasonCode,
    Unschedulable,
};
use scheduler_core::{
    Action, ClusterSnapshot, MinValuesPolicy, NodeWithPods, Plan, PlanReport, PlannedNode,
    SnapshotBuilder,
};

use super::{Inputs, Planned, Times};

/// Five pending pods: three on a new node, one on an existing one, one without a place.
pub(crate) fn planned() -> Planned {
    Planned {
        snapshot: snapshot(),
        plan: Plan {
            actions: vec![
                Action::Launch(Box::new(node())),
                Action::Nominate { pod: PodId::new("shop", "web-c"), node: "ip-10-0-1-7".into() },
            ],
            wake_at: None,
            report: PlanReport {
                pods: 5,
                placed: 4,
                price: Price::from_micro_usd(57_800),
                lower_bound: Price::from_micro_usd(56_100),
                bound_method: "fluid".to_owned(),
                certificate: Certificate {
                    kinds: vec![PodKind {
                        first: PodId::new("shop", "web-a"),
                        placed: 4,
                        value: 919_142_400,
                    }],
                    worth: 3_676_569_600,
                },
                gap: vec![
                    GapShare { reason: GapReason::WholeNodes, price: Price::from_micro_usd(1_500) },
                    GapShare {
                        reason: GapReason::Interruptions,
                        price: Price::from_micro_usd(200),
                    },
                ],
                interruption_cost: Price::from_micro_usd(1_000_000),
                alternatives_ceiling_percent: 150,
                unschedulable: vec![too_large()],
                buffers_short: Vec::new(),
                min_values_policy: MinValuesPolicy::Strict,
                violations: Vec::new(),
                stats: PlanStats {
                    classes: 3,
                    shapes: 9720,
                    candidates: 210,
                    patterns: 12,
                    wishes: 5,
                    granted: 4,
                },
            },
        },
        inputs: Inputs {
            hash: "9f86d081884c7d659a2feaa0c55ad015".to_owned(),
            region: "us-east-1".to_owned(),
            price_date: "2026-07-20".to_owned(),
            spot_price_factor_ppm: 1_300_000,
        },
        times: Times {
            read: Duration::from_micros(1500),
            catalog: Duration::from_micros(20_250),
            convert: Duration::from_micros(700),
            plan: Duration::from_micros(4321),
        },
    }
}

/// A cluster in which nothing waits.
pub(crate) fn idle() -> Planned {
    let (snapshot, _) = SnapshotBuilder::new(Timestamp::UNIX_EPOCH, Arc::default()).build();
    Planned { snapshot, plan: Plan::default(), ..planned() }
}

fn snapshot() -> ClusterSnapshot {
    let pods = [
        pod("shop", "web-a", "ReplicaSet/web"),
        pod("shop", "web-b", "ReplicaSet/web"),
        pod("shop", "web-c", "ReplicaSet/web"),
        pod("shop", "search-0", "StatefulSet/search"),
        pod("batch", "train", "Job/train"),
    ];
    let builder = SnapshotBuilder::new(Timestamp::UNIX_EPOCH, Arc::default());
    builder.node(Arc::new(standing())).pending_pods(pods).build().0
}

/// A node with one pod.
fn standing() -> NodeWithPods {
    let labels = [
        (well_known::INSTANCE_TYPE, "m7g.large"),
        (well_known::ZONE, "us-east-1a"),
        (well_known::CAPACITY_TYPE, "on-demand"),
    ];
    let node = Node {
        name: "ip-10-0-1-7".to_owned(),
        node_pool: Some("general".to_owned()),
        labels: labels.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        taints: Vec::new(),
        capacity: Resources::new(2000, 8 << 30).with_pods(29),
        allocatable: Resources::new(1930, 7 << 30).with_pods(29),
        stage: NodeStage::Initialized,
        deleting: false,
        do_not_disrupt: false,
        created: Timestamp::UNIX_EPOCH,
        initialized: Some(Timestamp::UNIX_EPOCH),
        last_pod_event: None,
    };
    NodeWithPods { node, pods: vec![pod("shop", "cart-0", "StatefulSet/cart")] }
}

fn pod(namespace: &str, name: &str, owner: &str) -> Arc<Pod> {
    let spec = PodSpec {
        namespace: namespace.to_owned(),
        requests: Resources::new(500, 1 << 30).with_pods(1),
        owner: Some(owner.to_owned()),
        ..PodSpec::default()
    };
    Arc::new(Pod {
        id: PodId::new(namespace, name),
        spec: Arc::new(spec),
        nominated: None,
        created: Timestamp::UNIX_EPOCH,
    })
}

fn node() -> PlannedNode {
    let alternative = |price, zone: &str, capacity_type| Alternative {
        risk_price: Price::from_micro_usd(price),
        price: Price::from_micro_usd(price),
        instance_type: "c7g.large".to_owned(),
        zone: zone.to_owned(),
        capacity_type,
    };
    PlannedNode {
        node_pool: "general".to_owned(),
        instance_type: "m7g.large".to_owned(),
        zone: "us-east-1b".to_owned(),
        capacity_type: CapacityType::Spot,
        reservation: None,
        min_values_relaxed: false,
        price: Price::from_micro_usd(57_800),
        labels: Labels::from([("team".to_owned(), "shop".to_owned())]).into(),
        taints: Vec::new(),
        capacity: Resources::new(2000, 8 << 30).with_pods(29),
        allocatable: Resources::new(1930, 7 << 30).with_pods(29),
        daemons: Resources::new(50, 96 << 20).with_pods(1),
        requests: Resources::new(1550, (3 << 30) + (96 << 20)).with_pods(4),
        pods: vec![
            PodId::new("shop", "search-0"),
            PodId::new("shop", "web-a"),
            PodId::new("shop", "web-b"),
        ],
        worth: Arc::new(BTreeMap::from([
            ("cpu".to_owned(), Price::from_micro_usd(31_000)),
            ("memory".to_owned(), Price::from_micro_usd(25_100)),
        ])),
        alternatives: vec![
            alternative(58_900, "us-east-1a", CapacityType::Spot),
            alternative(72_500, "us-east-1b", CapacityType::OnDemand),
        ]
        .into(),
    }
}

fn too_large() -> Unschedulable {
    Unschedulable {
        pod: PodId::new("batch", "train"),
        code: ReasonCode::TooLarge,
        blockers: vec![Blocker::Resource {
            name: "cpu".to_owned(),
            wanted: 400_000,
            available: 191_450,
        }],
        nearest: Some(Nearest {
            node_pool: "general".to_owned(),
            instance_type: "m8g.48xlarge".to_owned(),
            zone: "us-east-1a".to_owned(),
            capacity_type: CapacityType::OnDemand,
        }),
    }
}
