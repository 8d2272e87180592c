//! Tables for a page.

use crate::drawing::escape;
use crate::output::Align;
use std::fmt::Write;

/// A table that scrolls sideways on a narrow screen.
#[derive(Debug, Default)]
pub(crate) struct HtmlTable {
    columns: Vec<(String, Align)>,
    body: String,
}

impl HtmlTable {
    /// A table with these headings.
    pub(crate) fn new(columns: &[(&str, Align)]) -> Self {
        let columns = columns.iter().map(|&(name, align)| (name.to_owned(), align)).collect();
        Self { columns, body: String::new() }
    }

    /// Adds a row of plain text.
    pub(crate) fn row(&mut self, cells: &[String]) {
        self.body.push_str("<tr>");
        for (cell, (_, align)) in cells.iter().zip(&self.columns) {
            let class = if *align == Align::Right { r#" class="r""# } else { "" };
            let _ = write!(self.body, "<td{class}>{}</td>", escape(cell));
        }
        self.body.push_str("</tr>\n");
    }

    /// The element.
    pub(crate) fn html(&self) -> String {
        let mut head = String::new();
        for (name, align) in &self.columns {
            let class = if *align == Align::Right { r#" class="r""# } else { "" };
            let _ = write!(head, "<th{class}>{}</th>", escape(name));
        }
        format!(
            "<div class=\"scroll\"><table><thead><tr>{head}</tr></thead>\n<tbody>\n{}</tbody></table></div>\n",
            self.body
        )
    }
}
