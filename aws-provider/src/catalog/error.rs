//! Why a catalogue was not read.

use std::io;
use std::path::PathBuf;

/// Why a catalogue was not read. Messages name file, record and field; the cause is the source.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The file could not be read.
    #[error("cannot read catalogue {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The gzip file is broken or cut short.
    #[error("cannot unpack catalogue {catalog}; copy the file again")]
    Unpack {
        /// Name of the catalogue.
        catalog: String,
        /// The cause.
        source: io::Error,
    },
    /// The gzip file unpacks to more than a catalogue can be.
    #[error("catalogue {catalog} unpacks to more than {bytes_max} bytes; use a smaller file")]
    TooLarge {
        /// Name of the catalogue.
        catalog: String,
        /// The limit.
        bytes_max: u64,
    },
    /// The outer layer is not JSON of the catalogue format.
    #[error("catalogue {catalog}: {field}: not as the catalogue format says")]
    Document {
        /// Name of the catalogue.
        catalog: String,
        /// Path of the field.
        field: String,
        /// The cause.
        source: serde_json::Error,
    },
    /// A record is not of the catalogue format.
    #[error("catalogue {catalog}: instance type {record}: {field}: not as the format says")]
    Record {
        /// Name of the catalogue.
        catalog: String,
        /// Name of the instance type, or its place in the list if it has none.
        record: String,
        /// Path of the field within the record.
        field: String,
        /// The cause.
        source: serde_json::Error,
    },
    /// A record contradicts itself or another.
    #[error("catalogue {catalog}: instance type {record}: {field}: {problem}")]
    Value {
        /// Name of the catalogue.
        catalog: String,
        /// Name of the instance type.
        record: String,
        /// Path of the field within the record.
        field: String,
        /// What is wrong and what to do about it.
        problem: String,
    },
}

impl CatalogError {
    /// The outer layer did not parse.
    pub(super) fn document(
        catalog: &str,
        error: serde_path_to_error::Error<serde_json::Error>,
    ) -> Self {
        let field = error.path().to_string();
        Self::Document { catalog: catalog.to_owned(), field, source: error.into_inner() }
    }
}
