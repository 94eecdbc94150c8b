//! VOL: how many volumes nodes can take.

use std::sync::Arc;

use plimsoll_api::Cluster;
use scheduler_core::model::attachment::{EBS_DRIVER, NO_LIMIT, attachable_volumes};
use scheduler_core::model::{InstanceType, Requirements, Resources};
use scheduler_core::verify::verify;
use scheduler_core::{Engine, Settings};

use crate::fixture::{cluster, now, pending};

/// A pod with these volumes, by the name of the volume and what it is.
fn user(name: &str, volumes: &[(&str, &str)], more: &str) -> String {
    let volumes: Vec<String> =
        volumes.iter().map(|(volume, source)| format!("{{name: {volume}, {source}}}")).collect();
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, uid: u}}\nspec:\n  containers: \
         [{{name: a}}]\n  volumes: [{}]\n{more}",
        volumes.join(", ")
    )
}

/// A pod that waits with one volume of a claim.
fn claimant(name: &str, claim: &str) -> String {
    user(name, &[("data", &from_claim(claim))], "")
}

fn from_claim(claim: &str) -> String {
    format!("persistentVolumeClaim: {{claimName: {claim}}}")
}

const EPHEMERAL: &str =
    "ephemeral: {volumeClaimTemplate: {spec: {storageClassName: fast, accessModes: []}}}";

/// A bound claim and its volume of this source.
fn bound(claim: &str, source: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {claim}, uid: u, \
         annotations: {{pv.kubernetes.io/bind-completed: 'yes'}}}}\nspec: {{volumeName: pv-{claim}}}\n\
         ---\napiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: pv-{claim}}}\nspec: \
         {{{source}}}\n"
    )
}

fn ebs(claim: &str) -> String {
    bound(claim, &csi(claim, EBS_DRIVER))
}

fn csi(volume: &str, driver: &str) -> String {
    format!("csi: {{driver: {driver}, volumeHandle: {volume}}}")
}

/// A claim that is not bound, and its class of this provisioner.
fn unbound(claim: &str, provisioner: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {claim}, uid: u}}\n\
         spec: {{storageClassName: fast}}\n{}",
        class(provisioner)
    )
}

fn class(provisioner: &str) -> String {
    format!(
        "---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {{name: fast}}\n\
         provisioner: {provisioner}\nvolumeBindingMode: WaitForFirstConsumer\n"
    )
}

fn node(name: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\nstatus: {{allocatable: \
         {{cpu: 8, memory: 32Gi, pods: 58}}}}\n"
    )
}

/// What a driver tells of a node.
fn limit(node: &str, driver: &str, count: usize) -> String {
    format!(
        "---\napiVersion: storage.k8s.io/v1\nkind: CSINode\nmetadata: {{name: {node}}}\nspec: \
         {{drivers: [{{name: {driver}, nodeID: i-1, allocatable: {{count: {count}}}}}]}}\n"
    )
}

/// EBS volumes that a pod asks room for.
fn ebs_volumes(text: &str) -> i64 {
    pending(text).requests.get(&attachable_volumes(EBS_DRIVER))
}

/// Pods that get a place on an existing node, and those that do not.
fn placed(text: &str) -> (usize, usize) {
    let (snapshot, _) = cluster(text).snapshot(now(), |_| Arc::new(Vec::new()));
    let plan = Engine::new(Settings::default()).plan_now(&snapshot);
    assert_eq!(verify(&snapshot, &plan), []);
    (plan.report.placed, plan.report.pods - plan.report.placed)
}

fn room(cluster: &Cluster, node: usize, driver: &str) -> i64 {
    cluster.nodes[node].node.allocatable.get(&attachable_volumes(driver))
}

#[test]
fn each_volume_of_a_pod_counts() {
    let own = [("a", from_claim("a")), ("b", from_claim("b")), ("again", from_claim("a"))];
    let mut volumes: Vec<(&str, &str)> = own.iter().map(|(n, s)| (*n, s.as_str())).collect();
    volumes.push(("tmp", EPHEMERAL));
    let text = user("web", &volumes, "") + &ebs("a") + &ebs("b") + &class(EBS_DRIVER);
    assert_eq!(ebs_volumes(&text), 3);
    assert_eq!(ebs_volumes(&(claimant("web", "new") + &unbound("new", EBS_DRIVER))), 1);
}

#[test]
fn in_tree_ebs_volumes_count_for_the_csi_driver() {
    let disk = "awsElasticBlockStore: {volumeID: vol-1}";
    assert_eq!(ebs_volumes(&(claimant("web", "old") + &bound("old", disk))), 1);
    assert_eq!(ebs_volumes(&user("web", &[("own", disk)], "")), 1);
    let in_tree = "kubernetes.io/aws-ebs";
    assert_eq!(ebs_volumes(&(claimant("web", "new") + &unbound("new", in_tree))), 1);
    assert_eq!(ebs_volumes(&(user("web", &[("tmp", EPHEMERAL)], "") + &class(in_tree))), 1);
}

#[test]
fn volumes_that_nobody_limits_do_not_count() {
    let nfs = bound("data", "nfs: {server: files, path: /}");
    let others = bound("data", &csi("data", "efs.csi.aws.com"));
    for volume in [nfs, others] {
        let spec = pending(&(claimant("web", "data") + &volume));
        assert!(spec.unsupported.is_none() && spec.requests.extended.is_empty(), "{spec:?}");
    }
}

#[test]
fn a_node_takes_as_many_volumes_as_its_driver_states() {
    let pods: String = ["a", "b", "c"].map(|name| claimant(name, name) + &ebs(name)).concat();
    assert_eq!(placed(&(node("n1") + &limit("n1", EBS_DRIVER, 2) + &pods)), (2, 1));
    let other = node("n1") + &limit("n1", EBS_DRIVER, 2) + &node("n2") + &pods;
    assert_eq!(placed(&other), (3, 0));
    assert_eq!(placed(&(node("n1") + &pods)), (3, 0));
}

#[test]
fn a_limit_of_any_driver_counts_where_it_is_stated() {
    let driver = "disk.example.com";
    let text = node("n1") + &node("n2") + &limit("n1", driver, 1) + &claimant("web", "data");
    let cluster = cluster(&(text + &bound("data", &csi("data", driver))));
    assert_eq!((room(&cluster, 0, driver), room(&cluster, 1, driver)), (1, NO_LIMIT));
}

#[test]
fn a_claim_of_several_pods_takes_one_place_on_their_node() {
    let on_node = |name: &str| user(name, &[("data", &from_claim("shared"))], "  nodeName: n1\n");
    let used = node("n1") + &on_node("one") + &on_node("two") + &ebs("shared");
    let cluster = cluster(&used);
    assert_eq!(cluster.nodes[0].used().get(&attachable_volumes(EBS_DRIVER)), 1);
    let third = claimant("web", "data") + &ebs("data");
    assert_eq!(placed(&(used.clone() + &limit("n1", EBS_DRIVER, 2) + &third)), (1, 0));
    assert_eq!(placed(&(used + &limit("n1", EBS_DRIVER, 1) + &third)), (0, 1));
}

#[test]
fn a_type_without_a_known_limit_takes_any_number_of_volumes() {
    let class = "---\napiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nmetadata: {name: \
                 default}\nspec: {amiSelectorTerms: [{alias: al2023@latest}]}\n";
    let volumes = attachable_volumes(EBS_DRIVER);
    let unknown = InstanceType {
        name: "m7g.large".to_owned(),
        requirements: Requirements::new(),
        capacity: Resources::new(2000, 8 << 30).with_pods(29),
        overhead: Resources::default(),
        offerings: Vec::new(),
    };
    let mut known = InstanceType { name: "m7g.xlarge".to_owned(), ..unknown.clone() };
    known.capacity.set(&volumes, 25);
    let catalog = Arc::new(vec![unknown, known]);
    let cluster = cluster(&(class.to_owned() + &claimant("web", "data") + &ebs("data")));
    let (snapshot, _) = cluster.snapshot(now(), |_| Arc::clone(&catalog));
    let types = &snapshot.supply.catalogs["default"];
    let room: Vec<i64> = types.iter().map(|one| one.allocatable().get(&volumes)).collect();
    assert_eq!(room, [NO_LIMIT, 25]);
}
