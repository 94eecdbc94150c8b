//! Karpenter's behaviours at the border: the tests that `docs/compatibility` names and that no
//! other file has.

mod attachments;
mod volumes;

use scheduler_core::model::{Requirements, Unsupported};

use crate::fixture::{cluster, findings, pending, pod};

const CONTAINER: &str = "  containers: [{name: a}]\n";

fn pool(metadata: &str, template: &str) -> String {
    format!(
        "---\napiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata: {{name: general{metadata}}}\n\
         spec: {{template: {{spec: {{nodeClassRef: {{group: karpenter.k8s.aws, kind: EC2NodeClass, \
         name: default}}, requirements: []{template}}}}}}}\n"
    )
}

#[test]
fn a_pool_that_is_being_deleted_launches_nothing() {
    let going = cluster(&pool(", deletionTimestamp: '2026-06-01T11:00:00Z'", ""));
    assert!(going.node_pools.is_empty() && findings(&going)[0].contains("is being deleted"));
    assert_eq!(cluster(&pool("", "")).node_pools.len(), 1);
}

/// A pool, or a class, with this status of its condition Ready.
fn with_ready(object: &str, status: &str) -> String {
    format!(
        "{object}status: {{conditions: [{{type: Ready, status: {status}, reason: NoClass, message: \
         not found, lastTransitionTime: '2026-06-01T11:00:00Z'}}]}}\n"
    )
}

#[test]
fn a_pool_that_is_not_ready_launches_nothing() {
    let ready = |status: &str| cluster(&with_ready(&pool("", ""), status));
    let unready = ready("'False'");
    assert!(unready.node_pools.is_empty());
    assert!(findings(&unready)[0].contains("launches nothing: NoClass: not found"));
    assert_eq!((ready("'True'").node_pools.len(), ready("Unknown").node_pools.len()), (1, 1));
}

#[test]
fn a_class_that_is_not_ready_launches_nothing() {
    let class = "apiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nmetadata: {name: c}\n\
                 spec: {amiSelectorTerms: [{alias: al2023@latest}]}\n";
    let unready = cluster(&with_ready(class, "'False'"));
    assert!(unready.node_classes.is_empty() && findings(&unready)[0].contains("launches nothing"));
    assert_eq!(cluster(&with_ready(class, "'True'")).node_classes.len(), 1);
}

/// A pod whose node affinity has these terms.
fn with_terms(terms: &str) -> String {
    pod(&format!(
        "{CONTAINER}  affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: \
         {{nodeSelectorTerms: [{terms}]}}}}}}\n"
    ))
}

#[test]
fn a_pod_that_keeps_off_every_pool_is_passed_over_in_silence() {
    const OFF: &str = "{matchExpressions: [{key: karpenter.sh/nodepool, operator: DoesNotExist}]}";
    let off = cluster(&with_terms(OFF));
    assert!(off.pending.is_empty() && off.findings.is_empty());
    let or = format!("{OFF}, {{matchExpressions: [{{key: team, operator: Exists}}]}}");
    assert_eq!(pending(&with_terms(&or)).node_alternatives.len(), 2);
}

#[test]
fn a_pod_may_ask_for_a_number_below_zero() {
    let term = "{matchExpressions: [{key: level, operator: Gt, values: ['-2']}]}";
    let spec = pending(&with_terms(term));
    let level = spec.node_alternatives[0].get("level").unwrap();
    assert!(spec.unsupported.is_none() && level.has("-1") && !level.has("-2"));
}

#[test]
fn startup_taints_of_a_pool_keep_no_pod_off_its_new_nodes() {
    let taints = ", taints: [{key: a, effect: NoSchedule}], startupTaints: [{key: b, effect: \
                  NoSchedule}]";
    let pools = cluster(&pool("", taints)).node_pools;
    let keys: Vec<&str> = pools[0].taints.iter().map(|taint| taint.key.as_str()).collect();
    assert_eq!(keys, ["a"]);
}

#[test]
fn empty_affinities_ask_for_nothing() {
    for affinity in ["{}", "{nodeAffinity: {}, podAffinity: {}, podAntiAffinity: {}}"] {
        let spec = pending(&pod(&format!("{CONTAINER}  affinity: {affinity}\n")));
        assert_eq!(spec.unsupported, None);
        assert!(spec.node_alternatives.iter().all(Requirements::is_empty));
        assert!(spec.pod_affinity.is_empty() && spec.pod_anti_affinity.is_empty());
    }
}

#[test]
fn a_claim_on_a_device_is_refused_wherever_it_is_made() {
    let users = [
        "  resourceClaims: [{name: gpu}]\n  containers: [{name: a}]\n",
        "  containers: [{name: a, resources: {claims: [{name: gpu}]}}]\n",
        "  containers: [{name: a}]\n  initContainers: [{name: i, resources: {claims: [{name: gpu}]}}]\n",
    ];
    for user in users {
        assert_eq!(pending(&pod(user)).unsupported, Some(Unsupported::ResourceClaims), "{user}");
    }
}

#[test]
fn every_address_of_either_kind_is_every_address() {
    let ip = |ip: &str| {
        let ports = format!(
            "  containers: [{{name: a, ports: [{{containerPort: 80, hostPort: 80, \
                             hostIP: '{ip}'}}]}}]\n"
        );
        pending(&pod(&ports)).host_ports[0].ip.clone()
    };
    assert_eq!((ip("0.0.0.0"), ip("::"), ip("")), (None, None, None));
    assert_eq!(ip("10.0.0.1").as_deref(), Some("10.0.0.1"));
}

/// A node with 2 CPUs, and these lines after it.
fn node(rest: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Node\nmetadata: {{name: n1}}\nspec: {{providerID: ''}}\n\
         status: {{capacity: {{cpu: 2, memory: 8Gi, pods: 29}}}}\n{rest}"
    )
}

#[test]
fn pods_that_have_ended_take_no_room_on_their_node() {
    let bound = |phase: &str| {
        let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: job}\nspec: {nodeName: n1, \
                   containers: [{name: a, resources: {requests: {cpu: 1}}}]}\n";
        cluster(&node(&format!("{pod}status: {{phase: {phase}}}\n"))).nodes[0].used().cpu_milli
    };
    assert_eq!((bound("Running"), bound("Succeeded"), bound("Failed")), (1000, 0, 0));
}

#[test]
fn a_bound_pod_that_is_being_deleted_is_known_as_such() {
    let terminating = |metadata: &str| {
        let pod = format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: web{metadata}}}\nspec: {{nodeName: \
             n1, containers: [{{name: a}}]}}\n"
        );
        cluster(&node(&pod)).nodes[0].pods[0].spec.terminating
    };
    let going = terminating(", deletionTimestamp: '2026-06-01T11:59:50Z'");
    assert!(going && !terminating(""));
}

#[test]
fn a_claim_and_a_node_without_a_provider_id_do_not_belong_together() {
    let claim = "---\napiVersion: karpenter.sh/v1\nkind: NodeClaim\nmetadata: {name: general-1}\n\
                 spec: {nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: default}, \
                 requirements: []}\nstatus: {providerID: ''}\n";
    let cluster = cluster(&node(claim));
    let names: Vec<&str> = cluster.nodes.iter().map(|node| node.node.name.as_str()).collect();
    assert_eq!(names, ["general-1", "n1"]);
}

#[test]
fn a_starting_node_that_reports_none_of_a_resource_has_what_its_claim_says() {
    let starting = "apiVersion: v1\nkind: Node\nmetadata: {name: n1, labels: {karpenter.sh/nodepool: \
                    general}}\nspec: {providerID: i-1}\nstatus: {capacity: {cpu: 2, memory: 8Gi, \
                    pods: 29, nvidia.com/gpu: 0}}\n---\napiVersion: karpenter.sh/v1\nkind: NodeClaim\n\
                    metadata: {name: general-1}\nspec: {nodeClassRef: {group: karpenter.k8s.aws, kind: \
                    EC2NodeClass, name: default}, requirements: []}\nstatus: {providerID: i-1, \
                    capacity: {cpu: 2, memory: 8Gi, pods: 29, nvidia.com/gpu: 4}, allocatable: \
                    {nvidia.com/gpu: 4}}\n";
    let cluster = cluster(starting);
    assert_eq!(cluster.nodes[0].node.allocatable.get("nvidia.com/gpu"), 4);
}

fn daemon(spec: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: logs}}\nspec:\n  selector: \
         {{matchLabels: {{app: logs}}}}\n  template:\n    metadata: {{labels: {{app: logs}}}}\n    \
         spec: {{{spec}}}\n"
    )
}

#[test]
fn init_containers_of_daemons_count() {
    let spec = "initContainers: [{name: i, resources: {requests: {cpu: 2}}}], containers: [{name: a, \
                resources: {requests: {cpu: 1, memory: 1Gi}}}]";
    let daemons = cluster(&daemon(spec)).daemon_sets;
    assert_eq!(daemons[0].spec.requests.to_string(), "cpu 2, memory 1Gi, pods 1");
}

#[test]
fn a_daemon_that_cannot_be_understood_is_left_out_and_told() {
    let spec = "containers: [{name: a}], affinity: {nodeAffinity: \
                {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: \
                [{matchExpressions: [{key: x, operator: Inn}]}]}}}";
    let cluster = cluster(&daemon(spec));
    assert!(cluster.daemon_sets.is_empty());
    assert!(findings(&cluster).iter().any(|line| line.contains("without this daemon")));
}
