//! Findings: what is wrong with an object, where, and what to do about it.

use std::fmt;
use std::sync::Arc;

use scheduler_core::model::ObjectRef;

/// Where an object was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// File, or another name of the input; empty for a live cluster.
    pub file: Arc<str>,
    /// Number of the document in the file, from 1.
    pub document: u32,
    /// Number of the item if the document is a list, from 1.
    pub item: Option<u32>,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.is_empty() {
            return write!(f, "cluster");
        }
        write!(f, "{} document {}", self.file, self.document)?;
        self.item.map_or(Ok(()), |item| write!(f, " item {item}"))
    }
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The object is left out, or a pod of it cannot be placed.
    Error,
    /// The object is used, in the way that the finding says.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// What is wrong with an object. Displays as one line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// File and document.
    pub source: String,
    /// The object.
    pub object: ObjectRef,
    /// Path of the field within the object.
    pub field: String,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub fix: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { severity, source, object, field, problem, fix } = self;
        write!(f, "{severity}: {source}: {object}: {field}: {problem}; {fix}")
    }
}

/// A finding whose object is not known yet: what conversions of single fields return.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) field: String,
    pub(crate) what: String,
    pub(crate) fix: String,
}

impl Problem {
    pub(crate) fn new(
        field: impl Into<String>,
        what: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { field: field.into(), what: what.into(), fix: fix.into() }
    }

    /// The same problem, with the field seen from the object that holds it.
    pub(crate) fn within(mut self, parent: &str) -> Self {
        let separator = if self.field.starts_with('[') || self.field.is_empty() { "" } else { "." };
        self.field = format!("{parent}{separator}{}", self.field);
        self
    }
}

/// Collects the findings on one object.
pub(crate) struct Report<'a> {
    findings: &'a mut Vec<Finding>,
    source: &'a Source,
    object: ObjectRef,
}

impl<'a> Report<'a> {
    pub(crate) fn new(
        findings: &'a mut Vec<Finding>,
        source: &'a Source,
        object: ObjectRef,
    ) -> Self {
        Self { findings, source, object }
    }

    pub(crate) fn error(&mut self, problem: Problem) {
        self.add(Severity::Error, problem);
    }

    pub(crate) fn warn(&mut self, problem: Problem) {
        self.add(Severity::Warning, problem);
    }

    /// The value, or `None` with a finding.
    pub(crate) fn accept<T>(&mut self, result: Result<T, Problem>) -> Option<T> {
        result.map_err(|problem| self.error(problem)).ok()
    }

    /// How many findings there are, on this object and all before it.
    pub(crate) fn count(&self) -> usize {
        self.findings.len()
    }

    /// Whether an error was found since there were `count` findings.
    pub(crate) fn has_error_since(&self, count: usize) -> bool {
        self.findings[count..].iter().any(|finding| finding.severity == Severity::Error)
    }

    fn add(&mut self, severity: Severity, Problem { field, what, fix }: Problem) {
        self.findings.push(Finding {
            severity,
            source: self.source.to_string(),
            object: self.object.clone(),
            field,
            problem: what,
            fix,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_line_that_names_everything() {
        let source = Source { file: "a.yaml".into(), document: 2, item: Some(7) };
        let mut findings = Vec::new();
        Report::new(&mut findings, &source, ObjectRef::new("NodePool", "general"))
            .error(Problem::new("[1].key", "it is empty", "name a label").within("spec.taints"));
        assert_eq!(
            findings[0].to_string(),
            "error: a.yaml document 2 item 7: NodePool general: spec.taints[1].key: it is empty; \
             name a label"
        );
    }
}
