//! Dropping coordinates that are certainly zero at the optimum.

use super::gap::{Gap, Sign};
use crate::Result;
use crate::error::{check_length, check_non_negative, check_positive};
use crate::prox::{ElasticNet, Proximal};
use crate::reduce::constant;
use core_tensor::{Error, Scalar};
use ndarray::ArrayRef1;

/// The radius √(2 ν gap) / λ₁ of the gap-safe sphere around the dual point θ, in which the dual optimum lies (Ndiaye, Fercoq,
/// Gramfort and Salmon, 2017).
///
/// ν is the loss's [`curvature_bound`](crate::loss::Loss::curvature_bound): 1 for the squared loss, 1/4 for the logistic one.
///
/// # Errors
/// A gap or bound that is negative or not finite, a level that is not > 0.
pub fn gap_safe_radius<T: Scalar>(gap: T, level: T, curvature_bound: T) -> Result<T> {
    check_non_negative("gap", Scalar::to_f64(gap))?;
    check_positive("level", Scalar::to_f64(level))?;
    check_positive("curvature_bound", Scalar::to_f64(curvature_bound))?;
    Ok((constant::<T>(2.0) * curvature_bound * gap).sqrt() / level)
}

/// Marks in `keep` (d) the coordinates that may be non-zero at the optimum of ½ ‖y - X w‖² + elastic net; returns their number.
///
/// Coordinate j is dropped (for good: the rule never errs, up to the rounding of its arguments) if
///
/// ```text
/// |cⱼ| / scale + √(‖xⱼ‖² + λ₂ pⱼ) · radius  <  pⱼ (1 - 1e-10)
/// ```
///
/// with cⱼ = xⱼᵀr - λ₂ pⱼ wⱼ, `correlations` = Xᵀr, `gap` from [`elastic_net_gap`](super::elastic_net_gap) at the same point, and the radius of
/// [`gap_safe_radius`] with ν = 1. Without a finite dual bound everything is kept. Entries of `keep` that are already false stay false.
///
/// # Errors
/// Lengths that do not match, or λ₁ = 0.
pub fn screen_into<T: Scalar>(
    w: &ArrayRef1<T>,
    correlations: &ArrayRef1<T>,
    norms_squared: &ArrayRef1<T>,
    penalty: &ElasticNet<T>,
    sign: Sign,
    gap: &Gap<T>,
    keep: &mut [bool],
) -> Result<usize> {
    check_length("correlations", correlations, w.len(), "`w` has that many entries")?;
    check_length("norms_squared", norms_squared, w.len(), "`w` has that many entries")?;
    penalty.check_dimension(w.len())?;
    check_positive("l1", Scalar::to_f64(penalty.l1()))?;
    if keep.len() != w.len() {
        let (found, expected) = (vec![keep.len()], vec![w.len()]);
        return Err(Error::Shape { argument: "keep", found, expected, reason: "`w` has that many entries" }.into());
    }
    if gap.gap().is_finite() {
        let radius = gap_safe_radius(gap.gap(), penalty.l1(), T::one())?;
        // At the optimum rounding puts active coordinates at p (1 - 1e-16): the strict inequality needs this distance.
        let margin = T::one() - constant::<T>(1e-10).max(constant::<T>(64.0) * T::epsilon());
        for (j, keep) in keep.iter_mut().enumerate().filter(|(_, keep)| **keep) {
            let p = penalty.weight(j);
            let e = penalty.l2() * p;
            let c = correlations[j] - e * w[j];
            let pull = match sign {
                Sign::Free => c.abs(),
                Sign::NonNegative => c,
            };
            let dropped = pull / gap.scale + (norms_squared[j] + e).sqrt() * radius < p * margin;
            *keep = !dropped;
        }
    }
    Ok(keep.iter().filter(|keep| **keep).count())
}
