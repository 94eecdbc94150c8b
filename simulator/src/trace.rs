//! Traces: which pods came when, how long they stayed, and what their workloads ask for.
//!
//! A trace is a CSV file, with or without gzip, whose rows stream: only the pods that are alive are
//! ever in memory. A groups file beside it is read whole.

mod error;
mod groups;
mod hash;
mod read;
mod scan;
mod source;

pub use error::TraceError;
pub use groups::{DaemonFacts, GroupFacts, Groups, SpreadFacts, WhenUnsatisfiable};
pub use read::TraceReader;
pub(crate) use scan::{Scan, scan};
pub use source::TraceSource;

/// Columns of a trace, in order.
pub const COLUMNS: [&str; 9] =
    ["pod", "start", "end", "cpu_milli", "memory_mib", "gpu", "class", "group", "max_per_node"];

/// One pod of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceRow {
    /// Name, unique among the pods alive at a time.
    pub pod: String,
    /// Second from the trace's zero at which the pod is created.
    pub start: u64,
    /// Second at which it ends; `None` if it is still there when the trace ends.
    pub end: Option<u64>,
    /// Requested CPU in milli-cores.
    pub cpu_milli: i64,
    /// Requested memory in MiB.
    pub memory_mib: i64,
    /// Requested GPUs.
    pub gpu: i64,
    /// The source's own class, in `idp-week` the priority class; may be empty.
    pub class: String,
    /// Workload; may be empty.
    pub group: String,
    /// At most so many pods of the group on a node.
    pub max_per_node: Option<u32>,
}
