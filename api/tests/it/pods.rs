//! Where pods may run, and which pods count.

use std::sync::Arc;

use scheduler_core::model::{
    Attraction, NamespaceScope, PreferredPodTerm, Requirement, SpreadPolicy, Toleration,
    TolerationOperator, Unsupported,
};

use crate::fixture::{cluster, findings, only_error, pending, pod};

const CONTAINER: &str = "  containers: [{name: a}]\n";

fn affinity(terms: &str) -> String {
    format!(
        "{CONTAINER}  nodeSelector: {{team: a}}\n  affinity: {{nodeAffinity: \
         {{requiredDuringSchedulingIgnoredDuringExecution: {{nodeSelectorTerms: [{terms}]}}}}}}\n"
    )
}

#[test]
fn each_affinity_term_is_an_alternative_within_the_node_selector() {
    let spec = pending(&pod(&affinity(
        "{matchExpressions: [{key: beta.kubernetes.io/arch, operator: In, values: [arm64]}]}, \
         {matchExpressions: [{key: size, operator: Gt, values: ['3']}]}",
    )));
    assert_eq!(spec.node_alternatives.len(), 2);
    let [first, second] = &spec.node_alternatives[..] else { panic!() };
    assert_eq!(first.to_string(), "kubernetes.io/arch In [arm64], team In [a]");
    assert_eq!(second.to_string(), "size Exists >=4, team In [a]");
}

#[test]
fn every_node_that_will_be_launched_has_some_host_name() {
    let spec = pending(&pod(&affinity(
        "{matchExpressions: [{key: kubernetes.io/hostname, operator: Exists}]}",
    )));
    assert_eq!(spec.node_alternatives[0].to_string(), "team In [a]");
}

#[test]
fn an_empty_affinity_term_selects_no_node() {
    let spec = pending(&pod(&affinity("{}, {matchExpressions: [{key: x, operator: Exists}]}")));
    assert_eq!(spec.node_alternatives.len(), 1);
    assert!(only_error(&cluster(&pod(&affinity("{}")))).contains("no node can satisfy it"));
}

#[test]
fn an_alternative_that_contradicts_the_node_selector_is_dropped() {
    let other_team = "{matchExpressions: [{key: team, operator: In, values: [b]}]}";
    let good = "{matchExpressions: [{key: team, operator: Exists}]}";
    let spec = pending(&pod(&affinity(&format!("{other_team}, {good}"))));
    assert_eq!(spec.node_alternatives.len(), 1);
    let cluster = cluster(&pod(&affinity(other_team)));
    assert!(matches!(cluster.pending[0].spec.unsupported, Some(Unsupported::Invalid(_))));
}

#[test]
fn an_unknown_operator_is_an_error_with_its_path() {
    let error = only_error(&cluster(&pod(&affinity(
        "{matchExpressions: [{key: x, operator: Inn, values: [a]}]}",
    ))));
    assert!(
        error.contains(
            "nodeSelectorTerms[0].matchExpressions[0].operator: unknown operator \"Inn\", \
             expected one of In, NotIn, Exists, DoesNotExist, Gt, Lt"
        ),
        "{error}"
    );
}

#[test]
fn match_fields_and_resource_claims_are_unsupported() {
    let fields = affinity("{matchFields: [{key: metadata.name, operator: In, values: [n]}]}");
    assert_eq!(pending(&pod(&fields)).unsupported, Some(Unsupported::MatchFields));
    let claims = format!("{CONTAINER}  resourceClaims: [{{name: gpu}}]\n");
    assert_eq!(pending(&pod(&claims)).unsupported, Some(Unsupported::ResourceClaims));
}

#[test]
fn preferences_come_heaviest_first() {
    let term = |weight: u32, key: &str| {
        format!(
            "{{weight: {weight}, preference: {{matchExpressions: [{{key: {key}, operator: Exists}}]}}}}"
        )
    };
    let spec = pending(&pod(&format!(
        "{CONTAINER}  affinity: {{nodeAffinity: {{preferredDuringSchedulingIgnoredDuringExecution: \
         [{}, {}, {{weight: 100, preference: {{}}}}]}}}}\n",
        term(1, "light"),
        term(50, "heavy")
    )));
    let weights: Vec<u32> = spec.node_preferences.iter().map(|term| term.weight).collect();
    assert_eq!(weights, [50, 1]);
}

/// The preferences of a pod with this preferred term, or what is wrong with it.
fn preferred(term: &str) -> Result<Vec<String>, String> {
    let cluster = cluster(&pod(&format!(
        "{CONTAINER}  affinity: {{nodeAffinity: {{preferredDuringSchedulingIgnoredDuringExecution: \
         [{{weight: 1, preference: {{{term}}}}}]}}}}\n"
    )));
    if cluster.findings.is_empty() {
        let preferences = cluster.pending[0].spec.node_preferences.iter();
        Ok(preferences.map(|term| term.requirements.to_string()).collect())
    } else {
        Err(only_error(&cluster))
    }
}

#[test]
fn a_preference_for_a_node_by_its_name_is_about_no_label() {
    let fields = "matchFields: [{key: metadata.name, operator: In, values: [n1]}]";
    let name = "matchFields:metadata.name In [n1]";
    assert_eq!(preferred(fields).unwrap(), [name]);
    let both = format!("{fields}, matchExpressions: [{{key: team, operator: Exists}}]");
    assert_eq!(preferred(&both).unwrap(), [format!("{name}, team Exists")]);
}

#[test]
fn a_preference_for_a_field_that_nodes_are_not_selected_by_is_an_error() {
    for (field, expected) in [
        ("{key: spec.unschedulable, operator: In, values: ['']}", "matchFields[0].key: "),
        ("{key: metadata.name, operator: In, values: [a, b]}", "matchFields[0].values: "),
        ("{key: metadata.name, operator: Exists}", "matchFields[0].values: "),
        ("{key: metadata.name, operator: Gt, values: ['1']}", "matchFields[0].operator: "),
    ] {
        let error = preferred(&format!("matchFields: [{field}]")).unwrap_err();
        assert!(error.contains(&format!("[0].preference.{expected}")), "{error}");
    }
}

#[test]
fn tolerations_and_host_ports_are_kept() {
    let spec = pending(&pod(
        "  hostNetwork: true\n  tolerations: [{operator: Exists}, {key: a, operator: Gt, value: '5', \
         effect: NoSchedule}]\n  containers: [{name: a, ports: [{containerPort: 80}, \
         {containerPort: 53, hostPort: 5353, hostIP: 0.0.0.0, protocol: UDP}]}]\n",
    ));
    assert_eq!(spec.tolerations[0], Toleration::everything());
    assert_eq!(spec.tolerations[1].operator, TolerationOperator::Gt);
    let ports: Vec<_> = spec.host_ports.iter().map(|port| (port.port, port.ip.clone())).collect();
    assert_eq!(ports, [(80, None), (5353, None)]);
}

#[test]
fn a_pod_for_an_operating_system_asks_for_its_nodes() {
    let spec = pending(&pod(&format!("{CONTAINER}  os: {{name: windows}}\n")));
    let windows = Requirement::any_of(["windows"]);
    assert_eq!(spec.node_alternatives[0].get("kubernetes.io/os"), Some(&windows));
}

#[test]
fn label_keys_of_the_pod_are_folded_into_the_spread_selector() {
    let spec = pending(&pod(&format!(
        "{CONTAINER}  topologySpreadConstraints: [{{topologyKey: topology.kubernetes.io/zone, \
         maxSkew: 2, minDomains: 3, whenUnsatisfiable: ScheduleAnyway, nodeTaintsPolicy: Honor, \
         labelSelector: {{matchLabels: {{app: web}}}}, matchLabelKeys: [v, absent]}}]\n"
    )));
    let spread = &spec.topology_spread[0];
    assert_eq!(spread.selector.requirements.to_string(), "app In [web], v In [v1]");
    assert_eq!((spread.max_skew, spread.min_domains, spread.required), (2, Some(3), false));
    assert_eq!(
        (spread.node_affinity_policy, spread.node_taints_policy),
        (SpreadPolicy::Honor, SpreadPolicy::Honor)
    );
}

#[test]
fn a_spread_without_a_selector_counts_nothing() {
    let spec = pending(&pod(&format!(
        "{CONTAINER}  topologySpreadConstraints: [{{topologyKey: zone, maxSkew: 1, \
         whenUnsatisfiable: DoNotSchedule}}]\n"
    )));
    assert!(spec.topology_spread[0].selector.nothing);
}

/// The namespaces in which an affinity term with this scope looks.
fn scope(scope: &str) -> NamespaceScope {
    let namespace = |name: &str, team: &str| {
        format!(
            "---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: {name}, labels: {{team: {team}}}}}\n"
        )
    };
    let text = pod(&format!(
        "{CONTAINER}  affinity: {{podAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: \
         [{{topologyKey: zone, labelSelector: {{}}{scope}}}]}}}}\n{}{}",
        namespace("x", "a"),
        namespace("y", "b")
    ));
    pending(&text).pod_affinity[0].namespaces.clone()
}

fn these(names: &[&str]) -> NamespaceScope {
    NamespaceScope::These(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn affinity_looks_in_the_namespaces_that_are_listed_or_selected() {
    assert_eq!(scope(""), these(&["default"]));
    assert_eq!(scope(", namespaces: [x]"), these(&["x"]));
    assert_eq!(scope(", namespaceSelector: {}"), NamespaceScope::All);
    assert_eq!(scope(", namespaceSelector: {matchLabels: {team: b}}"), these(&["y"]));
    assert_eq!(
        scope(", namespaces: [z], namespaceSelector: {matchLabels: {team: b}}"),
        these(&["y", "z"])
    );
    assert_eq!(
        scope(", namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: default}}"),
        these(&["default"])
    );
}

#[test]
fn anti_affinity_takes_matching_and_mismatching_keys_from_the_pod() {
    let spec = pending(&pod(&format!(
        "{CONTAINER}  affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: \
         [{{topologyKey: zone, labelSelector: {{}}, matchLabelKeys: [app], mismatchLabelKeys: [v]}}, \
         {{topologyKey: zone}}]}}}}\n"
    )));
    let [term] = &spec.pod_anti_affinity[..] else {
        panic!("a term that selects nothing is left out")
    };
    assert_eq!(term.selector.requirements.to_string(), "app In [web], v NotIn [v1]");
}

#[test]
fn preferred_terms_of_both_kinds_are_kept_heaviest_first() {
    let spec = pending(&pod(&format!(
        "{CONTAINER}  affinity: {{podAffinity: {{preferredDuringSchedulingIgnoredDuringExecution: \
         [{{weight: 10, podAffinityTerm: {{topologyKey: zone, labelSelector: {{}}}}}}]}}, \
         podAntiAffinity: {{preferredDuringSchedulingIgnoredDuringExecution: \
         [{{weight: 90, podAffinityTerm: {{topologyKey: rack, labelSelector: {{}}}}}}, \
         {{weight: 5, podAffinityTerm: {{topologyKey: rack}}}}]}}}}\n"
    )));
    let told = |one: &PreferredPodTerm| (one.weight, one.attraction, one.term.topology_key.clone());
    let told: Vec<_> = spec.pod_preferences.iter().map(told).collect();
    let expected =
        [(90, Attraction::Apart, "rack".to_owned()), (10, Attraction::Near, "zone".to_owned())];
    assert_eq!(told, expected);
}

#[test]
fn a_preferred_term_with_a_weight_out_of_range_is_told() {
    let spec = pending(&pod(&format!(
        "{CONTAINER}  affinity: {{podAffinity: {{preferredDuringSchedulingIgnoredDuringExecution: \
         [{{weight: 101, podAffinityTerm: {{topologyKey: zone, labelSelector: {{}}}}}}]}}}}\n"
    )));
    assert!(matches!(&spec.unsupported, Some(Unsupported::Invalid(why)) if why.contains("weight")));
}

#[test]
fn priority_comes_from_the_class_or_the_default_class() {
    let classes = "---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: high}\n\
                   value: 1000\n---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\n\
                   metadata: {name: normal}\nvalue: 10\nglobalDefault: true\n";
    let priority = |class: &str| {
        pending(&format!("{}{classes}", pod(&format!("{CONTAINER}{class}")))).priority
    };
    assert_eq!(priority("  priorityClassName: high\n"), 1000);
    assert_eq!(priority("  priorityClassName: system-node-critical\n"), 2_000_001_000);
    assert_eq!(priority(""), 10);
    assert_eq!(priority("  priority: 7\n  priorityClassName: high\n"), 7);
}

#[test]
fn do_not_disrupt_may_be_true_or_last_for_a_while() {
    let annotated = |value: &str| {
        let text = pod(CONTAINER).replace(
            "name: web,",
            &format!("name: web, annotations: {{karpenter.sh/do-not-disrupt: '{value}'}},"),
        );
        cluster(&format!("{text}status: {{startTime: '2026-06-01T11:00:00Z'}}\n"))
    };
    let protected = |value: &str| annotated(value).pending[0].spec.do_not_disrupt;
    assert!(protected("true") && protected("1h30m"));
    assert!(!protected("59m") && !protected("false") && !protected("soon") && !protected("-1h"));
    assert_eq!((annotated("soon").findings.len(), annotated("false").findings.len()), (1, 0));
}

#[test]
fn finished_gated_daemon_and_static_pods_do_not_wait() {
    let others = [
        "metadata: {name: a}\nspec: {containers: []}\nstatus: {phase: Succeeded}",
        "metadata: {name: b}\nspec: {containers: []}\nstatus: {phase: Failed}",
        "metadata: {name: c}\nspec: {containers: [], schedulingGates: [{name: g}]}",
        "metadata: {name: d, ownerReferences: [{apiVersion: apps/v1, kind: DaemonSet, name: logs, \
         uid: u, controller: true}]}\nspec: {containers: []}",
        "metadata: {name: e, annotations: {kubernetes.io/config.mirror: h}}\nspec: {containers: []}",
        "metadata: {name: f, deletionTimestamp: '2026-06-01T11:00:00Z'}\nspec: {containers: []}",
    ];
    for other in others {
        let cluster = cluster(&format!("apiVersion: v1\nkind: Pod\n{other}\n"));
        assert_eq!(cluster.pending.len(), 0, "{other}");
    }
}

#[test]
fn pods_of_a_workload_share_one_spec() {
    let replica = |number: u32| {
        pod(CONTAINER).replace(
            "metadata: {name: web, labels: {",
            &format!(
                "metadata: {{name: web-{number}, ownerReferences: [{{apiVersion: apps/v1, kind: \
                 StatefulSet, name: web, uid: u, controller: true}}], labels: \
                 {{statefulset.kubernetes.io/pod-name: web-{number}, "
            ),
        )
    };
    let cluster = cluster(&format!("{}---\n{}", replica(0), replica(1)));
    assert_eq!(cluster.pending.len(), 2, "{:?}", findings(&cluster));
    assert!(Arc::ptr_eq(&cluster.pending[0].spec, &cluster.pending[1].spec));
    assert_eq!(cluster.pending[0].spec.owner.as_deref(), Some("StatefulSet/web"));
}

#[test]
fn a_label_of_single_pods_stays_if_a_selector_looks_at_it() {
    let text = pod(&format!(
        "{CONTAINER}  topologySpreadConstraints: [{{topologyKey: zone, maxSkew: 1, whenUnsatisfiable: \
         DoNotSchedule, labelSelector: {{matchExpressions: [{{key: apps.kubernetes.io/pod-index, \
         operator: Exists}}]}}}}]\n"
    ))
    .replace("app: web", "apps.kubernetes.io/pod-index: '3'");
    assert_eq!(pending(&text).labels["apps.kubernetes.io/pod-index"], "3");
}

#[test]
fn the_owner_of_a_replica_sets_pod_is_its_deployment() {
    let owned = pod(CONTAINER).replace(
        "name: web, labels: {",
        "name: web, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-5d4f, uid: u, \
         controller: true}], labels: {pod-template-hash: 5d4f, ",
    );
    assert_eq!(pending(&owned).owner.as_deref(), Some("Deployment/web"));
}

#[test]
fn runtime_classes_add_their_node_selector_and_tolerations() {
    let class = "---\napiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {name: vm}\nhandler: vm\n\
                 scheduling: {nodeSelector: {vm: 'yes'}, tolerations: [{key: vm, operator: Exists}]}\n";
    let spec = pending(&format!("{}{class}", pod(&format!("{CONTAINER}  runtimeClassName: vm\n"))));
    assert_eq!(spec.node_alternatives[0].get("vm"), Some(&Requirement::any_of(["yes"])));
    assert_eq!(spec.tolerations.len(), 1);
}

#[test]
fn a_pod_that_appears_twice_is_kept_once() {
    let cluster = cluster(&format!("{0}---\n{0}", pod(CONTAINER)));
    assert_eq!((cluster.pending.len(), cluster.findings.len()), (1, 1));
}
