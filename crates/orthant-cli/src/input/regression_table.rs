//! Reading a table with a response: CSV, TSV, npy, svmlight.

use super::delimited::{Delimited, line_of};
use super::number::Cell;
use super::regression::{
    Answer, Regression, RegressionRequest, Response, ResponseKind, Roles, Rows, classes, no_response,
};
use super::request::Missing;
use super::{is_npy, npy, svmlight};
use crate::failure::{Failure, Outcome};
use crate::progress::Progress;
use csv::ByteRecord;
use ndarray::Array1;
use std::path::Path;

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// Cells between separators.
    Csv,
    /// NumPy's array file.
    Npy,
    /// `response index:value …` on each line, indices from 1 (or from 0 when a 0 occurs).
    Svmlight,
}

impl Format {
    /// The format that the name of a file says.
    fn of(path: &Path) -> Self {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default().to_lowercase();
        match extension.as_str() {
            "npy" => Self::Npy,
            "svm" | "svmlight" | "libsvm" => Self::Svmlight,
            _ => Self::Csv,
        }
    }
}

/// What to do about a missing value where the rows are needed.
const FILL: &str = "; fill it, or pass --drop-missing to leave such rows out";

/// Reads a table, and its response from a file of its own when there is one.
pub(crate) fn read_regression(
    path: &Path,
    format: Option<Format>,
    response: Option<&Path>,
    request: &RegressionRequest,
    progress: &Progress,
) -> Outcome<Regression> {
    let response = response.map(|path| read_response(path, request)).transpose()?;
    match format.unwrap_or_else(|| Format::of(path)) {
        Format::Csv => delimited(path, response, request, progress),
        Format::Npy => from_npy(path, response, request, progress),
        Format::Svmlight => svmlight::read(path, response, request, progress),
    }
}

/// A response from a file with one value on each line, or from an npy vector.
fn read_response(path: &Path, request: &RegressionRequest) -> Outcome<(String, Response)> {
    let file = path.display().to_string();
    let name = path.file_stem().map_or_else(|| file.clone(), |stem| stem.to_string_lossy().into_owned());
    if is_npy(path) {
        let values = npy::vector(path)?;
        if let Some((index, value)) = values.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            return Err(Failure::input(format!("`{file}`, entry {}: `{value}` is not a finite number", index + 1)));
        }
        return Ok((
            name,
            match request.kind {
                ResponseKind::Numbers => Response::Numbers(Array1::from(values)),
                ResponseKind::Classes => classes(values.iter().map(ToString::to_string).collect()),
            },
        ));
    }
    let mut table = Delimited::open(path, &request.table)?;
    if table.names.len() != 1 {
        let found = table.names.len();
        return Err(Failure::input(format!("--response-file `{file}` has {found} columns; one is needed")));
    }
    let name = if table.named { table.names[0].clone() } else { name };
    let (mut numbers, mut labels) = (Vec::new(), Vec::new());
    let mut record = ByteRecord::new();
    while table.read(&mut record)? {
        let text = table.text(&record, 0)?.trim();
        match (request.kind, Cell::parse(text, request.table.decimal_comma)) {
            (ResponseKind::Numbers, Cell::Number(number)) => numbers.push(number),
            (ResponseKind::Classes, Cell::Number(_) | Cell::Text) => labels.push(text.to_owned()),
            (_, bad) => {
                let place = format!("`{file}`, row {}, column 1", line_of(&record));
                return Err(Failure::input(format!("{place}: {}", bad.complaint(text, &name, ""))));
            }
        }
    }
    Ok((
        name,
        match request.kind {
            ResponseKind::Numbers => Response::Numbers(Array1::from(numbers)),
            ResponseKind::Classes => classes(labels),
        },
    ))
}

fn delimited(
    path: &Path,
    response: Option<(String, Response)>,
    request: &RegressionRequest,
    progress: &Progress,
) -> Outcome<Regression> {
    let mut table = Delimited::open(path, &request.table)?;
    let roles = Roles::new(&table.file, &table.names, table.named, request)?;
    if roles.response.is_none() && response.is_none() {
        return Err(no_response(&table.file, &table.names));
    }
    let mut rows = Rows::new(table.file.clone(), table.names.clone(), roles, request);
    let drop = request.table.missing == Missing::Drop;
    let mut record = ByteRecord::new();
    let mut values = vec![0.0; rows.roles().features.len()];
    let mut seen = 0_u64;
    'rows: while table.read(&mut record)? {
        let line = line_of(&record);
        seen += 1;
        if seen.is_multiple_of(4096) {
            progress.rows(seen);
        }
        let number = |rows: &Rows<'_>, column: usize| -> Outcome<Option<f64>> {
            let text = table.text(&record, column)?;
            match Cell::parse(text, request.table.decimal_comma) {
                Cell::Number(number) => Ok(Some(number)),
                bad if drop && bad.is_missing(text) => Ok(None),
                bad => {
                    let name = &table.names[column];
                    let complaint = if bad == Cell::Text && table.is_first_data_row(line) {
                        format!("`{}` is not a number; if the row holds names, pass --header yes", text.trim())
                    } else if Some(column) == rows.roles().response && bad == Cell::Text {
                        format!("`{}` is not a number; the response must be one", text.trim())
                    } else {
                        bad.complaint(text, name, FILL)
                    };
                    Err(Failure::input(format!("{}: {complaint}", rows.place(line, column))))
                }
            }
        };
        for (position, value) in values.iter_mut().enumerate() {
            match number(&rows, rows.roles().features[position])? {
                Some(number) => *value = number,
                None => {
                    rows.drop_row();
                    continue 'rows;
                }
            }
        }
        let weight = match rows.roles().weights.map(|column| number(&rows, column)).transpose()? {
            Some(None) => {
                rows.drop_row();
                continue 'rows;
            }
            weight => weight.flatten(),
        };
        let answer = match (rows.roles().response, request.kind) {
            (None, _) => None,
            (Some(column), ResponseKind::Numbers) => match number(&rows, column)? {
                Some(number) => Some(Answer::Number(number)),
                None => {
                    rows.drop_row();
                    continue 'rows;
                }
            },
            (Some(column), ResponseKind::Classes) => {
                let text = table.text(&record, column)?.trim();
                match Cell::parse(text, request.table.decimal_comma) {
                    Cell::Number(_) | Cell::Text => Some(Answer::Class(text)),
                    bad if drop && bad.is_missing(text) => {
                        rows.drop_row();
                        continue 'rows;
                    }
                    bad => {
                        let complaint = bad.complaint(text, &table.names[column], FILL);
                        return Err(Failure::input(format!("{}: {complaint}", rows.place(line, column))));
                    }
                }
            }
        };
        let group = rows.roles().group.map(|column| table.text(&record, column)).transpose()?;
        rows.push(line, &values, answer, weight, group)?;
    }
    rows.finish(response)
}

fn from_npy(
    path: &Path,
    response: Option<(String, Response)>,
    request: &RegressionRequest,
    progress: &Progress,
) -> Outcome<Regression> {
    let file = path.display().to_string();
    progress.rows(0);
    let matrix = npy::matrix(path)?;
    let all: Vec<String> = (0..matrix.ncols()).map(|j| format!("x{j}")).collect();
    let roles = Roles::new(&file, &all, false, request)?;
    if roles.response.is_none() && response.is_none() {
        return Err(Failure::input(format!(
            "`{file}`: which column is the response? Pass --response INDEX, or the response in a file of its own by \
             --response-file FILE"
        )));
    }
    let mut rows = Rows::new(file, all, roles, request);
    let drop = request.table.missing == Missing::Drop;
    let mut values = vec![0.0; rows.roles().features.len()];
    'rows: for (i, row) in matrix.rows().into_iter().enumerate() {
        let line = i as u64 + 1;
        let number = |rows: &Rows<'_>, column: usize| -> Outcome<Option<f64>> {
            match row[column] {
                value if value.is_finite() => Ok(Some(value)),
                value if value.is_nan() && drop => Ok(None),
                value => {
                    let hint = if value.is_nan() { FILL } else { "" };
                    let place = rows.place(line, column);
                    Err(Failure::input(format!("{place}: `{value}` is not a finite number{hint}")))
                }
            }
        };
        let mut complete = true;
        for (position, value) in values.iter_mut().enumerate() {
            let found = number(&rows, rows.roles().features[position])?;
            complete &= found.is_some();
            *value = found.unwrap_or(0.0);
        }
        let of_column = |column: Option<usize>| column.map(|column| number(&rows, column)).transpose();
        let (weight, answer) = (of_column(rows.roles().weights)?, of_column(rows.roles().response)?);
        if !complete || weight == Some(None) || answer == Some(None) {
            rows.drop_row();
            continue 'rows;
        }
        let label = answer.flatten().map(|value| value.to_string()).unwrap_or_default();
        let answer = answer.flatten().map(|value| match request.kind {
            ResponseKind::Numbers => Answer::Number(value),
            ResponseKind::Classes => Answer::Class(&label),
        });
        let group = rows.roles().group.map(|column| row[column].to_string());
        rows.push(line, &values, answer, weight.flatten(), group.as_deref())?;
    }
    rows.finish(response)
}
