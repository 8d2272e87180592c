//! Tables for a terminal.

/// Where the text of a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows of text in columns of equal width.
#[derive(Debug, Default)]
pub(crate) struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub(crate) fn new(columns: &[(&str, Align)]) -> Self {
        Self { columns: columns.iter().map(|&(name, align)| (name.to_owned(), align)).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The text, two blanks in front of each line.
    pub(crate) fn text(&self) -> String {
        let width = |text: &str| text.chars().count();
        let mut widths: Vec<usize> = self.columns.iter().map(|(name, _)| width(name)).collect();
        for row in &self.rows {
            for (widest, cell) in widths.iter_mut().zip(row) {
                *widest = (*widest).max(width(cell));
            }
        }
        let headings: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let has_headings = headings.iter().any(|heading| !heading.is_empty());
        let mut text = String::new();
        for row in has_headings.then_some(&headings).into_iter().chain(&self.rows) {
            let mut line = String::new();
            for ((cell, &(_, align)), &widest) in row.iter().zip(&self.columns).zip(&widths) {
                let gap = " ".repeat(widest - width(cell));
                line.push_str("  ");
                match align {
                    Align::Left => line.extend([cell.as_str(), &gap]),
                    Align::Right => line.extend([&gap, cell.as_str()]),
                }
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::{Align, Table};

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&[("name", Align::Left), ("σ", Align::Right)]);
        table.row(vec!["a".into(), "1.25".into()]);
        table.row(vec!["longer".into(), "3".into()]);
        assert_eq!(table.text(), "  name       σ\n  a       1.25\n  longer     3\n");
    }
}
