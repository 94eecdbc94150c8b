//! Shows a [`Comparison`]: on a terminal, in a pull request, to a program, to a manager.
//!
//! All four say the same: `summary` holds the sentences and the inputs, `figures` the two grids of
//! figures, and the renderers only lay them out.

mod chart;
mod document;
mod figures;
pub(crate) mod format;
pub(crate) mod grid;
mod html;
mod packing;
mod series;
mod summary;
mod svg;
mod text;

#[cfg(test)]
mod fixture;

use serde::Serialize;

use crate::outcome::Comparison;
pub use html::HtmlError;

/// The comparison as tables of at most 80 columns.
pub fn table(comparison: &Comparison) -> String {
    text::table(comparison)
}

/// The comparison as Markdown, fit for a comment on a pull request.
pub fn markdown(comparison: &Comparison) -> String {
    text::markdown(comparison)
}

/// The comparison as data, with the headline and a list `notices` of what a reader must know
/// about the figures.
pub fn document(comparison: &Comparison) -> impl Serialize {
    document::Document::new(comparison)
}

/// The comparison as one HTML page that needs no network.
///
/// # Errors
///
/// If the template does not fit the page; a test keeps that from happening.
pub fn html(comparison: &Comparison) -> Result<String, HtmlError> {
    html::html(comparison)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_fits_eighty_columns() {
        let text = table(&fixture::comparison());
        let too_wide: Vec<_> = text.lines().filter(|line| line.chars().count() > 80).collect();
        assert_eq!(too_wide, Vec::<&str>::new());
    }

    #[test]
    fn the_table_reads_as_recorded() {
        insta::assert_snapshot!(table(&fixture::comparison()));
    }

    #[test]
    fn the_markdown_reads_as_recorded() {
        insta::assert_snapshot!(markdown(&fixture::comparison()));
    }

    #[test]
    fn a_synthetic_trace_is_marked_in_every_form() {
        let mut comparison = fixture::comparison();
        comparison.trace.synthetic = true;
        let json = serde_json::to_string(&document(&comparison)).unwrap();
        for text in [table(&comparison), markdown(&comparison), json, html(&comparison).unwrap()] {
            assert!(text.contains("SYNTHETIC"), "{text}");
        }
    }

    #[test]
    fn the_json_has_the_figures_and_the_caveats() {
        let value = serde_json::to_value(document(&fixture::comparison())).unwrap();
        assert_eq!(value["outcomes"][4]["strategy"], "plimsoll");
        assert_eq!(value["outcomes"][4]["figures"]["dollars"], 2329.6);
        assert_eq!(value["catalog"]["asOf"], "2026-07-20");
        assert_eq!(value["notices"].as_array().map(Vec::len), Some(2));
    }
}
