//! `plimsoll plan`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::run::{ANY_POOL, Run, file, line, plan, pod};

/// Removes what differs between two runs or two versions.
fn settled(run: &Run) -> Value {
    let mut value = run.json();
    value["stats"]["wallMs"] = Value::Null;
    value["stats"]["phases"] = Value::Null;
    value
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_shop_gets_its_nodes() {
    let run = line("plan docs/examples/web.yaml");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    insta::assert_snapshot!(run.page());
}

#[test]
fn the_platform_gets_its_nodes_and_hears_what_is_odd_in_its_manifests() {
    let run = line("plan docs/examples/platform.yaml");
    assert_eq!(run.code, 0, "{}", run.story());
    insta::assert_snapshot!(run.story());
}

#[test]
fn the_platform_gets_nothing_but_its_own_family() {
    let plan = line("plan docs/examples/platform.yaml -o json").json();
    let nodes = plan["nodes"].as_array().unwrap();
    assert!(!nodes.is_empty());
    assert!(nodes.iter().all(|node| node["instanceType"].as_str().unwrap().starts_with("t4g.")));
}

#[test]
fn a_plan_in_a_pull_request_reads_as_recorded() {
    insta::assert_snapshot!(line("plan docs/examples/web.yaml --expand -o md").page());
}

#[test]
fn the_json_has_the_promised_fields() {
    let plan = line("plan docs/examples/web.yaml -o json").json();
    let mut names = keys(&plan);
    names.retain(|name| !["priceDate", "spotPriceFactor"].contains(name));
    let promised = [
        "version",
        "inputsHash",
        "pricePerHour",
        "lowerBoundPerHour",
        "gap",
        "boundMethod",
        "certificate",
        "gapShares",
        "interruptionCost",
        "alternativesCeilingPercent",
        "pods",
        "placed",
        "nodes",
        "existing",
        "unschedulable",
        "stats",
    ];
    assert_eq!(names.into_iter().collect::<BTreeSet<_>>(), promised.into());
    let node = [
        "nodePool",
        "instanceType",
        "zone",
        "capacityType",
        "pricePerHour",
        "labels",
        "pods",
        "worth",
        "requests",
        "allocatable",
        "alternatives",
    ];
    assert_eq!(keys(&plan["nodes"][0]).into_iter().collect::<BTreeSet<_>>(), node.into());
    let stats = ["wallMs", "classes", "shapes", "columns", "wishes", "granted", "phases"];
    assert_eq!(keys(&plan["stats"]).into_iter().collect::<BTreeSet<_>>(), stats.into());
}

#[test]
fn every_pod_has_exactly_one_node_and_no_price_undercuts_the_bound() {
    let plan = line("plan docs/examples/web.yaml --expand -o json").json();
    let nodes = plan["nodes"].as_array().unwrap();
    let pods: Vec<_> = nodes.iter().flat_map(|node| node["pods"].as_array().unwrap()).collect();
    let distinct: BTreeSet<_> = pods.iter().map(|pod| pod.as_str().unwrap()).collect();
    assert_eq!((pods.len(), distinct.len()), (17, 17));
    assert_eq!(plan["placed"], 17);
    assert!(plan["pricePerHour"].as_f64().unwrap() >= plan["lowerBoundPerHour"].as_f64().unwrap());
}

#[test]
fn the_same_files_give_the_same_plan() {
    let [first, second] = [0, 1].map(|_| settled(&line("plan docs/examples/web.yaml -o json")));
    assert_eq!(first, second);
}

#[test]
fn yaml_and_json_say_the_same() {
    let yaml = line("plan docs/examples/web.yaml -o yaml").stdout;
    let json = line("plan docs/examples/web.yaml -o json").json();
    let hash = json["inputsHash"].as_str().unwrap();
    assert!(yaml.contains(hash) && yaml.contains("instanceType:"), "{yaml}");
}

#[test]
fn dearer_spot_prices_never_make_a_plan_cheaper() {
    let price = |options: &str| {
        let plan = line(&format!("plan docs/examples/platform.yaml -o json {options}")).json();
        plan["pricePerHour"].as_f64().unwrap()
    };
    assert!(price("--spot-price-factor 1.3") > price(""));
}

#[test]
fn an_empty_cluster_is_a_friendly_answer() {
    let run = plan("empty_cluster", "", "");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.starts_with("No pods are pending"), "{}", run.stdout);
}

#[test]
fn a_pod_larger_than_any_type_is_a_finding_and_the_others_go_on() {
    let cluster = [ANY_POOL, &pod("huge", "1000", "1Gi"), &pod("web", "1", "1Gi")].concat();
    let run = plan("larger_than_any_type", &cluster, "");
    assert_eq!(run.code, 2);
    insta::assert_snapshot!(run.story());
}

#[test]
fn a_gap_above_the_limit_exits_with_three() {
    // Two unlike pods that shun each other need two nodes; the bound allows for one.
    let apart = "spec:
  affinity:
    podAntiAffinity:
      requiredDuringSchedulingIgnoredDuringExecution:
      - {topologyKey: kubernetes.io/hostname, labelSelector: {}}
";
    let pods = [("a", "100m"), ("b", "200m")];
    let pods = pods.map(|(name, cpu)| pod(name, cpu, "128Mi").replace("spec:\n", apart));
    let cluster = [ANY_POOL, &pods.concat()].concat();
    let run = plan("gap_above_the_limit", &cluster, "--max-gap 0");
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("more than --max-gap 0"), "{}", run.stderr);
    assert_eq!(plan("gap_above_the_limit", &cluster, "--max-gap 1e9").code, 0);
}

#[test]
fn without_a_node_pool_the_message_says_how_to_get_one() {
    let run = plan("without_a_node_pool", &pod("web", "1", "1Gi"), "");
    assert_eq!(run.code, 1);
    insta::assert_snapshot!(run.story());
}

#[test]
fn a_strategy_supplies_its_own_node_pool() {
    let run = plan("strategy_supplies", &pod("web", "1", "1Gi"), "--strategy idp -o json");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(run.json()["nodes"][0]["nodePool"], "karpenter-node-group");
}

#[test]
fn a_manner_of_packing_keeps_the_cluster_s_own_node_pool() {
    let cluster = [ANY_POOL, &pod("web", "1", "1Gi")].concat();
    let run = plan("manner_of_packing", &cluster, "--strategy ffd -o json");
    assert_eq!(run.json()["nodes"][0]["nodePool"], "any");
}

#[test]
fn a_strategy_file_replaces_the_cluster_s_node_pools() {
    let mine = ANY_POOL.replace("name: any", "name: mine");
    let strategy = file("strategy_file", "mine.yaml", &mine);
    let cluster = [ANY_POOL, &pod("web", "1", "1Gi")].concat();
    let options = format!("--strategy {} -o json", strategy.display());
    let run = plan("strategy_file", &cluster, &options);
    assert_eq!(run.json()["nodes"][0]["nodePool"], "mine");
}

#[test]
fn kinds_that_are_not_read_are_counted_and_named() {
    let map = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\n";
    let run = plan("kinds_not_read", &map.repeat(2), "");
    assert_eq!(run.code, 0);
    assert!(run.stderr.contains("2 of kind ConfigMap left out"), "{}", run.stderr);
}

#[test]
fn no_improvement_steps_give_a_plan_that_is_no_cheaper() {
    let price = |options: &str| {
        let plan = line(&format!("plan docs/examples/web.yaml --expand -o json {options}")).json();
        plan["pricePerHour"].as_f64().unwrap()
    };
    assert!(price("--improvement-steps 0") >= price(""));
}

#[test]
fn a_blast_radius_spreads_a_workload_over_nodes() {
    let pods: Vec<_> = (0..4).map(|index| pod(&format!("web-{index}"), "100m", "64Mi")).collect();
    let owner = "ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web, uid: u, \
                 controller: true}], ";
    let pods = pods.concat().replace("metadata: {", &format!("metadata: {{{owner}"));
    let nodes = |options: &str| {
        let cluster = [ANY_POOL, &pods].concat();
        let run = plan("blast_radius", &cluster, &format!("-o json {options}"));
        run.json()["nodes"].as_array().unwrap().len()
    };
    assert_eq!((nodes(""), nodes("--blast-radius 50")), (1, 2));
}

#[test]
fn what_an_interruption_costs_is_in_the_plan_and_its_alternatives() {
    let plan = line("plan docs/examples/web.yaml -o json --interruption-cost 0").json();
    assert_eq!(plan["interruptionCost"], 0.0);
    for node in plan["nodes"].as_array().unwrap() {
        for other in node["alternatives"].as_array().unwrap() {
            assert_eq!(other["riskPricePerHour"], other["pricePerHour"]);
        }
    }
}

#[test]
fn the_shares_of_the_gap_add_up_to_it() {
    let plan = line("plan docs/examples/web.yaml -o json").json();
    let dollars = |value: &Value| value.as_f64().unwrap();
    let shares: f64 =
        plan["gapShares"].as_array().unwrap().iter().map(|one| dollars(&one["pricePerHour"])).sum();
    let over = dollars(&plan["pricePerHour"]) - dollars(&plan["lowerBoundPerHour"]);
    assert!(over > 0.0 && (shares - over).abs() < 1e-9, "{shares} of {over}");
}

#[test]
fn an_option_out_of_range_is_an_error_that_names_it() {
    for option in [
        "--improvement-steps -1",
        "--blast-radius -1",
        "--blast-radius 0",
        "--blast-radius 101",
        "--interruption-cost -1",
        "--interruption-cost 10001",
    ] {
        let run = line(&format!("plan docs/examples/web.yaml {option}"));
        let name = option.split(' ').next().unwrap();
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{option}");
        assert!(run.stderr.contains(&format!("for '{name} ")), "{}", run.stderr);
    }
}

/// A pod that its `ReplicaSet` selects, and the set.
fn owned(name: &str) -> String {
    pod(name, "1", "1Gi").replace(
        &format!("name: {name}}}"),
        &format!(
            "name: {name}, labels: {{app: web}}, ownerReferences: [{{apiVersion: apps/v1, kind: \
             ReplicaSet, name: set, uid: u, controller: true}}]}}"
        ),
    )
}

const SET: &str = "---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {namespace: shop, name: set}
spec: {selector: {matchLabels: {app: web}}}
";

const SPREAD: &str = "podTopologySpread: {defaultConstraints: [{maxSkew: 1, topologyKey: \
                      topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule}]}";

#[test]
fn pods_that_name_no_spread_get_that_of_the_scheduler_configuration() {
    let config = file("scheduler_config", "scheduler.yaml", SPREAD);
    let cluster = [ANY_POOL, &owned("a"), &owned("b"), SET].concat();
    let zones = |options: &str| -> usize {
        let run = plan("scheduler_config", &cluster, &format!("-o json {options}"));
        let nodes = run.json()["nodes"].as_array().unwrap().clone();
        nodes.iter().map(|node| node["zone"].to_string()).collect::<BTreeSet<String>>().len()
    };
    assert_eq!(zones(""), 1);
    assert_eq!(zones(&format!("--scheduler-config {}", config.display())), 2);
}

#[test]
fn a_pod_is_explained_under_the_scheduler_configuration() {
    let config = file("explained_config", "scheduler.yaml", &SPREAD.replace("1,", "0,"));
    let cluster = file("explained_config", "cluster.yaml", ANY_POOL);
    let run = line(&format!(
        "explain pod shop/a {} --scheduler-config {}",
        cluster.display(),
        config.display()
    ));
    assert_eq!(run.code, 1);
    assert!(
        run.stderr.contains("defaultConstraints[0].maxSkew: 0 is not above zero"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_scheduler_configuration_that_is_not_there_is_named() {
    let run = line("plan docs/examples/web.yaml --scheduler-config nowhere.yaml");
    assert_eq!(run.code, 1);
    let expected = "error: scheduler configuration nowhere.yaml: cannot read the file: ";
    assert!(run.stderr.starts_with(expected), "{}", run.stderr);
}
