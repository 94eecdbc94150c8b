//! The binary as people start it.

use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::process::{Command, Stdio};

fn controller(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_plimsoll-controller"));
    // Neither the settings nor the error text may depend on who runs the tests.
    command.args(arguments).env_clear();
    command
}

#[test]
fn without_recommend_only_it_refuses_in_a_clear_sentence() {
    let output = controller(&["--cluster-file", "cluster"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let expected = "Error: writing to a cluster is not built yet; start with --recommend-only to \
                    get advice without writes\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
    assert!(output.stdout.is_empty());
}

#[test]
fn a_catalogue_that_is_not_there_is_named() {
    let flags = ["--recommend-only", "--cluster-file", "x", "--catalog", "/nowhere.json"];
    let output = controller(&flags).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(text.starts_with("Error: cannot read catalogue /nowhere.json\n"), "{text}");
}

const CLUSTER: &str = r"
apiVersion: karpenter.k8s.aws/v1
kind: EC2NodeClass
metadata: {name: default}
spec:
  amiSelectorTerms: [{alias: al2023@latest}]
  role: KarpenterNodeRole-demo
  subnetSelectorTerms: [{tags: {karpenter.sh/discovery: demo}}]
  securityGroupSelectorTerms: [{tags: {karpenter.sh/discovery: demo}}]
---
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: {name: general}
spec:
  template:
    spec:
      nodeClassRef: {group: karpenter.k8s.aws, kind: EC2NodeClass, name: default}
      requirements:
      - {key: karpenter.k8s.aws/instance-family, operator: In, values: [m7g]}
      - {key: karpenter.sh/capacity-type, operator: In, values: [on-demand]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  containers: [{name: web, resources: {requests: {cpu: 500m, memory: 5Gi}}}]
";

#[test]
fn once_reads_decides_without_a_batch_window_and_ends() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("cluster.yaml"), CLUSTER).unwrap();
    let path = directory.path().to_str().unwrap();
    let flags = ["--recommend-only", "--once", "--cluster-file", path];
    let output = controller(&flags).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    let last: serde_json::Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    // The smallest m7g that has 5 GiB for pods.
    assert_eq!(
        (&last["message"], &last["instance_type"], &last["pods"]),
        (&"would launch node".into(), &"m7g.large".into(), &1.into()),
        "{text}"
    );
}

#[test]
fn it_stops_in_good_order_when_told_to() {
    let flags = ["--recommend-only", "--cluster-file", "/nowhere"];
    let mut child = controller(&flags).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // It listens for signals before its first round, whose failure this line tells of.
    let reading = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("cannot read")));
    assert!(reading.is_some());
    let killed = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    let rest: Vec<String> = lines.collect::<io::Result<_>>().unwrap();
    assert!(child.wait().unwrap().success());
    assert!(rest.last().is_some_and(|line| line.contains("\"signal\":\"SIGTERM\"")), "{rest:?}");
}
