//! BIN and IT: how much goes on a node, and which node it is.

use scheduler_core::model::CapacityType;
use scheduler_core::model::well_known::{ARCH, CAPACITY_TYPE, OS, ZONE};
use scheduler_core::testkit::{
    ClusterBuilder, carry_out, check, cluster, instance_type, on_demand, pod, pool, spot,
};

use super::{arrive, plan_of, three_zones, with_amd64};

/// Ten types of 1 to 10 vCPUs, 2 GiB and 10 pod slots for each, at a price in proportion.
fn ten_sizes() -> ClusterBuilder {
    (1..=10).fold(cluster(), |cluster, size: i64| {
        let built = instance_type(&format!("size-{size:02}")).cpu(&size.to_string());
        let built = built.memory(&format!("{}Gi", 2 * size)).pods(10 * size);
        cluster.instance_type(built.offering("a", on_demand(&format!("$0.{:03}", 10 * size))))
    })
}

fn tiny() -> scheduler_core::testkit::PodBuilder {
    pod("web").cpu("10m").memory("10Mi")
}

#[test]
fn tiny_pods_share_the_smallest_node() {
    check(ten_sizes().pod(tiny()), "launch size-01 in a for web");
    let plan = plan_of(&ten_sizes().pod(tiny().replicas(8)).build());
    let nodes: Vec<&str> = plan.launches().map(|node| node.instance_type.as_str()).collect();
    assert_eq!(nodes, ["size-01"]);
}

#[test]
fn small_pods_fill_the_gaps_that_large_ones_leave() {
    let four = || {
        let four = instance_type("four").cpu("4").memory("4Gi").pods(5);
        cluster().instance_type(four.offering("a", on_demand("$0.10")))
    };
    let large = || pod("large").cpu("10m").memory("1800Mi").replicas(40);
    assert_eq!(plan_of(&four().pod(large()).build()).launches().count(), 20);
    let small = pod("small").cpu("10m").memory("400Mi").replicas(20);
    let plan = plan_of(&four().pod(large()).pod(small).build());
    assert_eq!((plan.launches().count(), plan.report.placed), (20, 60));
}

#[test]
fn a_large_and_a_small_pod_get_what_is_cheapest_together() {
    let shop = |large: &str, shared: &str| {
        let size = |name: &str, cpu: &str, price: &str| {
            instance_type(name).cpu(cpu).memory("64Gi").offering("a", on_demand(price))
        };
        cluster()
            .instance_type(size("one", "1", "$0.010"))
            .instance_type(size("five", "5", large))
            .instance_type(size("eight", "8", shared))
            .pod(pod("large").cpu("4500m"))
            .pod(pod("small").cpu("1"))
    };
    check(
        shop("$0.050", "$0.080"),
        "launch five in a for large
         launch one in a for small",
    );
    check(shop("$0.050", "$0.055"), "launch eight in a for large, small");
}

#[test]
fn asking_for_none_of_a_resource_is_asking_for_nothing() {
    let web = pod("web").resource("nvidia.com/gpu", 0).resource("example.com/none", 0);
    check(three_zones().pod(web), "launch m7g.large in a for web");
}

#[test]
fn a_pod_of_two_tebibytes_launches_nothing() {
    check(ten_sizes().pod(pod("web").memory("2Ti")), "unschedulable web: PLM-1004");
}

#[test]
fn pod_slots_limit_tiny_pods() {
    let five = instance_type("five").cpu("16").memory("64Gi").pods(5);
    let cluster = cluster().instance_type(five.offering("a", on_demand("$0.10")));
    let plan = plan_of(&cluster.pod(tiny().replicas(25)).build());
    let sizes: Vec<usize> = plan.launches().map(|node| node.pods.len()).collect();
    assert_eq!(sizes, [5; 5]);
}

#[test]
fn later_batches_fill_earlier_nodes_before_they_open_new_ones() {
    let mut snapshot = ten_sizes().build();
    for (batch, cpu) in ["700m", "1300m", "300m", "100m", "900m", "100m"].iter().enumerate() {
        let pods = pod("web").cpu(cpu).memory("10Mi").renamed(&format!("web-{batch}"));
        snapshot = arrive(&snapshot, pods.replicas(3));
        let room = |node: &scheduler_core::NodeWithPods| {
            node.node.allocatable.cpu_milli - node.used().cpu_milli
        };
        let request = snapshot.pending[0].spec.requests.cpu_milli;
        let fitting: i64 = snapshot.nodes.iter().map(|node| room(node) / request).sum();
        let plan = plan_of(&snapshot);
        assert_eq!(plan.nominations().count(), usize::try_from(fitting.min(3)).unwrap());
        snapshot = carry_out(&snapshot, &plan);
    }
}

/// Two architectures in two zones, on demand and on the Spot market; each dearer than the one
/// before.
fn market() -> ClusterBuilder {
    let sales = [
        ("m7g.large", "a", on_demand("$0.040")),
        ("m7g.large", "b", on_demand("$0.041")),
        ("m5.large", "a", spot("$0.042")),
        ("m5.large", "b", spot("$0.043")),
        ("m7g.large", "a", spot("$0.044")),
        ("m7g.large", "b", spot("$0.045")),
        ("m5.large", "a", on_demand("$0.046")),
        ("m5.large", "b", on_demand("$0.047")),
    ];
    sales
        .into_iter()
        .fold(cluster(), |cluster, (name, zone, sale)| cluster.offering(name, zone, sale))
}

#[test]
fn the_cheapest_offering_is_launched_whoever_narrows_the_choice() {
    let arches = ["arm64", "amd64"];
    let kinds = [CapacityType::OnDemand.as_str(), CapacityType::Spot.as_str()];
    for arch in arches {
        for zone in ["a", "b"] {
            for kind in kinds {
                let wanted = [(ARCH, arch), (OS, "linux"), (ZONE, zone), (CAPACITY_TYPE, kind)];
                for by_pool in 0..16_usize {
                    let (mut own, mut web) = (pool("default"), pod("web"));
                    for (at, (key, value)) in wanted.into_iter().enumerate() {
                        if by_pool >> at & 1 == 1 {
                            own = own.requires(key, [value]);
                        } else {
                            web = web.requires(key, [value]);
                        }
                    }
                    let plan = plan_of(&market().node_pool(own).pod(web).build());
                    let node = plan.launches().next().expect("there is such an offering");
                    let got = (&node.labels[ARCH], &node.labels[ZONE], &node.labels[CAPACITY_TYPE]);
                    assert_eq!(got, (&arch.to_owned(), &zone.to_owned(), &kind.to_owned()));
                }
            }
        }
    }
}

#[test]
fn a_cheaper_on_demand_offering_wins_over_spot() {
    check(market().pod(pod("web")), "launch m7g.large in a for web");
}

#[test]
fn no_type_for_a_pod_means_no_launch() {
    let windows = pod("web").requires(OS, ["windows"]);
    check(with_amd64().pod(windows), "unschedulable web: PLM-1002");
    let narrow = three_zones().node_pool(pool("default").requires(OS, ["windows"]));
    check(narrow.pod(pod("web")), "unschedulable web: PLM-1002");
}

#[test]
fn every_alternative_holds_the_whole_group_and_larger_types_are_among_them() {
    let cluster = ten_sizes().pod(pod("web").cpu("1500m").memory("1Gi").replicas(3));
    let snapshot = cluster.build();
    let plan = plan_of(&snapshot);
    let node = plan.launches().next().expect("there is a node");
    let sizes: Vec<i64> = node
        .alternatives
        .iter()
        .map(|one| one.instance_type.trim_start_matches("size-").parse().unwrap())
        .collect();
    let needed = node.requests.cpu_milli;
    assert!(sizes.len() > 1 && sizes.iter().all(|size| size * 1000 >= needed), "{sizes:?}");
}
