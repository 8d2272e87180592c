//! Are the derivatives those of the functions?

use crate::vector::norm;
use crate::{LowerLevel, Result, UpperLevel, differences};
use core_tensor::random::{normal_array, rng};
use core_tensor::{check_finite, check_shape};
use ndarray::{Array1, ArrayRef1};

/// The relative mismatch of each derivative with central differences, in random directions; about 1e-7 or less where it is right, of order 1
/// where it is wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct DerivativeReport {
    /// ∇ₓh against differences of h.
    pub lower_gradient: f64,
    /// H v against differences of ∇ₓh.
    pub hessian_vector: f64,
    /// Jᵀ q against differences of ∇ₓh in θ.
    pub cross_transposed: f64,
    /// J t against the same.
    pub cross: f64,
    /// ∇g against differences of g.
    pub upper_gradient: f64,
}

impl DerivativeReport {
    /// The derivative that is furthest off, and by how much.
    #[must_use]
    pub fn worst(&self) -> (&'static str, f64) {
        [
            ("lower_gradient", self.lower_gradient),
            ("hessian_vector", self.hessian_vector),
            ("cross_transposed", self.cross_transposed),
            ("cross", self.cross),
            ("upper_gradient", self.upper_gradient),
        ]
        .into_iter()
        // What is not a number is worst of all.
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .unwrap_or(("lower_gradient", f64::NAN))
    }
}

/// Compares all derivatives of a problem with central differences at x, θ. A few gradients, and 2 d more for Jᵀ q.
///
/// # Errors
/// Vectors of other lengths or not finite.
pub fn check_derivatives<P: LowerLevel + UpperLevel>(
    problem: &mut P,
    x: &ArrayRef1<f64>,
    theta: &ArrayRef1<f64>,
) -> Result<DerivativeReport> {
    let (n, d) = (problem.variables(), problem.hyperparameters());
    check_shape("x", x, &[n], "the problem has that many variables")?;
    check_shape("theta", theta, &[d], "the problem has that many hyperparameters")?;
    check_finite("x", x)?;
    check_finite("theta", theta)?;
    let mut random = rng(0);
    let (v, q, t): (Array1<f64>, Array1<f64>, Array1<f64>) =
        (normal_array(&mut random, n), normal_array(&mut random, n), normal_array(&mut random, d));
    let (mut gradient, mut scratch) = (Array1::zeros(n), Array1::zeros(n));
    let h = f64::EPSILON.cbrt() * (1.0 + norm(x)) / norm(&v).max(f64::MIN_POSITIVE);
    let moved = |sign: f64| {
        let mut moved = x.to_owned();
        moved.scaled_add(sign * h, &v);
        moved
    };
    problem.value_and_gradient_into(x, theta, &mut gradient);
    let slope = (problem.value_and_gradient_into(&moved(1.0), theta, &mut scratch)
        - problem.value_and_gradient_into(&moved(-1.0), theta, &mut scratch))
        / (2.0 * h);
    let lower_gradient = mismatch(gradient.dot(&v), slope, norm(&gradient) * norm(&v));
    problem.linearise(x, theta);
    let (mut product, mut expected) = (Array1::zeros(n), Array1::zeros(n));
    problem.hessian_vector_into(x, theta, &v, &mut product);
    differences::hessian_vector_into(problem, x, theta, &v, &mut expected);
    let hessian_vector = difference(&product, &expected);
    problem.cross_into(x, theta, &t, &mut product);
    differences::cross_into(problem, x, theta, &t, &mut expected);
    let cross = difference(&product, &expected);
    let (mut product, mut expected) = (Array1::zeros(d), Array1::zeros(d));
    problem.linearise(x, theta);
    problem.cross_transposed_into(x, theta, &q, &mut product);
    differences::cross_transposed_into(problem, x, theta, &q, &mut expected);
    let cross_transposed = difference(&product, &expected);
    problem.loss_and_gradient_into(x, &mut gradient);
    let slope = (problem.loss_and_gradient_into(&moved(1.0), &mut scratch)
        - problem.loss_and_gradient_into(&moved(-1.0), &mut scratch))
        / (2.0 * h);
    let upper_gradient = mismatch(gradient.dot(&v), slope, norm(&gradient) * norm(&v));
    Ok(DerivativeReport { lower_gradient, hessian_vector, cross_transposed, cross, upper_gradient })
}

/// Relative to the larger of both and a hundredth of what it could be at most.
fn mismatch(found: f64, expected: f64, scale: f64) -> f64 {
    let size = found.abs().max(expected.abs()).max(1e-2 * scale);
    if size == 0.0 { 0.0 } else { (found - expected).abs() / size }
}

fn difference(found: &Array1<f64>, expected: &Array1<f64>) -> f64 {
    let size = norm(found).max(norm(expected));
    if size == 0.0 { 0.0 } else { norm(&(found - expected)) / size }
}
