//! `plimsoll verify`.

use serde_json::{Value, json};

use super::run::{Run, file, line, piped};

/// Spoils a plan.
type Spoil = fn(&mut Value);

const WEB: &str = "docs/examples/web.yaml";

/// Checks a plan for the web shop that was spoilt in one respect.
fn verify_spoilt(test: &str, spoil: impl FnOnce(&mut Value)) -> Run {
    let mut plan = line(&format!("plan {WEB} -o json")).json();
    spoil(&mut plan);
    verify_text(test, &plan.to_string())
}

fn verify_text(test: &str, plan: &str) -> Run {
    let path = file(test, "plan.json", plan);
    let folder = format!("{}/", path.parent().unwrap().display());
    let mut run = line(&format!("verify {WEB} {}", path.display()));
    run.stderr = run.stderr.replace(&folder, "");
    run
}

/// The faults that a run names.
fn faults(run: &Run) -> Vec<&str> {
    assert_eq!((run.code, run.stderr.as_str()), (2, ""), "{}", run.story());
    let (heading, faults) = run.stdout.split_once('\n').unwrap();
    assert!(heading.starts_with("The plan does not hold: "), "{heading}");
    faults.lines().map(str::trim_start).collect()
}

#[test]
fn the_plans_for_the_examples_hold() {
    for (example, options) in [(WEB, ""), (WEB, "--expand"), ("docs/examples/platform.yaml", "")] {
        let plan = line(&format!("plan {example} {options} -o json")).stdout;
        let path = file("hold", "plan.json", &plan);
        let run = line(&format!("verify {example} {} {options}", path.display()));
        assert_eq!(run.code, 0, "{}", run.story());
        assert!(run.stdout.starts_with("The plan holds: "), "{}", run.stdout);
    }
}

#[test]
fn a_plan_of_the_baseline_holds_too() {
    let plan = line(&format!("plan {WEB} --strategy ffd -o json")).stdout;
    let path = file("baseline", "plan.json", &plan);
    let run = line(&format!("verify {WEB} {} --strategy ffd", path.display()));
    assert_eq!(run.code, 0, "{}", run.story());
}

#[test]
fn a_verdict_reads_as_recorded() {
    insta::assert_snapshot!(verify_spoilt("verdict", |_| ()).story());
}

#[test]
fn a_verdict_for_programs_names_its_faults() {
    let path = file("programs", "plan.json", &{
        let mut plan = line(&format!("plan {WEB} -o json")).json();
        plan["gap"] = json!(0);
        plan.to_string()
    });
    let verdict = line(&format!("verify {WEB} {} -o json", path.display())).json();
    assert_eq!(verdict["holds"], json!(false));
    assert_eq!(verdict["faults"].as_array().unwrap().len(), 1, "{verdict}");
}

#[test]
fn every_way_to_spoil_a_plan_is_named() {
    let spoils: [(&str, Spoil); 8] = [
        ("a price", |plan| plan["nodes"][0]["pricePerHour"] = json!(0.03)),
        ("the bound", |plan| plan["lowerBoundPerHour"] = json!(0.11)),
        ("the proof", |plan| plan["certificate"]["kinds"][0]["value"] = json!(1)),
        ("an amount", |plan| plan["nodes"][0]["allocatable"]["cpu"] = json!("400")),
        ("a type", |plan| plan["nodes"][0]["instanceType"] = json!("m9z.large")),
        ("a pod", |plan| plan["nodes"][0]["pods"][0] = json!("shop/ghost")),
        ("the list of pods", |plan| {
            plan["nodes"][0]["pods"].as_array_mut().unwrap().pop();
        }),
        ("a field", |plan| plan["colour"] = json!("green")),
    ];
    let mut told = String::new();
    for (name, spoil) in spoils {
        let run = verify_spoilt("spoilt", spoil);
        told += &format!("{name}\n");
        for fault in faults(&run) {
            told += &format!("  {fault}\n");
        }
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_plan_for_other_inputs_is_an_error() {
    let plan = line(&format!("plan {WEB} -o json")).stdout;
    let path = file("other", "plan.json", &plan);
    let run = line(&format!("verify {WEB} {} --spot-price-factor 1.3", path.display()));
    assert_eq!((run.code, run.stdout.as_str()), (1, ""));
    assert!(run.stderr.contains("it was made from other inputs"), "{}", run.stderr);
}

#[test]
fn what_is_no_plan_is_an_error() {
    let told = |text: &str| verify_text("no-plan", text).story();
    insta::assert_snapshot!(["{\"version\": ", "{}"].map(told).concat());
}

#[test]
fn a_field_of_the_wrong_form_is_an_error_that_names_it() {
    let run = verify_spoilt("form", |plan| plan["nodes"][0]["requests"]["cpu"] = json!("lots"));
    insta::assert_snapshot!(run.story());
}

#[test]
fn a_plan_can_come_from_standard_input() {
    let help = line("verify --help").stdout;
    let (_, examples) = help.split_once("Examples:\n").unwrap();
    for example in examples.lines().filter(|line| !line.is_empty()) {
        let (planning, verifying) = example.split_once(" | plimsoll ").unwrap();
        let planning = planning.trim_start().strip_prefix("plimsoll ").unwrap();
        let run = piped(verifying, &line(planning).stdout);
        assert_eq!(run.code, 0, "{example}: {}", run.story());
    }
}
