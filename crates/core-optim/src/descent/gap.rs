//! Duality gaps: how far a point is from the optimum, at most.

use crate::error::check_length;
use crate::loss::{EmpiricalLoss, Loss};
use crate::prox::{ElasticNet, Proximal};
use crate::reduce::{constant, dot, norm};
use crate::{Error, Result};
use core_tensor::Scalar;
use ndarray::ArrayRef1;

/// Primal and dual value at a point: the optimum lies between them.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Gap<T> {
    /// The objective at w.
    pub primal: T,
    /// A lower bound of the optimum; -∞ if none was found.
    pub dual: T,
    /// What the residual is divided by to be dual feasible at level 1 (the θ = r / scale of gap-safe screening); at least λ₁.
    pub scale: T,
}

impl<T: Scalar> Gap<T> {
    /// primal - dual ≥ 0 up to rounding; the objective at w exceeds the optimum by at most this.
    pub fn gap(&self) -> T {
        (self.primal - self.dual).max(T::zero())
    }
}

/// Whether coefficients may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sign {
    /// Any sign.
    Free,
    /// w ≥ 0 (the caller's point satisfies it).
    NonNegative,
}

/// The gap of ½ ‖y - X w‖² + Σ pⱼ (λ₁ |wⱼ| + λ₂/2 wⱼ²) at w, by rescaling the residual r = y - X w:
///
/// ```text
/// eⱼ = λ₂ pⱼ,   cⱼ = xⱼᵀr - eⱼ wⱼ,   scale = max(λ₁, max |cⱼ|/pⱼ),   s = λ₁/scale,   q = ‖r‖² + Σ eⱼ wⱼ²
/// primal = q/2 + λ₁ Σ pⱼ |wⱼ|,       dual = s rᵀy - s² q/2
/// ```
///
/// (the gap of the Lasso on the matrix with rows √eⱼ added). With λ₁ = 0 the dual of the ridge problem is used. With
/// [`Sign::NonNegative`], cⱼ replaces |cⱼ|. `correlations` holds Xᵀr (d) and `norms_squared` ‖xⱼ‖² (d). A coordinate with pⱼ = 0 must have cⱼ = 0 up to rounding
/// (project such columns out of y and X first); otherwise the dual is -∞.
///
/// # Errors
/// Lengths that do not match.
pub fn elastic_net_gap<T: Scalar>(
    y: &ArrayRef1<T>,
    residual: &ArrayRef1<T>,
    w: &ArrayRef1<T>,
    correlations: &ArrayRef1<T>,
    norms_squared: &ArrayRef1<T>,
    penalty: &ElasticNet<T>,
    sign: Sign,
) -> Result<Gap<T>> {
    check_length("residual", residual, y.len(), "`y` has that many entries")?;
    check_length("correlations", correlations, w.len(), "`w` has that many entries")?;
    check_length("norms_squared", norms_squared, w.len(), "`w` has that many entries")?;
    penalty.check_dimension(w.len())?;
    let (l1, l2) = (penalty.l1(), penalty.l2());
    let half = constant::<T>(0.5);
    let rr = dot(residual, residual);
    // Rounding of xⱼᵀr per unit of ‖xⱼ‖.
    let noise = constant::<T>(8.0 * (y.len() as f64).sqrt()) * T::epsilon() * (rr.sqrt() + norm(y));
    let (mut quadratic, mut absolute, mut largest, mut ridge_dual) = (T::zero(), T::zero(), T::zero(), T::zero());
    let mut bounded = true;
    for (j, ((&w, &xr), &l)) in w.iter().zip(correlations).zip(norms_squared).enumerate() {
        let p = penalty.weight(j);
        let e = l2 * p;
        let c = xr - e * w;
        quadratic += e * w * w;
        absolute += p * w.abs();
        let pull = match sign {
            Sign::Free => c.abs(),
            Sign::NonNegative => c,
        };
        if p > T::zero() {
            let relative = pull / p;
            if relative > largest || relative.is_nan() {
                largest = relative;
            }
            let excess = match sign {
                Sign::Free => xr.abs(),
                Sign::NonNegative => xr.max(T::zero()),
            };
            if l1 == T::zero() && excess > T::zero() {
                ridge_dual += half * excess * excess / e;
            }
        } else if !(pull <= noise * l.sqrt()) {
            bounded = false;
        }
    }
    let q = rr + quadratic;
    let primal = half * q + l1 * absolute;
    let scale = if largest > l1 || largest.is_nan() { largest } else { l1 };
    let ry = dot(residual, y);
    let dual = if !bounded {
        T::neg_infinity()
    } else if l1 > T::zero() {
        let s = l1 / scale;
        s * ry - half * s * s * q
    } else {
        // λ₂ = 0 too: e = 0, and the quotient above is infinite unless every correlation vanishes.
        ry - half * rr - ridge_dual
    };
    Ok(Gap { primal, dual, scale })
}

/// The gap of f(X w) + g(w) for any loss f and penalty g with a conjugate, by Fenchel's inequality, at the dual point s ∇f(X w):
///
/// ```text
/// primal = f(z) + g(w),    dual = -f*(s u) - g*(-s Xᵀu),    u = ∇f(z),    s = the largest that makes Xᵀu feasible, at most 1
/// ```
///
/// `predictors` is z = X w (n), `slopes` u (n), `correlations` Xᵀu (d); the last two are overwritten with s u and -s Xᵀu: the dual point.
/// The `scale` of the result is 1/s.
///
/// # Errors
/// Lengths that do not match, or [`Error::Unsupported`] for a penalty without conjugate or dual scale.
pub fn duality_gap<T: Scalar>(
    loss: &EmpiricalLoss<T, impl Loss<T>>,
    penalty: &mut (impl Proximal<T> + ?Sized),
    w: &ArrayRef1<T>,
    predictors: &ArrayRef1<T>,
    slopes: &mut ArrayRef1<T>,
    correlations: &mut ArrayRef1<T>,
) -> Result<Gap<T>> {
    const NEEDED_BY: &str = "a duality gap";
    check_length("slopes", slopes, predictors.len(), "`predictors` has that many entries")?;
    check_length("correlations", correlations, w.len(), "`w` has that many entries")?;
    penalty.check_dimension(w.len())?;
    let primal = loss.value(predictors)? + penalty.value(w);
    correlations.mapv_inplace(|c| -c);
    let Some(s) = penalty.dual_scale(correlations) else {
        return Err(Error::Unsupported { what: "dual scale", needed_by: NEEDED_BY });
    };
    correlations.mapv_inplace(|c| s * c);
    slopes.mapv_inplace(|u| s * u);
    let Some(penalty_conjugate) = penalty.conjugate(correlations) else {
        return Err(Error::Unsupported { what: "conjugate", needed_by: NEEDED_BY });
    };
    let dual = -loss.conjugate(slopes)? - penalty_conjugate;
    Ok(Gap { primal, dual, scale: s.recip() })
}
