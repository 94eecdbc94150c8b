//! What holds for every verb.

use super::run::line;

#[test]
fn the_version_is_told() {
    assert_eq!(line("--version").stdout, format!("plimsoll {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn help_is_no_error_and_a_wrong_usage_is_one() {
    let (help, wrong) = (line("--help"), line("plan --no-such-option"));
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    assert_eq!((wrong.code, wrong.stdout.as_str()), (1, ""));
}

#[test]
fn nothing_is_coloured_away_from_a_terminal() {
    for words in ["--help", "plan --help", "plan", "plan docs/examples/web.yaml"] {
        let run = line(words);
        assert!(!run.story().contains('\u{1b}'), "{}", run.story());
    }
}

#[test]
fn the_examples_in_the_help_run_as_they_stand() {
    // A replay takes longer than a test may; `simulate` is run on a small trace elsewhere.
    for verb in ["plan", "explain", "completions", "version"] {
        let help = line(&format!("{verb} --help")).stdout;
        let (_, examples) = help.split_once("Examples:\n").unwrap();
        for example in examples.lines().filter(|line| !line.is_empty()) {
            let words = example.trim_start().strip_prefix("plimsoll ").unwrap();
            let words = words.split(" > ").next().unwrap();
            let run = line(words);
            assert_eq!(run.code, 0, "{example}: {}", run.story());
        }
    }
}

#[test]
fn completions_know_the_verbs() {
    let script = line("completions bash").stdout;
    assert!(script.contains("simulate") && script.contains("explain"), "{script}");
}
