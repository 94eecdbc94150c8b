//! Pods that are bound, as rules count them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::PodSpec;
use crate::problem::sites::SiteSummary;

/// Distinct specs of bound pods and where they are.
#[derive(Debug, Default)]
pub(super) struct Bound<'a> {
    pub(super) specs: Vec<&'a PodSpec>,
    /// By spec: nodes and numbers of pods.
    pub(super) at: Vec<Vec<(usize, i64)>>,
}

impl<'a> Bound<'a> {
    pub(super) fn new(summaries: &'a [Arc<SiteSummary>]) -> Self {
        let mut bound = Self::default();
        let mut by_address: BTreeMap<usize, usize> = BTreeMap::new();
        let mut by_value: BTreeMap<&PodSpec, usize> = BTreeMap::new();
        for (node, summary) in summaries.iter().enumerate() {
            for (spec, count) in &summary.bound {
                let number = *by_address.entry(Arc::as_ptr(spec).addr()).or_insert_with(|| {
                    *by_value.entry(spec).or_insert_with(|| {
                        bound.specs.push(spec);
                        bound.at.push(Vec::new());
                        bound.specs.len() - 1
                    })
                });
                bound.at[number].push((node, *count));
            }
        }
        bound
    }
}
