//! `NodeOverlay`s: which prices and amounts they change, and which of them are refused.

use std::sync::Arc;

use scheduler_core::model::well_known::{CAPACITY_TYPE, INSTANCE_TYPE, NODE_POOL, ZONE};
use scheduler_core::testkit::{
    ClusterBuilder, NODE_CLASS, OverlayBuilder, check, cluster, instance_type, on_demand, overlay,
    pod, pool, spot,
};
use scheduler_core::{Refusal, Supply, SupplyBuilder};

/// Two types of the same size, the first one a little cheaper.
fn shop() -> ClusterBuilder {
    cluster().offering("m7g.large", "a", on_demand("$0.080")).offering(
        "m5.large",
        "a",
        on_demand("$0.090"),
    )
}

/// The supply of two pools, one of them with a label of its own, that share a catalogue.
fn supply(overlays: impl IntoIterator<Item = OverlayBuilder>) -> (Arc<Supply>, Vec<Refusal>) {
    let types = vec![
        instance_type("m5.large")
            .offering("a", on_demand("$0.090"))
            .offering("a", spot("$0.030"))
            .offering("b", on_demand("$0.090"))
            .build(),
        instance_type("m7g.large").offering("a", on_demand("$0.080")).build(),
    ];
    let builder = SupplyBuilder::new()
        .catalog(NODE_CLASS, Arc::new(types))
        .node_pool(pool("blue").label("team", "blue").build())
        .node_pool(pool("red").build());
    overlays.into_iter().fold(builder, |builder, one| builder.node_overlay(one.build())).build()
}

/// The prices of a pool as `type zone capacity-type price`, in micro-dollars.
fn prices(supply: &Supply, pool: &str) -> Vec<String> {
    let pool = supply.node_pool(pool).expect("the pool is there");
    let types = supply.catalog(pool).iter();
    let offerings = types.flat_map(|kind| kind.offerings.iter().map(move |one| (kind, one)));
    let shown = offerings.map(|(kind, one)| {
        format!("{} {} {} {}", kind.name, one.zone, one.capacity_type, one.price.micro_usd())
    });
    shown.collect()
}

const LISTED: [&str; 4] = [
    "m5.large a spot 30000",
    "m5.large a on-demand 90000",
    "m5.large b on-demand 90000",
    "m7g.large a on-demand 80000",
];

#[test]
fn a_price_decides_what_is_launched() {
    let dearer = overlay("licence").requires(INSTANCE_TYPE, ["m7g.large"]).percent(50);
    check(shop().node_overlay(dearer).pod(pod("web")), "launch m5.large in a for web");
}

#[test]
fn capacity_makes_room_for_pods_that_ask_for_it() {
    let dongle =
        overlay("dongles").requires(INSTANCE_TYPE, ["m5.large"]).capacity("example.com/dongle", 1);
    check(
        shop().node_overlay(dongle).pod(pod("web").resource("example.com/dongle", 1)),
        "launch m5.large in a for web",
    );
}

#[test]
fn without_overlays_pools_share_the_catalogue_of_their_class() {
    let (supply, refusals) = supply([]);
    assert_eq!((supply.overlaid.len(), refusals), (0, vec![]));
    assert_eq!(prices(&supply, "red"), LISTED);
}

#[test]
fn only_offerings_that_match_are_changed() {
    let cheaper = overlay("discount").requires(ZONE, ["a"]).requires(CAPACITY_TYPE, ["on-demand"]);
    let (supply, _) = supply([cheaper.percent(-10)]);
    let expected =
        [LISTED[0], "m5.large a on-demand 81000", LISTED[2], "m7g.large a on-demand 72000"];
    assert_eq!(prices(&supply, "red"), expected);
}

#[test]
fn only_pools_that_match_by_name_or_label_are_changed() {
    for (key, value) in [(NODE_POOL, "blue"), ("team", "blue")] {
        let (supply, _) = supply([overlay("fee").requires(key, [value]).price("$1.00")]);
        assert_eq!(prices(&supply, "red"), LISTED);
        assert!(prices(&supply, "blue").iter().all(|one| one.ends_with(" 1000000")), "{key}");
    }
}

#[test]
fn the_heaviest_overlay_decides_and_says_nothing_about_the_rest() {
    let all = overlay("all").price("$0.500");
    let some = overlay("some").weight(10).requires(INSTANCE_TYPE, ["m7g.large"]).price("$0.700");
    let (supply, refusals) = supply([all, some]);
    let expected = [
        "m5.large a spot 500000",
        "m5.large a on-demand 500000",
        "m5.large b on-demand 500000",
        "m7g.large a on-demand 700000",
    ];
    assert_eq!((prices(&supply, "red"), refusals.len()), (expected.map(str::to_owned).into(), 0));
}

#[test]
fn price_and_capacity_of_two_overlays_go_together() {
    let price = overlay("price").price("$0.500");
    let (supply, refusals) = supply([price, overlay("disks").capacity("example.com/disk", 4)]);
    let red = supply.node_pool("red").expect("the pool is there");
    let disks = supply.catalog(red).iter().map(|kind| kind.capacity.get("example.com/disk"));
    assert_eq!((disks.collect::<Vec<_>>(), refusals), (vec![4, 4], vec![]));
    assert!(prices(&supply, "red").iter().all(|one| one.ends_with(" 500000")));
}

#[test]
fn of_equal_weight_the_alphabetically_smaller_is_refused_and_applied_nowhere() {
    // They clash over one type only; the loser would change the other type as well.
    let one = overlay("alpha").price("$0.500");
    let other = overlay("beta").requires(INSTANCE_TYPE, ["m7g.large"]).price("$0.500");
    let (supply, refusals) = supply([one, other]);
    let lines: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        ["NodeOverlay alpha: spec.price: NodeOverlay beta of the same weight 0 sets the price of \
             m7g.large (on-demand) in a of blue too, so this one is left out; give one of them \
             another spec.weight, or requirements that exclude the other's"]
    );
    assert_eq!(prices(&supply, "red")[..3], LISTED[..3]);
}

#[test]
fn the_same_resource_twice_is_a_conflict_and_different_ones_are_not() {
    let disk = |name, resource, amount| overlay(name).capacity(resource, amount);
    let (_, same) = supply([disk("alpha", "a.io/x", 1), disk("beta", "a.io/x", 1)]);
    assert_eq!(
        same.iter().map(|one| one.field.as_str()).collect::<Vec<_>>(),
        ["spec.capacity[a.io/x]"]
    );
    let (_, different) = supply([disk("alpha", "a.io/x", 1), disk("beta", "a.io/y", 1)]);
    assert_eq!(different, []);
}

#[test]
fn requirements_that_exclude_each_other_and_weights_that_differ_are_no_conflict() {
    let apart = |name, kind: &'static str| overlay(name).requires(INSTANCE_TYPE, [kind]).percent(5);
    assert_eq!(supply([apart("alpha", "m5.large"), apart("beta", "m7g.large")]).1, []);
    assert_eq!(supply([overlay("alpha").percent(5).weight(1), overlay("beta").percent(5)]).1, []);
}

#[test]
fn what_an_overlay_matches_by_leaves_the_instance_types_alone() {
    let (supply, _) = supply([overlay("fee").requires("team", ["blue"]).price("$1.00")]);
    let blue = supply.node_pool("blue").expect("the pool is there");
    let named = |key| supply.catalog(blue).iter().any(|kind| kind.requirements.get(key).is_some());
    assert_eq!(["team", NODE_POOL].map(named), [false, false]);
}
