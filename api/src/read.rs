//! Reads cluster files: ordinary Kubernetes objects as JSON or YAML.
//!
//! What cannot be taken apart into objects (broken YAML, a truncated archive) is an error of that
//! file; an object with bad content becomes a finding and the others go on.

use std::io;
use std::path::PathBuf;

use crate::objects::Objects;

mod document;
mod file;
mod object;

/// Why a file could not be taken apart into objects.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file or directory could not be read.
    #[error("cannot read {path}")]
    Io {
        /// The path.
        path: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The gzip archive is damaged or ends early.
    #[error("cannot unpack {file}: the gzip data is damaged or incomplete")]
    Gzip {
        /// The file.
        file: String,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// The text is larger than is read into memory.
    #[error("{file} is too large: expected at most {limit} bytes once unpacked; split it")]
    TooLarge {
        /// The file.
        file: String,
        /// The limit.
        limit: u64,
    },
    /// The text is not UTF-8.
    #[error("{file} is not text: byte {offset} is not UTF-8; expected JSON or YAML")]
    NotText {
        /// The file.
        file: String,
        /// Offset of the first bad byte.
        offset: usize,
    },
    /// A document is neither JSON nor YAML.
    #[error("{file} document {document} line {line}: {message}")]
    Syntax {
        /// The file.
        file: String,
        /// Number of the document, from 1.
        document: u32,
        /// Line of the file, from 1.
        line: u64,
        /// What is wrong.
        message: String,
    },
    /// Directories within directories, too deep to be meant.
    #[error("{path} is nested too deeply: expected at most {limit} directories")]
    TooDeep {
        /// The directory.
        path: String,
        /// The limit.
        limit: usize,
    },
}

/// Reads files and directories (recursively, in the order of their names; files that end in
/// `.yaml`, `.yml` or `.json`, each also with `.gz`).
///
/// # Errors
/// If a file cannot be read or taken apart into objects. No files, or files without objects, are
/// an empty set.
pub fn read_paths(paths: &[PathBuf]) -> Result<Objects, ReadError> {
    let mut objects = Objects::default();
    for path in paths {
        for file in file::expand(path)? {
            let text = file::read(&file)?;
            document::read(&mut objects, &file.display().to_string(), &text)?;
        }
    }
    Ok(objects)
}

/// Reads a text; `name` stands for the file in messages.
///
/// # Errors
/// If the text cannot be taken apart into objects.
pub fn read_str(name: &str, text: &str) -> Result<Objects, ReadError> {
    let mut objects = Objects::default();
    document::read(&mut objects, name, text)?;
    Ok(objects)
}
