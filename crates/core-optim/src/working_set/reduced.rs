//! The columns that a model really works with: weighted by √s, and without their weighted mean if there is an intercept.

use super::{Intercept, Options};
use crate::Result;
use crate::design::DesignMatrix;
use crate::reduce::constant;
use core_tensor::Scalar;

/// x̂ⱼ = √s ∘ (stored column j - mⱼ 1), with mⱼ the weighted mean of the stored column, or the matrix's own shift without intercept.
pub(super) struct Reduced<'a, T, X: ?Sized> {
    pub(super) x: &'a X,
    pub(super) rows: usize,
    pub(super) columns: usize,
    /// s; `None` for all 1.
    pub(super) weights: Option<Vec<T>>,
    /// mⱼ; empty if all are 0.
    means: Vec<T>,
    /// ‖x̂ⱼ‖² and ‖x̂ⱼ‖.
    pub(super) norms: Vec<T>,
    pub(super) roots: Vec<T>,
    /// Σ s.
    pub(super) total: T,
    pub(super) intercept: Intercept,
}

impl<'a, T: Scalar, X: DesignMatrix<T> + ?Sized> Reduced<'a, T, X> {
    pub(super) fn new(x: &'a X, options: &Options<'_, T>) -> Result<Self> {
        let (n, d) = (x.rows(), x.columns());
        let weights: Option<Vec<T>> = options.weights.map(|s| s.iter().copied().collect());
        let total = weights.as_ref().map_or(constant::<T>(n as f64), |s| s.iter().copied().sum());
        let mut means = Vec::with_capacity(d);
        let mut norms = Vec::with_capacity(d);
        let mut column = Vec::new();
        for j in 0..d {
            let (sum, stored_mean, deviations) = match &weights {
                None => {
                    let (sum, deviations) = x.stored_moments(j)?;
                    (sum, sum / total, deviations)
                }
                Some(s) => {
                    let (sum, deviations) = weighted_moments(x, j, s, total, &mut column)?;
                    (sum, sum / total, deviations)
                }
            };
            let mean = match options.intercept {
                Intercept::Free => stored_mean,
                Intercept::Absent => x.shift(j).unwrap_or(T::zero()),
            };
            let off = stored_mean - mean;
            let mut norm = deviations + total * off * off;
            // A column that is constant up to the rounding of its mean counts as zero.
            let noise = constant::<T>(16.0) * T::epsilon() * sum.abs();
            if options.intercept == Intercept::Free && norm * total <= noise * noise {
                norm = T::zero();
            }
            let expected = "of columns whose squared norms the numbers can hold";
            core_tensor::check_range("x", Scalar::to_f64(norm), norm.is_finite(), expected)?;
            means.push(mean);
            norms.push(norm);
        }
        if means.iter().all(|&m| m == T::zero()) {
            means.clear();
        }
        let roots = norms.iter().map(|l| l.sqrt()).collect();
        Ok(Self { x, rows: n, columns: d, weights, means, norms, roots, total, intercept: options.intercept })
    }

    /// True if x̂ⱼ is the stored column for all j.
    #[cfg(feature = "linalg")]
    pub(super) fn is_plain(&self) -> bool {
        self.means.is_empty() && self.weights.is_none()
    }

    #[inline]
    pub(super) fn mean(&self, j: usize) -> T {
        self.means.get(j).copied().unwrap_or(T::zero())
    }

    /// x̂ⱼᵀ(ρ/√s) = (stored column j)ᵀρ - mⱼ Σρ for each j of `columns`, into `out`; `sum` = Σρ.
    pub(super) fn dots_into(&self, columns: &[usize], rho: &[T], sum: T, out: &mut [T]) -> Result<()> {
        self.x.stored_dots_into(columns, rho, out)?;
        if !self.means.is_empty() && sum != T::zero() {
            for (out, &j) in out.iter_mut().zip(columns) {
                *out -= self.means[j] * sum;
            }
        }
        // Columns that count as zero.
        for (out, &j) in out.iter_mut().zip(columns) {
            if self.norms[j] == T::zero() {
                *out = T::zero();
            }
        }
        Ok(())
    }

    /// out ← out - (stored columns - means) w.
    pub(super) fn subtract_fit(&self, w: &[T], out: &mut [T]) -> Result<()> {
        let mut shift = T::zero();
        let mut view = ndarray::ArrayViewMut1::from(&mut *out);
        for (j, &w) in w.iter().enumerate().filter(|(_, w)| **w != T::zero()) {
            self.x.stored_axpy(j, -w, &mut view)?;
            shift += w * self.mean(j);
        }
        if shift != T::zero() {
            out.iter_mut().for_each(|out| *out += shift);
        }
        Ok(())
    }

    /// What the model's own constant exceeds that of the reduced one by: Σ (mⱼ - shiftⱼ) wⱼ, to be subtracted.
    pub(super) fn offset_of(&self, w: &[T]) -> T {
        let shift = |j| self.x.shift(j).unwrap_or(T::zero());
        w.iter().enumerate().filter(|(_, w)| **w != T::zero()).map(|(j, &w)| w * (self.mean(j) - shift(j))).sum()
    }
}

/// Σ s x and Σ s (x - mean)² of stored column j.
fn weighted_moments<T: Scalar, X: DesignMatrix<T> + ?Sized>(
    x: &X,
    j: usize,
    s: &[T],
    total: T,
    column: &mut Vec<T>,
) -> Result<(T, T)> {
    if let Some((rows, values, factor)) = x.sparse_column(j) {
        let entries = || rows.iter().zip(values).map(|(&i, &v)| (s[i], factor * v));
        let sum: T = entries().map(|(s, v)| s * v).sum();
        let mean = sum / total;
        let (mut covered, mut deviations) = (T::zero(), T::zero());
        for (s, v) in entries() {
            covered += s;
            deviations += s * (v - mean) * (v - mean);
        }
        return Ok((sum, deviations + (total - covered).max(T::zero()) * mean * mean));
    }
    column.resize(s.len(), T::zero());
    x.stored_column_into(j, column)?;
    let sum: T = column.iter().zip(s).map(|(&v, &s)| s * v).sum();
    let mean = sum / total;
    Ok((sum, column.iter().zip(s).map(|(&v, &s)| s * (v - mean) * (v - mean)).sum()))
}
