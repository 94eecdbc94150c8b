//! `EC2NodeClass`es, good and bad.

use scheduler_core::model::{EfaOnlyInterfaces, ImageFamily, NodeClass};

use crate::fixture::{cluster, only_error};

fn text(spec: &str) -> String {
    format!(
        "apiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nmetadata: {{name: c}}\nspec:\n{spec}"
    )
}

fn class(spec: &str) -> NodeClass {
    let cluster = cluster(&text(spec));
    assert_eq!(cluster.node_classes.len(), 1, "{:?}", cluster.findings);
    cluster.node_classes[0].clone()
}

const ALIAS: &str = "  amiSelectorTerms: [{alias: al2023@latest}]\n";

#[test]
fn the_family_comes_from_the_alias_or_is_named() {
    assert_eq!(class(ALIAS).image_family, ImageFamily::Al2023);
    let pinned = class("  amiSelectorTerms: [{alias: bottlerocket@v1.20.1}]\n");
    assert_eq!(pinned.image_family, ImageFamily::Bottlerocket);
    let custom = class(&format!("{ALIAS}  amiFamily: Custom\n"));
    assert_eq!(custom.image_family, ImageFamily::Custom);
    let by_id = class("  amiSelectorTerms: [{id: ami-1}]\n  amiFamily: Windows2022\n");
    assert_eq!(by_id.image_family, ImageFamily::Windows2022);
}

#[test]
fn a_class_whose_family_cannot_be_told_is_refused() {
    for spec in [
        "  role: r\n",
        "  amiSelectorTerms: [{id: ami-1}]\n",
        "  amiFamily: Custom\n",
        "  amiFamily: Ubuntu\n",
        "  amiSelectorTerms: [{alias: ubuntu@latest}]\n",
        "  amiSelectorTerms: [{alias: al2023}]\n",
        "  amiSelectorTerms: [{alias: al2023@latest}]\n  amiFamily: AL2\n",
    ] {
        let cluster = cluster(&text(spec));
        assert_eq!(cluster.node_classes.len(), 0, "{spec}");
        only_error(&cluster);
    }
}

#[test]
fn ephemeral_storage_is_on_the_root_volume_or_the_familys_device() {
    let gib = |spec: &str| class(spec).ephemeral_bytes.map(|bytes| bytes >> 30);
    let device =
        |name: &str, size: &str| format!("{{deviceName: {name}, ebs: {{volumeSize: {size}}}}}");
    let devices = |list: &str| format!("{ALIAS}  blockDeviceMappings: [{list}]\n");
    assert_eq!(gib(ALIAS), None);
    assert_eq!(gib(&devices(&device("/dev/xvda", "100Gi"))), Some(100));
    assert_eq!(gib(&devices(&device("/dev/xvdz", "100Gi"))), None);
    let root = format!(
        "{}, {{rootVolume: true, ebs: {{volumeSize: 50Gi}}}}",
        device("/dev/xvda", "100Gi")
    );
    assert_eq!(gib(&devices(&root)), Some(50));
    let custom = format!(
        "{}  amiFamily: Custom\n",
        devices(&format!("{}, {{}}", device("/dev/xvda", "9Gi")))
    );
    assert_eq!(gib(&custom), Some(20));
    let bottlerocket =
        devices(&format!("{}, {}", device("/dev/xvda", "4Gi"), device("/dev/xvdb", "30Gi")));
    assert_eq!(gib(&bottlerocket.replace("al2023", "bottlerocket")), Some(30));
}

#[test]
fn volumes_that_a_node_starts_with_are_those_listed_and_those_of_the_image() {
    let mapping = |name: &str| format!("  blockDeviceMappings: [{{deviceName: {name}}}]\n");
    let count = |spec: &str| class(spec).block_devices;
    assert_eq!(count(ALIAS), None);
    assert_eq!(count(&format!("{ALIAS}{}", mapping("/dev/xvda"))), Some(1));
    assert_eq!(count(&format!("{ALIAS}{}", mapping("/dev/xvdc"))), Some(2));
    let bottlerocket = ALIAS.replace("al2023", "bottlerocket");
    assert_eq!(count(&format!("{bottlerocket}{}", mapping("/dev/xvdb"))), Some(2));
}

#[test]
fn a_volume_size_that_is_none_is_refused() {
    for size in ["big", "0Gi", "65Ti"] {
        let spec = format!("{ALIAS}  blockDeviceMappings: [{{ebs: {{volumeSize: {size}}}}}]\n");
        let error = only_error(&cluster(&text(&spec)));
        assert!(error.contains("spec.blockDeviceMappings[0].ebs.volumeSize"), "{error}");
    }
}

#[test]
fn local_disks_interfaces_and_kubelet_settings_are_kept() {
    let class = class(&format!(
        "{ALIAS}  instanceStorePolicy: RAID0\n  kubelet: {{maxPods: 20, somethingNew: 1}}\n  \
         networkInterfaces:\n  - {{networkCardIndex: 0, deviceIndex: 0, interfaceType: interface}}\n  \
         - {{networkCardIndex: 0, deviceIndex: 1, interfaceType: efa-only}}\n  \
         - {{networkCardIndex: 1, deviceIndex: 1, interfaceType: efa-only}}\n"
    ));
    assert!(class.instance_store_raid0);
    assert_eq!(class.kubelet.max_pods, Some(20));
    assert_eq!(class.efa_only_interfaces, Some(EfaOnlyInterfaces { first_card: 1, all_cards: 2 }));
}

#[test]
fn a_kubelet_setting_of_another_form_is_an_error_with_its_path() {
    let error = only_error(&cluster(&text(&format!("{ALIAS}  kubelet: {{podsPerCore: -1}}\n"))));
    assert!(error.contains("EC2NodeClass c: spec.kubelet.podsPerCore: -1 is not"), "{error}");
}
