//! The manifests of the platform that Plimsoll is first built for, as they stand.

use std::sync::Arc;

use jiff::SignedDuration;
use scheduler_core::model::{
    BudgetLimit, ConsolidationPolicy, ImageFamily, NodeClass, Requirement,
};

use crate::fixture::{cluster, findings, now};

const MANIFESTS: &str = r#"
apiVersion: karpenter.k8s.aws/v1
kind: EC2NodeClass
metadata: {name: default}
spec:
  amiFamily: AL2023
  architecture: arm64            # not a field of v1: warned about, ignored
  instanceProfile: KarpenterNodeInstanceProfile-platform-eks
  subnetSelectorTerms: [{tags: {karpenter.sh/discovery: platform-eks}}]
  securityGroupSelectorTerms: [{tags: {karpenter.sh/discovery: platform-eks}}]
  # no amiSelectorTerms: taken as alias al2023@latest, with a condition that says so
---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: karpenter-node-group}
spec:
  disruption: {consolidationPolicy: WhenEmpty, consolidateAfter: 30s}
  limits: {cpu: "100", memory: 200Gi}
  template:
    spec:
      nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: default}
      requirements:
      - {key: karpenter.sh/capacity-type, operator: In, values: [spot, on-demand]}
      - {key: kubernetes.io/arch, operator: In, values: [arm64]}
      - {key: karpenter.k8s.aws/instance-family, operator: In, values: [t4g]}
      - {key: karpenter.k8s.aws/instance-generation, operator: Gt, values: ["3"]}
"#;

#[test]
fn the_node_class_is_taken_as_the_latest_image_of_its_family() {
    let cluster = cluster(MANIFESTS);
    assert_eq!(cluster.node_classes, [NodeClass::new("default", ImageFamily::Al2023)]);
}

#[test]
fn what_is_unusual_is_warned_about_and_nothing_else() {
    assert_eq!(
        findings(&cluster(MANIFESTS)),
        [
            "warning: test.yaml document 1: EC2NodeClass default: spec.architecture: architecture \
             is not a field of EC2NodeClass v1 and is ignored; remove it, or check its spelling \
             and place",
            "warning: test.yaml document 1: EC2NodeClass default: spec.amiSelectorTerms: there \
             are none; alias al2023@latest is taken; add amiSelectorTerms: [{alias: al2023@latest}]",
        ]
    );
}

#[test]
fn the_pool_keeps_its_limits_requirements_and_disruption_settings() {
    let cluster = cluster(MANIFESTS);
    let pool = &cluster.node_pools[0];
    assert_eq!((pool.name.as_str(), pool.weight), ("karpenter-node-group", 0));
    assert_eq!((pool.limits.0["cpu"], pool.limits.0["memory"]), (100_000, 200 << 30));
    assert_eq!(pool.disruption.policy, ConsolidationPolicy::WhenEmpty);
    assert_eq!(pool.disruption.consolidate_after, Some(SignedDuration::from_secs(30)));
    assert_eq!(pool.disruption.budgets[0].nodes, BudgetLimit::Percent(10));
    assert_eq!(
        pool.requirements.get("karpenter.k8s.aws/instance-family"),
        Some(&Requirement::any_of(["t4g"]))
    );
    assert!(pool.requirements.get("karpenter.k8s.aws/instance-generation").unwrap().has("4"));
    assert_eq!(pool.labels["karpenter.sh/nodepool"], "karpenter-node-group");
    assert_eq!(pool.labels["karpenter.k8s.aws/ec2nodeclass"], "default");
}

#[test]
fn the_snapshot_refuses_nothing() {
    let (snapshot, refusals) = cluster(MANIFESTS).snapshot(now(), |_| Arc::new(Vec::new()));
    assert_eq!(refusals, []);
    assert_eq!(snapshot.supply.node_pools.len(), 1);
}
