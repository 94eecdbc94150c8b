//! A first pass over a trace: is it whole, how long is it, how much does it ask for at its peak.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

use super::error::TraceError;
use super::source::TraceSource;

/// What one pass tells about a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Scan {
    /// SHA-256 of the uncompressed rows and groups, hexadecimal.
    pub(crate) hash: String,
    /// Seconds to replay: the last start or end, or the horizon if that comes first.
    pub(crate) seconds: u64,
    /// Pods that start before then.
    pub(crate) pods: u64,
    /// Most CPU requested at a time.
    pub(crate) peak_cpu_milli: i64,
    /// Most memory requested at a time.
    pub(crate) peak_memory_mib: i64,
    /// The largest request of a pod, each resource by itself.
    pub(crate) largest_cpu_milli: i64,
    /// The same for memory.
    pub(crate) largest_memory_mib: i64,
}

/// A pod that is alive, the one that ends first being the greatest.
type Alive = Reverse<(u64, String, i64, i64)>;

/// Reads the whole trace once and checks every row, also those behind the horizon `until`.
pub(crate) fn scan(source: &TraceSource, until: Option<u64>) -> Result<Scan, TraceError> {
    let horizon = until.unwrap_or(u64::MAX);
    let mut reader = source.open()?;
    let mut found = Scan {
        hash: String::new(),
        seconds: 0,
        pods: 0,
        peak_cpu_milli: 0,
        peak_memory_mib: 0,
        largest_cpu_milli: 0,
        largest_memory_mib: 0,
    };
    let mut alive: BinaryHeap<Alive> = BinaryHeap::new();
    let mut names = BTreeSet::new();
    let (mut cpu_milli, mut memory_mib) = (0, 0);
    for row in &mut reader {
        let row = row?;
        while alive.peek().is_some_and(|Reverse((end, ..))| *end <= row.start) {
            if let Some(Reverse((_, pod, cpu, memory))) = alive.pop() {
                names.remove(&pod);
                cpu_milli -= cpu;
                memory_mib -= memory;
            }
        }
        if !names.insert(row.pod.clone()) {
            let file = reader.file().to_owned();
            return Err(TraceError::Twin { file, pod: row.pod, start: row.start });
        }
        cpu_milli += row.cpu_milli;
        memory_mib += row.memory_mib;
        found.seconds = found.seconds.max(row.end.unwrap_or(row.start));
        if row.start < horizon {
            found.pods += 1;
            found.peak_cpu_milli = found.peak_cpu_milli.max(cpu_milli);
            found.peak_memory_mib = found.peak_memory_mib.max(memory_mib);
            found.largest_cpu_milli = found.largest_cpu_milli.max(row.cpu_milli);
            found.largest_memory_mib = found.largest_memory_mib.max(row.memory_mib);
        }
        let end = row.end.unwrap_or(u64::MAX);
        alive.push(Reverse((end, row.pod, row.cpu_milli, row.memory_mib)));
    }
    if alive.is_empty() {
        return Err(TraceError::Empty { file: reader.file().to_owned() });
    }
    found.seconds = found.seconds.min(horizon);
    found.hash = reader.hash_with(&source.groups_text()?);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedded::EmbeddedTrace;

    #[test]
    fn the_default_trace_is_as_its_source_says() {
        let found = scan(&TraceSource::Embedded(EmbeddedTrace::all()[0]), None).unwrap();
        assert_eq!((found.pods, found.peak_cpu_milli), (12_514, 2_355_000));
    }
}
