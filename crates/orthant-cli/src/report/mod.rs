//! Self-contained HTML pages.

mod page;
mod table;

pub(crate) use page::Page;
pub(crate) use table::HtmlTable;
