//! Whole matrices and short tables, such as a covariance, a true graph, starting weights or a row to explain.

use super::delimited::{Delimited, line_of};
use super::number::Cell;
use super::request::Request;
use super::{is_npy, npy};
use crate::failure::{Failure, Outcome};
use csv::ByteRecord;
use ndarray::Array2;
use std::path::Path;

/// A matrix with the names of its columns where the file has them.
#[derive(Debug, Clone)]
pub(crate) struct Matrix {
    /// The file, as the user named it.
    pub(crate) file: String,
    /// Names from the header.
    pub(crate) names: Option<Vec<String>>,
    /// The numbers.
    pub(crate) values: Array2<f64>,
}

impl Matrix {
    /// Refuses anything but d × d.
    pub(crate) fn check_square(&self) -> Outcome<usize> {
        let (rows, columns) = self.values.dim();
        if rows == columns {
            return Ok(rows);
        }
        Err(Failure::input(format!("`{}` is {rows} × {columns}; a square matrix is needed", self.file)))
    }
}

/// Reads a matrix of finite numbers.
pub(crate) fn read_matrix(path: &Path, request: &Request) -> Outcome<Matrix> {
    if is_npy(path) {
        let values = npy::matrix(path)?;
        let file = path.display().to_string();
        if let Some(((i, j), value)) = values.indexed_iter().find(|(_, value)| !value.is_finite()) {
            let (row, column) = (i + 1, j + 1);
            return Err(Failure::input(format!(
                "`{file}`, row {row}, column {column}: `{value}` is not a finite number"
            )));
        }
        return Ok(Matrix { file, names: None, values });
    }
    let mut table = Delimited::open(path, request)?;
    request.check_memory(&table.file, table.names.len())?;
    let columns = table.names.len();
    let mut numbers = Vec::new();
    let mut record = ByteRecord::new();
    while table.read(&mut record)? {
        for index in 0..columns {
            let text = table.text(&record, index)?;
            match Cell::parse(text, request.decimal_comma) {
                Cell::Number(number) => numbers.push(number),
                bad => {
                    let (row, column, name) = (line_of(&record), index + 1, &table.names[index]);
                    let place = format!("`{}`, row {row}, column {column} (`{name}`)", table.file);
                    let text = text.trim();
                    let complaint = match bad {
                        Cell::Missing if text.is_empty() => "the cell is empty".to_owned(),
                        Cell::Missing => format!("`{text}` is a missing value"),
                        Cell::NotFinite => format!("`{text}` is not a finite number"),
                        Cell::Text => format!("`{text}` is not a number"),
                        other => other.complaint(text, name, ""),
                    };
                    return Err(Failure::input(format!("{place}: {complaint}")));
                }
            }
        }
    }
    let rows = numbers.len() / columns;
    if rows == 0 {
        return Err(Failure::input(format!("`{}` has a header, but no rows of numbers below it", table.file)));
    }
    let values =
        Array2::from_shape_vec((rows, columns), numbers).map_err(|error| Failure::Internal(error.to_string()))?;
    let names = table.named.then_some(table.names);
    Ok(Matrix { file: table.file, names, values })
}

/// Reads all rows of a delimited file as text, each with its line number, and the header if it has one.
#[allow(clippy::type_complexity)]
pub(crate) fn read_records(path: &Path, request: &Request) -> Outcome<(Option<Vec<String>>, Vec<(u64, Vec<String>)>)> {
    let mut table = Delimited::open(path, request)?;
    let mut rows = Vec::new();
    let mut record = ByteRecord::new();
    while table.read(&mut record)? {
        let cells = (0..record.len()).map(|index| table.text(&record, index).map(|text| text.trim().to_owned()));
        rows.push((line_of(&record), cells.collect::<Outcome<Vec<_>>>()?));
    }
    Ok((table.named.then_some(table.names), rows))
}
