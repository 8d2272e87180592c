//! Logits with their labels.

use super::matrix::read_matrix;
use super::request::Request;
use super::{is_npy, npy};
use crate::failure::{Failure, Outcome};
use ndarray::Array2;
use std::path::Path;

/// Reads logits: a matrix with one row per sample. -∞ (a masked class) is legal in npy files.
pub(crate) fn read_logits(path: &Path) -> Outcome<Array2<f64>> {
    if !is_npy(path) {
        return Ok(read_matrix(path, &Request::default())?.values);
    }
    let values = npy::matrix(path)?;
    match values.indexed_iter().find(|(_, value)| !(**value < f64::INFINITY)) {
        None => Ok(values),
        Some(((i, j), value)) => Err(Failure::input(format!(
            "`{}`, row {}, column {}: `{value}` is no logit; finite numbers and -inf (a masked class) are legal",
            path.display(),
            i + 1,
            j + 1
        ))),
    }
}

/// Reads the labels of `rows` samples: whole numbers from 0 to `classes` - 1, in one column or one row.
pub(crate) fn read_labels(path: &Path, rows: usize, classes: usize) -> Outcome<Vec<usize>> {
    let file = path.display();
    let numbers: Vec<f64> = if is_npy(path) {
        npy::vector(path)?
    } else {
        let values = read_matrix(path, &Request::default())?.values;
        if values.nrows() > 1 && values.ncols() > 1 {
            let (r, c) = values.dim();
            return Err(Failure::input(format!("`{file}` is {r} × {c}; one column of labels is needed")));
        }
        values.iter().copied().collect()
    };
    if numbers.len() != rows {
        let found = numbers.len();
        return Err(Failure::input(format!("`{file}` has {found} labels, but there are {rows} rows of logits")));
    }
    let label = |(i, value): (usize, f64)| {
        if value >= 0.0 && value < classes as f64 && value.fract() == 0.0 {
            return Ok(value as usize);
        }
        let (row, last) = (i + 1, classes.saturating_sub(1));
        Err(Failure::input(format!(
            "`{file}`, row {row}: `{value}` is no label; whole numbers from 0 to {last} are legal"
        )))
    };
    numbers.into_iter().enumerate().map(label).collect()
}
