//! How figures are written.

use std::time::Duration;

use comfy_table::{Cell, CellAlignment, Table};

/// Lowest and highest value.
pub(crate) type Range = (f64, f64);

/// A table of right-aligned columns.
pub(crate) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_header(header.iter().map(right));
    table
}

/// A row of one.
pub(crate) fn cells(texts: impl IntoIterator<Item = String>) -> Vec<Cell> {
    texts.into_iter().map(right).collect()
}

/// Lowest and highest of some values; none have a range from 0 to 0.
pub(crate) fn range(values: impl IntoIterator<Item = f64>) -> Range {
    let widen = |(low, high): Range, value: f64| (low.min(value), high.max(value));
    values.into_iter().map(|value| (value, value)).reduce(|a, b| widen(a, b.1)).unwrap_or_default()
}

/// `1.004–1.009`, or one number if they look alike.
pub(crate) fn show((low, high): Range, digits: usize) -> String {
    let (low, high) = (format!("{low:.digits$}"), format!("{high:.digits$}"));
    if low == high { low } else { format!("{low}–{high}") }
}

/// Milliseconds, as a number.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn right(text: impl ToString) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_reads_as_one_number_where_its_ends_look_alike() {
        let values = range([1.02, 1.001, 1.05]);
        assert_eq!((show(values, 3), show(values, 0)), ("1.001–1.050".into(), "1".into()));
    }
}
