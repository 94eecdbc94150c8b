//! The plan as plain text and as Markdown.

use std::fmt::Write as _;
use std::iter;

use super::{Planned, listing};
use crate::report::format::{date, factor, short_hash};
use crate::report::grid::{Grid, escape_markdown, paragraphs};

pub(super) fn table(planned: &Planned) -> String {
    let over = listing::over_bound(planned);
    let head = iter::once(listing::headline(planned)).chain(over);
    let mut parts = vec![paragraphs(head.map(|sentence| [sentence]))];
    parts.extend(grids(planned).iter().map(Grid::text));
    let unschedulable = listing::unschedulable(planned).into_iter().flat_map(entry);
    let unschedulable: Vec<_> = unschedulable.collect();
    if !unschedulable.is_empty() {
        parts.push(paragraphs(unschedulable));
    }
    parts.push(paragraphs(inputs(planned).map(|(label, text)| [label.to_owned(), text])));
    parts.join("\n")
}

pub(super) fn markdown(planned: &Planned) -> String {
    let mut text = format!("### {}\n\n", escape_markdown(&listing::headline(planned)));
    if let Some(over) = listing::over_bound(planned) {
        let _ = writeln!(text, "{}\n", escape_markdown(&over));
    }
    for grid in grids(planned) {
        let _ = writeln!(text, "{}", grid.markdown());
    }
    for [code, who, message, fix] in listing::unschedulable(planned) {
        let line = format!("{who}: {message}; {fix}");
        let _ = writeln!(text, "- **{code}** {}", escape_markdown(&line));
    }
    for (label, value) in inputs(planned) {
        let _ = writeln!(text, "- {label}: {}", escape_markdown(&value));
    }
    text
}

fn grids(planned: &Planned) -> Vec<Grid> {
    let grids = [listing::nodes(planned), listing::existing_nodes(planned)];
    grids.into_iter().filter(|grid| !grid.rows().is_empty()).collect()
}

/// A pod without a place takes three lines: who, what stands in the way, what would help.
fn entry([code, who, message, fix]: [String; 4]) -> [[String; 2]; 3] {
    [[code, who], [String::new(), message], ["fix".to_owned(), fix]]
}

fn inputs(planned: &Planned) -> [(&'static str, String); 2] {
    let inputs = &planned.inputs;
    let prices = format!(
        "{} of {}, Spot × {}",
        inputs.region,
        date(&inputs.price_date),
        factor(inputs.spot_price_factor_ppm)
    );
    let run = format!(
        "plimsoll {}, inputs sha256 {}",
        env!("CARGO_PKG_VERSION"),
        short_hash(&inputs.hash)
    );
    [("prices", prices), ("run", run)]
}
