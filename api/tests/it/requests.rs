//! Effective requests of pods.

use crate::fixture::{cluster, only_error, pending, pod};

fn requests(spec: &str) -> String {
    pending(&pod(spec)).requests.to_string()
}

#[test]
fn containers_run_together_so_their_requests_add_up() {
    let spec = "
  containers:
  - {name: a, resources: {requests: {cpu: 500m, memory: 1Gi}}}
  - {name: b, resources: {requests: {cpu: 250m, nvidia.com/gpu: 1}}}";
    assert_eq!(requests(spec), "cpu 750m, memory 1Gi, pods 1, nvidia.com/gpu 1");
}

#[test]
fn a_limit_stands_in_for_a_missing_request() {
    let spec = "
  containers:
  - {name: a, resources: {requests: {cpu: 100m}, limits: {cpu: 2, memory: 1Gi}}}";
    assert_eq!(requests(spec), "cpu 100m, memory 1Gi, pods 1");
}

#[test]
fn a_pod_without_requests_takes_a_pod_slot() {
    assert_eq!(requests("\n  containers: [{name: a}]"), "pods 1");
}

#[test]
fn init_containers_run_before_so_the_larger_of_both_counts() {
    let spec = "
  initContainers:
  - {name: i, resources: {requests: {cpu: 2, memory: 100Mi}}}
  - {name: j, resources: {requests: {cpu: 1, memory: 3Gi}}}
  containers:
  - {name: a, resources: {requests: {cpu: 500m, memory: 1Gi}}}";
    assert_eq!(requests(spec), "cpu 2, memory 3Gi, pods 1");
}

#[test]
fn sidecars_run_beside_everything_after_them() {
    // Running: 500m + 300m + 100m. Starting: first alone 1; second beside the sidecar 1.2 + 0.3;
    // the last sidecar beside the first: 0.4.
    let spec = "
  initContainers:
  - {name: i, resources: {requests: {cpu: 1}}}
  - {name: s, restartPolicy: Always, resources: {requests: {cpu: 300m}}}
  - {name: j, resources: {requests: {cpu: 1200m}}}
  - {name: t, restartPolicy: Always, resources: {requests: {cpu: 100m}}}
  containers:
  - {name: a, resources: {requests: {cpu: 500m}}}";
    assert_eq!(requests(spec), "cpu 1500m, pods 1");
}

#[test]
fn sidecars_add_to_containers_when_starting_needs_less() {
    let spec = "
  initContainers:
  - {name: i, resources: {requests: {cpu: 100m, memory: 2Gi}}}
  - {name: s, restartPolicy: Always, resources: {requests: {cpu: 300m, memory: 256Mi}}}
  containers:
  - {name: a, resources: {requests: {cpu: 500m, memory: 256Mi}}}";
    assert_eq!(requests(spec), "cpu 800m, memory 2Gi, pods 1");
}

#[test]
fn requests_of_the_pod_stand_for_all_containers() {
    let spec = "
  resources: {requests: {cpu: 2}, limits: {cpu: 4, memory: 1Gi}}
  overhead: {cpu: 50m}
  containers:
  - {name: a, resources: {requests: {cpu: 500m}}}
  - {name: b, resources: {requests: {cpu: 500m}}}";
    assert_eq!(requests(spec), "cpu 2050m, memory 1Gi, pods 1");
}

#[test]
fn overhead_comes_from_the_runtime_class_if_the_pod_names_none() {
    let class = "---\napiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {name: vm}\n\
                 handler: vm\noverhead: {podFixed: {cpu: 250m, memory: 160Mi}}\n";
    let text = pod(&format!(
        "  runtimeClassName: vm\n  containers: [{{name: a, resources: {{requests: {{cpu: 1}}}}}}]\n{class}"
    ));
    assert_eq!(pending(&text).requests.to_string(), "cpu 1250m, memory 160Mi, pods 1");
}

#[test]
fn limit_ranges_fill_in_for_pods_that_admission_has_not_seen() {
    let range = "---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: r}\nspec: {limits: \
                 [{type: Container, default: {memory: 1Gi}, defaultRequest: {cpu: 200m}}]}\n";
    let spec = "  containers:\n  - {name: a}\n  - {name: b, resources: {limits: {cpu: 1}}}\n";
    let raw = pending(&format!("{}{range}", pod(spec)));
    assert_eq!(raw.requests.to_string(), "cpu 1200m, memory 2Gi, pods 1");
    let admitted = pod(spec).replace("name: web,", "name: web, uid: u1,");
    assert_eq!(pending(&format!("{admitted}{range}")).requests.to_string(), "cpu 1, pods 1");
}

#[test]
fn a_pod_that_is_being_resized_counts_with_the_largest_of_its_sizes() {
    let status = "
status:
  conditions: [{type: PodResizePending, status: 'True', reason: REASON}]
  containerStatuses:
  - name: a
    ready: true
    allocatedResources: {cpu: 2}
    resources: {requests: {cpu: 1}}";
    let text =
        pod(&format!("  containers: [{{name: a, resources: {{requests: {{cpu: 4}}}}}}]{status}"));
    let deferred = pending(&text.replace("REASON", "Deferred"));
    assert_eq!(deferred.requests.to_string(), "cpu 4, pods 1");
    let infeasible = pending(&text.replace("REASON", "Infeasible"));
    assert_eq!(infeasible.requests.to_string(), "cpu 2, pods 1");
}

#[test]
fn a_quantity_that_is_none_is_an_error_with_the_text_and_the_path() {
    let cluster =
        cluster(&pod("  containers: [{name: a, resources: {requests: {memory: 1.5.2Gi}}}]"));
    assert_eq!(
        only_error(&cluster),
        "error: test.yaml document 1: Pod default/web: \
         spec.containers[0].resources.requests.memory: \"1.5.2Gi\" is not a quantity: expected a \
         number such as 500m, 2, 1.5Gi or 1e3; write the amount as Kubernetes does"
    );
    assert!(cluster.pending[0].spec.unsupported.is_some());
}
