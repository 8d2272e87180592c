//! CSV and TSV files, streamed.

use super::collector::Collector;
use super::lines::Lines;
use super::number::{Cell, FILL};
use super::request::{Missing, Request};
use super::sample::Sample;
use super::selection::Selection;
use super::{open, sniff};
use crate::failure::{Failure, Outcome};
use crate::progress::Progress;
use csv::ByteRecord;
use std::io::{Cursor, Read};
use std::path::Path;

/// A delimited file whose first row has been looked at.
pub(crate) struct Delimited {
    pub(crate) file: String,
    /// Names of all columns; x0, x1, … without a header.
    pub(crate) names: Vec<String>,
    /// True when the names come from the file.
    pub(crate) named: bool,
    reader: csv::Reader<Lines<Box<dyn Read>>>,
    /// Data that was read while looking.
    pending: std::collections::VecDeque<ByteRecord>,
    separator: u8,
    first_line: u64,
}

impl Delimited {
    pub(crate) fn open(path: &Path, request: &Request) -> Outcome<Self> {
        let file = path.display().to_string();
        let mut source = open(path)?;
        let mut head = Vec::with_capacity(sniff::HEAD);
        source.by_ref().take(sniff::HEAD as u64).read_to_end(&mut head).map_err(|error| Failure::read(path, &error))?;
        let mark = sniff::check_encoding(&file, &head)?;
        let separator = request.separator.unwrap_or_else(|| sniff::separator(&head[mark..], head.len() < sniff::HEAD));
        let mut head = Cursor::new(head);
        head.set_position(mark as u64);
        let whole: Box<dyn Read> = Box::new(head.chain(source));
        let reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(Lines::new(whole));
        let mut this = Self {
            file,
            names: Vec::new(),
            named: false,
            reader,
            pending: std::collections::VecDeque::new(),
            separator,
            first_line: 1,
        };
        this.look_at_header(request)?;
        Ok(this)
    }

    fn look_at_header(&mut self, request: &Request) -> Outcome<()> {
        let mut first = ByteRecord::new();
        if !self.next(&mut first)? {
            return Err(Failure::input(format!("`{}` is empty", self.file)));
        }
        self.first_line = line_of(&first);
        let mut second = ByteRecord::new();
        let has_second = self.next(&mut second)?;
        let text = |record: &ByteRecord| -> Vec<String> {
            record.iter().map(|cell| String::from_utf8_lossy(cell).trim().to_owned()).collect()
        };
        let (cells, below) = (text(&first), has_second.then(|| text(&second)));
        self.named = sniff::has_header(request.header, &cells, below.as_deref(), request.decimal_comma);
        if cells.len() == 1 && below.as_ref().is_none_or(|row| row.len() == 1) {
            let shown = below.as_ref().unwrap_or(&cells);
            let numbers = shown[0].split_whitespace().filter(|part| part.parse::<f64>().is_ok()).count();
            if numbers > 1 {
                return Err(Failure::input(format!(
                    "`{}`, row {}: the cells are separated by blanks; separate them by commas, semicolons or tabs",
                    self.file,
                    if has_second { line_of(&second) } else { self.first_line }
                )));
            }
        }
        if has_second {
            self.pending.push_back(second);
        }
        if self.named {
            for (index, cell) in first.iter().enumerate() {
                if std::str::from_utf8(cell).is_err() {
                    return Err(self.not_utf8(self.first_line, index, None));
                }
            }
            self.names = cells;
        } else {
            self.names = (0..cells.len()).map(|j| format!("x{j}")).collect();
            self.pending.push_front(first);
        }
        Ok(())
    }

    /// The next row with its line number; `false` at the end. Rows have as many cells as there are names.
    pub(crate) fn read(&mut self, record: &mut ByteRecord) -> Outcome<bool> {
        match self.pending.pop_front() {
            Some(pending) => *record = pending,
            None => {
                if !self.next(record)? {
                    return Ok(false);
                }
            }
        }
        let (found, expected) = (record.len(), self.names.len());
        if found != expected {
            let above = if self.named { "the header has" } else { "the first row has" };
            let mut hint = String::new();
            if self.separator == b',' && found == 2 * expected {
                hint = " (with decimal commas, separate the columns by semicolons and pass --decimal-comma)".to_owned();
            }
            let cells = if found == 1 { "cell" } else { "cells" };
            return Err(Failure::input(format!(
                "`{}`, row {}: {found} {cells}, but {above} {expected}{hint}",
                self.file,
                line_of(record)
            )));
        }
        Ok(true)
    }

    /// True for the first row of the file when it was taken for data.
    pub(crate) fn is_first_data_row(&self, line: u64) -> bool {
        !self.named && line == self.first_line
    }

    /// The text of a cell.
    pub(crate) fn text<'r>(&self, record: &'r ByteRecord, index: usize) -> Outcome<&'r str> {
        let cell = record.get(index).unwrap_or_default();
        std::str::from_utf8(cell).map_err(|_| self.not_utf8(line_of(record), index, self.names.get(index)))
    }

    fn not_utf8(&self, line: u64, index: usize, name: Option<&String>) -> Failure {
        let name = name.map(|name| format!(" (`{name}`)")).unwrap_or_default();
        let column = index + 1;
        Failure::input(format!(
            "`{}`, row {line}, column {column}{name}: not UTF-8 text; save the file as UTF-8",
            self.file
        ))
    }

    fn next(&mut self, record: &mut ByteRecord) -> Outcome<bool> {
        let more = self
            .reader
            .read_byte_record(record)
            .map_err(|error| Failure::input(format!("cannot read `{}`: {error}", self.file)))?;
        // The reader notes where it stood before empty lines. Where it stands afterwards is one line below the end.
        let mut position = self.reader.position().clone();
        let inside = record.as_slice().iter().filter(|&&byte| byte == b'\n').count() as u64;
        position.set_line(position.line().saturating_sub(1 + inside));
        record.set_position(Some(position));
        Ok(more)
    }
}

/// The line on which a record begins, from 1.
pub(crate) fn line_of(record: &ByteRecord) -> u64 {
    record.position().map_or(0, csv::Position::line)
}

/// Reads a sample.
pub(crate) fn sample(path: &Path, request: &Request, progress: &Progress) -> Outcome<Sample> {
    let mut table = Delimited::open(path, request)?;
    let selection = Selection::new(&table.file, &table.names, table.named, request)?;
    let mut collector = Collector::new(table.file.clone(), selection, request);
    let mut record = ByteRecord::new();
    let mut values = vec![0.0; collector.selection().indices.len()];
    let mut rows = 0_u64;
    'rows: while table.read(&mut record)? {
        let line = line_of(&record);
        for (position, value) in values.iter_mut().enumerate() {
            let index = collector.selection().indices[position];
            let text = table.text(&record, index)?;
            match Cell::parse(text, request.decimal_comma) {
                Cell::Number(number) => *value = number,
                bad if bad.is_missing(text) && request.missing != Missing::Refuse => {
                    if request.missing == Missing::Drop {
                        collector.drop_row();
                        continue 'rows;
                    }
                    *value = f64::NAN;
                }
                bad => return Err(complaint(&table, &collector, line, position, bad, text)),
            }
        }
        let label = collector.selection().group.map(|index| table.text(&record, index)).transpose()?;
        collector.push(line, label, &values)?;
        rows += 1;
        if rows.is_multiple_of(4096) {
            progress.rows(rows);
        }
    }
    collector.finish()
}

fn complaint(table: &Delimited, collector: &Collector<'_>, line: u64, at: usize, bad: Cell, text: &str) -> Failure {
    let name = &collector.selection().names[at];
    let mut complaint = bad.complaint(text, name, FILL);
    if bad == Cell::Text && table.is_first_data_row(line) {
        complaint = format!("`{text}` is not a number; if the row holds names, pass --header yes");
    }
    Failure::input(format!("{}: {complaint}", collector.place(line, at)))
}
