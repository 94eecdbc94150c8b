//! Lower bounds on cost.

use crate::model::{PodSpec, Price};
use crate::snapshot::Supply;

/// Lower bound on the price of any set of nodes that holds a changing set of running pods.
#[derive(Debug)]
pub struct RunningBound {}

impl RunningBound {
    /// No pods yet. The bound allows every offering of the supply.
    pub fn new(_supply: &Supply) -> Self {
        Self {}
    }

    /// One more pod runs.
    pub fn add(&mut self, _spec: &std::sync::Arc<PodSpec>) {}

    /// One pod less runs.
    pub fn remove(&mut self, _spec: &std::sync::Arc<PodSpec>) {}

    /// No set of nodes that holds the running pods costs less than this.
    pub fn price(&mut self) -> Price {
        Price::ZERO
    }
}
