//! Decides which nodes to launch and which to give up. Snapshot in, verified plan out.
//!
//! ```text
//!  ClusterSnapshot ──► Problem ──► Solution ──► Plan ──► verify
//!  values, names       indices     indices      actions, report, wake_at
//! ```
//!
//! There is no IO here, no clock, no task, no log and no hash order: time is `snapshot.now`, work is
//! counted in steps, and the same snapshot gives the same plan. Shells – the controller, the
//! simulator – build a [`ClusterSnapshot`] from events, call [`Engine::step`], carry the actions of
//! the [`Plan`] out, and come back when something happens or at `wake_at`.
//!
//! Every plan carries a lower bound: no plan that places the same pods costs less. And every plan
//! has been judged by [`verify`], which shares no code with the packer; one that it faults
//! has no actions.
//!
//! ```
//! use std::sync::Arc;
//!
//! use scheduler_core::model::{
//!     CapacityType, ConsolidationPolicy, Disruption, InstanceType, Labels, Limits, NodePool,
//!     Offering, Pod, PodId, PodSpec, Price, Requirements, Resources,
//! };
//! use scheduler_core::{Engine, Settings, SnapshotBuilder, SupplyBuilder};
//!
//! let gibibyte = 1 << 30;
//! let large = InstanceType {
//!     name: "m7g.large".to_owned(),
//!     requirements: Requirements::new(),
//!     capacity: Resources::new(2_000, 8 * gibibyte).with_pods(29),
//!     overhead: Resources::new(70, gibibyte),
//!     offerings: vec![Offering {
//!         zone: "us-east-1a".to_owned(),
//!         capacity_type: CapacityType::OnDemand,
//!         price: Price::from_micro_usd(81_600),
//!         available: true,
//!         interruptions_permille_month: 0,
//!         reservation: None,
//!     }],
//! };
//! let pool = NodePool {
//!     name: "general".to_owned(),
//!     node_class: "default".to_owned(),
//!     weight: 0,
//!     requirements: Requirements::new(),
//!     labels: Labels::new(),
//!     taints: Vec::new(),
//!     limits: Limits::default(),
//!     disruption: Disruption {
//!         policy: ConsolidationPolicy::WhenEmpty,
//!         consolidate_after: None,
//!         budgets: Vec::new(),
//!     },
//!     replicas: None,
//! };
//! let (supply, refused) =
//!     SupplyBuilder::new().node_pool(pool).catalog("default", Arc::new(vec![large])).build();
//! assert!(refused.is_empty());
//!
//! let now = "2026-01-05T08:00:00Z".parse()?;
//! let spec = Arc::new(PodSpec {
//!     requests: Resources::new(500, gibibyte).with_pods(1),
//!     node_alternatives: vec![Requirements::new()],
//!     ..PodSpec::default()
//! });
//! let waiting = (1..=5).map(|number| {
//!     let id = PodId::new("shop", format!("web-{number}"));
//!     Arc::new(Pod { id, spec: spec.clone(), nominated: None, created: now })
//! });
//! let (snapshot, _) = SnapshotBuilder::new(now, supply).pending_pods(waiting).build();
//!
//! let plan = Engine::new(Settings::default()).plan_now(&snapshot);
//! assert_eq!(plan.launches().count(), 2);
//! assert_eq!(plan.report.price, Price::from_micro_usd(163_200));
//! assert!(plan.report.lower_bound <= plan.report.price);
//! # Ok::<(), jiff::Error>(())
//! ```

pub mod bound;
mod column;
pub mod engine;
pub mod model;
mod pack;
pub mod plan;
mod problem;
pub mod snapshot;
mod solution;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
pub mod verify;

pub use engine::{
    Engine, MinValuesPolicy, Observation, Packer, PreferencePolicy, Settings, UnknownPolicy,
};
pub use plan::{Action, Plan, PlanReport, PlannedNode};
pub use snapshot::{
    ClusterSnapshot, NodeWithPods, Refusal, SnapshotBuilder, Supply, SupplyBuilder,
};
