//! Where a trace comes from.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::error::TraceError;
use super::groups::Groups;
use super::read::TraceReader;
use crate::embedded::EmbeddedTrace;

/// A trace to replay. It is opened anew for every pass over it.
#[derive(Clone, Debug)]
pub enum TraceSource {
    /// One that is built into the program.
    Embedded(&'static EmbeddedTrace),
    /// A CSV file, with or without gzip; `NAME.groups.json` is looked for beside `NAME.csv.gz`.
    File(PathBuf),
}

impl TraceSource {
    /// The embedded trace of this name, or else the file at this path.
    pub fn named(name: &str) -> Self {
        EmbeddedTrace::named(name).map_or_else(|| Self::File(name.into()), Self::Embedded)
    }

    /// File name, or name of the embedded trace.
    pub fn name(&self) -> String {
        match self {
            Self::Embedded(trace) => trace.name.to_owned(),
            Self::File(path) => {
                path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
            }
        }
    }

    /// Text that the source's licence asks to be shown.
    pub fn attribution(&self) -> Option<&'static str> {
        match self {
            Self::Embedded(trace) => trace.attribution,
            Self::File(_) => None,
        }
    }

    /// Starts a pass over the rows.
    ///
    /// # Errors
    /// If the file cannot be opened or its header is not the specified one.
    pub fn open(&self) -> Result<TraceReader, TraceError> {
        match self {
            Self::Embedded(trace) => {
                TraceReader::new(trace.name, open_embedded(trace.name, trace.rows)?)
            }
            Self::File(path) => TraceReader::new(display(path), open_file(path)?),
        }
    }

    /// The groups file as it is, uncompressed; empty if there is none.
    ///
    /// # Errors
    /// If it is there and cannot be read.
    pub(super) fn groups_text(&self) -> Result<Vec<u8>, TraceError> {
        let mut text = Vec::new();
        match self {
            Self::Embedded(trace) => {
                if let Some(groups) = trace.groups {
                    read_all(open_embedded(trace.name, groups)?, trace.name, &mut text)?;
                }
            }
            Self::File(path) => {
                if let Some(path) = groups_beside(path) {
                    read_all(open_file(&path)?, &display(&path), &mut text)?;
                }
            }
        }
        Ok(text)
    }

    /// What is known about the workloads; nothing if there is no groups file.
    ///
    /// # Errors
    /// If the groups file cannot be read or understood.
    pub fn groups(&self) -> Result<Groups, TraceError> {
        let text = self.groups_text()?;
        if text.is_empty() {
            return Ok(Groups::default());
        }
        let file = match self {
            Self::Embedded(trace) => format!("{}.groups.json", trace.name),
            Self::File(path) => groups_beside(path).map(|path| display(&path)).unwrap_or_default(),
        };
        Groups::parse(&file, &text)
    }
}

/// `NAME.groups.json` or `NAME.groups.json.gz` beside `NAME.csv` or `NAME.csv.gz`, if it is there.
fn groups_beside(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_suffix(".gz").unwrap_or(name);
    let name = name.strip_suffix(".csv").unwrap_or(name);
    let beside = |ending: &str| path.with_file_name(format!("{name}{ending}"));
    [beside(".groups.json"), beside(".groups.json.gz")]
        .into_iter()
        .find(|candidate| fs::exists(candidate).unwrap_or(false))
}

fn open_embedded(name: &str, bytes: &'static [u8]) -> Result<Box<dyn Read>, TraceError> {
    unzipped(bytes).map_err(|source| TraceError::Open { file: name.to_owned(), source })
}

fn open_file(path: &Path) -> Result<Box<dyn Read>, TraceError> {
    File::open(path)
        .and_then(unzipped)
        .map_err(|source| TraceError::Open { file: display(path), source })
}

fn read_all(mut from: Box<dyn Read>, file: &str, into: &mut Vec<u8>) -> Result<(), TraceError> {
    from.read_to_end(into)
        .map(|_| ())
        .map_err(|source| TraceError::Open { file: file.to_owned(), source })
}

/// The text behind gzip, told by its first two bytes and not by the file's name.
fn unzipped(bytes: impl Read + 'static) -> io::Result<Box<dyn Read>> {
    const MAGIC: [u8; 2] = [0x1f, 0x8b];
    let mut bytes = BufReader::new(bytes);
    if bytes.fill_buf()?.starts_with(&MAGIC) {
        Ok(Box::new(MultiGzDecoder::new(bytes)))
    } else {
        Ok(Box::new(bytes))
    }
}

fn display(path: &Path) -> String {
    path.display().to_string()
}
