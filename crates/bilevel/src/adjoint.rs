//! The linear system H q = ∇g.

use crate::vector::norm;
use crate::{Error, LowerLevel, Result};
use ndarray::{Array1, ArrayRef1};

/// How a linear solve ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adjoint {
    /// ‖H q - b‖.
    pub residual: f64,
    /// Products with H.
    pub products: usize,
}

/// Solves H(x, θ) q = b from `q` until the absolute residual is at most `tolerance`. The problem must be linearised at x, θ.
///
/// `observer` sees the residual after each step. A residual that the recurrence believes in is computed anew before the end.
///
/// # Errors
/// [`Error::NotStronglyConvex`] on a direction without positive curvature.
#[expect(clippy::too_many_arguments, reason = "a kernel: `Implicit` is the convenient face")]
pub fn conjugate_gradients(
    problem: &mut dyn LowerLevel,
    x: &ArrayRef1<f64>,
    theta: &ArrayRef1<f64>,
    b: &ArrayRef1<f64>,
    q: &mut Array1<f64>,
    tolerance: f64,
    limit: usize,
    mut observer: impl FnMut(f64),
) -> Result<Adjoint> {
    let n = q.len();
    let (mut product, mut products) = (Array1::<f64>::zeros(n), 0);
    let mut residual = b.to_owned();
    if q.iter().any(|&v| v != 0.0) {
        problem.hessian_vector_into(x, theta, q, &mut product);
        products += 1;
        residual -= &product;
    }
    let mut square = residual.dot(&residual);
    let mut direction = residual.clone();
    let mut since = 0;
    while square.sqrt() > tolerance && products < limit && square.is_finite() {
        problem.hessian_vector_into(x, theta, &direction, &mut product);
        products += 1;
        since += 1;
        let curvature = direction.dot(&product);
        if !(curvature > 0.0) {
            let size = norm(&direction);
            return Err(Error::NotStronglyConvex { curvature: curvature / (size * size) });
        }
        let step = square / curvature;
        q.scaled_add(step, &direction);
        residual.scaled_add(-step, &product);
        let mut next = residual.dot(&residual);
        let exact = since % 50 == 0 || (since > 50 && next.sqrt() <= tolerance);
        if exact {
            problem.hessian_vector_into(x, theta, q, &mut product);
            products += 1;
            residual.assign(b);
            residual -= &product;
            next = residual.dot(&residual);
        }
        observer(next.sqrt());
        let ratio = next / square;
        // Rounding: more products do not help.
        if exact && ratio >= 1.0 {
            square = next;
            break;
        }
        direction.zip_mut_with(&residual, |d, r| *d = r + ratio * *d);
        square = next;
    }
    Ok(Adjoint { residual: square.sqrt(), products })
}
