//! VOL: where volumes let a pod run.

use scheduler_core::model::{PodSpec, Unsupported};

use crate::fixture::{cluster, pending, pod};

const ZONE: &str = "topology.kubernetes.io/zone";
const HOST: &str = "kubernetes.io/hostname";

/// A pod with a claim for each of these volumes.
fn user(volumes: &[&str], more: &str) -> String {
    let volume =
        |name: &&str| format!("{{name: {name}, persistentVolumeClaim: {{claimName: {name}}}}}");
    let volumes: Vec<String> = volumes.iter().map(volume).collect();
    pod(&format!("  containers: [{{name: a}}]\n  volumes: [{}]\n{more}", volumes.join(", ")))
}

/// A bound claim and its volume of this source, with these terms of node affinity, each of one
/// value for some keys.
fn bound(name: &str, source: &str, terms: &[&[(&str, &str)]]) -> String {
    let expression =
        |(key, values): &(&str, &str)| format!("{{key: {key}, operator: In, values: [{values}]}}");
    let term = |expressions: &&[(&str, &str)]| {
        let expressions: Vec<String> = expressions.iter().map(expression).collect();
        format!("{{matchExpressions: [{}]}}", expressions.join(", "))
    };
    let terms: Vec<String> = terms.iter().map(term).collect();
    format!(
        "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: {name}, uid: u, \
         annotations: {{pv.kubernetes.io/bind-completed: 'yes'}}}}\nspec: {{volumeName: pv-{name}, \
         storageClassName: gone}}\n---\napiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: \
         pv-{name}}}\nspec: {{{source}: {{path: /x}}, nodeAffinity: {{required: \
         {{nodeSelectorTerms: [{}]}}}}}}\n",
        terms.join(", ")
    )
}

fn class(name: &str, zones: &str) -> String {
    format!(
        "---\napiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {{name: {name}}}\n\
         provisioner: ebs.csi.aws.com\nvolumeBindingMode: WaitForFirstConsumer\nallowedTopologies: \
         [{{matchLabelExpressions: [{{key: {ZONE}, values: [{zones}]}}]}}]\n"
    )
}

/// Where the pod may run.
fn places(spec: &PodSpec) -> Vec<String> {
    assert_eq!(spec.unsupported, None);
    spec.node_alternatives.iter().map(ToString::to_string).collect()
}

fn places_of(text: &str) -> Vec<String> {
    places(&pending(text))
}

#[test]
fn a_bad_claim_leaves_the_other_pods_alone() {
    let good = pod("  containers: [{name: a}]\n").replace("name: web,", "name: good,");
    let cluster = cluster(&format!("{}---\n{good}", user(&["data"], "")));
    let refused: Vec<(&str, bool)> = cluster
        .pending
        .iter()
        .map(|pod| (pod.id.name.as_str(), pod.spec.unsupported.is_some()))
        .collect();
    assert_eq!(refused, [("good", false), ("web", true)]);
}

#[test]
fn a_bound_claim_does_not_need_its_class() {
    let text = user(&["data"], "") + &bound("data", "csi", &[&[(ZONE, "a")]]);
    assert_eq!(places_of(&text), [format!("{ZONE} In [a]")]);
}

#[test]
fn a_volume_of_several_zones_keeps_all_of_them() {
    let of = |terms: &[&[(&str, &str)]]| {
        places_of(&(user(&["data"], "") + &bound("data", "csi", terms)))
    };
    assert_eq!(of(&[&[(ZONE, "'a', b")]]), [format!("{ZONE} In [a b]")]);
    let [a, b] = ["a", "b"].map(|zone| format!("{ZONE} In [{zone}]"));
    assert_eq!(of(&[&[(ZONE, "a")], &[(ZONE, "b")]]), [a, b]);
}

#[test]
fn the_host_of_a_local_volume_is_put_aside_and_its_other_terms_stay() {
    for source in ["local", "hostPath"] {
        let terms: &[&[(&str, &str)]] = &[&[(HOST, "n1"), (ZONE, "a")], &[(HOST, "n2")]];
        let text = user(&["data"], "") + &bound("data", source, terms);
        assert_eq!(places_of(&text), [format!("{ZONE} In [a]"), String::new()], "{source}");
    }
    let text = user(&["data"], "") + &bound("data", "csi", &[&[(HOST, "n1")]]);
    assert_eq!(places_of(&text), [format!("{HOST} In [n1]")]);
}

#[test]
fn of_several_volumes_only_places_that_reach_all_are_left() {
    let text = user(&["one", "two"], "")
        + &bound("one", "csi", &[&[(ZONE, "a")], &[(ZONE, "b")]])
        + &bound("two", "csi", &[&[(ZONE, "b")], &[(ZONE, "c")]]);
    assert_eq!(places_of(&text), [format!("{ZONE} In [b]")]);
}

/// A pod in a zone with an ephemeral volume of this class.
fn ephemeral(class: &str, zone: &str) -> String {
    pod(&format!(
        "  nodeSelector: {{{ZONE}: {zone}}}\n  containers: [{{name: a}}]\n  volumes: [{{name: tmp, \
         ephemeral: {{volumeClaimTemplate: {{spec: {{{class}}}}}}}}}]\n"
    ))
}

#[test]
fn an_ephemeral_volume_may_be_only_where_its_class_allows_it() {
    let zone_a = ephemeral("storageClassName: fast", "a") + &class("fast", "a, b");
    assert_eq!(places_of(&zone_a), [format!("{ZONE} In [a]")]);
    let zone_c = ephemeral("storageClassName: fast", "c") + &class("fast", "a, b");
    assert!(matches!(pending(&zone_c).unsupported, Some(Unsupported::Volume(_))));
}

#[test]
fn an_ephemeral_volume_takes_its_own_class_before_the_default() {
    let default = class("standard", "c").replace(
        "{name: standard}",
        "{name: standard, annotations: {storageclass.kubernetes.io/is-default-class: 'true'}}",
    );
    let classes = default + &class("fast", "a");
    let named = ephemeral("storageClassName: fast", "a") + &classes;
    assert_eq!(places_of(&named), [format!("{ZONE} In [a]")]);
    let unnamed = ephemeral("", "c") + &classes;
    assert_eq!(places_of(&unnamed), [format!("{ZONE} In [c]")]);
}
