//! A section of the table: `# Title (ID)`, a line `N behaviours.`, then a table of three columns.

use std::fmt;
use std::path::Path;

/// One section.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Section {
    /// What its ids begin with.
    pub(crate) prefix: String,
    /// How many behaviours it says there are.
    pub(crate) stated: usize,
    /// Its rows.
    pub(crate) rows: Vec<Row>,
}

/// One behaviour.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) state: State,
    /// Whatever its last column says.
    pub(crate) evidence: String,
    /// Tests that it names.
    pub(crate) tests: Vec<Test>,
}

/// What a row says about its behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Tests show it.
    Shown,
    /// Ours is another one, for a reason.
    Differs,
    /// Something is missing.
    NotYet,
}

/// A test by its file and function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Test {
    pub(crate) file: String,
    pub(crate) name: String,
}

/// Rows by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) shown: usize,
    pub(crate) differs: usize,
    pub(crate) not_yet: usize,
}

const DIFFERS: &str = "differs:";
const NOT_YET: &str = "not yet:";

impl Section {
    /// Reads a section; what is not of the form is left out, and missed by the check.
    pub(crate) fn parse(text: &str) -> Self {
        let mut section = Self::default();
        for line in text.lines().map(str::trim) {
            if let Some(title) = line.strip_prefix("# ") {
                in_parentheses(title).unwrap_or_default().clone_into(&mut section.prefix);
            } else if let Some(number) = line.strip_suffix(" behaviours.") {
                section.stated = number.parse().unwrap_or(0);
            } else if let Some(row) = Row::parse(line) {
                section.rows.push(row);
            }
        }
        section
    }

    /// Rows by state.
    pub(crate) fn counts(&self) -> Counts {
        let of = |state| self.rows.iter().filter(|row| row.state == state).count();
        Counts { shown: of(State::Shown), differs: of(State::Differs), not_yet: of(State::NotYet) }
    }
}

fn in_parentheses(title: &str) -> Option<&str> {
    title.rsplit_once('(')?.1.strip_suffix(')')
}

impl Row {
    fn parse(line: &str) -> Option<Self> {
        let cells = line.strip_prefix('|')?.strip_suffix('|')?;
        let [id, _, evidence] = cells.splitn(3, '|').map(str::trim).collect::<Vec<_>>()[..] else {
            return None;
        };
        if id == "id" || id.starts_with('-') {
            return None;
        }
        let state = match evidence {
            text if text.starts_with(DIFFERS) => State::Differs,
            text if text.starts_with(NOT_YET) => State::NotYet,
            _ => State::Shown,
        };
        let quoted = evidence.split('`').skip(1).step_by(2);
        let tests = quoted.filter_map(|text| {
            let (file, name) = text.rsplit_once("::")?;
            let test = Test { file: file.to_owned(), name: name.to_owned() };
            Path::new(file).extension().is_some_and(|one| one == "rs").then_some(test)
        });
        Some(Self {
            id: id.to_owned(),
            state,
            tests: tests.collect(),
            evidence: evidence.to_owned(),
        })
    }
}

impl Counts {
    /// All rows.
    pub(crate) fn all(self) -> usize {
        self.shown + self.differs + self.not_yet
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.shown += other.shown;
        self.differs += other.differs;
        self.not_yet += other.not_yet;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shown, differs, not_yet } = self;
        write!(f, "{shown} shown by tests, {differs} differ on purpose, {not_yet} not yet")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_its_title_count_and_rows() {
        let text = "# Limits (LIM)\n\n2 behaviours.\n\n| id | behaviour | shown by |\n|---|---|---|\n\
                    | LIM-1 | a limit | `a/b.rs::holds`, `a/b.rs::again` |\n\
                    | LIM-2 | another | not yet: the limit |\n";
        let section = Section::parse(text);
        assert_eq!((section.prefix.as_str(), section.stated), ("LIM", 2));
        let ids: Vec<&str> = section.rows.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(ids, ["LIM-1", "LIM-2"]);
        assert_eq!(section.counts(), Counts { shown: 1, differs: 0, not_yet: 1 });
    }

    #[test]
    fn a_row_that_differs_may_name_tests_and_other_code() {
        let row = Row::parse("| X-1 | y | differs: `maxSkew` is ours; `a.rs::is_ours` |").unwrap();
        assert_eq!(row.state, State::Differs);
        let test = Test { file: "a.rs".to_owned(), name: "is_ours".to_owned() };
        assert_eq!(row.tests, [test]);
    }
}
