//! Coefficients of a fitted model.

use super::Matrix;
use crate::output::{Align, signed};
use ndarray::Array1;
use serde::{Deserialize, Serialize};

/// One coefficient, of the columns of the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CoefficientRecord {
    pub(crate) feature: String,
    /// The class that it speaks for, where there is one.
    pub(crate) class: Option<String>,
    pub(crate) coefficient: f64,
    /// Times the standard deviation of the feature: comparable between units.
    pub(crate) effect: f64,
}

/// Headings for [`CoefficientRecord::cells`].
pub(crate) const COEFFICIENT_COLUMNS: [(&str, Align); 3] =
    [("feature", Align::Left), ("coefficient", Align::Right), ("× sd of the feature", Align::Right)];

/// What the last of these columns means.
pub(crate) const COEFFICIENT_NOTE: &str = "Coefficients of the columns as they are in the table; the last column, the \
     coefficient times the standard deviation of the feature, compares features of different units.";

impl CoefficientRecord {
    /// The coefficients that are not zero, the largest effect first.
    pub(crate) fn list(coefficients: &Array1<f64>, deviations: &Array1<f64>, names: &[String]) -> Vec<Self> {
        let nonzero = coefficients.iter().enumerate().filter(|(_, w)| **w != 0.0);
        let record = |(j, &coefficient): (usize, &f64)| Self {
            feature: names[j].clone(),
            class: None,
            coefficient,
            effect: coefficient * deviations[j],
        };
        let mut records: Vec<Self> = nonzero.map(record).collect();
        Self::sort(&mut records);
        records
    }

    /// The largest effect first.
    pub(crate) fn sort(records: &mut [Self]) {
        records.sort_by(|a, b| b.effect.abs().total_cmp(&a.effect.abs()));
    }

    /// Cells of a table.
    pub(crate) fn cells(&self) -> Vec<String> {
        let name = match &self.class {
            Some(class) => format!("{} for {class}", self.feature),
            None => self.feature.clone(),
        };
        vec![name, signed(self.coefficient), signed(self.effect)]
    }
}

/// Mean and standard deviation (weights scaled to sum 1) of each column.
pub(crate) fn moments(x: &Matrix, weights: Option<&Array1<f64>>) -> (Array1<f64>, Array1<f64>) {
    let (n, d) = x.dim();
    let weight = |i: usize| weights.map_or(1.0, |s| s[i]);
    let total: f64 = (0..n).map(weight).sum();
    let (mut means, mut deviations) = (Array1::zeros(d), Array1::zeros(d));
    for j in 0..d {
        let entries = x.entries(j);
        let mean = entries.iter().map(|&(i, v)| weight(i) * v).sum::<f64>() / total;
        let stored: f64 = entries.iter().map(|&(i, v)| weight(i) * (v - mean) * (v - mean)).sum();
        // The entries that are not stored are zero.
        let rest = total - entries.iter().map(|&(i, _)| weight(i)).sum::<f64>();
        let deviation = ((stored + rest.max(0.0) * mean * mean) / total).sqrt();
        means[j] = mean;
        // Rounding alone makes no deviation.
        deviations[j] = if deviation > 1e-12 * mean.abs() { deviation } else { 0.0 };
    }
    (means, deviations)
}

#[cfg(test)]
mod tests {
    use super::moments;
    use crate::regression::Matrix;
    use ndarray::array;
    use orthant::core_optim::design::CscMatrix;

    #[test]
    fn moments_count_what_is_not_stored() {
        let dense = array![[1.0, 0.0, 3.0], [0.0, 2.0, 3.0], [5.0, 0.0, 3.0]];
        let sparse = Matrix::Sparse(CscMatrix::from_dense(&dense).unwrap());
        let weights = array![1.0, 2.0, 1.0];
        let (means, deviations) = moments(&sparse, Some(&weights));
        assert_eq!(means, array![1.5, 1.0, 3.0]);
        // (1 · 0.25 + 2 · 2.25 + 12.25) / 4 and (1 + 2 + 1) / 4.
        assert!((deviations[0] * deviations[0] - 4.25).abs() < 1e-14);
        assert!((deviations[1] - 1.0).abs() < 1e-14 && deviations[2] == 0.0);
        assert_eq!(moments(&Matrix::Dense(dense), Some(&weights)), (means, deviations));
    }
}
