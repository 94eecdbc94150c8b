//! The definitions in the tree are those that the types generate.

use std::fs;
use std::path::Path;

use plimsoll_api::crd;

#[test]
fn the_definitions_in_the_tree_are_up_to_date() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/crds");
    for (file, generated) in crd::all().unwrap() {
        let stored = fs::read_to_string(directory.join(&file)).unwrap_or_default();
        assert_eq!(stored, generated, "deploy/crds/{file} differs: run `cargo xtask crds`");
    }
}

#[test]
fn definitions_have_the_names_and_subresources_that_karpenter_has() {
    let all = crd::all().unwrap();
    let files: Vec<&str> = all.iter().map(|(file, _)| file.as_str()).collect();
    assert_eq!(
        files,
        [
            "autoscaling.x-k8s.io_capacitybuffers.yaml",
            "karpenter.k8s.aws_ec2nodeclasses.yaml",
            "karpenter.sh_nodeclaims.yaml",
            "karpenter.sh_nodeoverlays.yaml",
            "karpenter.sh_nodepools.yaml"
        ]
    );
    let definition =
        |index: usize| -> serde_json::Value { serde_saphyr::from_str(&all[index].1).unwrap() };
    let (class, claim, overlay, pool) =
        (definition(1), definition(2), definition(3), definition(4));
    assert_eq!(class["spec"]["names"]["shortNames"], serde_json::json!(["ec2nc", "ec2ncs"]));
    assert_eq!(overlay["spec"]["names"]["shortNames"], serde_json::json!(["overlays"]));
    assert_eq!(pool["spec"]["names"]["categories"], serde_json::json!(["karpenter"]));
    assert_eq!(
        pool["spec"]["versions"][0]["subresources"],
        serde_json::json!({
            "status": {},
            "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.nodes"},
        })
    );
    assert_eq!(claim["spec"]["versions"][0]["subresources"], serde_json::json!({"status": {}}));
}

#[test]
fn no_definition_admits_null_where_a_default_would_be_skipped() {
    for (file, text) in crd::all().unwrap() {
        assert!(!text.contains("nullable"), "{file}");
    }
}
