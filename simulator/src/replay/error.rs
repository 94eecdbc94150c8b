//! Why a comparison cannot be made.

use scheduler_core::Refusal;
use thiserror::Error;

use crate::trace::TraceError;

/// Why a comparison cannot be made.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// Nothing to compare.
    #[error("no strategy was named; name at least one")]
    NoStrategy,
    /// Results could not be told apart.
    #[error("strategy {name} was named twice; give each its own name")]
    TwinStrategies {
        /// The name.
        name: String,
    },
    /// A pool of a strategy cannot be used.
    #[error("strategy {strategy}: {refusal}")]
    Refused {
        /// The strategy.
        strategy: String,
        /// The pool, the field and the fix.
        refusal: Box<Refusal>,
    },
    /// No type of the strategy's pools can hold the largest pods.
    #[error(
        "strategy {strategy}: no single on-demand instance type of its NodePools holds every pod \
         of the trace; allow larger types or divide the requests"
    )]
    NoFleet {
        /// The strategy.
        strategy: String,
    },
    /// The trace cannot be read.
    #[error(transparent)]
    Trace(#[from] TraceError),
}
