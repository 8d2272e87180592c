//! A topological order from the covariance alone: Cholesky with minimum diagonal pivoting.
//!
//! Repeatedly take the variable with the smallest conditional variance given those taken (the smallest diagonal entry
//! of the Schur complement). When all noise terms have one variance, this order is consistent (Chen, Drton and Wang
//! 2019): a variable's conditional variance falls to that common value exactly when all its causes have been taken.

use crate::Result;
use crate::knowledge::{Constraints, Edge};
use core_tensor::{check_finite, check_square};
use ndarray::ArrayRef2;

/// The order of [`min_pivot_order`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PivotOrder {
    /// The variables, causes before effects.
    pub order: Vec<usize>,
    /// Conditional variance of each variable given those before it, in that order.
    pub variances: Vec<f64>,
    /// Variables whose conditional variance vanished to rounding (1e-12 of their variance): constant, duplicated or
    /// collinear with those before.
    pub degenerate: Vec<usize>,
}

/// The min-pivot order of a covariance (d × d, symmetric positive semidefinite); d³/3 multiplications. Ties go to the
/// smaller index.
///
/// # Errors
/// `covariance` not square or not finite.
pub fn min_pivot_order(covariance: &ArrayRef2<f64>) -> Result<PivotOrder> {
    check_square("covariance", covariance)?;
    check_finite("covariance", covariance)?;
    Ok(pivot(covariance, |_, _| true))
}

/// The min-pivot order in which no variable comes before the causes of its required edges.
pub(crate) fn constrained_min_pivot_order(covariance: &ArrayRef2<f64>, constraints: &Constraints) -> Vec<usize> {
    let d = covariance.nrows();
    let causes: Vec<Vec<usize>> =
        (0..d).map(|j| (0..d).filter(|&i| constraints.edges[[i, j]] == Edge::Required).collect()).collect();
    pivot(covariance, |variable, remaining| causes[variable].iter().all(|cause| !remaining.contains(cause))).order
}

/// Pivots on the smallest conditional variance among the variables that may come next.
fn pivot(covariance: &ArrayRef2<f64>, may_come: impl Fn(usize, &[usize]) -> bool) -> PivotOrder {
    let d = covariance.nrows();
    // Row t holds the t-th column of the pivoted factor, indexed by variable.
    let mut factor: Vec<f64> = Vec::with_capacity(d * d);
    let mut variance: Vec<f64> = covariance.diag().to_vec();
    let mut remaining: Vec<usize> = (0..d).collect();
    let mut found =
        PivotOrder { order: Vec::with_capacity(d), variances: Vec::with_capacity(d), degenerate: Vec::new() };
    for t in 0..d {
        let smallest = remaining.iter().enumerate().fold((0, f64::INFINITY), |best, (position, &i)| {
            if variance[i] < best.1 && may_come(i, &remaining) { (position, variance[i]) } else { best }
        });
        let pivot = remaining.remove(smallest.0);
        let value = variance[pivot].max(0.0);
        found.order.push(pivot);
        found.variances.push(value);
        factor.resize((t + 1) * d, 0.0);
        if value <= 1e-12 * covariance[[pivot, pivot]] {
            found.degenerate.push(pivot);
            continue;
        }
        let root = value.sqrt();
        let (previous, row) = factor.split_at_mut(t * d);
        for &i in &remaining {
            row[i] = covariance[[pivot, i]];
        }
        for earlier in previous.chunks_exact(d) {
            let weight = earlier[pivot];
            if weight != 0.0 {
                for (target, &value) in row.iter_mut().zip(earlier) {
                    *target -= weight * value;
                }
            }
        }
        for entry in row.iter_mut() {
            *entry /= root;
        }
        for &i in &remaining {
            variance[i] -= row[i] * row[i];
        }
    }
    found
}
