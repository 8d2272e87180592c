//! Real tables: diabetes is bundled; trim32 and riboflavin, under the GPL, are read from the folder named by `ORTHANT_DATA`.

use crate::experiment::Outcome;
use ndarray::{Array1, Array2, Axis};
use std::path::PathBuf;

/// A design and a response.
#[derive(Debug, Clone)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) x: Array2<f64>,
    pub(super) y: Array1<f64>,
}

pub(super) fn diabetes() -> Table {
    let data = datasets::diabetes();
    Table { name: "diabetes", x: data.x, y: data.y }
}

/// `NAME/NAME.csv` below `ORTHANT_DATA`, response first; `None` when the variable is not set or the file is not there.
pub(super) fn read(name: &'static str) -> Outcome<Option<Table>> {
    let Some(folder) = std::env::var_os("ORTHANT_DATA") else { return Ok(None) };
    let path = PathBuf::from(folder).join(name).join(format!("{name}.csv"));
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(None) };
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let numbers: Result<Vec<f64>, _> = line.split(',').map(|cell| cell.trim().parse()).collect();
        match numbers {
            Ok(numbers) => rows.push(numbers),
            // The header.
            Err(_) if at == 0 => {}
            Err(error) => return Err(format!("{name}.csv, line {}: {error}", at + 1).into()),
        }
    }
    let columns = rows.first().map_or(0, Vec::len);
    if columns < 2 || rows.iter().any(|row| row.len() != columns) {
        return Err(format!("{name}.csv: rows of unequal length").into());
    }
    let y = rows.iter().map(|row| row[0]).collect();
    let x = Array2::from_shape_fn((rows.len(), columns - 1), |(i, j)| rows[i][j + 1]);
    Ok(Some(Table { name, x, y }))
}

impl Table {
    /// The `count` columns of largest variance, in their order.
    pub(super) fn most_variable(self, count: usize) -> Self {
        let variance = |j: usize| self.x.column(j).var(0.0);
        let mut order: Vec<usize> = (0..self.x.ncols()).collect();
        order.sort_by(|&a, &b| variance(b).total_cmp(&variance(a)));
        order.truncate(count);
        order.sort_unstable();
        Self { x: self.x.select(Axis(1), &order), ..self }
    }
}
