//! `CapacityBuffer`s and the chunks that they become.

use plimsoll_api::Cluster;

use crate::fixture::{cluster, findings, only_error};

const WEB: &str = "
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 5
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      nodeName: node-1
      priorityClassName: high
      nodeSelector: {team: shop}
      tolerations: [{key: team, operator: Exists}]
      containers: [{name: web, resources: {requests: {cpu: 500m, memory: 1Gi}}}]
      volumes:
      - {name: data, persistentVolumeClaim: {claimName: missing}}
      - {name: scratch, ephemeral: {volumeClaimTemplate: {spec: {storageClassName: none}}}}
---
apiVersion: v1
kind: PodTemplate
metadata: {name: large, namespace: shop}
template:
  spec: {containers: [{name: main, resources: {requests: {cpu: '2'}}}]}
";

fn buffer(spec: &str) -> Cluster {
    cluster(&format!(
        "apiVersion: autoscaling.x-k8s.io/v1beta1\nkind: CapacityBuffer\n\
         metadata: {{name: spare, namespace: shop}}\nspec: {{{spec}}}\n{WEB}"
    ))
}

fn count(spec: &str) -> usize {
    let cluster = buffer(spec);
    assert_eq!(findings(&cluster), Vec::<String>::new(), "{spec}");
    cluster.pending.len()
}

const OF_WEB: &str = "scalableRef: {kind: Deployment, name: web}";
const OF_LARGE: &str = "podTemplateRef: {name: large}";

#[test]
fn the_number_of_chunks_is_the_larger_of_replicas_and_percentage() {
    for (rest, expected) in [
        ("replicas: 3", 3),
        ("percentage: 20", 1),
        ("percentage: 21", 2),
        ("percentage: 1", 1),
        ("percentage: 0", 0),
        ("percentage: 200", 10),
        ("replicas: 3, percentage: 20", 3),
        ("replicas: 1, percentage: 80", 4),
        ("replicas: 0", 0),
    ] {
        assert_eq!(count(&format!("{OF_WEB}, {rest}")), expected, "{rest}");
    }
}

#[test]
fn limits_cap_the_chunks_and_decide_alone() {
    for (rest, expected) in [
        ("limits: {cpu: '5'}", 2),
        ("limits: {cpu: 1999m}", 0),
        ("replicas: 1, limits: {cpu: '5'}", 1),
        ("replicas: 9, limits: {cpu: '6', memory: 1Gi}", 3),
    ] {
        assert_eq!(count(&format!("{OF_LARGE}, {rest}")), expected, "{rest}");
    }
}

#[test]
fn a_chunk_is_shaped_like_its_pods_and_tied_to_no_node_and_no_disk() {
    let cluster = buffer(&format!("{OF_WEB}, replicas: 2"));
    let ids: Vec<String> = cluster.pending.iter().map(|pod| pod.id.to_string()).collect();
    assert_eq!(ids, ["shop/capacity-buffer-spare-1", "shop/capacity-buffer-spare-2"]);
    let spec = &cluster.pending[0].spec;
    assert_eq!(spec.buffer.as_deref(), Some("shop/spare"));
    assert_eq!((spec.priority, &spec.unsupported), (i32::MIN, &None));
    assert_eq!(spec.requests.to_string(), "cpu 500m, memory 1Gi, pods 1");
    assert!(spec.node_alternatives[0].get("team").is_some());
    assert_eq!(spec.tolerations.len(), 1);
}

#[test]
fn each_bad_buffer_has_no_chunks_and_a_finding() {
    for (spec, expected) in [
        ("replicas: 1", "spec: it names no pods"),
        ("podTemplateRef: {name: none}, replicas: 1", "there is no PodTemplate shop/none"),
        ("scalableRef: {kind: Deployment, name: none}, replicas: 1", "there is no Deployment"),
        ("scalableRef: {kind: DaemonSet, name: web}, replicas: 1", "cannot be scaled"),
        ("podTemplateRef: {name: large}", "neither replicas, nor percentage, nor limits"),
        ("podTemplateRef: {name: large}, replicas: -1", "spec.replicas: -1 is out of range"),
        ("podTemplateRef: {name: large}, limits: {memory: 1Gi}", "ask for none of these"),
    ] {
        let cluster = buffer(spec);
        let error = only_error(&cluster);
        assert!(error.contains("CapacityBuffer shop/spare: "), "{error}");
        assert!(error.contains(expected), "{error}");
        assert_eq!(cluster.pending, [], "{spec}");
    }
}

#[test]
fn a_buffer_of_another_strategy_is_left_alone() {
    let cluster = buffer(&format!("{OF_WEB}, replicas: 1, provisioningStrategy: other"));
    assert_eq!((cluster.pending.len(), findings(&cluster).len()), (0, 1));
}

/// A template whose init containers come in this order.
fn with_init(init: &str) -> String {
    WEB.replace(
        "spec: {containers: [{name: main,",
        &format!("spec: {{initContainers: [{init}], containers: [{{name: main,"),
    )
}

#[test]
fn limits_follow_the_order_of_init_containers_and_sidecars() {
    let sidecar = "{name: side, restartPolicy: Always, resources: {requests: {cpu: '1'}}}";
    let init = "{name: init, resources: {requests: {cpu: '3'}}}";
    let chunks = |containers: &str| {
        let buffer = format!(
            "apiVersion: autoscaling.x-k8s.io/v1beta1\nkind: CapacityBuffer\nmetadata: {{name: \
             spare, namespace: shop}}\nspec: {{{OF_LARGE}, limits: {{cpu: '12'}}}}\n{}",
            with_init(containers)
        );
        cluster(&buffer).pending.len()
    };
    // The sidecar runs beside the init container only if it was started before.
    assert_eq!(chunks(&format!("{sidecar}, {init}")), 3);
    assert_eq!(chunks(&format!("{init}, {sidecar}")), 4);
}

#[test]
fn every_kind_of_workload_is_resolved_and_without_replicas_counts_one_pod() {
    let half = "percentage: 50";
    for kind in ["Deployment", "StatefulSet", "ReplicaSet"] {
        let of_kind = |replicas: &str| {
            let workload = WEB.replace("kind: Deployment", &format!("kind: {kind}"));
            let buffer = format!(
                "apiVersion: autoscaling.x-k8s.io/v1beta1\nkind: CapacityBuffer\nmetadata: {{name: \
                 spare, namespace: shop}}\nspec: {{scalableRef: {{apiGroup: apps, kind: {kind}, name: \
                 web}}, {half}}}\n{}",
                workload.replace("  replicas: 5\n", replicas)
            );
            let chunks = cluster(&buffer).pending;
            chunks.iter().filter(|pod| pod.is_chunk()).count()
        };
        assert_eq!((of_kind("  replicas: 5\n"), of_kind("")), (3, 1), "{kind}");
    }
    assert_eq!(count(&format!("{OF_LARGE}, replicas: 2")), 2);
}
