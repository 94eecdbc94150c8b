//! Rows and columns, laid out for a terminal or as Markdown.

use comfy_table::{
    Cell, CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle,
};

/// A rule under the header, nothing else.
const PLAIN: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none())
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .content_lines(ContentLineStyle::none());

/// Which edge of its column a cell keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A table before it is laid out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grid {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Grid {
    /// An empty table with these columns. A line break in a title is kept on a terminal only.
    pub(crate) fn new<'a>(columns: impl IntoIterator<Item = (&'a str, Align)>) -> Self {
        let columns = columns.into_iter().map(|(title, align)| (title.to_owned(), align)).collect();
        Self { columns, rows: Vec::new() }
    }

    /// Adds a row with one cell a column.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.columns.len());
        self.rows.push(cells);
    }

    /// Titles of the columns on one line.
    pub(crate) fn titles(&self) -> impl Iterator<Item = String> {
        self.columns.iter().map(|(title, _)| {
            let joined = title.replace("-\n", "-").replace("/\n", "/");
            joined.trim().replace('\n', " ")
        })
    }

    /// The rows.
    pub(crate) fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }

    /// For a terminal: columns as wide as their contents, without borders.
    pub(crate) fn text(&self) -> String {
        let mut table = Table::new();
        table.load_style(PLAIN);
        table.set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(self.columns.iter().map(|(title, _)| Cell::new(title)));
        for row in &self.rows {
            table.add_row(row);
        }
        let last = self.columns.len().saturating_sub(1);
        for (index, (column, (_, align))) in table.column_iter_mut().zip(&self.columns).enumerate()
        {
            column.set_padding((0, u16::from(index != last)));
            column.set_cell_alignment(match align {
                Align::Left => CellAlignment::Left,
                Align::Right => CellAlignment::Right,
            });
        }
        let mut text = table.trim_fmt();
        text.push('\n');
        text
    }

    /// As a Markdown table.
    pub(crate) fn markdown(&self) -> String {
        let line = |cells: &mut dyn Iterator<Item = String>| {
            let cells: Vec<_> = cells.collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let mut text = line(&mut self.titles().map(|title| escape_markdown(&title)));
        text += &line(&mut self.columns.iter().map(|(_, align)| match align {
            Align::Left => "---".to_owned(),
            Align::Right => "---:".to_owned(),
        }));
        for row in &self.rows {
            text += &line(&mut row.iter().map(|cell| escape_markdown(cell)));
        }
        text
    }
}

/// Width that every terminal has.
const WIDTH: u16 = 80;

/// Rows of prose, the last column wrapped to the width of a terminal; a number keeps its `%`.
pub(crate) fn paragraphs<const N: usize>(rows: impl IntoIterator<Item = [String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new());
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
    for row in rows {
        table.add_row(row.map(|cell| cell.replace(" %", "\u{a0}%")));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let mut text = table.trim_fmt().replace('\u{a0}', " ");
    text.push('\n');
    text
}

/// Text that Markdown shows as it is: names come from users' files.
pub(crate) fn escape_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\\' | '`' | '*' | '_' | '|' | '[' | ']' | '#' => escaped.extend(['\\', letter]),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\n' => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid() -> Grid {
        let mut grid = Grid::new([("name", Align::Left), ("cost\na month", Align::Right)]);
        grid.row(vec!["a|b".to_owned(), "$9".to_owned()]);
        grid
    }

    #[test]
    fn a_terminal_gets_aligned_columns() {
        let expected = "name     cost\n      a month\n─────────────\na|b        $9\n";
        assert_eq!(grid().text(), expected);
    }

    #[test]
    fn markdown_keeps_names_as_they_are() {
        let expected = "| name | cost a month |\n| --- | ---: |\n| a\\|b | $9 |\n";
        assert_eq!(grid().markdown(), expected);
    }
}
