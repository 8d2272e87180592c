//! Rows in, covariance out: memory does not grow with the number of rows unless they are to be kept.

use super::request::{Keep, Missing, Request};
use super::sample::{Estimated, Sample};
use super::selection::Selection;
use crate::failure::{Failure, Outcome};
use ndarray::{Array2, ArrayView2};
use orthant::colide::{Covariance, CovarianceAccumulator, Error, MissingData, covariance_with_missing};
use std::collections::HashMap;

/// Rows that are handed on at a time. The library works on blocks of this size, so that streaming gives the same bits
/// as a matrix in memory.
const BLOCK: usize = 1024;

/// Collects the rows of one table.
pub(crate) struct Collector<'a> {
    source: String,
    selection: Selection,
    request: &'a Request,
    groups: Vec<Group>,
    by_label: HashMap<String, usize>,
    /// All rows, and the group of each.
    kept: Vec<f64>,
    keeping: bool,
    group_of: Vec<usize>,
    seen: usize,
    dropped: usize,
    buffer: Vec<f64>,
}

struct Group {
    label: String,
    rows: usize,
    block: Vec<f64>,
    accumulator: CovarianceAccumulator,
}

impl<'a> Collector<'a> {
    pub(crate) fn new(source: String, selection: Selection, request: &'a Request) -> Self {
        Self {
            source,
            selection,
            request,
            groups: Vec::new(),
            by_label: HashMap::new(),
            kept: Vec::new(),
            keeping: true,
            group_of: Vec::new(),
            seen: 0,
            dropped: 0,
            buffer: Vec::new(),
        }
    }

    pub(crate) fn selection(&self) -> &Selection {
        &self.selection
    }

    /// "`file`, row 3, column 2 (`b`)" for the variable at `position` of the selection.
    pub(crate) fn place(&self, row: u64, position: usize) -> String {
        let (index, name) = (self.selection.indices[position] + 1, &self.selection.names[position]);
        format!("`{}`, row {row}, column {index} (`{name}`)", self.source)
    }

    /// Notes a row that is left out.
    pub(crate) fn drop_row(&mut self) {
        self.seen += 1;
        self.dropped += 1;
    }

    /// Adds a row of the selected columns; `row` is its number in the file. NaN is a missing entry.
    pub(crate) fn push(&mut self, row: u64, label: Option<&str>, values: &[f64]) -> Outcome<()> {
        let estimate = matches!(self.request.missing, Missing::Estimate(_));
        if estimate && values.iter().all(|value| value.is_nan()) {
            self.drop_row();
            return Ok(());
        }
        self.seen += 1;
        let label = label.unwrap_or("").trim();
        if let Some(groups) = &self.request.groups
            && !groups.iter().any(|group| group == label)
        {
            return Ok(());
        }
        let group = match self.by_label.get(label) {
            Some(&group) => group,
            None => self.new_group(label)?,
        };
        let mut values = values;
        if self.request.log {
            let mut buffer = std::mem::take(&mut self.buffer);
            buffer.clear();
            for (position, &value) in values.iter().enumerate() {
                if !(value > 0.0 || value.is_nan()) {
                    return Err(Failure::input(format!(
                        "{}: {value} has no logarithm; leave out --log, or the column",
                        self.place(row, position)
                    )));
                }
                buffer.push(value.ln());
            }
            self.buffer = buffer;
            values = &self.buffer;
        }
        let group_entry = &mut self.groups[group];
        group_entry.rows += 1;
        if !estimate {
            group_entry.block.extend_from_slice(values);
        }
        if group_entry.block.len() >= BLOCK * values.len() {
            group_entry.flush(values.len()).map_err(|error| failure(&self.source, &error))?;
        }
        if self.keeping {
            self.kept.extend_from_slice(values);
            self.group_of.push(group);
            match self.request.keep {
                Keep::All => self.request.check_kept(&self.source, self.kept.len())?,
                Keep::IfFew if self.kept.len() > self.request.few() => {
                    (self.keeping, self.kept, self.group_of) = (false, Vec::new(), Vec::new());
                }
                Keep::IfFew => {}
            }
        }
        Ok(())
    }

    fn new_group(&mut self, label: &str) -> Outcome<usize> {
        let d = self.selection.indices.len();
        let group = self.groups.len();
        if group >= 1000 {
            return Err(Failure::input(format!(
                "`{}`: --group-by makes more than 1000 groups; is it a column of numbers?",
                self.source
            )));
        }
        let accumulator = CovarianceAccumulator::new(d);
        self.groups.push(Group { label: label.to_owned(), rows: 0, block: Vec::new(), accumulator });
        self.by_label.insert(label.to_owned(), group);
        Ok(group)
    }

    /// The sample. Groups are centred each by its own mean.
    pub(crate) fn finish(mut self) -> Outcome<Sample> {
        let d = self.selection.indices.len();
        for group in &mut self.groups {
            group.flush(d).map_err(|error| failure(&self.source, &error))?;
        }
        let rows: usize = self.groups.iter().map(|group| group.rows).sum();
        if rows < 2 {
            return Err(Failure::input(self.too_few(rows)));
        }
        if let Missing::Estimate(how) = self.request.missing {
            return self.estimated(rows, how);
        }
        let grouped = self.request.group_by.is_some();
        let covariance = if grouped { self.pooled() } else { self.groups[0].accumulator.covariance() }
            .map_err(|error| failure(&self.source, &error))?;
        let kept = if self.keeping { Some(self.rows(rows, d, grouped)?) } else { None };
        let groups = if grouped { self.groups.iter().map(|g| (g.label.clone(), g.rows)).collect() } else { Vec::new() };
        Ok(Sample {
            source: self.source,
            names: self.selection.names,
            covariance,
            rows: kept,
            dropped: self.dropped,
            estimated: None,
            lags: Vec::new(),
            groups,
            group_of: self.group_of,
            standardised: None,
        })
    }

    /// The sample of a table with holes; its rows are kept only when there is none.
    fn estimated(mut self, rows: usize, how: MissingData) -> Outcome<Sample> {
        let x = self.rows(rows, self.selection.indices.len(), false)?;
        let found = covariance_with_missing(&x, how).map_err(|error| self.holes(&error))?;
        Ok(Sample {
            source: self.source,
            names: self.selection.names,
            covariance: found.covariance,
            rows: (found.missing == 0.0).then_some(x),
            dropped: self.dropped,
            estimated: Some(Estimated {
                share: found.missing,
                iterations: found.iterations,
                converged: found.converged,
            }),
            lags: Vec::new(),
            groups: Vec::new(),
            group_of: self.group_of,
            standardised: None,
        })
    }

    /// Why a table with holes has no covariance.
    fn holes(&self, error: &Error) -> Failure {
        let (source, name) = (&self.source, |column: usize| &self.selection.names[column]);
        let count = |rows: &usize, what: &str| format!("{rows} {what}{}", if *rows == 1 { "" } else { "s" });
        match error {
            Error::NeverObserved { columns, rows } => Failure::input(match columns[..] {
                [column] => format!(
                    "`{source}`: column `{}` has {}; at least 2 are needed, or leave it out with --exclude {0}",
                    name(column),
                    count(rows, "number")
                ),
                [a, b] => format!(
                    "`{source}`: `{}` and `{}` have {} in common; --missing pairwise needs 2, --missing em does not",
                    name(a),
                    name(b),
                    count(rows, "row")
                ),
                _ => error.to_string(),
            }),
            other => failure(source, other),
        }
    }

    fn too_few(&self, rows: usize) -> String {
        let source = &self.source;
        let left = match (rows, self.seen) {
            (0, 0) => return format!("`{source}` has a header, but no rows of numbers below it"),
            (0, _) if self.dropped == self.seen => "no row without a missing value".to_owned(),
            (0, _) => "no row in the groups asked for".to_owned(),
            (_, 1) => "1 row of numbers".to_owned(),
            (_, seen) => format!("1 row of numbers left of {seen}"),
        };
        format!("`{source}` has {left}; at least 2 are needed, because one sample has no variance")
    }

    /// Covariance within the groups, around the mean of all.
    fn pooled(&self) -> Result<Covariance, Error> {
        let d = self.selection.indices.len();
        let total: usize = self.groups.iter().map(|group| group.rows).sum();
        let mut all = CovarianceAccumulator::new(d);
        let mut within = Array2::<f64>::zeros((d, d));
        for group in &self.groups {
            let moments = group.accumulator.moments()?;
            within.scaled_add(group.rows as f64 / total as f64, &moments.matrix);
            all.merge(&group.accumulator)?;
        }
        let mut covariance = Covariance::from_matrix(&within, total as f64)?;
        covariance.mean = all.moments()?.mean;
        Ok(covariance)
    }

    /// The kept rows; those of groups move to the common mean.
    fn rows(&mut self, rows: usize, d: usize, grouped: bool) -> Outcome<Array2<f64>> {
        let kept = std::mem::take(&mut self.kept);
        let mut x = Array2::from_shape_vec((rows, d), kept).map_err(|error| Failure::Internal(error.to_string()))?;
        if grouped {
            let mut means = Vec::with_capacity(self.groups.len());
            for group in &self.groups {
                means.push(group.accumulator.moments().map_err(|error| failure(&self.source, &error))?.mean);
            }
            for (mut row, &group) in x.rows_mut().into_iter().zip(&self.group_of) {
                row -= &means[group];
            }
        }
        Ok(x)
    }
}

impl Group {
    fn flush(&mut self, d: usize) -> Result<(), Error> {
        if !self.block.is_empty() {
            let rows = self.block.len() / d;
            if let Ok(block) = ArrayView2::from_shape((rows, d), &self.block) {
                self.accumulator.push_rows(&block)?;
            }
            self.block.clear();
        }
        Ok(())
    }
}

fn failure(source: &str, error: &Error) -> Failure {
    if let Error::ZeroVariance { .. } = error {
        return Failure::input(format!("`{source}`: every column is constant: there is nothing to explain"));
    }
    Failure::input(format!("`{source}`: {error}"))
}
