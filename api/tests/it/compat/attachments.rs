//! VOL: how many volumes nodes can take.

use std::sync::Arc;

use scheduler_core::model::attachment::{EBS_DRIVER, NO_LIMIT, attachable_volumes};
use scheduler_core::model::{InstanceType, Requirements, Resources};
use scheduler_core::verify::verify;
use scheduler_core::{ClusterSnapshot, Engine, Settings};

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

fn room(snapshot: &ClusterSnapshot, node: usize, driver: &str) -> i64 {
    snapshot.nodes[node].node.allocatable.get(&attachable_volumes(driver))
}

/// A class and its pool.
const POOL: &str = "---
apiVersion: karpenter.k8s.aws/v1
kind: EC2NodeClass
metadata: {name: default}
spec: {amiSelectorTerms: [{alias: al2023@latest}]}
---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: general}
spec: {template: {spec: {nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: default}, \
requirements: []}}}
";

/// Two types, of which one has a known limit.
fn types() -> Arc<Vec<InstanceType>> {
    let unknown = InstanceType {
        name: "m7g.large".to_owned(),
        requirements: Requirements::new(),
        capacity: Resources::new(2000, 8 << 30).with_pods(29),
        overhead: Resources::default(),
        offerings: Vec::new(),
    };
    let mut known = InstanceType { name: "m7g.xlarge".to_owned(), ..unknown.clone() };
    known.capacity.set(&attachable_volumes(EBS_DRIVER), 25);
    Arc::new(vec![unknown, known])
}

/// The snapshot of a text, with these types on sale.
fn snapshot(text: &str) -> ClusterSnapshot {
    cluster(text).snapshot(now(), |_| types()).0
}

/// A node of the pool and its labels.
fn pooled(name: &str, instance_type: &str, more: &str) -> String {
    let labels = format!(
        "name: {name}, labels: {{karpenter.sh/nodepool: general, \
         node.kubernetes.io/instance-type: {instance_type}{more}}}}}"
    );
    node(name).replace(&format!("name: {name}}}"), &labels)
}

const INITIALIZED: &str = ", karpenter.sh/initialized: 'true'";

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
    let (snapshot, _) = cluster.snapshot(now(), |_| Arc::new(Vec::new()));
    assert_eq!((room(&snapshot, 0, driver), room(&snapshot, 1, driver)), (1, NO_LIMIT));
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
fn pods_that_wait_name_the_volumes_that_they_share() {
    let pods = claimant("one", "shared") + &claimant("two", "shared");
    let cluster = cluster(&(pods + &ebs("shared")));
    for pod in &cluster.pending {
        assert!(pod.spec.requests.extended.is_empty(), "{:?}", pod.spec.requests);
        let shared: Vec<String> = pod.spec.shared_volumes.iter().map(ToString::to_string).collect();
        assert_eq!(shared, ["default/shared of ebs.csi.aws.com"]);
    }
}

#[test]
fn pods_that_share_a_claim_need_one_place_together() {
    let pods = claimant("one", "shared") + &claimant("two", "shared") + &ebs("shared");
    assert_eq!(placed(&(node("n1") + &limit("n1", EBS_DRIVER, 1) + &pods)), (2, 0));
    let used = user("db", &[("data", &from_claim("own"))], "  nodeName: n1\n") + &ebs("own");
    assert_eq!(placed(&(node("n1") + &limit("n1", EBS_DRIVER, 1) + &used + &pods)), (0, 2));
}

#[test]
fn daemons_count_their_volumes_each_for_itself() {
    let daemon = "---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: logs}\nspec: {selector: \
                  {}, template: {spec: {containers: [{name: a}], volumes: [{name: d, \
                  persistentVolumeClaim: {claimName: data}}]}}}\n";
    let users = claimant("one", "data") + &claimant("two", "data") + &ebs("data");
    let daemons = cluster(&(daemon.to_owned() + &users)).daemon_sets;
    let asked = daemons[0].spec.requests.get(&attachable_volumes(EBS_DRIVER));
    assert_eq!((asked, daemons[0].spec.shared_volumes.len()), (1, 0));
}

#[test]
fn a_type_without_a_known_limit_takes_any_number_of_volumes() {
    let snapshot = snapshot(&(POOL.to_owned() + &claimant("web", "data") + &ebs("data")));
    let types = &snapshot.supply.catalogs["default"];
    let volumes = attachable_volumes(EBS_DRIVER);
    let room: Vec<i64> = types.iter().map(|one| one.allocatable().get(&volumes)).collect();
    assert_eq!(room, [NO_LIMIT, 25]);
}

#[test]
fn a_node_on_its_way_takes_what_is_expected_of_its_type() {
    let claim = "---\napiVersion: karpenter.sh/v1\nkind: NodeClaim\nmetadata: {name: c1, labels: \
                 {karpenter.sh/nodepool: general, node.kubernetes.io/instance-type: m7g.xlarge}}\nspec: \
                 {nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: default}, \
                 requirements: []}\nstatus: {allocatable: {cpu: 4, memory: 8Gi, pods: 29}}\n";
    let more = claimant("web", "data") + &ebs("data");
    let text = POOL.to_owned() + claim + &pooled("n1", "m7g.xlarge", "") + &more;
    let flying = snapshot(&text);
    assert_eq!((room(&flying, 0, EBS_DRIVER), room(&flying, 1, EBS_DRIVER)), (25, 25));
}

#[test]
fn a_running_node_whose_driver_states_nothing_has_no_limit() {
    let text = POOL.to_owned() + &pooled("n1", "m7g.xlarge", INITIALIZED);
    let running = snapshot(&(text + &claimant("web", "data") + &ebs("data")));
    assert_eq!(room(&running, 0, EBS_DRIVER), NO_LIMIT);
}

#[test]
fn what_drivers_state_corrects_what_is_expected_of_a_type_downwards() {
    let more = claimant("web", "data") + &ebs("data");
    let room = |stated: usize| {
        let node = pooled("n1", "m7g.xlarge", INITIALIZED) + &limit("n1", EBS_DRIVER, stated);
        let types = snapshot(&(POOL.to_owned() + &node + &more)).supply.catalogs["default"].clone();
        types[1].allocatable().get(&attachable_volumes(EBS_DRIVER))
    };
    assert_eq!((room(24), room(26)), (24, 25));
}

#[test]
fn what_objects_say_of_volumes_as_a_resource_is_passed_over() {
    let resource = attachable_volumes(EBS_DRIVER);
    let odd = node("n1").replace("pods: 58", &format!("pods: 58, {resource}: 3"));
    let read = cluster(&odd);
    assert_eq!(read.nodes[0].node.allocatable.get(&resource), 0);
    let snapshot = snapshot(&(odd + &claimant("web", "data") + &ebs("data")));
    assert_eq!(room(&snapshot, 0, EBS_DRIVER), NO_LIMIT);
}

/// A bound claim that only one pod may use.
fn exclusive(claim: &str) -> String {
    let mode = format!("accessModes: [ReadWriteOncePod], volumeName: pv-{claim}");
    ebs(claim).replace(&format!("volumeName: pv-{claim}"), &mode)
}

#[test]
fn a_claim_for_one_pod_is_named_by_each_pod_that_wants_it() {
    let wanted = |others: &str| {
        let text = claimant("web", "data") + &exclusive("data") + others;
        let pending = cluster(&text).pending;
        let web = pending.iter().find(|pod| pod.id.name == "web").unwrap();
        web.spec.exclusive_claims.iter().cloned().collect::<Vec<String>>()
    };
    assert_eq!(wanted(""), Vec::<String>::new());
    assert_eq!(wanted(&claimant("other", "data")), ["default/data"]);
    let ended = claimant("other", "data") + "status: {phase: Succeeded}\n";
    assert_eq!(wanted(&ended), Vec::<String>::new());
}

#[test]
fn of_pods_with_a_claim_for_one_pod_one_is_placed() {
    let pods = claimant("one", "data") + &claimant("two", "data") + &exclusive("data");
    assert_eq!(placed(&(node("n1") + &pods)), (1, 1));
    let used = user("db", &[("data", &from_claim("data"))], "  nodeName: n1\n");
    assert_eq!(placed(&(node("n1") + &used + &pods)), (0, 2));
    let shared = pods.replace("ReadWriteOncePod", "ReadWriteOnce");
    assert_eq!(placed(&(node("n1") + &shared)), (2, 0));
}
