//! Rows of a trace, one at a time.

use std::fmt;
use std::io::{self, Read};

use super::error::TraceError;
use super::hash::HashingReader;
use super::{COLUMNS, TraceRow};

/// Largest request that is taken for real: a million cores, a million GiB, a million GPUs.
const CPU_MILLI_MAX: i64 = 1_000_000_000;
const MEMORY_MIB_MAX: i64 = 1 << 30;
const GPU_MAX: i64 = 1_000_000;

/// Last second that a trace may name: a hundred years.
const SECOND_MAX: u64 = 100 * 366 * 86_400;

/// Reads a trace row by row, in order of `start`.
pub struct TraceReader {
    file: String,
    rows: csv::Reader<HashingReader<Box<dyn Read>>>,
    record: csv::StringRecord,
    last_line: u64,
    last_start: u64,
}

impl TraceReader {
    /// Starts to read uncompressed text and checks its header. `file` is used in messages.
    ///
    /// # Errors
    /// If the header is not the specified one.
    pub fn new(file: impl Into<String>, text: Box<dyn Read>) -> Result<Self, TraceError> {
        let rows = csv::ReaderBuilder::new().from_reader(HashingReader::new(text));
        let record = csv::StringRecord::new();
        let mut reader = Self { file: file.into(), rows, record, last_line: 0, last_start: 0 };
        let header = match reader.rows.headers() {
            Ok(header) => header.clone(),
            Err(error) => return Err(reader.failure(error)),
        };
        reader.check_header(&header)?;
        reader.last_line = 1;
        Ok(reader)
    }

    /// Digest of everything that was read, followed by `more`.
    pub(super) fn hash_with(self, more: &[u8]) -> String {
        self.rows.into_inner().hash_with(more)
    }

    /// File, for messages.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    fn check_header(&self, header: &csv::StringRecord) -> Result<(), TraceError> {
        if header.iter().eq(COLUMNS) {
            return Ok(());
        }
        let missing = COLUMNS.iter().find(|column| !header.iter().any(|name| name == **column));
        let unknown = header.iter().find(|name| !COLUMNS.contains(name));
        let problem = match (missing, unknown) {
            (Some(column), _) => format!("column {column} is missing"),
            (None, Some(name)) => format!("column {name:?} is unknown"),
            (None, None) => "the columns are in another order".to_owned(),
        };
        Err(TraceError::Header { file: self.file.clone(), problem, expected: COLUMNS.join(",") })
    }

    fn read_row(&mut self) -> Result<Option<TraceRow>, TraceError> {
        match self.rows.read_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => return Err(self.failure(error)),
        }
        self.last_line = self.record.position().map_or(self.last_line + 1, csv::Position::line);
        let row = TraceRow {
            pod: self.text(0).to_owned(),
            start: self.second(1)?,
            end: self.optional(2, Self::second)?,
            cpu_milli: self.amount(3, CPU_MILLI_MAX)?,
            memory_mib: self.amount(4, MEMORY_MIB_MAX)?,
            gpu: self.amount(5, GPU_MAX)?,
            class: self.text(6).to_owned(),
            group: self.text(7).to_owned(),
            max_per_node: self.optional(8, Self::count)?,
        };
        self.check(&row)?;
        self.last_start = row.start;
        Ok(Some(row))
    }

    fn check(&self, row: &TraceRow) -> Result<(), TraceError> {
        if row.pod.is_empty() {
            return Err(self.wrong(0, "a pod name"));
        }
        if row.start < self.last_start {
            let sorted = format!(
                "at or after the start of the row before, {}; sort the rows by start, then pod",
                self.last_start
            );
            return Err(self.wrong(1, sorted));
        }
        if row.end.is_some_and(|end| end < row.start) {
            return Err(self.wrong(2, format!("at or after the row's start, {}", row.start)));
        }
        Ok(())
    }

    fn text(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or_default()
    }

    fn second(&self, column: usize) -> Result<u64, TraceError> {
        let second = self.text(column).parse().ok().filter(|second| *second <= SECOND_MAX);
        second.ok_or_else(|| self.wrong(column, "a whole number of seconds from the trace's zero"))
    }

    fn amount(&self, column: usize, most: i64) -> Result<i64, TraceError> {
        let amount = self.text(column).parse().ok().filter(|amount| (0..=most).contains(amount));
        amount.ok_or_else(|| self.wrong(column, format!("a whole number from 0 to {most}")))
    }

    fn count(&self, column: usize) -> Result<u32, TraceError> {
        let count = self.text(column).parse().ok().filter(|count| *count > 0);
        count.ok_or_else(|| self.wrong(column, "a positive whole number, or empty for no limit"))
    }

    fn optional<T>(
        &self,
        column: usize,
        read: impl Fn(&Self, usize) -> Result<T, TraceError>,
    ) -> Result<Option<T>, TraceError> {
        if self.text(column).is_empty() { Ok(None) } else { read(self, column).map(Some) }
    }

    fn wrong(&self, column: usize, expected: impl Into<String>) -> TraceError {
        TraceError::Value {
            file: self.file.clone(),
            line: self.last_line,
            column: COLUMNS[column],
            value: self.text(column).to_owned(),
            expected: expected.into(),
        }
    }

    fn failure(&self, error: csv::Error) -> TraceError {
        let (file, line) = (self.file.clone(), self.last_line);
        if let csv::ErrorKind::UnequalLengths { pos, expected_len, len } = error.kind() {
            let line = pos.as_ref().map_or(line + 1, csv::Position::line);
            return TraceError::Fields { file, line, found: *len, expected: *expected_len };
        }
        let cut_off = matches!(
            error.kind(),
            csv::ErrorKind::Io(cause) if cause.kind() == io::ErrorKind::UnexpectedEof
        );
        if cut_off {
            TraceError::Truncated { file, line }
        } else {
            TraceError::Read { file, line, source: error }
        }
    }
}

impl Iterator for TraceReader {
    type Item = Result<TraceRow, TraceError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read_row().transpose()
    }
}

impl fmt::Debug for TraceReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TraceReader")
            .field("file", &self.file)
            .field("last_line", &self.last_line)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use flate2::Compression;
    use flate2::read::MultiGzDecoder;
    use flate2::write::GzEncoder;

    use super::*;

    const HEADER: &str = "pod,start,end,cpu_milli,memory_mib,gpu,class,group,max_per_node\n";

    fn read(text: String) -> Result<Vec<TraceRow>, TraceError> {
        TraceReader::new("t.csv", Box::new(Cursor::new(text)))?.collect()
    }

    fn message_of(rows: &str) -> String {
        read(format!("{HEADER}{rows}")).unwrap_err().to_string()
    }

    #[test]
    fn reads_a_row_with_and_without_an_end() {
        let rows = read(format!("{HEADER}a,1,5,100,128,0,be,web,2\nb,1,,100,128,0,,,\n")).unwrap();
        assert_eq!((rows[0].end, rows[0].max_per_node), (Some(5), Some(2)));
        assert_eq!((rows[1].end, rows[1].group.as_str()), (None, ""));
    }

    #[test]
    fn a_row_that_ends_before_it_starts_is_named() {
        assert_eq!(
            message_of("a,1,5,100,128,0,,,\nb,7,6,100,128,0,,,\n"),
            "t.csv: line 3: column end: \"6\" is not at or after the row's start, 7"
        );
    }

    #[test]
    fn an_unsorted_row_is_named() {
        assert_eq!(
            message_of("a,5,,100,128,0,,,\nb,4,,100,128,0,,,\n"),
            "t.csv: line 3: column start: \"4\" is not at or after the start of the row before, 5; \
             sort the rows by start, then pod"
        );
    }

    #[test]
    fn a_negative_amount_is_named() {
        assert_eq!(
            message_of("a,1,5,-100,128,0,,,\n"),
            "t.csv: line 2: column cpu_milli: \"-100\" is not a whole number from 0 to 1000000000"
        );
    }

    #[test]
    fn a_missing_column_is_named() {
        let error = read("pod,start,end,cpu_milli,gpu,class,group,max_per_node\n".to_owned());
        assert_eq!(
            error.unwrap_err().to_string(),
            "t.csv: line 1: column memory_mib is missing; the header must be pod,start,end,\
             cpu_milli,memory_mib,gpu,class,group,max_per_node"
        );
    }

    #[test]
    fn a_row_with_too_few_fields_is_named() {
        assert_eq!(message_of("a,1,5\n"), "t.csv: line 2: 3 fields, expected 9");
    }

    #[test]
    fn a_gzip_stream_that_is_cut_off_is_told_with_the_last_line() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::none());
        gzip.write_all(format!("{HEADER}a,1,5,100,128,0,,,\n").as_bytes()).unwrap();
        let mut bytes = gzip.finish().unwrap();
        bytes.truncate(bytes.len() - 6);
        let text = Box::new(MultiGzDecoder::new(Cursor::new(bytes)));
        let rows: Result<Vec<_>, _> =
            TraceReader::new("t.csv.gz", text).and_then(Iterator::collect);
        assert_eq!(
            rows.unwrap_err().to_string(),
            "t.csv.gz: the gzip stream is cut off after line 2; fetch or write the file again, \
             `gzip --test` tells whether it is whole"
        );
    }
}
