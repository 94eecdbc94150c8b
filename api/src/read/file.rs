//! Files and directories.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::ReadError;

/// Far beyond any cluster; keeps a hostile archive from filling the memory.
const TEXT_BYTES_MAX: u64 = 4 << 30;

/// Far beyond any repository; ends a cycle of symbolic links.
const DIRECTORY_DEPTH_MAX: usize = 32;

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The file itself, or the readable files of a directory in the order of their names.
pub(super) fn expand(path: &Path) -> Result<Vec<PathBuf>, ReadError> {
    if !metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    walk(path, 0, &mut files)?;
    Ok(files)
}

fn walk(directory: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), ReadError> {
    if depth > DIRECTORY_DEPTH_MAX {
        let path = directory.display().to_string();
        return Err(ReadError::TooDeep { path, limit: DIRECTORY_DEPTH_MAX });
    }
    let failed = |source| ReadError::Io { path: directory.display().to_string(), source };
    let entries = fs::read_dir(directory).map_err(failed)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|e| e.path())).collect::<io::Result<_>>().map_err(failed)?;
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Hidden entries are version control and the like.
        if name.starts_with('.') {
            continue;
        }
        if metadata(&path)?.is_dir() {
            walk(&path, depth + 1, files)?;
        } else if is_manifest(&name) {
            files.push(path);
        }
    }
    Ok(())
}

fn metadata(path: &Path) -> Result<fs::Metadata, ReadError> {
    fs::metadata(path).map_err(|source| ReadError::Io { path: path.display().to_string(), source })
}

fn is_manifest(name: &str) -> bool {
    let name = name.to_lowercase();
    let plain = name.strip_suffix(".gz").unwrap_or(&name);
    [".yaml", ".yml", ".json"].iter().any(|extension| plain.ends_with(extension))
}

/// The text of a file, unpacked if it is a gzip archive.
pub(super) fn read(path: &Path) -> Result<String, ReadError> {
    let file = path.display().to_string();
    let bytes = fs::read(path).map_err(|source| ReadError::Io { path: file.clone(), source })?;
    let bytes = if bytes.starts_with(&GZIP_MAGIC) { unpack(&file, &bytes)? } else { bytes };
    if bytes.len() as u64 > TEXT_BYTES_MAX {
        return Err(ReadError::TooLarge { file, limit: TEXT_BYTES_MAX });
    }
    String::from_utf8(bytes)
        .map_err(|error| ReadError::NotText { file, offset: error.utf8_error().valid_up_to() })
}

fn unpack(file: &str, packed: &[u8]) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    MultiGzDecoder::new(packed)
        .take(TEXT_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| ReadError::Gzip { file: file.to_owned(), source })?;
    Ok(bytes)
}
