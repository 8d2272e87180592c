//! One row of values, from a file or written out.

use crate::failure::{Failure, Outcome};
use crate::input::{Request, find_name, parse_number, read_matrix, split_list};
use ndarray::Array1;
use std::path::Path;

/// A value for each variable: a CSV or npy file with one row (by name when it has a header), or `A=1,B=2,…`.
pub(super) fn read(option: &str, text: &str, names: &[String]) -> Outcome<Array1<f64>> {
    if text.contains('=') && !Path::new(text).exists() { written(option, text, names) } else { from_file(text, names) }
}

fn written(option: &str, text: &str, names: &[String]) -> Outcome<Array1<f64>> {
    let mut row = vec![None; names.len()];
    for part in split_list(option, text)? {
        let Some((name, value)) = part.rsplit_once('=') else {
            return Err(Failure::input(format!("{option} `{part}`: write A=1,B=2,…")));
        };
        let node = find_name(option, name.trim(), names)?;
        if row[node].replace(parse_number(option, &part, value)?).is_some() {
            return Err(Failure::input(format!("{option} gives `{}` twice", names[node])));
        }
    }
    let missing: Vec<&str> =
        row.iter().zip(names).filter(|(value, _)| value.is_none()).map(|(_, name)| name.as_str()).collect();
    if !missing.is_empty() {
        return Err(Failure::input(format!("{option} has no value for {}", missing.join(", "))));
    }
    Ok(row.into_iter().flatten().collect())
}

fn from_file(path: &str, names: &[String]) -> Outcome<Array1<f64>> {
    let matrix = read_matrix(Path::new(path), &Request::default())?;
    let (rows, columns) = matrix.values.dim();
    if rows != 1 {
        return Err(Failure::input(format!("`{path}` has {rows} rows; one is needed")));
    }
    let values = matrix.values.row(0);
    match &matrix.names {
        None if columns == names.len() => Ok(values.to_owned()),
        None => Err(Failure::input(format!("`{path}` has {columns} columns, but there are {} variables", names.len()))),
        Some(header) => names
            .iter()
            .map(|name| match header.iter().position(|candidate| candidate == name) {
                Some(column) => Ok(values[column]),
                None => Err(Failure::input(format!("`{path}`: the header has no column `{name}`"))),
            })
            .collect(),
    }
}
