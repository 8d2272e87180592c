//! The separable model of a composite problem.

use crate::step::Problem;
use core_tensor::Scalar;

/// What one proximal step with curvature D promises on a coordinate, or on a group (D = sum of its Lᵢ):
/// `min_d gᵀd + (D/2) ‖d‖² + g(x + d) - g(x)` ≤ 0, and ‖d‖.
pub(crate) fn model_decrease<T: Scalar>(
    problem: &Problem<'_, T>,
    unit: &[usize],
    x: &[T],
    gradient: &[T],
    scratch: &mut Vec<T>,
) -> (T, T) {
    let n = unit.len();
    let curvature: T = unit.iter().map(|&i| problem.curvatures[i]).sum();
    scratch.clear();
    scratch.extend((0..n).map(|k| if curvature > T::zero() { x[k] - gradient[k] / curvature } else { x[k] }));
    scratch.resize(2 * n, T::zero());
    let (v, u) = scratch.split_at_mut(n);
    problem.penalty.block_prox(unit, v, |_| curvature.recip(), u);
    let half = <T as Scalar>::from_f64(0.5);
    let (mut smooth, mut squares) = (T::zero(), T::zero());
    for k in 0..n {
        let d = u[k] - x[k];
        smooth += gradient[k] * d + half * curvature * d * d;
        squares += d * d;
    }
    let change = smooth + problem.penalty.block_value(unit, u) - problem.penalty.block_value(unit, x);
    // Outside the domain at the start, any way in is progress; rounding never counts as a loss.
    (if change > T::zero() { T::zero() } else { change }, squares.sqrt())
}
