//! Is the table of Karpenter's behaviours (`docs/compatibility.md`) true?
//!
//! [`table`] reads a section and its rows, [`faults`] holds them against the tree: every row names
//! tests that exist, a reason, or what is still missing, and no row is lost.

mod faults;
mod table;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::cargo::root;
use crate::step::say;
use table::{Counts, Section};

/// Where the sections are, one a file.
const SECTIONS: &str = "docs/compatibility";
/// The page that lists them with their counts.
const INDEX: &str = "docs/compatibility.md";

/// Fails if a row is missing or says what is not so; prints how many rows hold.
pub(crate) fn check() -> anyhow::Result<()> {
    let root = root();
    let mut found = Vec::new();
    let mut total = Counts::default();
    let index = read(&root, INDEX)?;
    for name in names(&root.join(SECTIONS))? {
        let path = format!("{SECTIONS}/{name}");
        let section = Section::parse(&read(&root, &path)?);
        let mut of_section = faults::of_section(&section);
        of_section
            .extend(faults::of_tests(&section, |file| fs::read_to_string(root.join(file)).ok()));
        of_section.extend(faults::of_index(&index, &name, &section));
        found.extend(of_section.into_iter().map(|fault| format!("{path}: {fault}")));
        total.add(section.counts());
    }
    found.extend(faults::of_total(&index, total).map(|fault| format!("{INDEX}: {fault}")));
    if !found.is_empty() {
        bail!("the table of compatibility is not true:\n  {}", found.join("\n  "));
    }
    say(&format!("{} behaviours: {total}", total.all()));
    Ok(())
}

/// Names of the files of a folder, in order.
fn names(folder: &Path) -> anyhow::Result<Vec<String>> {
    let context = || format!("cannot list {}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).with_context(context)? {
        names.push(entry.with_context(context)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn read(root: &Path, path: &str) -> anyhow::Result<String> {
    fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"))
}
