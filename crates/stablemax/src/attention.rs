//! Attention weights by any link, row by row, with masks and their vector-Jacobian product.

use crate::error::{Result, check_same_shape};
use crate::{Link, link};
use core_tensor::Scalar;
use ndarray::{Array2, ArrayRef2};

impl Link {
    /// Pulls a cotangent back through the probabilities: with p = p(z) and v = dL/dp,
    /// `dL/dzₖ = g′(zₖ) pₖ (vₖ - Σⱼ pⱼ vⱼ)`.
    ///
    /// `scores` (n × m) are the attention scores with -∞ as mask, `weights` (n × m) what [`Link::probabilities_into`] gave for
    /// them, `cotangent` (n × m) is dL/dp; `out` (n × m) becomes dL/dz, 0 at masks. O(nm).
    ///
    /// # Errors
    /// When shapes differ or a score is NaN or +∞.
    pub fn probabilities_vjp_into<T: Scalar>(
        &self,
        scores: &ArrayRef2<T>,
        weights: &ArrayRef2<T>,
        cotangent: &ArrayRef2<T>,
        out: &mut ArrayRef2<T>,
    ) -> Result<()> {
        self.validate()?;
        let reason = "it has one entry per score";
        check_same_shape("weights", weights.shape(), scores.shape(), reason)?;
        check_same_shape("cotangent", cotangent.shape(), scores.shape(), reason)?;
        check_same_shape("out", out.shape(), scores.shape(), reason)?;
        let rows = scores.outer_iter().zip(weights.outer_iter()).zip(cotangent.outer_iter()).zip(out.outer_iter_mut());
        for (row, (((z, p), v), mut out)) in rows.enumerate() {
            let (z, v) = (|k: usize| Scalar::to_f64(z[k]), |k: usize| Scalar::to_f64(v[k]));
            let p = |k: usize| Scalar::to_f64(p[k]);
            // Measured from the heaviest class, so that its own large share is not subtracted from itself.
            let top = (0..out.len()).fold(0, |top, k| if p(k) > p(top) { k } else { top });
            let mut mean = 0.0;
            for k in 0..out.len() {
                link::check_logit(row, k, z(k))?;
                if k != top && p(k) != 0.0 {
                    mean += p(k) * (v(k) - v(top));
                }
            }
            for k in 0..out.len() {
                let value =
                    if p(k) == 0.0 { 0.0 } else { self.log_score_derivative(z(k)) * p(k) * ((v(k) - v(top)) - mean) };
                out[k] = <T as Scalar>::from_f64(value);
            }
        }
        Ok(())
    }

    /// Allocating form of [`Link::probabilities_vjp_into`].
    ///
    /// # Errors
    /// As there.
    pub fn probabilities_vjp<T: Scalar>(
        &self,
        scores: &ArrayRef2<T>,
        weights: &ArrayRef2<T>,
        cotangent: &ArrayRef2<T>,
    ) -> Result<Array2<T>> {
        let mut out = Array2::zeros(scores.raw_dim());
        self.probabilities_vjp_into(scores, weights, cotangent, &mut out)?;
        Ok(out)
    }
}
