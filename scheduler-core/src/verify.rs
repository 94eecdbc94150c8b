//! An independent check of a plan against the snapshot it was made for.

use serde::{Deserialize, Serialize};

use crate::plan::Plan;
use crate::snapshot::ClusterSnapshot;

/// Something in a plan that breaks a constraint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Violation {}

/// Checks a plan.
pub fn verify(_snapshot: &ClusterSnapshot, _plan: &Plan) -> Vec<Violation> {
    Vec::new()
}
