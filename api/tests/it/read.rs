//! Files, documents and lists.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use plimsoll_api::{Objects, ReadError, read_paths, read_str};

fn names(objects: &Objects) -> Vec<&str> {
    objects.pods.iter().filter_map(|pod| pod.object.metadata.name.as_deref()).collect()
}

/// A directory that is empty at the start of a test.
fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn pod(name: &str) -> String {
    format!("{{apiVersion: v1, kind: Pod, metadata: {{name: {name}}}}}\n")
}

#[test]
fn several_documents_and_lists_are_read_in_order() {
    let text = format!(
        "---\n{}--- # a comment\n{}---\n# nothing\n---\napiVersion: v1\nkind: List\nitems:\n- {}- {}",
        pod("a"),
        pod("b"),
        pod("c"),
        pod("d")
    );
    let objects = read_str("f.yaml", &text).unwrap();
    assert_eq!(names(&objects), ["a", "b", "c", "d"]);
    assert_eq!(objects.pods[3].source.to_string(), "f.yaml document 4 item 2");
}

#[test]
fn json_may_hold_a_typed_list_and_several_objects() {
    let text = r#"
        {"apiVersion": "v1", "kind": "PodList", "items": [{"metadata": {"name": "a"}}]}
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b"}}"#;
    let objects = read_str("f.json", text).unwrap();
    assert_eq!(names(&objects), ["a", "b"]);
    assert_eq!(objects.pods[0].source.to_string(), "f.json document 1 item 1");
}

#[test]
fn directories_are_read_recursively_in_the_order_of_names() {
    let root = directory("recursive");
    fs::create_dir(root.join("b")).unwrap();
    fs::create_dir(root.join(".git")).unwrap();
    fs::write(root.join("c.yml"), pod("c")).unwrap();
    fs::write(
        root.join("a.json.gz"),
        gzip(r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}"#),
    )
    .unwrap();
    fs::write(root.join("b/x.yaml"), pod("b")).unwrap();
    fs::write(root.join("README.md"), "not a manifest: [").unwrap();
    fs::write(root.join(".git/x.yaml"), pod("hidden")).unwrap();
    let objects = read_paths(&[root]).unwrap();
    assert_eq!(names(&objects), ["a", "b", "c"]);
}

#[test]
fn an_empty_directory_and_an_empty_text_are_an_empty_set() {
    let objects = read_paths(&[directory("empty")]).unwrap();
    assert_eq!((names(&objects).len(), objects.findings.len()), (0, 0));
    for text in ["", "---\n", "# nothing\n---\n---\n", "\n \n", "\u{feff}"] {
        let objects = read_str("f.yaml", text).unwrap();
        assert_eq!((names(&objects).len(), objects.findings.len()), (0, 0), "{text:?}");
    }
}

#[test]
fn broken_yaml_is_an_error_with_file_document_and_line() {
    let text = format!("{}---\nkind: Pod\nmetadata: [name: web\nspec: {{}}\n", pod("a"));
    let error = read_str("f.yaml", &text).unwrap_err();
    let ReadError::Syntax { file, document, line, .. } = &error else { panic!("{error}") };
    assert_eq!((file.as_str(), *document), ("f.yaml", 2));
    assert!((4..=5).contains(line), "{error}");
}

#[test]
fn broken_json_is_an_error_with_its_line() {
    let error = read_str("f.json", "{\"kind\": \"Pod\",\n\"metadata\": }").unwrap_err();
    assert!(error.to_string().starts_with("f.json document 1 line 2: "), "{error}");
}

#[test]
fn a_truncated_archive_is_an_error_of_that_file() {
    let root = directory("truncated");
    let packed = gzip(&pod("a").repeat(50));
    fs::write(root.join("a.yaml.gz"), &packed[..packed.len() / 2]).unwrap();
    let error = read_paths(&[root]).unwrap_err();
    assert!(
        matches!(&error, ReadError::Gzip { file, .. } if file.ends_with("a.yaml.gz")),
        "{error}"
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = read_paths(&[PathBuf::from("does/not/exist.yaml")]).unwrap_err();
    assert_eq!(error.to_string(), "cannot read does/not/exist.yaml");
}

#[test]
fn bytes_that_are_no_text_are_an_error() {
    let root = directory("binary");
    fs::write(root.join("a.yaml"), [b'a', 0xff]).unwrap();
    assert!(matches!(read_paths(&[root]).unwrap_err(), ReadError::NotText { offset: 1, .. }));
}

#[test]
fn bad_content_is_a_finding_with_object_and_path_and_the_others_go_on() {
    let text = format!(
        "{}---\napiVersion: v1\nkind: Pod\nmetadata: {{name: bad, namespace: shop}}\nspec:\n  \
         containers:\n  - {{name: x, ports: [{{containerPort: http}}]}}\n---\n{}",
        pod("a"),
        pod("b")
    );
    let objects = read_str("f.yaml", &text).unwrap();
    assert_eq!(names(&objects), ["a", "b"]);
    let finding = objects.findings[0].to_string();
    assert!(
        finding.starts_with(
            "error: f.yaml document 2: Pod shop/bad: spec.containers[0].ports[0].containerPort: \
             invalid type: string \"http\", expected i32"
        ),
        "{finding}"
    );
}

#[test]
fn bad_content_of_a_json_list_is_a_finding_with_the_number_of_the_item() {
    let text = r#"{"kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "b"}, "spec": {"priority": "x"}}]}"#;
    let objects = read_str("f.json", text).unwrap();
    assert_eq!(names(&objects), ["a"]);
    let finding = objects.findings[0].to_string();
    assert!(
        finding.starts_with("error: f.json document 1 item 2: Pod b: spec.priority: invalid type"),
        "{finding}"
    );
}

#[test]
fn a_document_without_a_kind_is_a_finding() {
    let objects = read_str("f.yaml", "replicas: 3\n---\njust text\n---\n[1, 2]\n").unwrap();
    assert_eq!(objects.findings.len(), 3);
    assert!(objects.findings[0].to_string().contains("document 1"));
}

#[test]
fn unknown_kinds_are_counted_by_name() {
    let text = "{apiVersion: v1, kind: ConfigMap}\n---\n{apiVersion: v1, kind: ConfigMap}\n---\n\
                {apiVersion: karpenter.sh/v1alpha1, kind: NodeWish}\n---\n\
                {apiVersion: karpenter.sh/v1beta1, kind: NodePool}\n";
    let unknown: Vec<_> = read_str("f.yaml", text).unwrap().unknown_kinds.into_iter().collect();
    let expected = [("ConfigMap", 2), ("NodePool (karpenter.sh/v1beta1)", 1), ("NodeWish", 1)];
    assert_eq!(unknown, expected.map(|(kind, count)| (kind.to_owned(), count)));
}

#[test]
fn numbers_are_taken_for_quantities_as_written() {
    let text = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, \
                resources: {requests: {cpu: 0.1, memory: 1000000}}}]}}";
    let objects = read_str("f.yaml", text).unwrap();
    let spec = objects.pods[0].object.spec.as_ref().unwrap();
    let requests = spec.containers[0].resources.as_ref().unwrap().requests.as_ref().unwrap();
    assert_eq!((requests["cpu"].0.as_str(), requests["memory"].0.as_str()), ("0.1", "1000000"));
}

#[test]
fn every_kind_of_the_format_is_read() {
    let kinds = [
        ("v1", "Pod"),
        ("v1", "Node"),
        ("v1", "Namespace"),
        ("v1", "LimitRange"),
        ("v1", "Service"),
        ("v1", "ReplicationController"),
        ("v1", "PersistentVolume"),
        ("v1", "PersistentVolumeClaim"),
        ("apps/v1", "DaemonSet"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "ReplicaSet"),
        ("batch/v1", "Job"),
        ("policy/v1", "PodDisruptionBudget"),
        ("storage.k8s.io/v1", "StorageClass"),
        ("storage.k8s.io/v1", "CSINode"),
        ("scheduling.k8s.io/v1", "PriorityClass"),
        ("node.k8s.io/v1", "RuntimeClass"),
    ];
    for (version, kind) in kinds {
        let text = format!("{{apiVersion: {version}, kind: {kind}, metadata: {{name: a}}}}");
        let objects = read_str("f.yaml", &text).unwrap();
        assert_eq!((objects.findings.len(), objects.unknown_kinds.len()), (0, 0), "{kind}");
    }
}

#[test]
fn a_list_of_ten_thousand_pods_is_within_the_limits_of_the_parser() {
    let item = "- apiVersion: v1\n  kind: Pod\n  metadata:\n    name: web\n    labels: {a: b, c: d}\n  \
                spec:\n    containers:\n    - name: web\n      resources:\n        requests: {cpu: 1}\n";
    let text = format!("apiVersion: v1\nkind: List\nitems:\n{}", item.repeat(10_000));
    assert_eq!(read_str("f.yaml", &text).unwrap().pods.len(), 10_000);
}
