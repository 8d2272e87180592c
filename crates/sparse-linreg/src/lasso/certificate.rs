//! What a point says about the optimum: duality gap and safe screening.

use super::elastic_net::{Bounds, ElasticNet};
use super::prepared::{Matrix, Prepared};
use crate::Design;
use crate::error::{Error, Result, check_positive};
use core_optim::descent::{Sign, elastic_net_gap, gap_safe_radius, screen_into};
use core_optim::prox::ElasticNet as Penalty;
use core_tensor::{check_finite, check_shape};
use ndarray::{Array1, ArrayRef1};

/// The duality gap of a point, and what follows from it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct GapCertificate {
    /// The objective at the point.
    pub primal: f64,
    /// A lower bound of the optimum; -∞ if none was found.
    pub dual: f64,
    /// primal - dual.
    pub gap: f64,
    /// Radius √(2 gap / n) / (λα) of the ball around θ that holds the dual optimum.
    pub radius: f64,
    /// The dual point θ = r / scale (n).
    pub theta: Array1<f64>,
    /// |cⱼ| / scale (d), with cⱼ = xⱼᵀr - nλ(1-α)pⱼwⱼ; without absolute value for coefficients ≥ 0.
    pub correlations: Array1<f64>,
    /// Columns that are certainly zero at the optimum (d).
    pub safe_zero: Vec<bool>,
}

impl ElasticNet {
    /// The gap of coefficients `w` (d, on the scale of the data) at level `lambda` > 0, by rescaling the residual.
    ///
    /// ```text
    /// scale = max(nλα, max |cⱼ|/pⱼ),   rr = ‖r‖² + Σ nλ(1-α)pⱼ wⱼ²
    /// dual = λα rᵀy/scale - n(λα)²/2 · rr/scale²
    /// ```
    ///
    /// # Errors
    /// As [`fit`](Self::fit); coefficients of another number, not finite or outside the bounds; α = 0; bounds other than w ≥ 0.
    pub fn certificate(
        &self,
        x: &(impl Design + ?Sized),
        y: &ArrayRef1<f64>,
        w: &ArrayRef1<f64>,
        lambda: f64,
    ) -> Result<GapCertificate> {
        check_positive("lambda", lambda)?;
        check_positive("alpha", self.alpha)?;
        let dense = x.as_columns().to_dense();
        let prepared = self.prepare(crate::design::Columns::Dense(dense.view()), y)?;
        check_shape("w", w, &[prepared.dim().1], "`x` has that many columns")?;
        check_finite("w", w)?;
        let sign = match self.bounds {
            Bounds::Free => Sign::Free,
            Bounds::Positive if w.iter().all(|&w| w >= 0.0) => Sign::NonNegative,
            Bounds::Positive => {
                return Err(Error::NotPossible { what: "a certificate", reason: "`w` has a negative coefficient" });
            }
            Bounds::Between(..) => {
                return Err(Error::NotPossible { what: "a certificate", reason: "only w >= 0 is supported as bound" });
            }
        };
        self.certify(&prepared, w, lambda, sign)
    }

    fn certify(&self, prepared: &Prepared<'_>, w: &ArrayRef1<f64>, lambda: f64, sign: Sign) -> Result<GapCertificate> {
        let scaled: Array1<f64> =
            w.iter().zip(&prepared.factors).map(|(&w, &f)| if f == 0.0 { 0.0 } else { w / f }).collect();
        let (correlations, residual) = prepared.gradient(&scaled)?;
        let norms: Array1<f64> = match &prepared.matrix {
            Matrix::Dense(x) => x.columns().into_iter().map(|x| x.dot(&x)).collect(),
            Matrix::Sparse { .. } => Array1::zeros(scaled.len()),
        };
        let n = prepared.total;
        let ones = Array1::ones(scaled.len());
        let factors = prepared.penalty_factors.as_ref().unwrap_or(&ones);
        let penalty = Penalty::weighted(n * lambda * self.alpha, n * lambda * (1.0 - self.alpha), factors)?;
        let gap = elastic_net_gap(&prepared.y, &residual, &scaled, &correlations, &norms, &penalty, sign)?;
        let mut keep = vec![true; scaled.len()];
        screen_into(&scaled, &correlations, &norms, &penalty, sign, &gap, &mut keep)?;
        let finite = gap.gap().is_finite();
        let radius = if finite { gap_safe_radius(gap.gap(), penalty.l1(), 1.0)? } else { f64::INFINITY };
        let pull = |j: usize| {
            let c = correlations[j] - penalty.l2() * factors[j] * scaled[j];
            (if sign == Sign::Free { c.abs() } else { c }) / gap.scale
        };
        Ok(GapCertificate {
            primal: gap.primal / n,
            dual: gap.dual / n,
            gap: gap.gap() / n,
            radius,
            theta: residual / gap.scale,
            correlations: Array1::from_shape_fn(scaled.len(), pull),
            safe_zero: keep.into_iter().map(|keep| !keep).collect(),
        })
    }
}
