//! How much of the response a model explains.

use ndarray::Array1;

/// Σ sᵢ (yᵢ - ȳ)² with weights scaled to sum n, or Σ sᵢ yᵢ² without intercept.
pub(crate) fn total_variation(y: &Array1<f64>, weights: Option<&Array1<f64>>, intercept: bool) -> f64 {
    let weight = |i: usize| weights.map_or(1.0, |s| s[i]);
    let total: f64 = (0..y.len()).map(weight).sum();
    let mean_of = |of: &dyn Fn(f64) -> f64| y.iter().enumerate().map(|(i, &y)| weight(i) * of(y)).sum::<f64>() / total;
    let mean = if intercept { mean_of(&|y| y) } else { 0.0 };
    mean_of(&|y| (y - mean) * (y - mean)) * y.len() as f64
}

/// R² in the table; `None` for a constant response.
pub(crate) fn explained(rss: f64, total: f64) -> Option<f64> {
    (total > 0.0).then(|| (1.0 - rss / total).max(0.0))
}
