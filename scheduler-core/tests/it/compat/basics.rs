//! PRV, PRF and UTL: what a plan says, and what it makes of preferences.

use scheduler_core::model::well_known::{ARCH, CAPACITY_TYPE, INSTANCE_TYPE, NODE_POOL, ZONE};
use scheduler_core::model::{HostPort, Operator, Protocol, Requirement, Resources};
use scheduler_core::testkit::{check, instance_type, on_demand, pod, pool, spot};

use super::{plan_of, three_zones, with_amd64};

#[test]
fn the_only_term_of_a_pod_is_never_dropped() {
    check(three_zones().pod(pod("web").either([(ZONE, "z")])), "unschedulable web: PLM-1002");
}

#[test]
fn terms_that_nothing_satisfies_are_passed_over() {
    let web = pod("web").either([(ZONE, "x"), ("team", "y"), (ZONE, "b")]);
    check(three_zones().pod(web), "launch m7g.large in b for web");
}

#[test]
fn preferences_that_contradict_a_requirement_do_not_stand_in_the_way() {
    let web = pod("web").zones(["b"]).prefers_zones(10, ["a"]).prefers_zones(5, ["z"]);
    check(three_zones().pod(web), "launch m7g.large in b for web");
}

#[test]
fn a_planned_node_has_the_labels_of_its_pool_type_and_offering() {
    let pool = pool("default").label("team", "a").label("node.kubernetes.io/team", "a");
    let plan = plan_of(&three_zones().node_pool(pool).pod(pod("web").zones(["b"])).build());
    let node = plan.launches().next().expect("there is a node");
    let expected = [
        (NODE_POOL, "default"),
        ("team", "a"),
        ("node.kubernetes.io/team", "a"),
        (INSTANCE_TYPE, "m7g.large"),
        (ARCH, "arm64"),
        (ZONE, "b"),
        (CAPACITY_TYPE, "on-demand"),
    ];
    for (key, value) in expected {
        assert_eq!(node.labels.get(key).map(String::as_str), Some(value), "{key}");
    }
}

#[test]
fn a_planned_node_keeps_the_taints_of_its_pool() {
    let cluster = three_zones().node_pool(pool("default").taint("team", "a"));
    let plan = plan_of(&cluster.pod(pod("web").tolerates("team")).build());
    let taints = plan.launches().flat_map(|node| node.taints.iter().map(ToString::to_string));
    assert_eq!(taints.collect::<Vec<_>>(), ["team=a:NoSchedule"]);
}

#[test]
fn choices_narrow_with_what_pool_and_pods_ask_for() {
    let choices = |pod| {
        let cluster = with_amd64().offering("m7g.large", "a", spot("$0.079"));
        let plan = plan_of(&cluster.pod(pod).build());
        let node = plan.launches().next().expect("there is a node").clone();
        node.alternatives.iter().map(|one| one.instance_type.clone()).collect::<Vec<_>>()
    };
    let all = choices(pod("web"));
    assert!(
        all.iter().any(|name| name == "m5.large") && all.iter().any(|name| name == "m7g.large")
    );
    assert!(choices(pod("web").requires(ARCH, ["arm64"])).iter().all(|name| name != "m5.large"));
    assert!(choices(pod("web").cpu("3")).iter().all(|name| name == "m7g.xlarge"));
}

#[test]
fn a_planned_node_asks_for_its_pods_and_once_for_each_daemon() {
    let cluster = three_zones()
        .daemon_set(pod("logs").cpu("200m").memory("100Mi"))
        .pod(pod("web").cpu("300m").memory("200Mi").replicas(3));
    let plan = plan_of(&cluster.build());
    let requests: Vec<&Resources> = plan.launches().map(|node| &node.requests).collect();
    assert_eq!(requests, [&Resources::new(1100, 700 << 20).with_pods(4)]);
}

#[test]
fn huge_pages_are_taken_from_memory_and_never_more_than_there_is() {
    let with_pages = |pages: i64| {
        let built = instance_type("x").memory("8Gi").resource("hugepages-2Mi", pages << 30);
        built.offering("a", on_demand("$0.10")).build().allocatable().memory_bytes
    };
    assert_eq!((with_pages(3), with_pages(9)), (5 << 30, 0));
}

#[test]
fn host_ports_clash_if_number_protocol_and_address_meet() {
    let port = |ip: Option<&str>, number, protocol| HostPort {
        ip: ip.map(str::to_owned),
        port: number,
        protocol,
    };
    let ours = port(Some("10.0.0.1"), 80, Protocol::Tcp);
    assert!(ours.conflicts(&ours));
    assert!(ours.conflicts(&port(None, 80, Protocol::Tcp)));
    assert!(port(None, 80, Protocol::Tcp).conflicts(&ours));
    assert!(!ours.conflicts(&port(Some("10.0.0.2"), 80, Protocol::Tcp)));
    assert!(!ours.conflicts(&port(None, 80, Protocol::Udp)));
    assert!(!ours.conflicts(&port(None, 81, Protocol::Tcp)));
}

#[test]
fn a_label_that_must_exist_gets_the_smallest_value_that_is_admitted() {
    let above = Requirement::new(Operator::Gt, &["7".to_owned()]).unwrap();
    let cluster = three_zones().node_pool(pool("default").requirement("rank", above));
    let plan = plan_of(&cluster.pod(pod("web")).build());
    assert!(plan.launches().all(|node| node.labels["rank"] == "8"));
}
