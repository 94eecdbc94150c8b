//! `NodeOverlay`s, good and bad.

use plimsoll_api::Cluster;
use scheduler_core::model::{NodeOverlay, Price, PriceOverlay};

use crate::fixture::{cluster, findings, only_error};

fn with_spec(spec: &str) -> Cluster {
    cluster(&format!(
        "apiVersion: karpenter.sh/v1alpha1\nkind: NodeOverlay\nmetadata: {{name: gpu}}\n\
         spec: {{{spec}}}\n"
    ))
}

fn read(spec: &str) -> NodeOverlay {
    let cluster = with_spec(spec);
    assert_eq!(findings(&cluster), Vec::<String>::new());
    cluster.node_overlays[0].clone()
}

#[test]
fn an_overlay_is_read_with_price_capacity_and_weight() {
    let overlay = read(
        "requirements: [{key: karpenter.sh/nodepool, operator: In, values: [gpu]}], \
         priceAdjustment: '-15%', capacity: {smarter-devices/fuse: 1k}, weight: 10",
    );
    assert_eq!(overlay.price, Some(PriceOverlay::MicroPercent(-15_000_000)));
    assert_eq!(overlay.capacity, [("smarter-devices/fuse".to_owned(), 1000)].into());
    assert_eq!((overlay.weight, overlay.requirements.iter().count()), (10, 1));
}

#[test]
fn an_absolute_price_is_in_dollars_an_hour() {
    let price = Price::from_micro_usd(250_000);
    assert_eq!(read("requirements: [], price: '0.25'").price, Some(PriceOverlay::Absolute(price)));
}

#[test]
fn each_bad_overlay_is_refused_with_the_field() {
    for (spec, expected) in [
        ("requirements: [], price: '-1'", "spec.price: \"-1\" is not a price"),
        ("requirements: [], priceAdjustment: '10%'", "spec.priceAdjustment: \"10%\" is not"),
        ("requirements: [], price: '1', priceAdjustment: '+1'", "exclude each other"),
        ("requirements: [], capacity: {cpu: 1}", "spec.capacity.cpu: cpu is the machine's own"),
        ("requirements: [], capacity: {a.io/x: '-1'}", "spec.capacity.a.io/x: the amount is below"),
        ("requirements: [], weight: 10001", "spec.weight: 10001 is out of range"),
        ("requirements: [{key: team, operator: NotIn}]", "spec.requirements[0].values: operator"),
        (
            "requirements: [{key: karpenter.k8s.aws/instance-tenancy, operator: Exists}]",
            "spec.requirements[0].key: an overlay cannot ask for",
        ),
    ] {
        let cluster = with_spec(spec);
        let error = only_error(&cluster);
        assert!(error.contains("NodeOverlay gpu: ") && error.contains(expected), "{error}");
        assert_eq!(cluster.node_overlays, [], "{spec}");
    }
}
