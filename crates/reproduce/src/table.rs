//! Tables of text.

use serde_json::{Value, json};
use std::fmt::Write;

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) title: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(title: impl Into<String>, columns: &[&str]) -> Self {
        Self {
            title: title.into(),
            columns: columns.iter().map(|&column| column.to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; missing cells at its end stay empty.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut row: Vec<String> = cells.into_iter().collect();
        row.resize(self.columns.len(), String::new());
        self.rows.push(row);
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({"title": self.title, "columns": self.columns, "rows": self.rows})
    }

    /// Aligned columns: the first to the left, the others to the right.
    pub(crate) fn to_text(&self) -> String {
        let lines = || std::iter::once(&self.columns).chain(&self.rows);
        let width = |column: usize| lines().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let mut text = format!("{}\n", self.title);
        for line in lines() {
            for (column, (cell, &width)) in line.iter().zip(&widths).enumerate() {
                let _ = if column == 0 { write!(text, "  {cell:<width$}") } else { write!(text, "  {cell:>width$}") };
            }
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn columns_are_aligned_and_short_rows_filled() {
        let mut table = Table::new("SHD", &["d", "mean"]);
        table.row(["20".to_owned(), "7.5".to_owned()]);
        table.row(["1000".to_owned()]);
        assert_eq!(table.to_text(), "SHD\n  d     mean\n  20     7.5\n  1000\n");
        assert_eq!(table.to_json()["rows"][1][1], "");
    }
}
