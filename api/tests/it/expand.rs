//! Workloads whose pods are not there yet.

use std::sync::Arc;

use plimsoll_api::{Cluster, convert, read_str};

use crate::fixture::now;

fn expanded(text: &str) -> Cluster {
    let mut objects = read_str("test.yaml", text).unwrap();
    objects.expand_workloads();
    convert(&objects, now())
}

fn ids(cluster: &Cluster) -> Vec<String> {
    cluster.pending.iter().map(|pod| pod.id.to_string()).collect()
}

fn workload(kind: &str, metadata: &str, spec: &str) -> String {
    let version = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    format!(
        "---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: web, namespace: shop{metadata}}}\nspec: \
         {{{spec}, template: {{metadata: {{labels: {{app: web}}}}, spec: {{containers: [{{name: a, \
         resources: {{requests: {{cpu: 1}}}}}}]}}}}}}\n"
    )
}

fn owned_pod(name: &str, kind: &str, owner: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: shop, ownerReferences: \
         [{{apiVersion: apps/v1, kind: {kind}, name: {owner}, uid: u, controller: true}}], labels: \
         {{pod-template-hash: abc}}}}\nspec: {{nodeName: n1, containers: []}}\n"
    )
}

#[test]
fn a_deployments_replicas_wait_and_share_one_spec() {
    let cluster = expanded(&workload("Deployment", "", "replicas: 3"));
    assert_eq!(ids(&cluster), ["shop/web-0", "shop/web-1", "shop/web-2"]);
    assert!(Arc::ptr_eq(&cluster.pending[0].spec, &cluster.pending[2].spec));
    assert_eq!(cluster.pending[0].spec.owner.as_deref(), Some("Deployment/web"));
}

#[test]
fn pods_that_are_there_already_are_not_added_again() {
    let text = [
        workload("Deployment", "", "replicas: 3"),
        owned_pod("web-abc-x", "ReplicaSet", "web-abc"),
        owned_pod("web-abc-y", "ReplicaSet", "web-abc"),
    ]
    .concat();
    assert_eq!(ids(&expanded(&text)), ["shop/web-0"]);
}

#[test]
fn a_replica_set_counts_with_its_deployment_if_that_is_there() {
    let owner = ", ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: u, controller: true}]";
    let set =
        workload("ReplicaSet", owner, "replicas: 2").replacen("name: web,", "name: web-abc,", 1);
    assert_eq!(ids(&expanded(&set)).len(), 2);
    assert_eq!(ids(&expanded(&[workload("Deployment", "", "replicas: 3"), set].concat())).len(), 3);
}

#[test]
fn a_stateful_sets_pods_are_told_by_their_numbers() {
    let text = [
        workload("StatefulSet", "", "replicas: 3, ordinals: {start: 1}"),
        owned_pod("web-2", "StatefulSet", "web"),
    ]
    .concat();
    assert_eq!(ids(&expanded(&text)), ["shop/web-1", "shop/web-3"]);
}

#[test]
fn a_stateful_sets_claims_are_made_with_its_pods() {
    let set = workload(
        "StatefulSet",
        "",
        "replicas: 1, volumeClaimTemplates: [{metadata: {name: data}, spec: {storageClassName: gp3}}]",
    );
    let class = "---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: gp3}\n\
                 provisioner: ebs.csi.aws.com\nvolumeBindingMode: WaitForFirstConsumer\n";
    assert_eq!(expanded(&[set.as_str(), class].concat()).pending[0].spec.unsupported, None);
    assert!(expanded(&set).pending[0].spec.unsupported.is_some());
}

#[test]
fn a_job_runs_as_many_pods_at_once_as_it_may_and_still_needs() {
    let job = |spec: &str, status: &str| {
        ids(&expanded(&format!("{}status: {{{status}}}\n", workload("Job", "", spec)))).len()
    };
    assert_eq!(job("parallelism: 4, completions: 10", "succeeded: 8"), 2);
    assert_eq!(job("parallelism: 4, completions: 10", ""), 4);
    assert_eq!(job("parallelism: 4, suspend: true", ""), 0);
    assert_eq!(job("completions: 1", "completionTime: '2026-06-01T00:00:00Z', succeeded: 1"), 0);
}

#[test]
fn a_mistyped_number_of_replicas_is_a_finding() {
    let cluster = expanded(&workload("Deployment", "", "replicas: 2000000000"));
    assert_eq!(ids(&cluster).len(), 0);
    assert!(cluster.findings[0].to_string().contains("Deployment shop/web: spec.replicas"));
}
