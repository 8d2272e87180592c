//! The layer's norm from below, by products alone, for every padding (section 5.3).

use crate::{Layer, Result};
use core_tensor::operator::LinearOperator;
use core_tensor::random::{normal_array, rng};
use core_tensor::{Scalar, check_range, check_shape};
use ndarray::Array1;

/// A running estimate of the largest singular value; keep it between training steps, where one or two iterations are enough.
#[derive(Debug, Clone, PartialEq)]
pub struct PowerIteration<T> {
    vector: Array1<T>,
}

/// What a [`PowerIteration`] found.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct LargestSingularValue {
    /// ‖𝒦 v‖ for a unit vector v: never above the norm, up to rounding.
    pub value: f64,
    /// ‖𝒦ᵀ𝒦 v - σ² v‖/σ: some singular value lies within this distance of `value`, to first order.
    pub residual: f64,
    /// Iterations done.
    pub iterations: usize,
}

impl<T: Scalar> PowerIteration<T> {
    /// Starts from normal numbers, for layers with that many inputs.
    #[must_use]
    pub fn new(inputs: usize, seed: u64) -> Self {
        Self { vector: normal_array::<f64, _, _>(&mut rng(seed), inputs).mapv(<T as Scalar>::from_f64) }
    }

    /// The unit vector that the last run ended with.
    #[must_use]
    pub fn vector(&self) -> &Array1<T> {
        &self.vector
    }

    /// At most `iterations` ≥ 1 products with 𝒦 and 𝒦ᵀ, until the residual is at most `tolerance` times the value.
    ///
    /// # Errors
    /// A layer with another number of inputs; 0 iterations; a tolerance that is not ≥ 0.
    pub fn run(&mut self, layer: &Layer<T>, iterations: usize, tolerance: f64) -> Result<LargestSingularValue> {
        check_range("iterations", iterations as f64, iterations > 0, "at least 1")?;
        check_range("tolerance", tolerance, tolerance >= 0.0, ">= 0")?;
        check_shape("vector", &self.vector, &[layer.columns()], "the layer has that many inputs")?;
        let norm = |x: &Array1<T>| x.iter().map(|&x| Scalar::to_f64(x).powi(2)).sum::<f64>().sqrt();
        let scale = |x: &mut Array1<T>, by: f64| {
            x.iter_mut().for_each(|x| *x = <T as Scalar>::from_f64(Scalar::to_f64(*x) * by));
        };
        let mut image = Array1::zeros(layer.rows());
        let mut back = Array1::zeros(layer.columns());
        let length = norm(&self.vector);
        scale(&mut self.vector, if length > 0.0 { length.recip() } else { 1.0 });
        let mut found = LargestSingularValue { value: 0.0, residual: 0.0, iterations: 0 };
        while found.iterations < iterations {
            layer.apply_into(&self.vector, &mut image)?;
            layer.apply_transposed_into(&image, &mut back)?;
            found.iterations += 1;
            found.value = norm(&image);
            if found.value == 0.0 {
                found.residual = 0.0;
                break;
            }
            let squared = found.value * found.value;
            let rest = back
                .iter()
                .zip(&self.vector)
                .map(|(&b, &v)| (Scalar::to_f64(b) - squared * Scalar::to_f64(v)).powi(2))
                .sum::<f64>();
            found.residual = rest.sqrt() / found.value;
            std::mem::swap(&mut self.vector, &mut back);
            let length = norm(&self.vector);
            scale(&mut self.vector, length.recip());
            if found.residual <= tolerance * found.value {
                break;
            }
        }
        Ok(found)
    }
}
