//! Volumes and where they let pods run.

use scheduler_core::model::Unsupported;

use crate::fixture::{pending, pod};

const POD: &str = "  containers: [{name: a}]\n  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]\n";

fn claim(metadata: &str, spec: &str, status: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: data{metadata}}}\n\
         spec: {{{spec}}}\nstatus: {{{status}}}\n"
    )
}

fn class(name: &str, rest: &str) -> String {
    format!(
        "---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {{name: {name}}}\n\
         provisioner: ebs.csi.aws.com\n{rest}"
    )
}

fn volume(spec: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: pv}}\nspec: {{{spec}}}\n"
    )
}

fn zones(zones: &str) -> String {
    format!(
        "nodeAffinity: {{required: {{nodeSelectorTerms: [{{matchExpressions: [{{key: \
         topology.ebs.csi.aws.com/zone, operator: In, values: [{zones}]}}]}}]}}}}"
    )
}

const BOUND: &str = ", uid: u, annotations: {pv.kubernetes.io/bind-completed: 'yes'}";
const WAITS: &str = "volumeBindingMode: WaitForFirstConsumer\n";

fn alternatives(objects: &[String]) -> Vec<String> {
    let spec = pending(&format!("{}{}", pod(POD), objects.concat()));
    assert_eq!(spec.unsupported, None);
    spec.node_alternatives.iter().map(ToString::to_string).collect()
}

fn problem(objects: &[String]) -> String {
    match &pending(&format!("{}{}", pod(POD), objects.concat())).unsupported {
        Some(Unsupported::Volume(why)) => why.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_bound_volume_keeps_the_pod_in_its_zone() {
    let objects = [claim(BOUND, "volumeName: pv", "phase: Bound"), volume(&zones("us-east-1a"))];
    assert_eq!(alternatives(&objects), ["topology.kubernetes.io/zone In [us-east-1a]"]);
}

#[test]
fn what_a_spread_looks_at_leaves_the_volumes_out() {
    let objects = [claim(BOUND, "volumeName: pv", ""), volume(&zones("us-east-1a"))].concat();
    let of = |selector: &str| {
        let text = pod(&format!("{POD}  nodeSelector: {{{selector}}}\n"));
        let spec = pending(&format!("{text}{objects}"));
        let own = spec.affinity_alternatives.as_ref();
        own.map(|own| own.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    assert_eq!(of("team: x"), Some(vec!["team In [x]".to_owned()]));
    assert_eq!(of("topology.kubernetes.io/zone: us-east-1a"), None);
}

#[test]
fn a_local_volume_does_not_tie_the_pod_to_its_host() {
    let term = "local: {path: /x}, nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [\
                {key: kubernetes.io/hostname, operator: In, values: [n1]}]}]}}";
    let objects = [claim(BOUND, "volumeName: pv", ""), volume(term)];
    assert_eq!(alternatives(&objects), [""]);
    let network = [claim(BOUND, "volumeName: pv", ""), volume(&term.replace("local", "other"))];
    assert_eq!(alternatives(&network), ["kubernetes.io/hostname In [n1]"]);
}

#[test]
fn a_class_with_allowed_topologies_gives_one_alternative_for_each() {
    let topology = |zone: &str| {
        format!(
            "- matchLabelExpressions: [{{key: topology.kubernetes.io/zone, values: [{zone}]}}]\n"
        )
    };
    let rest = format!("{WAITS}allowedTopologies:\n{}{}", topology("a"), topology("b"));
    let objects = [claim(", uid: u", "storageClassName: gp3", ""), class("gp3", &rest)];
    let expected = ["topology.kubernetes.io/zone In [a]", "topology.kubernetes.io/zone In [b]"];
    assert_eq!(alternatives(&objects), expected);
}

#[test]
fn volumes_in_different_zones_cannot_be_reached_together() {
    let two = POD.replace("}}]", "}}, {name: more, persistentVolumeClaim: {claimName: more}}]");
    let objects = [
        claim(BOUND, "volumeName: pv", ""),
        volume(&zones("a")),
        claim(BOUND, "volumeName: pw", "").replace("name: data,", "name: more,"),
        volume(&zones("b")).replace("name: pv", "name: pw"),
    ];
    let spec = pending(&format!("{}{}", pod(&two), objects.concat()));
    assert!(
        matches!(&spec.unsupported, Some(Unsupported::Volume(why)) if why.contains("\"more\""))
    );
}

#[test]
fn a_volume_outside_the_zones_that_the_pod_asks_for_is_told() {
    let text = pod(&format!("{POD}  nodeSelector: {{topology.kubernetes.io/zone: c}}\n"));
    let objects = [claim(BOUND, "volumeName: pv", ""), volume(&zones("a"))];
    let spec = pending(&format!("{text}{}", objects.concat()));
    assert!(
        matches!(&spec.unsupported, Some(Unsupported::Volume(why)) if why.contains("asks for"))
    );
}

#[test]
fn labels_of_an_old_volume_keep_the_pod_in_its_zones() {
    let labelled = volume("awsElasticBlockStore: {volumeID: v}")
        .replace("name: pv", "name: pv, labels: {failure-domain.beta.kubernetes.io/zone: a__b}");
    let objects = [claim(BOUND, "volumeName: pv", ""), labelled];
    assert_eq!(alternatives(&objects), ["topology.kubernetes.io/zone In [a b]"]);
}

#[test]
fn a_volume_whose_only_term_is_empty_is_reached_from_nowhere() {
    let term = "nodeAffinity: {required: {nodeSelectorTerms: [{}]}}";
    assert!(problem(&[claim(BOUND, "volumeName: pv", ""), volume(term)]).contains("\"data\""));
}

#[test]
fn a_volume_that_names_fields_of_nodes_is_told() {
    let term = "nodeAffinity: {required: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, \
                operator: In, values: [n]}]}]}}";
    assert!(problem(&[claim(BOUND, "volumeName: pv", ""), volume(term)]).contains("matchFields"));
}

#[test]
fn claims_that_cannot_be_used_are_told() {
    let lost = claim(BOUND, "volumeName: pv", "phase: Lost");
    let deleting =
        claim(", uid: u, deletionTimestamp: '2026-06-01T00:00:00Z'", "volumeName: pv", "");
    let immediate = [claim(", uid: u", "storageClassName: fast", ""), class("fast", "")];
    let cases: [(&[String], &str); 8] = [
        (&[], "there is no PersistentVolumeClaim default/data"),
        (&[lost], "has lost its volume"),
        (&[deleting], "is being deleted"),
        (&[claim(", uid: u", "volumeName: pv", "")], "is still being bound"),
        (&[claim(BOUND, "volumeName: pv", "")], "there is no PersistentVolume pv"),
        (&[claim(", uid: u", "", "")], "is not bound and has no storage class"),
        (&[claim(", uid: u", "storageClassName: x", "")], "there is no StorageClass x"),
        (&immediate, "does not wait for a node"),
    ];
    for (objects, expected) in cases {
        let why = problem(objects);
        assert!(why.contains(expected), "{why}");
    }
}

#[test]
fn volumes_that_no_node_of_a_pool_can_reach_are_told() {
    let auto = "ebs.csi.eks.amazonaws.com";
    let unbound = claim(", uid: u", "storageClassName: auto", "");
    let of_auto_mode = class("auto", WAITS).replace("ebs.csi.aws.com", auto);
    let topology = "allowedTopologies:\n- matchLabelExpressions: [{key: \
                    eks.amazonaws.com/compute-type, values: [auto]}]\n";
    let of_topology = class("auto", &format!("{WAITS}{topology}"));
    let made = volume(&format!("csi: {{driver: {auto}, volumeHandle: vol-1}}"));
    let cases = [
        ([unbound.clone(), of_auto_mode], "do not run its driver ebs.csi.eks.amazonaws.com"),
        ([unbound, of_topology], "names eks.amazonaws.com/compute-type"),
        ([claim(BOUND, "volumeName: pv", ""), made], "PersistentVolume pv: nodes of NodePools"),
    ];
    for (objects, expected) in cases {
        let why = problem(&objects);
        assert!(why.contains(expected), "{why}");
    }
}

#[test]
fn every_spelling_of_the_zone_is_understood() {
    for key in [
        "topology.ebs.csi.aws.com/zone",
        "topology.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/zone",
    ] {
        let topology = format!(
            "{WAITS}allowedTopologies:\n- matchLabelExpressions: [{{key: {key}, values: [a]}}]\n"
        );
        let objects = [claim(", uid: u", "storageClassName: gp3", ""), class("gp3", &topology)];
        assert_eq!(alternatives(&objects), ["topology.kubernetes.io/zone In [a]"], "{key}");
        let term = zones("a").replace("topology.ebs.csi.aws.com/zone", key);
        let objects = [claim(BOUND, "volumeName: pv", ""), volume(&term)];
        assert_eq!(alternatives(&objects), ["topology.kubernetes.io/zone In [a]"], "{key}");
    }
}

#[test]
fn an_ephemeral_volume_takes_the_newest_default_class() {
    let default = |name: &str, year: u32| {
        class(name, WAITS).replace(
            &format!("{{name: {name}}}"),
            &format!(
                "{{name: {name}, creationTimestamp: '{year}-01-01T00:00:00Z', annotations: \
                 {{storageclass.kubernetes.io/is-default-class: 'true'}}}}"
            ),
        )
    };
    let text = pod(
        "  containers: [{name: a}]\n  volumes: [{name: tmp, ephemeral: {volumeClaimTemplate: {spec: {}}}}]\n",
    );
    let old = default("old", 2024).replace(WAITS, "");
    let spec = pending(&format!("{text}{old}{}", default("new", 2025)));
    assert_eq!(spec.unsupported, None);
    let spec = pending(&format!("{text}{}", old.replace("2024", "2026") + &default("new", 2025)));
    assert!(spec.unsupported.is_some());
}
