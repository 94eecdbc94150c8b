//! Where results go and in which form.

use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;
use clap::ValueEnum;
use serde::Serialize;

/// The form of a result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Table,
    /// For programs.
    Json,
    /// For programs, easier on the eye.
    Yaml,
    /// Markdown, for a pull request.
    Md,
}

/// Writes a result to standard output.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()?;
    Ok(())
}

/// Writes a result to a file.
pub(super) fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// A value as indented JSON.
pub(super) fn json(value: &impl Serialize) -> anyhow::Result<String> {
    let mut text = serde_json::to_string_pretty(value).context("cannot write JSON")?;
    text.push('\n');
    Ok(text)
}

/// A value as YAML.
pub(super) fn yaml(value: &impl Serialize) -> anyhow::Result<String> {
    serde_saphyr::to_string(value).context("cannot write YAML")
}

/// A value that is told in sentences, in the form that was asked for.
pub(super) fn prose(
    value: &impl Serialize,
    text: String,
    format: Format,
) -> anyhow::Result<String> {
    match format {
        Format::Table => Ok(text),
        Format::Json => json(value),
        Format::Yaml => yaml(value),
        Format::Md => Ok(format!("```\n{text}```\n")),
    }
}
