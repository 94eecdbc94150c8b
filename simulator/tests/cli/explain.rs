//! `plimsoll explain`.

use super::run::{ANY_POOL, file, line, pod};

#[test]
fn a_pod_that_gets_a_new_node_hears_which_and_why() {
    let run = line("explain pod shop/web-6c9d8f7b54-2xkq7 docs/examples/web.yaml");
    assert_eq!(run.code, 0, "{}", run.stderr);
    insta::assert_snapshot!(run.page());
}

#[test]
fn a_pod_without_a_place_hears_why_and_what_would_help() {
    let cluster = [ANY_POOL, &pod("huge", "1000", "1Gi")].concat();
    let file = file("explain_without_a_place", "cluster.yaml", &cluster);
    let run = line(&format!("explain pod shop/huge {}", file.display()));
    assert_eq!(run.code, 2);
    insta::assert_snapshot!(run.story());
}

#[test]
fn a_pod_that_does_not_exist_is_an_error_with_a_hint() {
    let run = line("explain pod default/search docs/examples/web.yaml");
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("did you mean shop/search-5f6b7c8d9-4vd8k"), "{}", run.stderr);
}

#[test]
fn the_json_tells_the_fate_of_a_pod() {
    let run = line("explain pod ci/runner-x7k2p docs/examples/platform.yaml -o json");
    let explanation = run.json();
    assert_eq!(explanation["state"], "newNode");
    assert_eq!(explanation["node"]["nodePool"], "karpenter-node-group");
}

#[test]
fn every_reason_code_has_a_page() {
    for code in scheduler_core::plan::ReasonCode::ALL {
        let run = line(&format!("explain {code}"));
        assert_eq!(run.code, 0);
        assert!(run.stdout.starts_with(&format!("{code}: ")), "{}", run.stdout);
    }
}

#[test]
fn an_unknown_code_is_an_error() {
    let run = line("explain PLM-9999");
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("codes are PLM-1001 to PLM-1014"), "{}", run.stderr);
}

#[test]
fn a_node_of_the_plan_tells_its_worth_and_the_next_best() {
    let run = line("explain node 2 docs/examples/web.yaml");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(run.page());
}

#[test]
fn the_json_of_a_node_agrees_with_the_plan() {
    let plan = line("plan docs/examples/platform.yaml -o json").json();
    let found = line("explain node 1 docs/examples/platform.yaml -o json").json();
    assert_eq!(found["state"], "planned");
    assert_eq!(found["node"], plan["nodes"][0]);
    assert_eq!(found["next"], plan["nodes"][0]["alternatives"][0]);
    let dollars = |name: &str| found[name].as_f64().unwrap();
    let price = found["node"]["pricePerHour"].as_f64().unwrap();
    assert!((dollars("worthPerHour") + dollars("wastePerHour") - price).abs() < 1e-9, "{found}");
}

#[test]
fn a_node_that_exists_tells_its_room_and_the_pods_it_gets() {
    let node = "---
apiVersion: v1
kind: Node
metadata: {name: old, labels: {node.kubernetes.io/instance-type: m7g.large}}
status:
  allocatable: {cpu: 1930m, memory: 7Gi, pods: '29'}
  capacity: {cpu: '2', memory: 8Gi, pods: '29'}
  conditions: [{type: Ready, status: 'True'}]
";
    let cluster = [ANY_POOL, node, &pod("web", "1", "1Gi")].concat();
    let file = file("explain_node_that_exists", "cluster.yaml", &cluster);
    let run = line(&format!("explain node old {}", file.display()));
    assert_eq!(run.code, 0, "{}", run.stderr);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn a_node_that_is_neither_planned_nor_there_is_an_error_with_a_hint() {
    for name in ["0", "99", "nobody"] {
        let run = line(&format!("explain node {name} docs/examples/web.yaml"));
        assert_eq!(run.code, 1);
        assert!(run.stderr.contains(&format!("there is no node {name}")), "{}", run.stderr);
        assert!(run.stderr.contains("use 1 to "), "{}", run.stderr);
    }
}
