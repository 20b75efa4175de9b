//! A table of figures, for a terminal, a spreadsheet and a page.

use std::fmt::Write;

/// Gap between columns on a terminal.
const GAP: &str = "  ";

/// A table: columns with units, and rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    title: String,
    settings: Vec<(String, String)>,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Column {
    name: String,
    unit: String,
}

/// A cell of a table.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cell {
    /// Text, or figures that are already formatted.
    Text(String),
    /// A figure, and the number of decimals shown to people; CSV has all of them.
    Number(f64, usize),
    /// Nothing was measured.
    Empty,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<(f64, usize)> for Cell {
    fn from((value, decimals): (f64, usize)) -> Self {
        Self::Number(value, decimals)
    }
}

impl From<u64> for Cell {
    fn from(count: u64) -> Self {
        Self::Text(count.to_string())
    }
}

impl Cell {
    fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(value, decimals) => format!("{value:.decimals$}"),
            Self::Empty => String::new(),
        }
    }

    fn exact(&self) -> String {
        match self {
            Self::Number(value, _) => value.to_string(),
            other => other.shown(),
        }
    }
}

impl Column {
    fn heading(&self) -> String {
        match (self.name.as_str(), self.unit.as_str()) {
            (name, "") => name.to_owned(),
            ("", unit) => unit.to_owned(),
            (name, unit) => format!("{name} ({unit})"),
        }
    }
}

impl Table {
    /// Creates an empty table. The title is a line for people; an empty title gives no line.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// Adds a value that holds for all rows: a column of its own in CSV, to combine several runs. People have
    /// the title.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &impl ToString) -> Self {
        self.settings.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds a column; the unit may be empty.
    #[must_use]
    pub fn column(mut self, name: impl Into<String>, unit: &str) -> Self {
        self.columns.push(Column { name: name.into(), unit: unit.to_owned() });
        self
    }

    /// Adds a row. Extra cells are dropped, missing ones are empty.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        let mut row: Vec<_> = cells.into_iter().collect();
        row.resize(self.columns.len(), Cell::Empty);
        self.rows.push(row);
    }

    /// Formats for a terminal: the first column left-aligned, figures right-aligned.
    #[must_use]
    pub fn text(&self) -> String {
        let lines: Vec<Vec<String>> = self.lines(|text| text);
        let widths = self.widths(&lines);
        let mut text = self.title_line();
        for line in lines {
            let cells: Vec<_> = line
                .iter()
                .zip(&widths)
                .enumerate()
                .map(
                    |(index, (cell, &width))| {
                        if index == 0 { format!("{cell:width$}") } else { format!("{cell:>width$}") }
                    },
                )
                .collect();
            text += cells.join(GAP).trim_end();
            text.push('\n');
        }
        text
    }

    /// Formats as CSV with a header, by RFC 4180 except for the line ends, which are LF.
    ///
    /// The csv crate would not do these ten lines better: what is written here is never read back.
    #[must_use]
    pub fn csv(&self) -> String {
        let settings = self.settings.iter();
        let header =
            settings.clone().map(|(name, _)| name.clone()).chain(self.columns.iter().map(Column::heading));
        let mut csv = csv_line(header);
        for row in &self.rows {
            let values = settings.clone().map(|(_, value)| value.clone());
            csv += &csv_line(values.chain(row.iter().map(Cell::exact)));
        }
        csv
    }

    /// Formats as a Markdown table.
    #[must_use]
    pub fn markdown(&self) -> String {
        let escaped = |text: String| text.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ");
        let mut lines = self.lines(escaped).into_iter();
        let mut text = self.title_line();
        let mut line = |cells: Vec<String>| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "| {} |", cells.join(" | "));
        };
        lines.next().into_iter().for_each(&mut line);
        line(
            (0..self.columns.len()).map(|index| if index == 0 { "---" } else { "--:" }.to_owned()).collect(),
        );
        lines.for_each(line);
        text
    }

    fn title_line(&self) -> String {
        if self.title.is_empty() { String::new() } else { format!("{}\n\n", self.title) }
    }

    /// Headings and rows as shown.
    fn lines(&self, each: impl Fn(String) -> String) -> Vec<Vec<String>> {
        let headings = self.columns.iter().map(|column| each(column.heading())).collect();
        let rows = self.rows.iter().map(|row| row.iter().map(|cell| each(cell.shown())).collect());
        [headings].into_iter().chain(rows).collect()
    }

    fn widths(&self, lines: &[Vec<String>]) -> Vec<usize> {
        (0..self.columns.len())
            .map(|index| lines.iter().map(|line| line[index].chars().count()).max().unwrap_or(0))
            .collect()
    }
}

fn csv_line(fields: impl Iterator<Item = String>) -> String {
    let quoted = fields.map(|field| {
        if field.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", field.replace('"', "\"\""))
        } else {
            field
        }
    });
    quoted.collect::<Vec<_>>().join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new("640x480, \"quick\"").setting("size", &"640x480").column("step", "");
        table = table.column("p50", "ms").column("", "µs");
        table.row(["captured, encoded".into(), (1.324, 2).into(), 7.into()]);
        table.row(["a|b \"x\"".into(), (12.0, 2).into()]);
        table
    }

    #[test]
    fn a_terminal_gets_aligned_columns() {
        let wanted = "640x480, \"quick\"\n\n\
            step               p50 (ms)  µs\n\
            captured, encoded      1.32   7\n\
            a|b \"x\"               12.00\n";
        assert_eq!(table().text(), wanted);
        assert_eq!(Table::new("").text(), "\n");
    }

    #[test]
    fn a_spreadsheet_gets_quoted_fields_exact_figures_and_the_setting() {
        let wanted = "size,step,p50 (ms),µs\n\
            640x480,\"captured, encoded\",1.324,7\n\
            640x480,\"a|b \"\"x\"\"\",12,\n";
        assert_eq!(table().csv(), wanted);
    }

    #[test]
    fn a_page_gets_markdown() {
        let wanted = "640x480, \"quick\"\n\n\
            | step | p50 (ms) | µs |\n\
            | --- | --: | --: |\n\
            | captured, encoded | 1.32 | 7 |\n\
            | a\\|b \"x\" | 12.00 |  |\n";
        assert_eq!(table().markdown(), wanted);
    }
}
