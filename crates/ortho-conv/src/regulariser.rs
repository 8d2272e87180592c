//! The regulariser of a whole network, and what its layers guarantee (section 7).

use crate::bound::continuum_bound;
use crate::spectrum::extreme_singular_values;
use crate::{Certificate, Geometry, LOrth, Result};
use core_tensor::{Scalar, check_range};
use ndarray::{ArrayD, ArrayViewD};

/// `λ Σ L_orth` over the layers of a network. Owns the memory of all of them: nothing is allocated while training.
#[derive(Debug, Clone)]
pub struct Regulariser<T> {
    layers: Vec<LOrth<T>>,
    lambda: f64,
}

/// One layer's part of a [`Regulariser::report`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LayerReport {
    /// Bounds for every signal size.
    pub certificate: Certificate,
    /// Smallest and largest singular value at the asked size.
    pub singular_values: (f64, f64),
    /// The layer's norm for every size and padding, from above.
    pub norm_bound: f64,
}

impl<T: Scalar> Regulariser<T> {
    /// For layers of those geometries, λ = `lambda`.
    ///
    /// # Errors
    /// λ not finite or < 0.
    pub fn new(geometries: &[Geometry], lambda: f64) -> Result<Self> {
        let mut regulariser = Self { layers: geometries.iter().map(LOrth::new).collect(), lambda: 0.0 };
        regulariser.set_lambda(lambda)?;
        Ok(regulariser)
    }

    /// λ.
    #[must_use]
    pub fn lambda(&self) -> f64 {
        self.lambda
    }

    /// Replaces λ.
    ///
    /// # Errors
    /// λ not finite or < 0.
    pub fn set_lambda(&mut self, lambda: f64) -> Result<()> {
        check_range("lambda", lambda, lambda >= 0.0 && lambda.is_finite(), "finite and >= 0")?;
        self.lambda = lambda;
        Ok(())
    }

    /// `λ Σ L_orth`; its gradients are added to `gradients`, one per kernel, so that they can be those of the task.
    ///
    /// # Errors
    /// Other numbers of arrays than layers, kernels of other geometries or not finite.
    pub fn add_gradients(&mut self, kernels: &[ArrayViewD<'_, T>], gradients: &mut [ArrayD<T>]) -> Result<f64> {
        for (argument, found) in [("kernels", kernels.len()), ("gradients", gradients.len())] {
            check_count(argument, found, self.layers.len())?;
        }
        let mut total = 0.0;
        for ((layer, kernel), gradient) in self.layers.iter_mut().zip(kernels).zip(gradients) {
            total += layer.add_gradient(kernel, self.lambda, gradient)?;
        }
        Ok(self.lambda * total)
    }

    /// Certificates and singular values of every layer, with `n` outputs per dimension.
    ///
    /// # Errors
    /// As [`Regulariser::add_gradients`]; n = 0.
    pub fn report(&self, kernels: &[ArrayViewD<'_, T>], n: usize) -> Result<Vec<LayerReport>> {
        check_count("kernels", kernels.len(), self.layers.len())?;
        let of = |(layer, kernel): (&LOrth<T>, &ArrayViewD<'_, T>)| {
            let geometry = layer.geometry();
            Ok(LayerReport {
                certificate: Certificate::of(kernel, geometry)?,
                singular_values: extreme_singular_values(kernel, geometry, &vec![n; geometry.dimensions()])?,
                norm_bound: continuum_bound(kernel, geometry, 16)?,
            })
        };
        self.layers.iter().zip(kernels).map(of).collect()
    }

    /// Raises λ by `factor` > 1 while the largest certified error of the layers is above `target` > 0, and lowers it by its root below half
    /// of it; call it every few epochs. Returns the largest error.
    ///
    /// # Errors
    /// As [`Regulariser::report`]; a factor or target out of range.
    pub fn adapt(&mut self, kernels: &[ArrayViewD<'_, T>], target: f64, factor: f64) -> Result<f64> {
        check_range("target", target, target > 0.0 && target.is_finite(), "finite and > 0")?;
        check_range("factor", factor, factor > 1.0 && factor.is_finite(), "finite and > 1")?;
        check_count("kernels", kernels.len(), self.layers.len())?;
        let mut error = 0.0_f64;
        for (layer, kernel) in self.layers.iter().zip(kernels) {
            error = error.max(Certificate::of(kernel, layer.geometry())?.error_bound());
        }
        if error > target {
            self.set_lambda((self.lambda * factor).min(f64::MAX))?;
        } else if error < 0.5 * target {
            self.set_lambda(self.lambda / factor.sqrt())?;
        }
        Ok(error)
    }
}

/// The product of the layers' norm bounds: a Lipschitz constant of the network when its activations are 1-Lipschitz.
#[must_use]
pub fn lipschitz_bound(reports: &[LayerReport]) -> f64 {
    reports.iter().map(|report| report.norm_bound).product()
}

fn check_count(argument: &'static str, found: usize, layers: usize) -> Result<()> {
    if found == layers {
        return Ok(());
    }
    let (found, expected) = (vec![found], vec![layers]);
    Err(core_tensor::Error::Shape { argument, found, expected, reason: "there is one per layer" }.into())
}
