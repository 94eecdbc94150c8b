use std::fs;
use std::sync::Arc;

use aws_provider::{Catalog, CatalogOptions};
use jiff::{SignedDuration, Timestamp};
use plimsoll_api::DefaultSpread;
use tempfile::TempDir;

use super::ClusterFiles;
use crate::driver::{Reading, Source as _};

const CLASS: &str = "
apiVersion: karpenter.k8s.aws/v1
kind: EC2NodeClass
metadata: {name: default}
spec:
  amiSelectorTerms: [{alias: al2023@latest}]
  role: KarpenterNodeRole-demo
  subnetSelectorTerms: [{tags: {karpenter.sh/discovery: demo}}]
  securityGroupSelectorTerms: [{tags: {karpenter.sh/discovery: demo}}]
";

const POOL: &str = "
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: general}
spec:
  template:
    spec:
      nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: default}
      requirements:
      - {key: kubernetes.io/arch, operator: In, values: [arm64]}
";

const POD: &str = "
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers:
  - name: web
    image: web
    resources: {requests: {cpu: 500m, memory: 1Gi}}
status:
  phase: Pending
  conditions:
  - {type: PodScheduled, status: \"False\", reason: Unschedulable}
";

const NODE: &str = "
apiVersion: v1
kind: Node
metadata: {name: node-1}
status:
  capacity: {cpu: \"2\", memory: 8Gi, pods: \"29\"}
  allocatable: {cpu: \"2\", memory: 8Gi, pods: \"29\"}
  conditions:
  - {type: Ready, status: \"True\"}
";

/// A directory of cluster files and its reader.
struct Cluster {
    directory: TempDir,
    files: ClusterFiles,
}

impl Cluster {
    fn new() -> Self {
        Self::spreading(DefaultSpread::default())
    }

    fn spreading(default_spread: DefaultSpread) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let paths = vec![directory.path().to_owned()];
        let catalog = Catalog::embedded().unwrap();
        let files = ClusterFiles::new(paths, (catalog, CatalogOptions::default()), default_spread);
        Self { directory, files }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.directory.path().join(name), text).unwrap();
    }

    fn read(&mut self) -> anyhow::Result<Reading> {
        self.read_at(0)
    }

    fn read_at(&mut self, second: i64) -> anyhow::Result<Reading> {
        self.files.read(Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second))
    }
}

fn demo() -> Cluster {
    let cluster = Cluster::new();
    cluster.write("class.yaml", CLASS);
    cluster.write("pool.yaml", POOL);
    cluster.write("pod.yaml", POD);
    cluster
}

#[test]
fn files_become_a_snapshot_with_the_catalogue_of_each_class() {
    let reading = demo().read().unwrap();
    let supply = &reading.snapshot.supply;
    assert_eq!(reading.warnings, Vec::<String>::new());
    assert_eq!(supply.node_pools[0].name, "general");
    assert_eq!(supply.catalogs["default"].len(), 1340);
    assert_eq!(reading.snapshot.pending[0].id.to_string(), "shop/web");
}

#[test]
fn pods_that_name_no_spread_get_the_default_one() {
    let spread = "podTopologySpread: {defaultConstraints: [{maxSkew: 1, topologyKey: zone, \
                  whenUnsatisfiable: DoNotSchedule}]}";
    let mut cluster = Cluster::spreading(DefaultSpread::parse(spread).unwrap());
    let service = "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: \
                   {selector: {app: web}}\n";
    let pod = POD.replace("namespace: shop}", "namespace: shop, labels: {app: web}}");
    cluster.write("pod.yaml", &(pod + service));
    let spreads = cluster.read().unwrap().snapshot.pending[0].spec.topology_spread.clone();
    assert_eq!(spreads.len(), 1);
}

#[test]
fn a_supply_that_did_not_change_stays_the_same_object() {
    let mut cluster = demo();
    let before = cluster.read().unwrap().snapshot.supply;
    cluster.write("pod.yaml", &POD.replace("web", "api"));
    let after = cluster.read().unwrap().snapshot;
    assert!(Arc::ptr_eq(&before, &after.supply));
    assert_eq!(after.pending[0].id.name, "api");
}

#[test]
fn a_node_that_did_not_change_stays_the_same_object() {
    let mut cluster = demo();
    cluster.write("node.yaml", NODE);
    let before = cluster.read_at(0).unwrap().snapshot;
    let after = cluster.read_at(10).unwrap().snapshot;
    assert!(Arc::ptr_eq(&before.nodes[0], &after.nodes[0]));
    cluster.write("node.yaml", &NODE.replace("8Gi", "4Gi"));
    let changed = cluster.read_at(20).unwrap().snapshot;
    assert!(!Arc::ptr_eq(&before.nodes[0], &changed.nodes[0]));
}

#[test]
fn an_object_without_a_creation_time_is_as_old_as_its_first_reading() {
    let mut cluster = demo();
    cluster.read_at(0).unwrap();
    cluster.write("second.yaml", &POD.replace("web", "api"));
    let pending = cluster.read_at(10).unwrap().snapshot.pending;
    let created: Vec<(&str, i64)> =
        pending.iter().map(|pod| (pod.id.name.as_str(), pod.created.as_second())).collect();
    assert_eq!(created, [("api", 10), ("web", 0)]);
}

#[test]
fn a_changed_class_changes_the_nodes_of_its_pools() {
    let mut cluster = demo();
    let pods = |reading: &Reading| {
        let types = &reading.snapshot.supply.catalogs["default"];
        types.iter().find(|one| one.name == "m7g.large").unwrap().capacity.pods
    };
    assert_eq!(pods(&cluster.read().unwrap()), 29);
    cluster.write("class.yaml", &format!("{CLASS}  kubelet: {{maxPods: 10}}\n"));
    assert_eq!(pods(&cluster.read().unwrap()), 10);
}

#[test]
fn a_broken_file_is_an_error_that_names_it() {
    let mut cluster = demo();
    cluster.write("pod.yaml", "kind: [Pod");
    let error = cluster.read().err().unwrap();
    let chain = format!("{error:#}");
    assert!(chain.starts_with("cannot read the cluster: "), "{chain}");
    assert!(chain.contains("pod.yaml"), "{chain}");
}

#[test]
fn files_without_objects_are_an_error_and_not_an_empty_cluster() {
    let mut cluster = Cluster::new();
    cluster.write("cluster.yaml", "");
    let error = cluster.read().err().unwrap();
    assert!(error.to_string().starts_with("the cluster files hold no node"), "{error}");
}

#[test]
fn a_pool_that_cannot_be_used_is_a_warning() {
    let mut cluster = demo();
    cluster.write("pool.yaml", &POOL.replace("name: default", "name: missing"));
    let reading = cluster.read().unwrap();
    assert!(reading.snapshot.supply.node_pools.is_empty());
    let [warning] = reading.warnings.as_slice() else { panic!("{:?}", reading.warnings) };
    assert!(warning.contains("NodePool general"), "{warning}");
}

#[test]
fn objects_of_other_kinds_are_counted_in_a_warning() {
    let mut cluster = demo();
    cluster.write("other.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n");
    let warnings = cluster.read().unwrap().warnings;
    let [warning] = warnings.as_slice() else { panic!("{warnings:?}") };
    assert!(warning.starts_with("ConfigMap"), "{warning}");
    assert!(warning.ends_with("objects of this kind are not read, found 1"), "{warning}");
}
