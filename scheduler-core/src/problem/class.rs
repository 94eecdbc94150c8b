//! Identical pods as one class with a count.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{HostPort, Pod, PodSpec};

/// Identical pending pods.
#[derive(Clone, Debug)]
pub(crate) struct Class {
    pub(crate) spec: Arc<PodSpec>,
    /// Positions in the snapshot's pending pods, ascending.
    pub(crate) pods: Vec<usize>,
    /// Requests of one pod.
    pub(crate) request: Vec<i64>,
    /// Index into the problem's admissions.
    pub(crate) admission: usize,
    /// The same with the preferences that are worth their price.
    pub(crate) preferred: Option<usize>,
    /// Most of them on one node, bound ones included, whatever its size.
    pub(crate) per_node: i64,
}

impl Class {
    /// The admission that is tried first.
    pub(crate) fn wanted(&self) -> usize {
        self.preferred.unwrap_or(self.admission)
    }

    /// Whether a host port of the class is among those taken.
    pub(crate) fn clashes(&self, taken: &[HostPort]) -> bool {
        let ports = &self.spec.host_ports;
        ports.iter().any(|port| taken.iter().any(|other| port.conflicts(other)))
    }
}

/// Groups pods by their spec, in the order of first appearance. Pods that share one allocation
/// are told by its address; others by value.
pub(super) fn group(pods: &[Arc<Pod>]) -> Vec<(Arc<PodSpec>, Vec<usize>)> {
    let mut classes: Vec<(Arc<PodSpec>, Vec<usize>)> = Vec::new();
    let mut by_address: BTreeMap<*const PodSpec, usize> = BTreeMap::new();
    let mut by_value: BTreeMap<&PodSpec, usize> = BTreeMap::new();
    for (index, pod) in pods.iter().enumerate() {
        let number = *by_address.entry(Arc::as_ptr(&pod.spec)).or_insert_with(|| {
            *by_value.entry(&pod.spec).or_insert_with(|| {
                classes.push((pod.spec.clone(), Vec::new()));
                classes.len() - 1
            })
        });
        classes[number].1.push(index);
    }
    classes
}
