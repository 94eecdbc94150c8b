//! What a user hears about input that is wrong.

use super::run::{ANY_POOL, line, plan, pod};

#[test]
fn broken_yaml_names_file_document_and_line() {
    let broken = [ANY_POOL, "---\napiVersion: v1\nkind: Pod\nmetadata: {name: [\n"].concat();
    let run = plan("broken_yaml", &broken, "");
    assert_eq!(run.code, 1);
    insta::assert_snapshot!(run.story());
}

#[test]
fn a_broken_quantity_names_the_field_and_the_other_pods_go_on() {
    let cluster = [ANY_POOL, &pod("odd", "1", "1.5.2Gi"), &pod("web", "1", "1Gi")].concat();
    let run = plan("broken_quantity", &cluster, "");
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("1 new node"), "{}", run.stdout);
    insta::assert_snapshot!(run.story());
}

#[test]
fn an_unknown_operator_refuses_its_pool_and_the_other_pools_go_on() {
    let odd = ANY_POOL.replace("name: any", "name: odd").replace("operator: In", "operator: Like");
    let cluster = [ANY_POOL, "---", &odd, &pod("web", "1", "1Gi")].concat();
    let run = plan("unknown_operator", &cluster, "");
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("1 new node"), "{}", run.stdout);
    insta::assert_snapshot!(run.stderr);
}

#[test]
fn a_contradictory_pool_is_refused_and_the_other_pools_go_on() {
    let odd = ANY_POOL.replace("name: any", "name: odd").replace(
        "      requirements:\n",
        "      requirements:\n      - {key: team, operator: In, values: [red]}\n      - {key: team, \
         operator: In, values: [blue]}\n",
    );
    let cluster = [ANY_POOL, "---", &odd, &pod("web", "1", "1Gi")].concat();
    let run = plan("contradictory_pool", &cluster, "");
    assert_eq!(run.code, 2);
    assert!(run.stdout.contains("1 new node"), "{}", run.stdout);
    insta::assert_snapshot!(run.stderr);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let run = line("plan nowhere.yaml");
    assert_eq!(run.code, 1);
    insta::assert_snapshot!(run.story());
}

#[test]
fn a_broken_catalogue_is_named() {
    let run = line("plan docs/examples/web.yaml --catalog docs/examples/web.yaml");
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("catalogue docs/examples/web.yaml"), "{}", run.stderr);
}
