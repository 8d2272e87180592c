//! What a computed lower-level point says about the exact one (section 3).

use crate::Constants;

/// g and ∇g at a computed point that is within `error` of the exact solution.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ValueBounds {
    /// g at the computed point.
    pub value: f64,
    /// f(θ) is at most this.
    pub upper: f64,
    /// f(θ) is at least this.
    pub lower: f64,
    /// Of the computed point from the exact one: achieved, or requested (an average over samples).
    pub error: f64,
}

impl ValueBounds {
    /// `g ± (‖∇g‖ e + ½ L_g e²)`; the lower bound without the square when g is convex (remark 3.6).
    #[must_use]
    pub fn new(value: f64, gradient_norm: f64, error: f64, smoothness: f64, convex: bool) -> Self {
        let (linear, square) = (gradient_norm * error, 0.5 * smoothness * error * error);
        let lower = value - linear - if convex { 0.0 } else { square };
        Self { value, upper: value + linear + square, lower, error }
    }
}

/// The certified error of a computed hypergradient (theorem 2.1).
///
/// ```text
/// ω = (L_g ‖J‖/μ + L_H⁻¹ ‖∇g‖ ‖J‖ + L_J ‖∇g‖/μ) e + ‖J‖/μ δ + L_J L_g/μ e²
/// ```
///
/// `error` e is that of the lower-level point, `residual` δ that of the linear system.
#[must_use]
pub fn hypergradient_error(
    constants: &Constants,
    strong_convexity: f64,
    loss_smoothness: f64,
    loss_gradient_norm: f64,
    error: f64,
    residual: f64,
) -> f64 {
    let Constants { cross_norm, inverse_hessian_lipschitz, cross_lipschitz } = *constants;
    let linear = loss_smoothness * cross_norm / strong_convexity
        + inverse_hessian_lipschitz * loss_gradient_norm * cross_norm
        + cross_lipschitz * loss_gradient_norm / strong_convexity;
    linear * error
        + cross_norm / strong_convexity * residual
        + cross_lipschitz * loss_smoothness / strong_convexity * error * error
}

/// ψ of the line search (lemma 3.5): ψ ≤ 0 implies that f fell by at least `decrease`.
#[must_use]
pub fn line_search_excess(trial: &ValueBounds, current: &ValueBounds, decrease: f64) -> f64 {
    trial.upper - current.lower + decrease
}
