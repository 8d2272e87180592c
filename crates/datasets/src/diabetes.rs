//! Disease progression of diabetes patients.

use crate::packed::Packed;
use ndarray::{Array1, Array2, Axis, Slice};

const TABLE: Packed =
    Packed { bytes: include_bytes!("../data/diabetes/diabetes.csv.gz"), rows: 442, columns: 11, header_lines: 1 };

/// Ten baseline variables and the disease progression of 442 patients; see [`diabetes`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Diabetes {
    /// Baseline variables in their own units, 442 patients × 10.
    pub x: Array2<f64>,
    /// Disease progression one year after baseline (442).
    pub y: Array1<f64>,
    /// The 10 variables, in the order of the columns.
    pub names: [&'static str; 10],
}

/// Diabetes: ten baseline variables (not scaled) of 442 patients, and a measure of disease progression after a year.
///
/// Source: Efron, Hastie, Johnstone, Tibshirani, "Least Angle Regression" (2004), as shipped with scikit-learn
/// (BSD-3-Clause, `load_diabetes(scaled=False)`). Details stand in `data/diabetes/README.md`.
///
/// ```
/// let diabetes = datasets::diabetes();
/// assert_eq!(diabetes.x.dim(), (442, 10));
/// assert_eq!(diabetes.names[2], "bmi");
/// ```
pub fn diabetes() -> Diabetes {
    let table = TABLE.table();
    Diabetes {
        x: table.slice_axis(Axis(1), Slice::from(1..)).to_owned(),
        y: table.column(0).to_owned(),
        names: ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"],
    }
}
