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
    Ok(pivot(covariance, &mut Unconstrained))
}

/// The min-pivot order in which no variable comes before the causes of its required edges, nor, as far as possible,
/// before a variable that it is forbidden to cause but may be caused by.
pub(crate) fn constrained_min_pivot_order(covariance: &ArrayRef2<f64>, constraints: &Constraints) -> Vec<usize> {
    let precedence = Precedence::new(constraints);
    match precedence {
        Some(mut precedence) => pivot(covariance, &mut precedence).order,
        None => pivot(covariance, &mut Unconstrained).order,
    }
}

/// Which variables may come next.
trait Queue {
    /// How many kinds of constraints hold `variable` back: 0 for none, 1 for wishes, 2 for musts.
    fn held_back(&self, variable: usize) -> usize;
    /// `variable` has been taken.
    fn take(&mut self, variable: usize);
}

struct Unconstrained;

impl Queue for Unconstrained {
    fn held_back(&self, _variable: usize) -> usize {
        0
    }
    fn take(&mut self, _variable: usize) {}
}

/// Counts, for each variable, those still to come that should stand before it.
struct Precedence<'a> {
    constraints: &'a Constraints,
    required: Vec<usize>,
    wished: Vec<usize>,
}

impl<'a> Precedence<'a> {
    fn new(constraints: &'a Constraints) -> Option<Self> {
        let edges = &constraints.edges;
        if edges.iter().all(|&edge| edge == Edge::Free) {
            return None;
        }
        let d = edges.nrows();
        let count = |before: &dyn Fn(usize, usize) -> bool| -> Vec<usize> {
            (0..d).map(|i| (0..d).filter(|&k| before(k, i)).count()).collect()
        };
        let required = count(&|k, i| edges[[k, i]] == Edge::Required);
        let wished = count(&|k, i| Self::is_wished(constraints, k, i));
        Some(Self { constraints, required, wished })
    }

    /// True when `before` should stand before `after`: the edge between them can only go that way.
    fn is_wished(constraints: &Constraints, before: usize, after: usize) -> bool {
        let edges = &constraints.edges;
        edges[[after, before]] == Edge::Forbidden && edges[[before, after]] != Edge::Forbidden
    }
}

impl Queue for Precedence<'_> {
    fn held_back(&self, variable: usize) -> usize {
        match (self.required[variable], self.wished[variable]) {
            (0, 0) => 0,
            (0, _) => 1,
            _ => 2,
        }
    }

    fn take(&mut self, variable: usize) {
        for i in 0..self.required.len() {
            self.required[i] -= usize::from(self.constraints.edges[[variable, i]] == Edge::Required);
            self.wished[i] -= usize::from(Self::is_wished(self.constraints, variable, i));
        }
    }
}

/// Pivots on the smallest conditional variance among the variables that the fewest constraints hold back.
fn pivot(covariance: &ArrayRef2<f64>, queue: &mut impl Queue) -> PivotOrder {
    let d = covariance.nrows();
    // Row t holds the t-th column of the pivoted factor, indexed by variable.
    let mut factor: Vec<f64> = Vec::with_capacity(d * d);
    let mut variance: Vec<f64> = covariance.diag().to_vec();
    let mut remaining: Vec<usize> = (0..d).collect();
    let mut found =
        PivotOrder { order: Vec::with_capacity(d), variances: Vec::with_capacity(d), degenerate: Vec::new() };
    for t in 0..d {
        let smallest = remaining.iter().enumerate().fold((0, (usize::MAX, f64::INFINITY)), |best, (position, &i)| {
            let rank = (queue.held_back(i), variance[i]);
            if rank < best.1 { (position, rank) } else { best }
        });
        let pivot = remaining.remove(smallest.0);
        queue.take(pivot);
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
