//! Weighted means and standard deviations of columns.

use crate::error::Result;
use crate::reduction::Reduced;
use ndarray::{Array1, ArrayRef1, ArrayRef2};

/// Weighted mean and population standard deviation of each column.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ColumnMoments {
    /// Σ sᵢ xᵢⱼ / W (d).
    pub mean: Array1<f64>,
    /// √(Σ sᵢ (xᵢⱼ - mean)² / W) (d); 1 for a constant column.
    pub scale: Array1<f64>,
    /// True for constant columns (d).
    pub constant: Vec<bool>,
}

/// The moments of the columns of `x` (n × d), with sample weights s (n) or without: what standardising divides by.
///
/// # Errors
/// An empty or non-finite design, weights that do not fit.
pub fn column_moments(x: &ArrayRef2<f64>, sample_weights: Option<&ArrayRef1<f64>>) -> Result<ColumnMoments> {
    let reduced = Reduced::new(x, None, sample_weights, true)?;
    let n = x.nrows() as f64;
    let squares: Array1<f64> = reduced.x.columns().into_iter().map(|x| x.dot(&x)).collect();
    let constant: Vec<bool> =
        squares.iter().zip(&reduced.x_mean).map(|(&s, &m)| super::prepared::is_constant(s, n, m)).collect();
    let scale = squares.iter().zip(&constant).map(|(s, &c)| if c { 1.0 } else { (s / n).sqrt() }).collect();
    Ok(ColumnMoments { mean: reduced.x_mean, scale, constant })
}
