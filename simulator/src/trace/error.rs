//! What can be wrong with a trace.

use std::io;

use thiserror::Error;

/// A trace that cannot be replayed. Messages name the file, the place and what was expected.
#[derive(Debug, Error)]
pub enum TraceError {
    /// The file cannot be opened.
    #[error("{file}: cannot open the trace; check the path")]
    Open {
        /// File.
        file: String,
        /// Cause.
        #[source]
        source: io::Error,
    },
    /// The file ends in the middle of its gzip stream.
    #[error(
        "{file}: the gzip stream is cut off after line {line}; fetch or write the file again, \
         `gzip --test` tells whether it is whole"
    )]
    Truncated {
        /// File.
        file: String,
        /// Last complete line.
        line: u64,
    },
    /// Reading failed, or the text is not CSV in UTF-8.
    #[error("{file}: cannot read on after line {line}")]
    Read {
        /// File.
        file: String,
        /// Last complete line.
        line: u64,
        /// Cause.
        #[source]
        source: csv::Error,
    },
    /// The header lacks a column or has them in another order.
    #[error("{file}: line 1: {problem}; the header must be {expected}")]
    Header {
        /// File.
        file: String,
        /// What is wrong.
        problem: String,
        /// The header as it should be.
        expected: String,
    },
    /// A row has too few or too many fields.
    #[error("{file}: line {line}: {found} fields, expected {expected}")]
    Fields {
        /// File.
        file: String,
        /// Line.
        line: u64,
        /// Fields found.
        found: u64,
        /// Fields expected.
        expected: u64,
    },
    /// A value does not suit its column.
    #[error("{file}: line {line}: column {column}: {value:?} is not {expected}")]
    Value {
        /// File.
        file: String,
        /// Line.
        line: u64,
        /// Column.
        column: &'static str,
        /// The value as written.
        value: String,
        /// What was expected.
        expected: String,
    },
    /// Two pods of one name are alive at the same time.
    #[error(
        "{file}: pod {pod:?} starts at second {start} while another pod of that name still runs; \
         names in column pod must be unique"
    )]
    Twin {
        /// File.
        file: String,
        /// Name.
        pod: String,
        /// Start of the second one.
        start: u64,
    },
    /// No rows.
    #[error("{file}: the trace has a header but no pods")]
    Empty {
        /// File.
        file: String,
    },
    /// The groups file is not what it should be.
    #[error("{file}: not a groups file")]
    Groups {
        /// File.
        file: String,
        /// Cause, with line and column.
        #[source]
        source: serde_json::Error,
    },
}
