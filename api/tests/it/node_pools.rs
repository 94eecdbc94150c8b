//! `NodePool`s, good and bad.

use plimsoll_api::{Cluster, Severity};
use scheduler_core::model::BudgetLimit;

use crate::fixture::{cluster, findings, only_error};

/// A pool with these lines in its template's spec and these in its own.
fn pool(name: &str, template: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata: {{name: {name}}}\nspec:\n  \
         template:\n    spec:\n      nodeClassRef: {{group: karpenter.k8s.aws, kind: EC2NodeClass, \
         name: default}}\n{template}{spec}"
    )
}

fn with_requirements(requirements: &str) -> Cluster {
    cluster(&pool("general", &format!("      requirements: [{requirements}]\n"), ""))
}

fn with_spec(spec: &str) -> Cluster {
    cluster(&pool("general", "      requirements: []\n", spec))
}

#[test]
fn a_pool_with_contradictory_requirements_is_refused_and_a_good_one_beside_it_is_not() {
    let bad = "      requirements:\n      - {key: team, operator: In, values: [a]}\n      \
               - {key: team, operator: In, values: [b]}\n";
    let cluster =
        cluster(&[pool("bad", bad, ""), pool("good", "      requirements: []\n", "")].concat());
    let names: Vec<&str> = cluster.node_pools.iter().map(|pool| pool.name.as_str()).collect();
    assert_eq!(names, ["good"]);
    assert_eq!(
        only_error(&cluster),
        "error: test.yaml document 1: NodePool bad: spec.template.spec.requirements: the requirements \
         on team contradict each other: no value satisfies them all; remove or correct one of them"
    );
}

#[test]
fn every_operator_is_accepted() {
    let cluster = with_requirements(
        "{key: a, operator: In, values: [x]}, {key: b, operator: NotIn, values: [x]}, \
         {key: c, operator: Exists}, {key: d, operator: DoesNotExist}, \
         {key: e, operator: Gt, values: ['1']}, {key: f, operator: Lt, values: ['1']}, \
         {key: g, operator: Gte, values: ['1']}, {key: h, operator: Lte, values: ['1']}, \
         {key: i, operator: In, values: [x, y], minValues: 2}",
    );
    assert_eq!((cluster.node_pools.len(), findings(&cluster).len()), (1, 0));
    let requirement = cluster.node_pools[0].requirements.get("i").unwrap();
    assert_eq!(requirement.min_values, Some(2));
}

#[test]
fn each_bad_requirement_is_told_and_refuses_the_pool() {
    let bad = [
        ("{key: a, operator: Inn, values: [x]}", "operator: unknown operator \"Inn\""),
        ("{key: a, operator: In}", "values: operator In needs at least one value"),
        (
            "{key: a, operator: Gt, values: ['-1']}",
            "values: operator Gt needs a number of at least 0",
        ),
        ("{key: a, operator: Gt, values: ['1', '2']}", "values: operator Gt needs exactly one"),
        ("{key: a, operator: Lte, values: [x]}", "values: operator Lte needs exactly one"),
        ("{key: a, operator: In, values: ['a b']}", "values: \"a b\" is not a label value"),
        ("{key: 'a b', operator: Exists}", "key: \"a b\" is not a label key"),
        ("{key: karpenter.sh/nodepool, operator: Exists}", "key: label karpenter.sh/nodepool"),
        ("{key: kubernetes.io/hostname, operator: Exists}", "key: label kubernetes.io/hostname"),
        ("{key: karpenter.k8s.aws/instance-kind, operator: Exists}", "key: label domain"),
        ("{key: a, operator: In, values: [x], minValues: 2}", "minValues: 2 is not between"),
        ("{key: a, operator: Exists, minValues: 51}", "minValues: 51 is not between"),
        (
            "{key: karpenter.sh/capacity-type, operator: In, values: [cheap]}",
            "values: none of [\"cheap\"] is a value of karpenter.sh/capacity-type",
        ),
    ];
    for (requirement, expected) in bad {
        let cluster = with_requirements(requirement);
        assert_eq!(cluster.node_pools.len(), 0, "{requirement}");
        let error = only_error(&cluster);
        assert!(error.contains(&format!("requirements[0].{expected}")), "{error}");
    }
}

#[test]
fn all_findings_on_a_pool_are_told_at_once() {
    let cluster = cluster(&pool(
        "general",
        "      requirements: [{key: a, operator: In}]\n      expireAfter: soon\n",
        "  weight: 101\n  limits: {cpu: many}\n",
    ));
    let errors = cluster.findings.iter().filter(|finding| finding.severity == Severity::Error);
    let fields: Vec<&str> = errors.map(|finding| finding.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "spec.weight",
            "spec.template.spec.requirements[0].values",
            "spec.limits.cpu",
            "spec.template.spec.expireAfter"
        ]
    );
}

#[test]
fn a_bad_budget_allows_no_disruption_and_the_pool_goes_on() {
    let cluster =
        with_spec("  disruption: {budgets: [{nodes: some}, {nodes: '5', reasons: [Empty]}]}\n");
    let budgets = &cluster.node_pools[0].disruption.budgets;
    assert_eq!(
        (budgets[0].nodes, budgets[1].nodes),
        (BudgetLimit::Count(0), BudgetLimit::Count(5))
    );
    assert_eq!(budgets[1].reasons, ["Empty"]);
    assert!(findings(&cluster)[0].contains("spec.disruption.budgets[0].nodes"));
}

#[test]
fn never_switches_consolidation_off() {
    let cluster = with_spec("  disruption: {consolidateAfter: Never}\n");
    assert_eq!(cluster.node_pools[0].disruption.consolidate_after, None);
}

#[test]
fn unknown_policies_are_refused() {
    let cluster = with_spec("  disruption: {consolidationPolicy: WhenUnderutilized}\n");
    assert!(only_error(&cluster).contains("unknown policy \"WhenUnderutilized\""));
}

#[test]
fn static_pools_limit_nodes_only_and_have_no_weight() {
    let cluster = with_spec("  replicas: 3\n  limits: {nodes: 5}\n");
    assert_eq!(cluster.node_pools[0].replicas, Some(3));
    for spec in
        ["  replicas: 3\n  weight: 5\n", "  replicas: 3\n  limits: {cpu: 5}\n", "  replicas: -1\n"]
    {
        assert_eq!(with_spec(spec).node_pools.len(), 0, "{spec}");
    }
}

#[test]
fn taints_are_checked_and_must_not_repeat() {
    let taints =
        |taints: &str| cluster(&pool("general", &format!("      requirements: []\n{taints}"), ""));
    let good =
        taints("      taints: [{key: a, effect: NoSchedule}, {key: a, effect: NoExecute}]\n");
    assert_eq!(good.node_pools[0].taints.len(), 2);
    for bad in [
        "      taints: [{key: a, effect: NoSchedule}]\n      startupTaints: [{key: a, effect: NoSchedule}]\n",
        "      taints: [{key: a, effect: Never}]\n",
        "      taints: [{key: '???', effect: NoSchedule}]\n",
    ] {
        assert_eq!(taints(bad).node_pools.len(), 0, "{bad}");
    }
}

#[test]
fn a_pool_of_another_provider_is_ignored_with_a_warning() {
    let text = pool("general", "      requirements: []\n", "")
        .replace("karpenter.k8s.aws", "karpenter.kwok.sh");
    let cluster = cluster(&text);
    assert_eq!((cluster.node_pools.len(), cluster.findings.len()), (0, 1));
    assert_eq!(cluster.findings[0].severity, Severity::Warning);
}

#[test]
fn a_missing_field_is_a_finding_of_that_pool_only() {
    let text = "apiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata: {name: bad}\nspec: {template: {spec: \
                {requirements: []}}}\n";
    let cluster = cluster(&format!("{text}{}", pool("good", "      requirements: []\n", "")));
    assert_eq!(cluster.node_pools.len(), 1);
    assert!(only_error(&cluster).contains("spec.template.spec: missing field `nodeClassRef`"));
}
