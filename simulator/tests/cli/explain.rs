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
    assert!(run.stderr.contains("codes are PLM-1001 to PLM-1011"), "{}", run.stderr);
}
