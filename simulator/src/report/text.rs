//! The comparison as plain text and as Markdown.

use std::fmt::Write as _;

use super::grid::{escape_markdown, paragraphs};
use super::{figures, summary};
use crate::outcome::Comparison;

pub(super) fn table(comparison: &Comparison) -> String {
    let labelled = |(label, text): (&str, String)| [label.to_owned(), text];
    let notices = summary::notices(comparison).into_iter().map(|notice| ("note", notice));
    let sentences = [summary::headline(comparison)].into_iter().chain(summary::service(comparison));
    [
        paragraphs(summary::inputs(comparison).into_iter().map(labelled)),
        figures::cost(comparison).text(),
        figures::service(comparison).text(),
        paragraphs(sentences.map(|sentence| [sentence])),
        paragraphs(notices.map(labelled)),
    ]
    .join("\n")
}

pub(super) fn markdown(comparison: &Comparison) -> String {
    let mut text = format!("### {}\n\n", escape_markdown(&summary::headline(comparison)));
    if let Some(sentence) = summary::service(comparison) {
        let _ = writeln!(text, "{}\n", escape_markdown(&sentence));
    }
    text += &figures::cost(comparison).markdown();
    text.push('\n');
    text += &figures::service(comparison).markdown();
    text.push('\n');
    for (label, value) in summary::inputs(comparison) {
        let _ = writeln!(text, "- {label}: {}", escape_markdown(&value));
    }
    for notice in summary::notices(comparison) {
        let _ = writeln!(text, "- note: {}", escape_markdown(&notice));
    }
    let _ = writeln!(text, "\n```\n{}\n```", comparison.command);
    text
}
