//! The logistic loss at a point: values, slopes, curvatures, and its part of the duality gap.

use crate::reduce::{BlockSum, constant};
use core_tensor::Scalar;

/// f(z) = Σ sᵢ log(1 + exp(-yᵢ zᵢ)) with what depends on z.
#[derive(Debug, Clone, Default)]
pub(super) struct LogisticState<T> {
    pub(super) labels: Vec<T>,
    /// s; empty for all 1.
    pub(super) weights: Vec<T>,
    pub(super) z: Vec<T>,
    /// exp(-y z), which is a / (1 - a) for a = σ(-y z).
    odds: Vec<T>,
    /// u = -∇f = s y a.
    pub(super) slopes: Vec<T>,
    /// s a (1 - a).
    pub(super) curvatures: Vec<T>,
    pub(super) value: T,
}

/// log(1 + exp(-t)) and exp(-t), which may overflow to ∞.
#[inline]
fn softplus<T: Scalar>(t: T) -> (T, T) {
    let e = (-t.abs()).exp();
    if t < T::zero() { (e.ln_1p() - t, e.recip()) } else { (e.ln_1p(), e) }
}

impl<T: Scalar> LogisticState<T> {
    #[inline]
    fn weight(&self, i: usize) -> T {
        self.weights.get(i).copied().unwrap_or(T::one())
    }

    /// Computes everything from z.
    pub(super) fn look(&mut self) {
        let n = self.z.len();
        for part in [&mut self.odds, &mut self.slopes, &mut self.curvatures] {
            part.clear();
            part.resize(n, T::zero());
        }
        let mut sum = BlockSum::default();
        for i in 0..n {
            let (s, y) = (self.weight(i), self.labels[i]);
            let (value, odds) = softplus(y * self.z[i]);
            let rest = (T::one() + odds).recip();
            // For infinite odds a = 1.
            let a = if rest > T::zero() { odds * rest } else { T::one() };
            self.odds[i] = odds;
            self.slopes[i] = s * y * a;
            self.curvatures[i] = s * a * rest;
            sum.add(s * value);
        }
        self.value = sum.total();
    }

    /// f(z + t dz).
    pub(super) fn value_along(&self, direction: &[T], step: T) -> T {
        let mut sum = BlockSum::default();
        for i in 0..self.z.len() {
            sum.add(self.weight(i) * softplus(self.labels[i] * (self.z[i] + step * direction[i])).0);
        }
        sum.total()
    }

    pub(super) fn shift(&mut self, by: T) {
        self.z.iter_mut().for_each(|z| *z += by);
    }

    /// Σ s [σ a ln σ + (1 - σ a) ln((1 - σ a)/(1 - a))] ≥ 0: the Fenchel-Young terms of the loss at σ u, σ in [0, 1].
    pub(super) fn gap(&self, sigma: T) -> T {
        if sigma == T::one() {
            return T::zero();
        }
        let off = T::one() - sigma;
        let mut sum = BlockSum::default();
        for i in 0..self.z.len() {
            let odds = self.odds[i];
            let rest = (T::one() + odds).recip();
            let a = if rest > T::zero() { odds * rest } else { T::one() };
            let scaled = sigma * a;
            let entropy = if scaled > T::zero() { scaled * sigma.ln() } else { T::zero() };
            // (1 - σ a)/(1 - a) = 1 + (1 - σ) a/(1 - a).
            let log = if odds.is_finite() { (off * odds).ln_1p() } else { off.ln() - self.labels[i] * self.z[i] };
            sum.add(self.weight(i) * (entropy + (T::one() - scaled) * log).max(T::zero()));
        }
        sum.total()
    }

    /// Σ s a/(1 - a): the second derivative of [`gap`](Self::gap) at σ = 1.
    pub(super) fn gap_curvature(&self) -> T {
        (0..self.z.len()).map(|i| self.weight(i) * self.odds[i].min(constant(1e8))).sum()
    }
}
