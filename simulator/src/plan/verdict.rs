//! Judges the plan of a file against the cluster that it was made for.

use std::fmt::Write as _;

use plimsoll_api::quantity::QuantityError;
use scheduler_core::ClusterSnapshot;
use scheduler_core::verify::verify;
use serde::Serialize;
use serde_json::Value;

use super::document::{Dollars, PlanDocument};
use super::restore::restore;
use super::{Inputs, Planned, Times};

/// Why a file is not a plan for the cluster.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// The text does not have the form of a plan.
    #[error("it is not a plan as `plimsoll plan -o json` prints it")]
    Json(#[source] serde_json::Error),
    /// A field does not have the form that it has in a plan.
    #[error("field {field} is not as in a plan")]
    Field {
        /// Path of the field.
        field: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// An amount cannot be read.
    #[error("field {field} is not an amount")]
    Quantity {
        /// Path of the field.
        field: String,
        /// What is wrong with it.
        #[source]
        source: QuantityError,
    },
    /// There is no such reason code.
    #[error("field {field}: there is no reason code {code:?}")]
    Code {
        /// Path of the field.
        field: String,
        /// The code.
        code: String,
    },
    /// The plan was made for something else.
    #[error(
        "it was made from other inputs: its inputsHash is {planned}, that of these files is \
         {actual}; give the cluster files and options that the plan was made with"
    )]
    OtherInputs {
        /// Hash in the plan, its first digits.
        planned: String,
        /// Hash of what was read, its first digits.
        actual: String,
    },
}

/// What an independent check of a plan found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// Whether nothing is wrong.
    pub holds: bool,
    /// SHA-256 of everything that the plan depends on.
    pub inputs_hash: String,
    /// Pods that were pending.
    pub pods: usize,
    /// Pods that have a place.
    pub placed: usize,
    /// Nodes to launch.
    pub nodes: usize,
    /// Nodes that exist and get pods.
    pub existing: usize,
    /// What the plan says the new nodes cost.
    pub price_per_hour: Dollars,
    /// What the plan says that no other can undercut; proven if the plan holds.
    pub lower_bound_per_hour: Dollars,
    /// Price over the bound less one, by these figures; `null` if only the bound is zero.
    pub gap: Option<f64>,
    /// What is wrong.
    pub faults: Vec<String>,
}

/// Fields that promise nothing: the version, times and sizes, and sentences for people.
const DESCRIPTIONS: [&str; 4] = ["version", "stats", "message", "fix"];

/// As many digits of a hash as tell two apart.
const HASH_SHOWN: usize = 12;

impl Verdict {
    /// Judges a plan that was printed as JSON.
    ///
    /// # Errors
    /// If the text is no plan, or one for other inputs.
    pub fn of(
        text: &str,
        snapshot: ClusterSnapshot,
        inputs: Inputs,
    ) -> Result<Self, PlanFileError> {
        let told: Value = serde_json::from_str(text).map_err(PlanFileError::Json)?;
        let document: PlanDocument = serde_path_to_error::deserialize(&told).map_err(|error| {
            let (field, source) = (error.path().to_string(), error.into_inner());
            match field.as_str() {
                // What is wrong is not inside of any field.
                "." => PlanFileError::Json(source),
                _ => PlanFileError::Field { field, source },
            }
        })?;
        if document.inputs_hash != inputs.hash {
            let shown = |hash: &str| hash.chars().take(HASH_SHOWN).collect();
            let (planned, actual) = (shown(&document.inputs_hash), shown(&inputs.hash));
            return Err(PlanFileError::OtherInputs { planned, actual });
        }
        let plan = restore(&document, &snapshot)?;
        let mut faults: Vec<String> =
            verify(&snapshot, &plan).iter().map(ToString::to_string).collect();
        let planned = Planned { snapshot, plan, inputs, times: Times::default() };
        let retold = serde_json::to_value(planned.document()).map_err(PlanFileError::Json)?;
        compare(&told, &retold, "", &mut faults);
        let report = &planned.plan.report;
        Ok(Self {
            holds: faults.is_empty(),
            inputs_hash: document.inputs_hash,
            pods: report.pods,
            placed: report.placed,
            nodes: document.nodes.len(),
            existing: document.existing.len(),
            price_per_hour: Dollars(report.price),
            lower_bound_per_hour: Dollars(report.lower_bound),
            gap: report.gap_ppm().map(|ppm| ppm as f64 / 1e6),
            faults,
        })
    }

    /// The verdict in sentences.
    pub fn text(&self) -> String {
        if self.holds { self.confirmation() } else { self.refusal() }
    }

    fn confirmation(&self) -> String {
        let Dollars(price) = self.price_per_hour;
        let Dollars(bound) = self.lower_bound_per_hour;
        let mut text = format!(
            "The plan holds: {} on {}, {price}/h; bound {bound}/h proven",
            count(self.placed, "pod"),
            self.places(),
        );
        // Writing to a string cannot fail.
        let _ = match self.gap {
            Some(gap) => writeln!(text, ", gap {:.2} %", gap * 100.0),
            None => writeln!(text),
        };
        if self.placed < self.pods {
            let waiting = count(self.pods - self.placed, "pod");
            let _ = writeln!(text, "{waiting} without a place in it");
        }
        text
    }

    fn places(&self) -> String {
        let new = count(self.nodes, "new node");
        if self.existing == 0 { new } else { format!("{new} and {} existing", self.existing) }
    }

    fn refusal(&self) -> String {
        let mut text = format!("The plan does not hold: {}.\n", count(self.faults.len(), "fault"));
        for fault in &self.faults {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {fault}");
        }
        text
    }
}

/// Names every field in which a document differs from what its own plan would say.
fn compare(told: &Value, retold: &Value, path: &str, faults: &mut Vec<String>) {
    match (told, retold) {
        (Value::Object(told), Value::Object(retold)) => {
            let keys = told.keys().chain(retold.keys().filter(|key| !told.contains_key(*key)));
            for key in keys.filter(|key| !DESCRIPTIONS.contains(&key.as_str())) {
                let inner = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                match (told.get(key), retold.get(key)) {
                    (Some(told), Some(retold)) => compare(told, retold, &inner, faults),
                    (Some(_), None) => faults.push(format!("field {inner} is not one of a plan")),
                    (None, _) => faults.push(format!("field {inner} is missing")),
                }
            }
        }
        (Value::Array(told), Value::Array(retold)) if told.len() == retold.len() => {
            for (index, (told, retold)) in told.iter().zip(retold).enumerate() {
                compare(told, retold, &format!("{path}[{index}]"), faults);
            }
        }
        (told, retold) if same(told, retold) => {}
        (told, retold) => faults.push(format!("field {path} is {told}, not {retold}")),
    }
}

/// Decimals are read to within less than the last digit that is written.
fn same(told: &Value, retold: &Value) -> bool {
    match (told.as_f64(), retold.as_f64()) {
        (Some(one), Some(other)) if told.is_f64() || retold.is_f64() => {
            (one - other).abs() <= 1e-9 * one.abs().max(1.0)
        }
        _ => told == retold,
    }
}

fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
