//! CON: requirements of pods against labels of pools, types and offerings.

use scheduler_core::model::well_known::{ARCH, CAPACITY_TYPE, HOSTNAME, INSTANCE_TYPE, OS, ZONE};
use scheduler_core::model::{Operator, Requirement};
use scheduler_core::plan::explain;
use scheduler_core::testkit::{
    ClusterBuilder, check, cluster, instance_type, node, on_demand, pod, pool,
};

use super::{accepts, places_all, plan_of, three_zones, with_amd64, with_spot};

const CPU: &str = "karpenter.k8s.aws/instance-cpu";
const GPU: &str = "karpenter.k8s.aws/instance-gpu-name";

fn bound(operator: Operator, value: &str) -> Requirement {
    Requirement::new(operator, &[value.to_owned()]).expect("the bound is an integer")
}

#[test]
fn every_operator_reads_a_label_that_the_pool_gives() {
    let shop = || three_zones().node_pool(pool("default").label("team", "a"));
    let accepts = |requirement| accepts(shop(), "team", &requirement);
    assert!(accepts(Requirement::any_of(["a"])));
    assert!(!accepts(Requirement::any_of(["b"])));
    assert!(!accepts(Requirement::none_of(["a"])));
    assert!(accepts(Requirement::none_of(["b"])));
    assert!(accepts(Requirement::exists()));
    assert!(!accepts(Requirement::does_not_exist()));
}

#[test]
fn a_label_that_nothing_gives_is_absent() {
    let accepts = |requirement| accepts(three_zones(), "team", &requirement);
    assert!(!accepts(Requirement::any_of(["a"])));
    assert!(!accepts(Requirement::exists()));
    assert!(accepts(Requirement::none_of(["a"])));
    assert!(accepts(Requirement::does_not_exist()));
}

#[test]
fn asking_for_a_label_to_exist_leaves_its_value_alone() {
    let cluster = three_zones()
        .node_pool(pool("default").label("team", "a").requirement("team", Requirement::exists()))
        .pod(pod("web").requirement("team", &Requirement::exists()));
    let plan = plan_of(&cluster.build());
    assert!(plan.launches().all(|node| node.labels["team"] == "a"));
}

#[test]
fn labels_of_types_and_offerings_are_read_by_every_operator() {
    let sized = |name: &str, cpu: &str| {
        instance_type(name).label(CPU, cpu).offering("a", on_demand("$0.08"))
    };
    let shop = || {
        cluster()
            .instance_type(sized("m7g.large", "2"))
            .instance_type(sized("m7g.xlarge", "4"))
            .instance_type(sized("m7g.2xlarge", "8"))
    };
    let chosen = |key: &str, requirement: Requirement| -> Vec<String> {
        let plan = plan_of(&shop().pod(pod("web").requirement(key, &requirement)).build());
        let types = plan.launches().flat_map(|node| {
            let others = node.alternatives.iter().map(|one| one.instance_type.clone());
            others.chain([node.instance_type.clone()]).collect::<Vec<_>>()
        });
        let mut types: Vec<String> = types.collect();
        types.sort();
        types
    };
    assert_eq!(chosen(CPU, bound(Operator::Gt, "4")), ["m7g.2xlarge"]);
    assert_eq!(chosen(CPU, bound(Operator::Gte, "4")), ["m7g.2xlarge", "m7g.xlarge"]);
    assert_eq!(chosen(CPU, bound(Operator::Lt, "4")), ["m7g.large"]);
    assert_eq!(chosen(CPU, bound(Operator::Lte, "4")), ["m7g.large", "m7g.xlarge"]);
    assert_eq!(chosen(CPU, bound(Operator::Gt, "8")), Vec::<String>::new());
    assert_eq!(chosen(INSTANCE_TYPE, Requirement::any_of(["m7g.xlarge"])), ["m7g.xlarge"]);
    let smallest = Requirement::none_of(["m7g.xlarge", "m7g.2xlarge"]);
    assert_eq!(chosen(INSTANCE_TYPE, smallest), ["m7g.large"]);
    for (key, value) in [(ARCH, "arm64"), (OS, "linux"), (ZONE, "a"), (CAPACITY_TYPE, "on-demand")]
    {
        assert_eq!(chosen(key, Requirement::any_of([value])).len(), 3, "{key}");
        assert_eq!(chosen(key, Requirement::any_of(["unknown"])).len(), 0, "{key}");
        assert_eq!(chosen(key, Requirement::none_of([value])).len(), 0, "{key}");
        assert_eq!(chosen(key, Requirement::none_of(["unknown"])).len(), 3, "{key}");
    }
}

#[test]
fn a_selector_outside_the_pools_own_requirements_finds_nothing() {
    let cluster = three_zones().node_pool(pool("default").zones(["a", "b"]));
    check(cluster.pod(pod("web").zones(["c"])), "unschedulable web: PLM-1002");
}

#[test]
fn requirements_that_exclude_each_other_find_nothing() {
    let torn = pod("web").zones(["a"]).requirement(ZONE, &Requirement::none_of(["a"]));
    check(three_zones().pod(torn), "unschedulable web: PLM-1002");
}

#[test]
fn selector_requirement_and_preference_meet_on_each_key() {
    let same = |zone| cluster().offering("m7g.large", zone, on_demand("$0.080"));
    let shop = ["b", "c"]
        .into_iter()
        .fold(same("a"), |cluster, zone| cluster.offering("m7g.large", zone, on_demand("$0.080")));
    let web = pod("web")
        .zones(["a", "b", "c"])
        .requirement(ZONE, &Requirement::none_of(["c"]))
        .prefers_zones(10, ["b", "c"])
        .requires(INSTANCE_TYPE, ["m7g.large"]);
    check(shop.pod(web), "launch m7g.large in b for web");
}

#[test]
fn a_node_name_is_no_reason_to_launch() {
    let web = || pod("web").requires(HOSTNAME, ["n2"]);
    check(three_zones().pod(web()), "unschedulable web: PLM-1002");
    check(three_zones().node(node("n1")).pod(web()), "unschedulable web: PLM-1002");
    check(three_zones().node(node("n2")).pod(web()), "nominate web to n2");
}

#[test]
fn labels_of_kubernetes_domains_may_be_given_by_a_pool() {
    let keys = ["node.kubernetes.io/team", "kubernetes.io/team", "sub.k8s.io/team", "team"];
    for key in keys {
        let cluster = three_zones().node_pool(pool("default").label(key, "a"));
        assert!(accepts(cluster, key, &Requirement::any_of(["a"])), "{key}");
    }
}

#[test]
fn no_new_node_has_a_label_of_karpenters_own_domain() {
    for key in ["karpenter.sh/team", "sub.karpenter.sh/team", "karpenter.sh/initialized"] {
        assert!(!accepts(three_zones(), key, &Requirement::any_of(["true"])), "{key}");
        assert!(!accepts(three_zones(), key, &Requirement::exists()), "{key}");
    }
}

#[test]
fn pods_that_agree_share_a_node_and_others_do_not() {
    let two = |first: &str, second: &str| {
        with_amd64().pod(pod("x").requires(ARCH, [first])).pod(pod("y").requires(ARCH, [second]))
    };
    check(two("arm64", "arm64"), "launch m7g.large in a for x, y");
    check(
        two("arm64", "amd64"),
        "launch m7g.large in a for x
         launch m5.large in a for y",
    );
}

#[test]
fn what_no_single_offering_has_together_finds_nothing() {
    let shop = || with_amd64().offering("g5.xlarge", "b", on_demand("$1.006"));
    let nowhere = [
        pod("web").requires(ARCH, ["amd64"]).requires(INSTANCE_TYPE, ["m7g.large"]),
        pod("web").requires(OS, ["windows"]),
        pod("web").resource("nvidia.com/gpu", 1).requires(ARCH, ["arm64"]),
        pod("web").resource("nvidia.com/gpu", 1).zones(["a"]),
        pod("web").requires(CAPACITY_TYPE, ["spot"]),
    ];
    for web in nowhere {
        check(shop().pod(web), "unschedulable web: PLM-1002");
    }
}

#[test]
fn pods_that_need_different_hardware_get_nodes_of_their_own() {
    let cluster = with_spot()
        .offering("m5.large", "b", on_demand("$0.096"))
        .offering("g5.xlarge", "c", on_demand("$1.006"))
        .pod(pod("arm").requires(ARCH, ["arm64"]).requires(CAPACITY_TYPE, ["on-demand"]))
        .pod(
            pod("x86")
                .requires(ARCH, ["amd64"])
                .requires("karpenter.k8s.aws/instance-family", ["m5"]),
        )
        .pod(pod("gpu").resource("nvidia.com/gpu", 1));
    check(
        cluster,
        "launch m7g.large in a for arm
         launch m5.large in b for x86
         launch g5.xlarge in c for gpu",
    );
}

#[test]
fn a_label_that_only_some_types_have_may_be_asked_for_or_refused() {
    let shop = || three_zones().offering("g5.xlarge", "a", on_demand("$0.01"));
    check(shop().pod(pod("web").requires(GPU, ["a10g"])), "launch g5.xlarge in a for web");
    let without = pod("web").requirement(GPU, &Requirement::does_not_exist());
    check(shop().pod(without), "launch m7g.large in a for web");
    assert!(!places_all(three_zones().pod(pod("web").requires(GPU, ["a10g"]))));
}

/// Kept apart from the table of operators: a set of like types in several zones.
#[test]
fn a_zone_that_is_excluded_is_not_an_alternative_either() {
    let shop: ClusterBuilder = three_zones();
    let web = pod("web").requirement(ZONE, &Requirement::none_of(["a"]));
    let plan = plan_of(&shop.pod(web).build());
    let zones = plan.launches().flat_map(|node| {
        node.alternatives.iter().map(|one| one.zone.as_str()).chain([node.zone.as_str()])
    });
    assert!(zones.collect::<std::collections::BTreeSet<_>>().is_subset(&["b", "c"].into()));
}

#[test]
fn a_reason_names_the_key_that_a_pod_may_have_meant() {
    let plan = plan_of(&three_zones().pod(pod("web").requires("zone", ["a"])).build());
    let reason = &plan.report.unschedulable[0];
    let message = explain::message(reason);
    assert!(message.contains("label zone In [a], which nodes do not have (did you mean topology."));
    assert_eq!(explain::fix(reason), format!("write {ZONE} for zone in the pod"));
}
