//! Shows a plan for a cluster file: on a terminal, in a pull request, to a program.

mod document;
#[cfg(test)]
pub(crate) mod fixture;
mod listing;
mod restore;
mod text;
mod verdict;
mod workload;

use std::time::Duration;

use scheduler_core::{ClusterSnapshot, Plan};

pub(crate) use document::quantities;
pub use document::{
    AlternativeDocument, CertificateDocument, Dollars, Existing, GapShareDocument, KindDocument,
    OfferingDocument, PlanDocument, PlannedNodeDocument, Stats, UnschedulableDocument,
};
pub(crate) use listing::SHOWN_MICRO_USD;
pub use verdict::{PlanFileError, Verdict};
pub(crate) use workload::{Workloads, with_count};

/// A plan and what it was made from.
#[derive(Debug)]
pub struct Planned {
    /// The cluster that was planned for.
    pub snapshot: ClusterSnapshot,
    /// The plan.
    pub plan: Plan,
    /// What went in.
    pub inputs: Inputs,
    /// How long it took.
    pub times: Times,
}

/// What a plan depends on, for the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inputs {
    /// SHA-256 over the cluster's objects, the catalogue and the Spot price factor.
    pub hash: String,
    /// Region of the prices.
    pub region: String,
    /// Date of the on-demand prices.
    pub price_date: String,
    /// Factor on all Spot prices, in millionths.
    pub spot_price_factor_ppm: u32,
}

/// Wall-clock time of each phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Reading and parsing the cluster files.
    pub read: Duration,
    /// Reading the catalogue.
    pub catalog: Duration,
    /// From objects to a checked snapshot, instance types included.
    pub convert: Duration,
    /// From the snapshot to a verified plan.
    pub plan: Duration,
}

impl Planned {
    /// The plan as data with stable field names.
    pub fn document(&self) -> PlanDocument {
        PlanDocument::new(self)
    }

    /// The plan for a terminal.
    pub fn table(&self) -> String {
        text::table(self)
    }

    /// The plan as Markdown, fit for a comment on a pull request.
    pub fn markdown(&self) -> String {
        text::markdown(self)
    }
}

#[cfg(test)]
mod tests {
    use super::fixture::{idle, planned};

    #[test]
    fn a_plan_on_a_terminal_reads_as_recorded() {
        insta::assert_snapshot!(planned().table());
    }

    #[test]
    fn a_plan_in_a_pull_request_reads_as_recorded() {
        insta::assert_snapshot!(planned().markdown());
    }

    #[test]
    fn a_plan_for_programs_keeps_its_field_names() {
        let text = serde_json::to_string_pretty(&planned().document()).unwrap();
        insta::assert_snapshot!(text);
    }

    #[test]
    fn nothing_pending_is_said_in_a_sentence() {
        let text = idle().table();
        assert!(text.starts_with("No pods are pending: there is nothing to launch.\n"), "{text}");
    }
}
