//! Nodes, claims in flight, and daemons.

use scheduler_core::model::{Node, NodeStage, Resources};

use crate::fixture::{cluster, findings, now};

const STATUS: &str = "status: {capacity: {cpu: 2, memory: 8Gi, pods: 29}, allocatable: {cpu: 1930m, memory: 7Gi, pods: 29}}\n";

fn node(labels: &str, spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Node\nmetadata: {{name: n1, creationTimestamp: '2026-06-01T10:00:00Z', \
         labels: {{{labels}}}}}\nspec: {{{spec}}}\n{STATUS}"
    )
}

fn only(text: &str) -> Node {
    let cluster = cluster(text);
    assert_eq!(cluster.nodes.len(), 1, "{:?}", findings(&cluster));
    cluster.nodes[0].node.clone()
}

fn taints(node: &Node) -> Vec<String> {
    node.taints.iter().map(ToString::to_string).collect()
}

const CLAIM: &str = "---
apiVersion: karpenter.sh/v1
kind: NodeClaim
metadata:
  name: general-x1
  creationTimestamp: '2026-06-01T09:00:00Z'
  labels: {karpenter.sh/nodepool: general, karpenter.sh/capacity-type: spot}
spec:
  nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: default}
  requirements:
  - {key: topology.kubernetes.io/zone, operator: In, values: [us-east-1a]}
  - {key: node.kubernetes.io/instance-type, operator: In, values: [t4g.small, t4g.large]}
  resources: {requests: {cpu: 500m, memory: 1Gi, pods: 3}}
  taints: [{key: team, value: a, effect: NoSchedule}]
  startupTaints: [{key: starting, effect: NoExecute}]
";

const LAUNCHED: &str = "status: {providerID: 'aws:///us-east-1a/i-1', \
                        capacity: {cpu: 2, memory: 8Gi, pods: 29, nvidia.com/gpu: 1}, \
                        allocatable: {cpu: 1930m, memory: 7Gi, pods: 29, nvidia.com/gpu: 1}}\n";

#[test]
fn a_node_that_nobody_manages_is_initialized_and_keeps_its_taints() {
    let node = only(&node(
        "beta.kubernetes.io/arch: arm64",
        "unschedulable: true, taints: [{key: node.kubernetes.io/not-ready, effect: NoExecute}]",
    ));
    assert_eq!((node.stage, node.node_pool.as_deref()), (NodeStage::Initialized, None));
    assert_eq!(
        taints(&node),
        ["node.kubernetes.io/not-ready:NoExecute", "node.kubernetes.io/unschedulable:NoSchedule"]
    );
    assert_eq!(node.labels["kubernetes.io/arch"], "arm64");
    assert_eq!(node.labels["kubernetes.io/hostname"], "n1");
    assert_eq!(node.allocatable, Resources::new(1930, 7 << 30).with_pods(29));
}

const STARTING_TAINTS: &str = "providerID: 'aws:///us-east-1a/i-1', taints: [\
    {key: node.kubernetes.io/not-ready, effect: NoSchedule}, \
    {key: karpenter.sh/unregistered, effect: NoExecute}, \
    {key: starting, effect: NoExecute}, {key: mine, effect: NoSchedule}]";

#[test]
fn a_starting_node_sheds_ephemeral_and_startup_taints_and_takes_what_its_claim_says() {
    let node = only(&format!("{}{CLAIM}{LAUNCHED}", node("", STARTING_TAINTS)));
    assert_eq!(node.stage, NodeStage::Registered);
    assert_eq!(node.node_pool.as_deref(), Some("general"));
    assert_eq!(taints(&node), ["mine:NoSchedule", "team=a:NoSchedule"]);
    assert_eq!(node.labels["topology.kubernetes.io/zone"], "us-east-1a");
    assert!(!node.labels.contains_key("node.kubernetes.io/instance-type"));
    assert_eq!(node.allocatable.get("nvidia.com/gpu"), 1);
    assert_eq!(node.created.to_string(), "2026-06-01T09:00:00Z");
}

#[test]
fn an_initialized_node_keeps_all_its_taints() {
    let labels = "karpenter.sh/nodepool: general, karpenter.sh/registered: 'true', \
                  karpenter.sh/initialized: 'true'";
    let node = only(&format!("{}{CLAIM}{LAUNCHED}", node(labels, STARTING_TAINTS)));
    assert_eq!((node.stage, node.taints.len()), (NodeStage::Initialized, 4));
    assert!(node.initialized.is_some());
}

#[test]
fn a_claim_without_a_node_is_a_node_in_flight() {
    let node = only(&format!("{CLAIM}{LAUNCHED}"));
    assert_eq!((node.name.as_str(), node.stage), ("general-x1", NodeStage::Launched));
    assert_eq!(node.labels["topology.kubernetes.io/zone"], "us-east-1a");
    assert_eq!(node.allocatable.get("nvidia.com/gpu"), 1);
    assert_eq!(taints(&node), ["team=a:NoSchedule"]);
}

#[test]
fn a_claim_that_is_not_launched_has_room_for_what_it_was_made_for() {
    let node = only(CLAIM);
    assert_eq!(node.allocatable, Resources::new(500, 1 << 30).with_pods(3));
}

#[test]
fn nodes_on_their_way_out_are_deleting() {
    let disrupted = "taints: [{key: karpenter.sh/disrupted, effect: NoSchedule}]";
    assert!(only(&node("", disrupted)).deleting);
    let deleted =
        node("", "").replace("{name: n1,", "{name: n1, deletionTimestamp: '2026-06-01T11:00:00Z',");
    assert!(only(&deleted).deleting);
    assert!(!only(&node("", "")).deleting);
}

#[test]
fn only_the_text_true_keeps_a_node_from_being_disrupted() {
    let annotated = |value: &str| {
        let annotation =
            format!("{{name: n1, annotations: {{karpenter.sh/do-not-disrupt: '{value}'}},");
        only(&node("", "").replace("{name: n1,", &annotation)).do_not_disrupt
    };
    assert!(annotated("true") && !annotated("1h") && !annotated("false"));
}

#[test]
fn a_node_without_pod_slots_is_warned_about() {
    let text = node("", "").replace(", pods: 29", "");
    assert!(findings(&cluster(&text))[0].contains("the node has no pod slots"));
}

#[test]
fn bound_pods_sit_on_their_node_and_static_ones_count_as_daemons() {
    let pod = |name: &str, metadata: &str| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}{metadata}}}\nspec: {{nodeName: n1, \
             containers: [{{name: a, resources: {{requests: {{cpu: 100m}}}}}}]}}\n"
        )
    };
    let text = [
        node("", ""),
        pod("web", ""),
        pod("proxy", ", annotations: {kubernetes.io/config.mirror: h}"),
    ]
    .concat();
    let cluster = cluster(&text);
    assert_eq!(cluster.nodes[0].used().cpu_milli, 200);
    let workload: Vec<_> = cluster.nodes[0].workload_pods().map(|pod| pod.id.to_string()).collect();
    assert_eq!(workload, ["default/web"]);
}

#[test]
fn pods_on_a_node_that_is_not_in_the_input_are_told_once() {
    let pods = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {nodeName: gone, containers: []}\n---\n\
                apiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec: {nodeName: gone, containers: []}\n";
    assert_eq!(
        findings(&cluster(pods)),
        [
            "warning: all files: Node gone: metadata.name: 2 pods are bound to it, but it is not in the \
          input; add the Node, or its pods are left out"
        ]
    );
}

const DAEMON: &str = "apiVersion: apps/v1
kind: DaemonSet
metadata: {name: logs, namespace: system}
spec:
  selector: {matchLabels: {app: logs}}
  template:
    metadata: {labels: {app: logs}}
    spec:
      nodeSelector: {kubernetes.io/os: linux}
      containers: [{name: a, resources: {limits: {cpu: 100m}}}]
";

#[test]
fn a_daemon_asks_for_what_its_template_says() {
    let daemon = &cluster(DAEMON).daemon_sets[0];
    assert_eq!(daemon.id.to_string(), "system/logs");
    assert_eq!(daemon.spec.requests.to_string(), "cpu 100m, pods 1");
    assert_eq!(daemon.spec.daemon_set.as_deref(), Some("logs"));
    assert!(daemon.spec.tolerations.iter().any(|one| one.key == "node.kubernetes.io/not-ready"));
}

#[test]
fn a_live_daemon_pod_tells_the_requests_and_the_template_the_nodes() {
    let live = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: logs-1, namespace: system, uid: u, \
                ownerReferences: [{apiVersion: apps/v1, kind: DaemonSet, name: logs, uid: u, controller: \
                true}]}\nspec:\n  nodeName: n1\n  nodeSelector: {kubernetes.io/os: linux}\n  affinity: \
                {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: \
                [{matchFields: [{key: metadata.name, operator: In, values: [n1]}]}]}}}\n  containers: \
                [{name: a, resources: {requests: {cpu: 250m}}}]\n";
    let cluster = cluster(&format!("{DAEMON}{live}"));
    let daemon = &cluster.daemon_sets[0];
    assert_eq!(daemon.spec.requests.to_string(), "cpu 250m, pods 1");
    assert_eq!(daemon.spec.node_alternatives[0].to_string(), "kubernetes.io/os In [linux]");
}

#[test]
fn objects_without_a_creation_time_are_new() {
    assert_eq!(only(CLAIM.replace("creationTimestamp", "unused").as_str()).created, now());
}
