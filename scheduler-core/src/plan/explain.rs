//! The one place where reasons become prose.

use super::reason::Unschedulable;

/// What stands in the way of a pod, in one sentence.
pub fn message(_unschedulable: &Unschedulable) -> String {
    String::new()
}

/// The nearest change that would give the pod a place, in one sentence.
pub fn fix(_unschedulable: &Unschedulable) -> String {
    String::new()
}
