//! The second moment of Adam as a metric.

use crate::Result;
use core_tensor::{Scalar, check_range};
use ndarray::{ArrayD, ArrayViewD, IxDyn, Zip};

/// The bias-corrected running mean of squared gradients: `v = β₂ v + (1 - β₂) g²`, `C = √(v/(1 - β₂ᵗ)) + ε`.
#[derive(Debug, Clone)]
pub(crate) struct AdamMetric<T> {
    beta: f64,
    epsilon: f64,
    moment: ArrayD<T>,
    steps: i32,
}

impl<T: Scalar> AdamMetric<T> {
    pub(crate) fn new(shape: &[usize], beta: f64, epsilon: f64) -> Result<Self> {
        check_range("beta2", beta, (0.0..1.0).contains(&beta), "in [0, 1)")?;
        check_range("epsilon", epsilon, epsilon > 0.0 && epsilon.is_finite(), "finite and > 0")?;
        Ok(Self { beta, epsilon, moment: ArrayD::zeros(IxDyn(shape)), steps: 0 })
    }

    /// Takes a gradient in and writes C + `shift` to `out`.
    pub(crate) fn update_into(&mut self, gradient: &ArrayViewD<'_, T>, shift: f64, out: &mut ArrayD<T>) {
        self.steps = self.steps.saturating_add(1);
        let correction = 1.0 - self.beta.powi(self.steps);
        let (beta, epsilon) = (self.beta, self.epsilon);
        Zip::from(&mut self.moment).and(gradient).and(out).for_each(|v, &g, out| {
            let g = Scalar::to_f64(g);
            let moment = beta * Scalar::to_f64(*v) + (1.0 - beta) * g * g;
            *v = <T as Scalar>::from_f64(moment);
            *out = <T as Scalar>::from_f64((moment / correction).sqrt() + epsilon + shift);
        });
    }
}
