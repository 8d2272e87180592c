//! Benchmark series on the scale of their training rows.

use crate::experiment::Outcome;
use ndarray::{Array2, Axis};
use olinear::{Metrics, Parts, Scaler, Split};
use std::ops::Range;

/// A series with its parts.
pub(super) struct Data {
    pub(super) name: &'static str,
    pub(super) scaled: Array2<f64>,
    pub(super) parts: Parts,
}

impl Data {
    pub(super) fn new(name: &'static str, raw: &Array2<f64>, split: Split, look_back: usize) -> Outcome<Self> {
        let parts = split.parts(raw.nrows(), look_back)?;
        let scaler = Scaler::fit(&rows(raw, &parts.train))?;
        Ok(Self { name, scaled: scaler.transform(raw)?, parts })
    }
}

pub(super) fn rows(x: &Array2<f64>, rows: &Range<usize>) -> Array2<f64> {
    x.slice_axis(Axis(0), rows.clone().into()).to_owned()
}

/// ETTh1, and ETTh2 when the folder named by `ORTHANT_DATA` holds `ett/ETTh2.csv`.
pub(super) fn transformers() -> Outcome<Vec<(&'static str, Array2<f64>)>> {
    let mut found = vec![("ETTh1", datasets::etth1().values)];
    let path = std::env::var_os("ORTHANT_DATA").map(|folder| std::path::Path::new(&folder).join("ett/ETTh2.csv"));
    if let Some(text) = path.and_then(|path| std::fs::read_to_string(path).ok()) {
        let mut entries = Vec::new();
        for line in text.lines().skip(1) {
            for field in line.split(',').skip(1) {
                entries.push(field.trim().parse::<f64>()?);
            }
        }
        found.push(("ETTh2", Array2::from_shape_vec((entries.len() / 7, 7), entries)?));
    }
    Ok(found)
}

/// What a report says of ETTh2.
pub(super) const SECOND: &str = "ETTh2 is not part of the project: it is read from ett/ETTh2.csv in the folder that ORTHANT_DATA names, else its rows are left out";

/// `.382/.392`.
pub(super) fn pair(m: &Metrics) -> String {
    format!("{:.4} / {:.4}", m.mse, m.mae)
}
