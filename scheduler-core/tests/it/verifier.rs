//! The verifier finds what is wrong with a plan. Plans here are made by hand, one of them right and
//! all others spoilt in one respect.

use std::sync::Arc;

use scheduler_core::model::{
    BudgetLimit, CapacityType, OfferingKey, PodId, Price, Requirement, Taint, TaintEffect,
};
use scheduler_core::plan::{Action, Alternative, DisruptionReason, Plan, PlannedNode};
use scheduler_core::testkit::{
    ClusterBuilder, PoolBuilder, cluster, hand_made, launch, node, on_demand, pod, pool, price,
    spot,
};
use scheduler_core::verify::{AlternativeFault, TerminationFault, Violation, verify};
use scheduler_core::{ClusterSnapshot, MinValuesPolicy, PlannedNode as Planned};

/// Names an on-demand offering.
pub(crate) fn offering(instance_type: &str, zone: &str) -> OfferingKey {
    OfferingKey {
        instance_type: instance_type.to_owned(),
        zone: zone.to_owned(),
        capacity_type: CapacityType::OnDemand,
        reservation: None,
    }
}

/// Names pods of namespace `default`.
pub(crate) fn ids<const N: usize>(names: [&str; N]) -> [PodId; N] {
    names.map(|name| PodId::new("default", name))
}

/// Launches an offering of pool `default` for pods.
pub(crate) fn launches(
    snapshot: &ClusterSnapshot,
    instance_type: &str,
    zone: &str,
    pods: &[PodId],
) -> Action {
    Action::Launch(Box::new(launch(snapshot, "default", &offering(instance_type, zone), pods)))
}

/// Expects a pod on a node.
pub(crate) fn nominates(pod: &str, node: &str) -> Action {
    Action::Nominate { pod: PodId::new("default", pod), node: node.to_owned() }
}

/// Two pods, a daemon, a node that has room for one of them, and one on its way out.
fn shop() -> ClusterBuilder {
    cluster()
        .offering("m7g.large", "a", on_demand("$0.082"))
        .offering("m7g.large", "b", on_demand("$0.079"))
        .offering("m7g.large", "a", spot("$0.030"))
        .offering("m7g.medium", "a", on_demand("$0.041"))
        .offering("m7g.xlarge", "a", on_demand("$0.163"))
        .daemon_set(pod("logs").cpu("200m"))
        .node(node("n1").pod(pod("db").cpu("1")))
        .node(node("n2").deleting())
        .pod(pod("web").cpu("800m").replicas(2))
}

fn right() -> (ClusterSnapshot, Plan) {
    let snapshot = shop().build();
    let mut planned =
        launch(&snapshot, "default", &offering("m7g.large", "a"), &ids(["web-1", "web-2"]));
    planned.alternatives = vec![alternative("m7g.large", "b", "$0.079")].into();
    let plan = hand_made(&snapshot, vec![Action::Launch(Box::new(planned))]);
    (snapshot, plan)
}

fn alternative(instance_type: &str, zone: &str, price_text: &str) -> Alternative {
    let OfferingKey { instance_type, zone, capacity_type, .. } = offering(instance_type, zone);
    let price = price(price_text);
    Alternative { risk_price: price, price, instance_type, zone, capacity_type }
}

/// Spoils the launch of the right plan and keeps the report in step with it.
fn spoil(change: impl FnOnce(&mut PlannedNode)) -> Vec<Violation> {
    let (snapshot, mut plan) = right();
    if let Action::Launch(node) = &mut plan.actions[0] {
        change(node);
    }
    verify(&snapshot, &hand_made(&snapshot, plan.actions))
}

/// Spoils the right plan itself.
fn spoil_plan(change: impl FnOnce(&mut Plan)) -> Vec<Violation> {
    let (snapshot, mut plan) = right();
    change(&mut plan);
    verify(&snapshot, &plan)
}

/// What is wrong with a plan of these actions.
fn judge(cluster: ClusterBuilder, actions: Vec<Action>) -> Vec<Violation> {
    let snapshot = cluster.build();
    verify(&snapshot, &hand_made(&snapshot, actions))
}

/// Asserts that the findings match a pattern and nothing else was found.
macro_rules! assert_finds {
    ($found:expr, $($pattern:pat),+ $(,)?) => {
        let found = $found;
        let expected = [$(found.iter().any(|one| matches!(one, $pattern))),+];
        assert!(
            expected.iter().all(|seen| *seen) && found.len() == expected.len(),
            "found {found:#?}"
        );
    };
}
pub(crate) use assert_finds;

#[test]
fn a_right_plan_passes() {
    let (snapshot, plan) = right();
    assert_eq!(verify(&snapshot, &plan), []);
}

#[test]
fn a_pod_that_is_dropped_is_missed() {
    let found = spoil_plan(|plan| {
        if let Action::Launch(node) = &mut plan.actions[0] {
            node.pods.pop();
            node.requests.cpu_milli -= 800;
            node.requests.memory_bytes -= 64 << 20;
            node.requests.pods -= 1;
        }
        plan.report.placed = 1;
    });
    assert_finds!(found, Violation::PodMissing { .. }, Violation::CertificateKind { .. });
}

#[test]
fn a_pod_with_two_places_is_found() {
    let found = spoil_plan(|plan| plan.actions.push(nominates("web-1", "n1")));
    assert_finds!(found, Violation::PodRepeated { .. });
}

#[test]
fn a_pod_that_does_not_wait_is_found() {
    let found = spoil_plan(|plan| plan.actions.push(nominates("ghost", "n1")));
    assert_finds!(found, Violation::UnknownPod { .. });
}

#[test]
fn a_launch_without_pods_is_found() {
    let found = spoil(|node| {
        node.pods.clear();
        node.requests = node.daemons.clone();
    });
    assert_finds!(found, Violation::EmptyLaunch { .. });
}

#[test]
fn an_overfull_node_is_found() {
    let snapshot = shop().build();
    let action = launches(&snapshot, "m7g.medium", "a", &ids(["web-1", "web-2"]));
    assert_finds!(
        judge(shop(), vec![action]),
        Violation::Overfull { wanted: 1_800, available: 1_000, .. }
    );
}

#[test]
fn an_overfull_node_that_exists_is_found() {
    let actions = vec![nominates("web-1", "n1"), nominates("web-2", "n1")];
    assert_finds!(judge(shop(), actions), Violation::Overfull { wanted: 2_800, .. });
}

#[test]
fn a_wrong_price_is_found() {
    let found = spoil(|node| node.price = price("$0.081"));
    assert_finds!(found, Violation::WrongPrice { .. });
}

#[test]
fn a_zone_that_the_labels_contradict_is_found() {
    let found = spoil(|node| {
        node.zone = "b".to_owned();
        node.price = price("$0.079");
        node.alternatives = Arc::default();
    });
    assert_finds!(found, Violation::WrongLabel { .. });
}

#[test]
fn a_zone_in_which_the_type_is_not_sold_is_found() {
    assert_finds!(spoil(|node| node.zone = "z".to_owned()), Violation::UnknownOffering { .. });
}

#[test]
fn a_type_that_does_not_exist_is_found() {
    let found = spoil(|node| node.instance_type = "m9z.large".to_owned());
    assert_finds!(found, Violation::UnknownInstanceType { .. });
}

#[test]
fn a_pool_that_does_not_exist_is_found() {
    let found = spoil(|node| node.node_pool = "gone".to_owned());
    assert_finds!(found, Violation::UnknownPool { .. });
}

#[test]
fn a_pool_with_a_fixed_number_of_nodes_is_found() {
    let fixed = || shop().node_pool(pool("default").replicas(2));
    let action = launches(&fixed().build(), "m7g.large", "a", &ids(["web-1"]));
    assert_finds!(judge(fixed(), vec![action]), Violation::StaticPool { .. });
}

#[test]
fn an_offering_that_recently_failed_is_found() {
    let action = launches(&shop().build(), "m7g.large", "a", &ids(["web-1"]));
    let failed = shop().unavailable("m7g.large", "a");
    assert_finds!(judge(failed, vec![action]), Violation::UnavailableOffering { .. });
}

#[test]
fn a_label_from_nowhere_is_found() {
    let found = spoil(|node| {
        Arc::make_mut(&mut node.labels).insert("tier".to_owned(), "gold".to_owned());
        node.alternatives = Arc::default();
    });
    assert_finds!(found, Violation::WrongLabel { planned: Some(_), .. });
}

#[test]
fn a_taint_from_nowhere_is_found() {
    let found = spoil(|node| {
        node.taints.push(Taint {
            key: "advice".to_owned(),
            value: String::new(),
            effect: TaintEffect::PreferNoSchedule,
        });
    });
    assert_finds!(found, Violation::WrongTaints { .. });
}

#[test]
fn invented_amounts_are_found() {
    let finds_one = |change: fn(&mut Planned)| spoil(change).len() == 1;
    assert_finds!(
        spoil(|node| node.allocatable.cpu_milli += 1),
        Violation::WrongAllocatable { .. }
    );
    assert_finds!(spoil(|node| node.capacity.cpu_milli += 1), Violation::WrongCapacity { .. });
    assert_finds!(spoil(|node| node.requests.cpu_milli += 1), Violation::WrongRequests { .. });
    assert!(finds_one(|node| node.requests.memory_bytes -= 1));
}

#[test]
fn forgotten_daemons_are_found() {
    let found = spoil(|node| {
        node.requests.subtract(&node.daemons);
        node.daemons = scheduler_core::model::Resources::default();
    });
    assert_finds!(found, Violation::WrongDaemons { .. });
}

#[test]
fn daemons_that_are_still_to_come_keep_their_room_on_a_node() {
    let cluster = || {
        let coming = node("n3").stage(scheduler_core::model::NodeStage::Launched);
        shop().node(coming).pod(pod("large").cpu("1900m"))
    };
    assert_finds!(
        judge(cluster(), vec![nominates("large", "n3")]),
        Violation::Overfull { wanted: 2_100, available: 2_000, .. }
    );
}

#[test]
fn a_node_that_does_not_exist_is_found() {
    assert_finds!(
        judge(shop(), vec![nominates("web-1", "n9")]),
        Violation::UnknownNode { .. },
        Violation::PodMissing { .. },
        Violation::WrongReport { reported: 1, actual: 0, .. },
        Violation::CertificateKind { .. },
    );
}

#[test]
fn a_node_that_is_going_away_is_found() {
    assert_finds!(judge(shop(), vec![nominates("web-1", "n2")]), Violation::NodeDeleting { .. });
}

#[test]
fn a_taint_that_is_not_tolerated_is_found() {
    let tainted = || shop().node_pool(pool("default").taint("team", "a"));
    let action = launches(&tainted().build(), "m7g.large", "a", &ids(["web-1", "web-2"]));
    assert_finds!(judge(tainted(), vec![action]), Violation::TaintNotTolerated { .. });
}

#[test]
fn a_requirement_that_is_not_met_is_found() {
    let picky = || shop().pod(pod("picky").zones(["b"]));
    let action = launches(&picky().build(), "m7g.large", "a", &ids(["picky"]));
    assert_finds!(judge(picky(), vec![action]), Violation::RequirementsUnmet { .. });
    assert_finds!(
        judge(picky(), vec![nominates("picky", "n1")]),
        Violation::RequirementsUnmet { .. }
    );
}

#[test]
fn a_pod_that_cannot_be_planned_for_is_found() {
    let feature = scheduler_core::model::Unsupported::ResourceClaims;
    let cluster = shop().pod(pod("odd").unsupported(feature));
    assert_finds!(judge(cluster, vec![nominates("odd", "n1")]), Violation::UnsupportedPod { .. });
}

#[test]
fn a_limit_that_is_exceeded_is_found() {
    let limited = || shop().node_pool(pool("default").limit("cpu", "3"));
    let action = launches(&limited().build(), "m7g.large", "a", &ids(["web-1", "web-2"]));
    assert_finds!(
        judge(limited(), vec![action]),
        Violation::LimitExceeded { limit: 3_000, total: 4_000, .. }
    );
}

#[test]
fn a_limit_of_nodes_that_is_exceeded_is_found() {
    let limited = || shop().node_pool(pool("default").limit("nodes", "1"));
    let action = launches(&limited().build(), "m7g.large", "a", &ids(["web-1", "web-2"]));
    assert_finds!(
        judge(limited(), vec![action]),
        Violation::LimitExceeded { limit: 1, total: 2, .. }
    );
}

#[test]
fn bad_alternatives_are_found() {
    let fault = |listed: &[Alternative]| {
        let listed = listed.to_vec();
        let found = spoil(move |node| node.alternatives = listed.into());
        match <[Violation; 1]>::try_from(found) {
            Ok([Violation::Alternative { fault, .. }]) => Some(fault),
            _ => None,
        }
    };
    let chosen = alternative("m7g.large", "a", "$0.082");
    let good = alternative("m7g.large", "b", "$0.079");
    let larger = alternative("m7g.xlarge", "a", "$0.163");
    let small = alternative("m7g.medium", "a", "$0.041");
    let cheap = alternative("m7g.large", "b", "$0.001");
    let nowhere = alternative("m7g.large", "z", "$0.079");
    let cpu = "cpu".to_owned();
    assert_eq!(fault(&[good.clone(), larger.clone()]), None);
    assert_eq!(fault(&[chosen]), Some(AlternativeFault::Chosen));
    assert_eq!(fault(&[larger, good]), Some(AlternativeFault::OutOfOrder));
    assert_eq!(fault(&[small]), Some(AlternativeFault::TooSmall { resource: cpu }));
    assert_eq!(fault(&[cheap]), Some(AlternativeFault::Price(price("$0.079"))));
    assert_eq!(fault(&[nowhere]), Some(AlternativeFault::Unknown));
}

#[test]
fn too_few_values_for_the_pools_wish_are_found() {
    let mut zones = Requirement::any_of(["a", "b"]);
    zones.min_values = Some(2);
    let key = scheduler_core::model::well_known::ZONE;
    let flexible = || shop().node_pool(pool("default").requirement(key, zones.clone()));
    let action = launches(&flexible().build(), "m7g.large", "a", &ids(["web-1", "web-2"]));
    assert_finds!(
        judge(flexible(), vec![action]),
        Violation::MinValues { wanted: 2, found: 1, .. }
    );
}

#[test]
fn values_that_are_said_to_be_relaxed_must_be_and_may_be() {
    let relaxed = |wanted, policy| {
        let mut zones = Requirement::any_of(["a", "b"]);
        zones.min_values = Some(wanted);
        let key = scheduler_core::model::well_known::ZONE;
        let snapshot = shop().node_pool(pool("default").requirement(key, zones)).build();
        let mut action = launches(&snapshot, "m7g.large", "a", &ids(["web-1", "web-2"]));
        if let Action::Launch(node) = &mut action {
            node.min_values_relaxed = true;
        }
        let mut plan = hand_made(&snapshot, vec![action]);
        plan.report.min_values_policy = policy;
        verify(&snapshot, &plan)
    };
    assert_eq!(relaxed(2, MinValuesPolicy::BestEffort), []);
    assert!(matches!(relaxed(2, MinValuesPolicy::Strict)[..], [Violation::MinValues { .. }]));
    let holding = relaxed(1, MinValuesPolicy::BestEffort);
    assert!(matches!(holding[..], [Violation::WrongRelaxation { told: true, .. }]));
}

#[test]
fn figures_of_the_report_are_checked() {
    let fields = |change: fn(&mut Plan)| {
        let found = spoil_plan(change);
        let field = |one: &Violation| match one {
            Violation::WrongReport { field, .. } => field.clone(),
            other => format!("{other:?}"),
        };
        found.iter().map(field).collect::<Vec<String>>()
    };
    assert_eq!(fields(|plan| plan.report.price += Price::from_micro_usd(1)), ["gap", "price"]);
    assert_eq!(fields(|plan| plan.report.placed = 1), ["placed"]);
    assert_eq!(fields(|plan| plan.report.pods = 3), ["pods"]);
    assert_eq!(fields(|plan| plan.report.lower_bound = price("$0.083")), ["lower_bound"]);
    assert_eq!(fields(|plan| plan.report.certificate.worth = 1), ["certificate.worth"]);
    assert_eq!(fields(|plan| plan.report.gap.clear()), ["gap"]);
}

/// What is wrong with giving up a node after half a minute.
fn fault(
    cluster: ClusterBuilder,
    frugal: PoolBuilder,
    name: &str,
) -> Result<TerminationFault, Vec<Violation>> {
    let terminate = Action::Terminate { node: name.to_owned(), reason: DisruptionReason::Empty };
    let snapshot = cluster.node_pool(frugal.consolidate_after(30)).at_millis(30_000).build();
    match <[Violation; 1]>::try_from(verify(&snapshot, &hand_made(&snapshot, vec![terminate]))) {
        Ok([Violation::Termination { fault, .. }]) => Ok(fault),
        Ok(other) => Err(other.into()),
        Err(others) => Err(others),
    }
}

#[test]
fn terminations_that_must_not_be_are_found() {
    use scheduler_core::model::NodeStage;
    let fault = |node| fault(cluster().node(node), pool("default"), "n1");
    assert_eq!(fault(node("n1")), Err(vec![]));
    assert_eq!(fault(node("n2")), Ok(TerminationFault::UnknownNode));
    assert_eq!(fault(node("n1").pod(pod("web"))), Ok(TerminationFault::HasPods));
    assert_eq!(fault(node("n1").deleting()), Ok(TerminationFault::Deleting));
    assert_eq!(fault(node("n1").do_not_disrupt()), Ok(TerminationFault::DoNotDisrupt));
    assert_eq!(fault(node("n1").unmanaged()), Ok(TerminationFault::NoPool));
    assert_eq!(fault(node("n1").last_pod_event(1)), Ok(TerminationFault::TooEarly));
    let registered = node("n1").stage(NodeStage::Registered);
    assert_eq!(fault(registered), Ok(TerminationFault::NotInitialized));
}

#[test]
fn terminations_beyond_the_budget_are_found() {
    let frugal = pool("default").budget(BudgetLimit::Count(0));
    let found = fault(cluster().node(node("n1")), frugal, "n1");
    assert_eq!(found, Ok(TerminationFault::Budget));
}
