//! `plimsoll simulate`.

use std::fs;

use super::run::{Run, file, line};

/// Two hours of a small, regular load: long-lived services and short jobs.
fn trace(test: &str) -> String {
    let mut rows = "pod,start,end,cpu_milli,memory_mib,gpu,class,group,max_per_node\n".to_owned();
    for second in (0..7200).step_by(120) {
        if second < 600 {
            rows += &format!("web-{second},{second},,500,1024,0,,web,\n");
        }
        let end = second + 900;
        rows += &format!("job-{second},{second},{end},1000,2048,0,,job,\n");
    }
    file(test, "small.csv", &rows).display().to_string()
}

fn simulate(test: &str, options: &str) -> Run {
    line(&format!("simulate {} {options}", trace(test)))
}

#[test]
fn strategies_stand_side_by_side() {
    let run = simulate("side_by_side", "");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    for strategy in ["static-peak", "on-demand", "idp", "ffd", "plimsoll"] {
        assert!(run.stdout.matches(&format!("\n{strategy} ")).count() >= 2, "{}", run.stdout);
    }
}

#[test]
fn no_strategy_undercuts_the_bound_and_every_pod_gets_a_place() {
    let comparison = simulate("undercuts_the_bound", "-o json").json();
    for outcome in comparison["outcomes"].as_array().unwrap() {
        let figures = &outcome["figures"];
        assert!(figures["overBound"].as_f64().unwrap() >= 0.0, "{outcome}");
        assert_eq!(figures["neverPlaced"], 0, "{outcome}");
        assert_eq!(outcome["violations"].as_array().unwrap().len(), 0, "{outcome}");
    }
}

#[test]
fn the_report_and_the_json_are_written_beside_the_table() {
    let report = file("report_and_json", "report.html", "");
    let json = file("report_and_json", "out.json", "");
    let options = format!("--report {} --json {}", report.display(), json.display());
    let run = simulate("report_and_json", &format!("--strategy plimsoll {options}"));
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("plimsoll"));
    assert!(fs::read_to_string(report).unwrap().starts_with("<!doctype html>"));
    assert!(fs::read_to_string(json).unwrap().contains("\"outcomes\""));
}

#[test]
fn costs_above_the_limit_exit_with_three() {
    let run = simulate("above_the_limit", "--strategy plimsoll --max-cost 0");
    assert_eq!(run.code, 3);
    assert!(run.stderr.contains("more than --max-cost 0"), "{}", run.stderr);
    assert_eq!(simulate("above_the_limit", "--strategy plimsoll --max-cost 1e6").code, 0);
}

#[test]
fn a_synthetic_trace_is_marked() {
    let run = line("simulate idp-week --until 1h --strategy idp");
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("idp-week (SYNTHETIC)"), "{}", run.stdout);
}

#[test]
fn an_unknown_strategy_is_an_error_that_names_the_known_ones() {
    let run = simulate("unknown_strategy", "--strategy best");
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("static-peak, on-demand, idp, ffd, plimsoll"), "{}", run.stderr);
}

#[test]
fn a_trace_that_is_not_there_is_named() {
    let run = line("simulate nowhere.csv");
    assert_eq!(run.code, 1);
    assert!(run.stderr.contains("nowhere.csv"), "{}", run.stderr);
}

#[test]
fn a_file_of_node_pools_is_a_strategy() {
    let pool = file("file_of_node_pools", "pool.yaml", super::run::ANY_POOL);
    let run = simulate("file_of_node_pools", &format!("--strategy mine={}", pool.display()));
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stdout.contains("\nmine "), "{}", run.stdout);
}
