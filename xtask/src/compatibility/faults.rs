//! What is wrong with the table, a line each.

use std::collections::BTreeMap;

use super::table::{Counts, Section, State, Test};

/// Rows that are missing, doubled, unknown or empty.
pub(super) fn of_section(section: &Section) -> Vec<String> {
    let mut found = Vec::new();
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    for row in &section.rows {
        *rows.entry(&row.id).or_default() += 1;
        let reason = row.evidence.split_once(':').map_or("", |(_, reason)| reason.trim());
        match row.state {
            State::Shown if row.tests.is_empty() => {
                found.push(format!("{} names no test and no reason", row.id));
            }
            State::Differs | State::NotYet if reason.is_empty() => {
                found.push(format!("{} does not say why", row.id));
            }
            State::Shown | State::Differs | State::NotYet => {}
        }
    }
    if section.prefix.is_empty() || section.stated == 0 {
        found.push(
            "the title must end in its `(ID)`, and a line must say `N behaviours.`".to_owned(),
        );
    }
    for number in 1..=section.stated {
        let id = format!("{}-{number}", section.prefix);
        match rows.remove(id.as_str()) {
            None => found.push(format!("{id} has no row")),
            Some(1) => {}
            Some(times) => found.push(format!("{id} has {times} rows")),
        }
    }
    found.extend(rows.keys().map(|id| format!("{id} is beyond the {} stated", section.stated)));
    found
}

/// Tests that do not exist. `read` gives the text of a file.
pub(super) fn of_tests(section: &Section, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut texts: BTreeMap<&str, Option<String>> = BTreeMap::new();
    let mut found = Vec::new();
    for row in &section.rows {
        for Test { file, name } in &row.tests {
            match texts.entry(file).or_insert_with(|| read(file)) {
                None => found.push(format!("{} names {file}, which cannot be read", row.id)),
                Some(text) if !has_test(text, name) => {
                    found.push(format!("{} names {file}::{name}, which is not a test", row.id));
                }
                Some(_) => {}
            }
        }
    }
    found
}

/// Whether a text has a function of this name with the attribute of a test.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_it = |line: &str| {
        let line = line.strip_prefix("async ").unwrap_or(line);
        let rest = line.strip_prefix("fn ").and_then(|rest| rest.strip_prefix(name));
        rest.is_some_and(|rest| rest.starts_with('('))
    };
    let Some(at) = lines.iter().position(|line| is_it(line)) else { return false };
    let above = lines[..at].iter().rev();
    let mut above = above.take_while(|line| line.starts_with('#') || line.starts_with("//"));
    above.any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
}

/// What the index says of a section, if it is not what the section has.
pub(super) fn of_index(index: &str, file: &str, section: &Section) -> Option<String> {
    let figures = figures(section.counts());
    let link = format!("(compatibility/{file})");
    let line = index.lines().find(|line| line.contains(&link));
    let right = line.is_some_and(|line| line.trim().ends_with(&figures));
    (!right).then(|| format!("the index must have a line with `{link} {figures}`"))
}

/// What the index says of all sections, if it is not so.
pub(super) fn of_total(index: &str, total: Counts) -> Option<String> {
    let figures = format!("| all {}", figures(total));
    let right = index.lines().any(|line| line.trim() == figures);
    (!right).then(|| format!("the index must have the line `{figures}`"))
}

fn figures(counts: Counts) -> String {
    let Counts { shown, differs, not_yet } = counts;
    format!("| {} | {shown} | {differs} | {not_yet} |", counts.all())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(stated: usize, rows: &[&str]) -> Section {
        let rows = rows.join("\n");
        Section::parse(&format!("# Things (X)\n{stated} behaviours.\n{rows}\n"))
    }

    #[test]
    fn a_whole_section_has_no_fault() {
        let rows = ["| X-1 | a | `a.rs::b` |", "| X-2 | b | differs: it is better |"];
        assert_eq!(of_section(&section(2, &rows)), Vec::<String>::new());
    }

    #[test]
    fn rows_that_are_missing_doubled_or_too_many_are_named() {
        let rows =
            ["| X-1 | a | `a.rs::b` |", "| X-1 | a | `a.rs::b` |", "| X-4 | a | `a.rs::b` |"];
        let expected = ["X-1 has 2 rows", "X-2 has no row", "X-4 is beyond the 2 stated"];
        assert_eq!(of_section(&section(2, &rows)), expected);
    }

    #[test]
    fn a_row_without_a_test_or_a_reason_is_named() {
        let rows = ["| X-1 | a | |", "| X-2 | a | differs: |"];
        let expected = ["X-1 names no test and no reason", "X-2 does not say why"];
        assert_eq!(of_section(&section(2, &rows)), expected);
    }

    #[test]
    fn a_section_without_its_count_is_at_fault() {
        let fault = of_section(&Section::parse("# Things\n| X-1 | a | `a.rs::b` |\n"));
        assert_eq!(fault.len(), 2);
    }

    #[test]
    fn a_function_is_a_test_only_with_the_attribute() {
        let text = "#[test]\n/// Words.\nfn one() {\n}\n\nfn two() {}\n#[tokio::test]\nasync fn three() {}";
        let file = |name: &str| (name == "a.rs").then(|| text.to_owned());
        let rows =
            ["| X-1 | a | `a.rs::one`, `a.rs::two`, `a.rs::three`, `a.rs::o`, `b.rs::one` |"];
        let expected = [
            "X-1 names a.rs::two, which is not a test",
            "X-1 names a.rs::o, which is not a test",
            "X-1 names b.rs, which cannot be read",
        ];
        assert_eq!(of_tests(&section(1, &rows), file), expected);
    }

    #[test]
    fn the_index_must_have_the_figures_of_each_section_and_of_all() {
        let section = section(1, &["| X-1 | a | `a.rs::b` |"]);
        let index = "| [Things](compatibility/x.md) | 1 | 1 | 0 | 0 |\n| all | 1 | 1 | 0 | 0 |";
        assert_eq!(of_index(index, "x.md", &section), None);
        assert_eq!(of_total(index, section.counts()), None);
        let old = index.replace("1 | 0 | 0", "0 | 1 | 0");
        assert!(of_index(&old, "x.md", &section).is_some());
        assert!(of_total(&old, section.counts()).is_some());
    }
}
