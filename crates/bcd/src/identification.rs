//! Active-set identification and its complexity (section 6).

use crate::penalty::{Penalty, Shape};
use crate::step::Problem;
use crate::{Result, state_at};
use core_tensor::{Scalar, check_range};
use ndarray::ArrayRef1;

/// How clearly an optimum x* shows its pattern: δ, the least distance of -∇f(x*) from the ends of the subdifferential over the
/// coordinates where g is not smooth. For L1 the least λ - |∇ᵢ| over the zeros. Near 0 the pattern is degenerate: methods find it late.
/// `None` if g is smooth at x* or is not known by coordinates; +∞ never.
///
/// # Errors
/// A wrong length or an entry that is not finite.
pub fn non_degeneracy<T: Scalar>(problem: &Problem<'_, T>, x: &ArrayRef1<T>) -> Result<Option<T>> {
    let mut state = state_at(problem.objective, x)?;
    problem.objective.update_gradient(&mut state)?;
    let Some(g) = problem.penalty.separable() else { return Ok(None) };
    let mut least = None;
    for (i, (&x, &slope)) in x.iter().zip(&state.gradient).enumerate() {
        let (lower, upper) = g.subdifferential(i, x);
        if lower < upper {
            let margin = (-slope - lower).min(upper + slope);
            least = Some(least.map_or(margin, |least: T| least.min(margin)));
        }
    }
    Ok(least)
}

/// δ / (2 L): within this distance of x* every proximal step with constant L sets the coordinates of the pattern exactly.
///
/// # Errors
/// Arguments that are not finite and > 0.
pub fn identification_radius(delta: f64, lipschitz: f64) -> Result<f64> {
    check_positive("delta", delta)?;
    check_positive("lipschitz", lipschitz)?;
    Ok(delta / (2.0 * lipschitz))
}

/// Iterations after which proximal gradient steps (constant L, strong convexity μ) from the distance ‖x₀ - x*‖ have found the pattern
/// for good: the least k with `(1 - μ/L)^k ‖x₀ - x*‖ ≤ δ/(2L)`, and one more for the step that sets it.
///
/// # Errors
/// Arguments that are not finite and > 0 (the distance: ≥ 0), or μ > L.
pub fn proximal_gradient_bound(delta: f64, lipschitz: f64, convexity: f64, distance: f64) -> Result<usize> {
    let radius = identification_radius(delta, lipschitz)?;
    check_positive("convexity", convexity)?;
    check_range("convexity", convexity, convexity <= lipschitz, "<= lipschitz")?;
    check_range("distance", distance, distance >= 0.0 && distance.is_finite(), "finite and >= 0")?;
    Ok(steps(distance / radius, convexity / lipschitz).saturating_add(1))
}

/// The same for block coordinate descent with `F_k - F* ≤ (1 - ρ)^k (F₀ - F*)`:
/// `k ≥ log(8 L² (F₀ - F*) / (μ δ²)) / -log(1 - ρ)`, plus `touch`, the updates until every block has had its turn (m for cyclic order,
/// about m log(m/ε) for random order with probability 1 - ε).
///
/// # Errors
/// Arguments out of range (ρ in (0, 1]).
pub fn block_descent_bound(
    delta: f64,
    lipschitz: f64,
    convexity: f64,
    rate: f64,
    suboptimality: f64,
    touch: usize,
) -> Result<usize> {
    check_positive("delta", delta)?;
    check_positive("lipschitz", lipschitz)?;
    check_positive("convexity", convexity)?;
    check_range("rate", rate, rate > 0.0 && rate <= 1.0, "in (0, 1]")?;
    check_range("suboptimality", suboptimality, suboptimality >= 0.0 && suboptimality.is_finite(), "finite and >= 0")?;
    let ratio = 8.0 * lipschitz * lipschitz * suboptimality / (convexity * delta * delta);
    Ok(steps(ratio, rate).saturating_add(touch))
}

/// The least k ≥ 0 with (1 - rate)^k ratio ≤ 1.
fn steps(ratio: f64, rate: f64) -> usize {
    if ratio <= 1.0 {
        0
    } else if rate >= 1.0 {
        1
    } else {
        (ratio.ln() / -(-rate).ln_1p()).ceil() as usize
    }
}

fn check_positive(argument: &'static str, found: f64) -> Result<()> {
    Ok(check_range(argument, found, found > 0.0 && found.is_finite(), "finite and > 0")?)
}

/// What a pattern says of one coordinate: at a kink or bound, or on which side of it.
pub(crate) fn pattern_of<T: Scalar>(penalty: &Penalty<T>, i: usize, x: T) -> i8 {
    match penalty.shape(i) {
        Some(Shape::Interval { lower, upper, .. }) if x == lower || x == upper => {
            if x == lower {
                2
            } else {
                3
            }
        }
        Some(Shape::Interval { .. }) => 1,
        Some(Shape::Kink { .. }) | None => {
            if x > T::zero() {
                1
            } else if x < T::zero() {
                -1
            } else {
                0
            }
        }
    }
}
