//! The comparison for programs.

use serde::Serialize;

use super::summary;
use crate::outcome::Comparison;

/// A comparison with what a reader must know about it.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    headline: String,
    notices: Vec<String>,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

impl<'a> Document<'a> {
    pub(super) fn new(comparison: &'a Comparison) -> Self {
        Self {
            headline: summary::headline(comparison),
            notices: summary::notices(comparison),
            comparison,
        }
    }
}
