//! Results out: whole folders at once, tables for a terminal.

mod command;
mod folder;
mod head;
mod records;
mod table;
mod text;

pub(crate) use command::command;
pub(crate) use folder::{Folder, write_file};
pub(crate) use head::Head;
pub(crate) use records::{document_json, records_csv};
pub(crate) use table::{Align, Table};
pub(crate) use text::{print, short, signed};
