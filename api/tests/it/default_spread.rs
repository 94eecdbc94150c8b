//! Spread of pods that name none.

use std::sync::Arc;

use plimsoll_api::{DefaultSpread, convert, read_str};
use scheduler_core::model::{PodSpec, TopologySpread};
use scheduler_core::verify::verify;
use scheduler_core::{Engine, Settings};

use crate::fixture::now;

const CONFIG: &str = "podTopologySpread: {defaultConstraints: [{maxSkew: 2, topologyKey: zone, \
                      whenUnsatisfiable: DoNotSchedule, minDomains: 3}]}";

const SET: &str = "---\napiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: set}\nspec: \
                   {selector: {matchLabels: {app: web}, matchExpressions: [{key: v, operator: \
                   Exists}]}}\n";

const SERVICE: &str = "---\napiVersion: v1\nkind: Service\nmetadata: {name: front}\n\
                       spec: {selector: {app: web}}\n";

/// A pod with labels `app: web` and `v: v1` that a controller of this kind, named `set`, owns.
fn owned_by(kind: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, labels: {{app: web, v: v1}}, \
         ownerReferences: [{{apiVersion: apps/v1, kind: {kind}, name: set, uid: u, controller: \
         true}}]}}\nspec: {{containers: []}}\n"
    )
}

fn converted(config: &str, text: &str) -> Arc<PodSpec> {
    let mut objects = read_str("test.yaml", text).unwrap();
    objects.default_spread = DefaultSpread::parse(config).unwrap();
    Arc::clone(&convert(&objects, now()).pending[0].spec)
}

fn spread(text: &str) -> Option<TopologySpread> {
    converted(CONFIG, text).topology_spread.first().cloned()
}

fn selector(text: &str) -> Option<String> {
    spread(text).map(|one| one.selector.requirements.to_string())
}

#[test]
fn a_pod_without_constraints_gets_the_defaults_for_the_pods_of_its_controller() {
    let spread = spread(&format!("{}{SET}", owned_by("ReplicaSet"))).unwrap();
    assert_eq!(spread.selector.requirements.to_string(), "app In [web], v Exists");
    assert_eq!((spread.max_skew, spread.min_domains, spread.required), (2, Some(3), true));
}

#[test]
fn a_pod_with_constraints_of_its_own_gets_no_defaults() {
    let own = "spec: {topologySpreadConstraints: [{maxSkew: 9, topologyKey: host, \
               whenUnsatisfiable: ScheduleAnyway}],";
    let text = format!("{}{SET}", owned_by("ReplicaSet").replace("spec: {", own));
    let spec = converted(CONFIG, &text);
    assert_eq!((spec.topology_spread.len(), spec.topology_spread[0].max_skew), (1, 9));
}

#[test]
fn without_a_configuration_or_a_selector_there_are_no_defaults() {
    let text = format!("{}{SET}", owned_by("ReplicaSet"));
    assert_eq!(converted("", &text).topology_spread, []);
    assert_eq!(selector(&owned_by("ReplicaSet")), None);
    assert_eq!(selector(&format!("{}{SET}", owned_by("Job"))), None);
    let not_controller = owned_by("ReplicaSet").replace("controller: true", "controller: false");
    assert_eq!(selector(&format!("{not_controller}{SET}")), None);
}

#[test]
fn services_of_the_namespace_that_select_the_pod_tell_which_pods_count() {
    let second = SERVICE.replace("front", "back").replace("app: web", "v: v1");
    let both = format!("{}{SERVICE}{second}", owned_by("Job"));
    assert_eq!(selector(&both).unwrap(), "app In [web], v In [v1]");
    for other in [
        SERVICE.replace("app: web", "app: db"),
        SERVICE.replace("name: front", "name: front, namespace: other"),
        SERVICE.replace("spec: {selector: {app: web}}", "spec: {}"),
        SERVICE.replace("{app: web}", "{}"),
    ] {
        assert_eq!(selector(&format!("{}{other}", owned_by("Job"))), None, "{other}");
    }
}

#[test]
fn a_replication_controller_overrides_services_and_a_replica_set_adds_to_them() {
    let controller = "---\napiVersion: v1\nkind: ReplicationController\nmetadata: {name: set}\n\
                      spec: {selector: {app: other}}\n";
    let text = format!("{}{SERVICE}{controller}", owned_by("ReplicationController"));
    assert_eq!(selector(&text).unwrap(), "app In [other]");
    let conflict = SET.replace("app: web", "app: other");
    let text = format!("{}{SERVICE}{conflict}", owned_by("ReplicaSet"));
    assert!(spread(&text).unwrap().selector.nothing);
}

#[test]
fn a_configuration_may_be_json_and_may_name_a_key_in_both_modes() {
    let json = r#"{"podTopologySpread": {"defaultConstraints": [
        {"maxSkew": 2, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "minDomains": 3}
    ]}}"#;
    assert_eq!(DefaultSpread::parse(json).unwrap(), DefaultSpread::parse(CONFIG).unwrap());
    let both = "podTopologySpread: {defaultConstraints: [{maxSkew: 1, topologyKey: zone, \
                whenUnsatisfiable: DoNotSchedule}, {maxSkew: 1, topologyKey: zone, \
                whenUnsatisfiable: ScheduleAnyway}]}";
    assert!(DefaultSpread::parse(both).is_ok());
}

#[test]
fn a_configuration_that_cannot_be_is_refused_with_the_field() {
    let list = CONFIG.trim_end_matches("]}");
    let twice = list.split_once('[').map(|(_, one)| format!("{list}, {one}]}}")).unwrap();
    for (config, expected) in [
        (CONFIG.replace("maxSkew: 2", "maxSkew: 0"), "[0].maxSkew"),
        (CONFIG.replace("topologyKey: zone", "topologyKey: 'no key'"), "[0].topologyKey"),
        (CONFIG.replace("topologyKey: zone, ", ""), "cannot read"),
        (CONFIG.replace("DoNotSchedule", "Never"), "[0].whenUnsatisfiable"),
        (CONFIG.replace("minDomains: 3", "labelSelector: {}"), "cannot read"),
        (CONFIG.replace("minDomains: 3", "matchLabelKeys: [a]"), "cannot read"),
        (CONFIG.replace("minDomains: 3", "nodeTaintsPolicy: Sometimes"), "[0].nodeTaintsPolicy"),
        (CONFIG.replace("podTopologySpread", "spread"), "cannot read"),
        ("podTopologySpread: [".to_owned(), "cannot read"),
        (twice, "[1].topologyKey"),
    ] {
        let error = DefaultSpread::parse(&config).unwrap_err().to_string();
        assert!(error.contains(expected), "{config}: {error}");
    }
}

/// Spread over zones in this mode.
fn over_zones(mode: &str) -> String {
    CONFIG
        .replace(
            "maxSkew: 2, topologyKey: zone",
            "maxSkew: 1, topologyKey: topology.kubernetes.io/zone",
        )
        .replace(", minDomains: 3", "")
        .replace("DoNotSchedule", mode)
}

/// A node in a zone, with room for so many pods.
fn node(name: &str, zone: &str, pods: usize) -> String {
    format!(
        "---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}, labels: \
         {{topology.kubernetes.io/zone: {zone}}}}}\nstatus: {{allocatable: {{cpu: 8, memory: 8Gi, \
         pods: {pods}}}}}\n"
    )
}

/// A pod of the set under another name.
fn of_set(name: &str) -> String {
    format!("---\n{}", owned_by("ReplicaSet").replace("name: web,", &format!("name: {name},")))
}

fn bound_to(node: &str, pod: &str) -> String {
    pod.replace("spec: {containers", &format!("spec: {{nodeName: {node}, containers"))
}

/// The nodes that pods get, by the names of the pods.
fn placed(config: &str, text: &str) -> Vec<(String, String)> {
    let mut objects = read_str("test.yaml", text).unwrap();
    objects.default_spread = DefaultSpread::parse(config).unwrap();
    let (snapshot, _) = convert(&objects, now()).snapshot(now(), |_| Arc::default());
    let plan = Engine::new(Settings::default()).plan_now(&snapshot);
    assert_eq!(verify(&snapshot, &plan), []);
    plan.nominations().map(|(pod, node)| (pod.name.clone(), node.clone())).collect()
}

#[test]
fn a_default_that_is_required_holds_pods_back_and_one_that_is_not_gives_way() {
    let filler = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: filler}\nspec: {nodeName: n2, \
                  containers: []}\n";
    let full = node("n1", "a", 9) + &node("n2", "b", 1) + filler;
    let text = full + SET + &of_set("web-1") + &of_set("web-2");
    assert_eq!(placed(&over_zones("DoNotSchedule"), &text).len(), 1);
    assert_eq!(placed(&over_zones("ScheduleAnyway"), &text).len(), 2);
}

#[test]
fn pods_that_run_count_for_a_default_spread() {
    let running = bound_to("n1", &of_set("old"));
    let text = node("n1", "a", 9) + &node("n2", "b", 9) + SET + &running + &of_set("web");
    let expected = [("web".to_owned(), "n2".to_owned())];
    assert_eq!(placed(&over_zones("DoNotSchedule"), &text), expected);
}

#[test]
fn each_revision_of_a_deployment_is_spread_by_itself() {
    // Zone b takes no pod, and zone a has one of the old revision.
    let zones = node("n1", "a", 9) + &node("n2", "b", 9).replace("pods: 9", "pods: 0");
    let running = zones + SET + &bound_to("n1", &of_set("old"));
    let next = SET.replace("name: set", "name: next").replace("app: web", "app: web, hash: h2");
    let new = of_set("web").replace("name: set", "name: next").replace("v: v1", "v: v1, hash: h2");
    let config = over_zones("DoNotSchedule");
    assert_eq!(placed(&config, &format!("{running}{}", of_set("web"))), []);
    assert_eq!(placed(&config, &format!("{running}{next}{new}")).len(), 1);
}

#[test]
fn the_selector_of_one_pod_is_not_that_of_another() {
    let other = SERVICE.replace("front", "back").replace("app: web", "app: db");
    let database =
        owned_by("Job").replace("name: web,", "name: db,").replace("app: web", "app: db");
    let mut objects =
        read_str("test.yaml", &format!("{}{SERVICE}{other}---\n{database}", owned_by("Job")))
            .unwrap();
    objects.default_spread = DefaultSpread::parse(CONFIG).unwrap();
    let pending = convert(&objects, now()).pending;
    let selectors: Vec<String> = pending
        .iter()
        .map(|pod| pod.spec.topology_spread[0].selector.requirements.to_string())
        .collect();
    assert_eq!(selectors, ["app In [db]", "app In [web]"]);
}
