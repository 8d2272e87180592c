//! From nearly to exactly orthogonal: Björck's step, cut to the kernel's support, and Gauss-Newton steps.

use crate::lag_form::LagForm;
use crate::polyphase::Polyphase;
use crate::{Geometry, LOrth, Result};
use core_tensor::operator::{Limits, LinearOperator, conjugate_gradients};
use core_tensor::{Scalar, check_finite, check_range};
use ndarray::{Array, Array1, Array3, ArrayRef, ArrayRef1, Dimension};
use std::cell::RefCell;

/// K - ∇L_orth/8: one step of Björck's iteration, cut to the kernel's support. Falls fast at first, slowly later: see [`polish`].
///
/// # Errors
/// A kernel of another geometry or not finite.
pub fn bjorck_step<T: Scalar, D: Dimension>(kernel: &ArrayRef<T, D>, geometry: &Geometry) -> Result<Array<T, D>> {
    let mut next = kernel.to_owned();
    LOrth::new(geometry).add_gradient(kernel, -0.125, &mut next)?;
    Ok(next)
}

/// A polished kernel.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Polished<T, D: Dimension> {
    /// The kernel.
    pub kernel: Array<T, D>,
    /// L_orth before the first step and after each.
    pub history: Vec<f64>,
}

/// At most `steps` Gauss-Newton steps on the residual E: `v = -argmin ‖E + J v‖` by conjugate gradients, where
/// `J v = ½ (R(K + v) - R(K - v))` exactly, since R is quadratic. Where taps do not overlap
/// (k ≤ s) L_orth squares with each step. Else the constraints are degenerate at orthogonal kernels (products of taps at the largest lags
/// vanish), and it falls by a factor of about ten per step. A step that does not lower it ends the polish; far away, start with
/// [`Orthogonaliser`](crate::Orthogonaliser).
///
/// # Errors
/// A kernel of another geometry or not finite; 0 steps.
pub fn polish<T: Scalar, D: Dimension>(
    kernel: &ArrayRef<T, D>,
    geometry: &Geometry,
    steps: usize,
) -> Result<Polished<T, D>> {
    check_range("steps", steps as f64, steps > 0, "at least 1")?;
    geometry.check("kernel", kernel)?;
    check_finite("kernel", kernel)?;
    let mut current = kernel.mapv(Scalar::to_f64);
    let mut l_orth = LOrth::<f64>::with_form(geometry, crate::Form::Lags);
    let mut history = vec![l_orth.value(&current)?];
    let polyphase = Polyphase::new(geometry);
    for _ in 0..steps {
        let mut next = current.clone();
        for group in 0..geometry.groups() {
            let mut y = vec![0.0; polyphase.len()];
            polyphase.split_into(&current, group, &mut y);
            let step = gauss_newton(&polyphase, &y)?;
            polyphase.join_into(&step, -1.0, true, group, &mut next);
        }
        let value = l_orth.value(&next)?;
        if !(value < history[history.len() - 1]) {
            break;
        }
        history.push(value);
        current = next;
        // Nothing but rounding is left.
        if value < 1e-28 * current.len() as f64 {
            break;
        }
    }
    Ok(Polished { kernel: current.mapv(<T as Scalar>::from_f64), history })
}

/// The solution of (Jᵀ J + μ) v = Jᵀ E, on the kernel's own entries.
fn gauss_newton(polyphase: &Polyphase, y: &[f64]) -> Result<Vec<f64>> {
    let mut form = LagForm::new(polyphase);
    let value = form.value(y)?;
    let mut half_gradient = vec![0.0; y.len()];
    form.gradient_into(y, &mut half_gradient)?;
    let mask = polyphase.support();
    let right: Array1<f64> = half_gradient.iter().zip(&mask).map(|(g, &own)| if own { 0.5 * g } else { 0.0 }).collect();
    // Damping that vanishes with the residual keeps the quadratic rate.
    let normal =
        Normal { y, mask, damping: 1e-3 * value.sqrt().min(1.0) + 1e-14, forms: RefCell::new((form.clone(), form)) };
    let limits = Limits { iterations: 500, tolerance: 1e-10 };
    let solved = conjugate_gradients(&normal, &right, limits)?;
    Ok(solved.0.to_vec())
}

/// v ↦ Jᵀ J v + μ v.
struct Normal<'a> {
    y: &'a [f64],
    mask: Vec<bool>,
    damping: f64,
    forms: RefCell<(LagForm<f64>, LagForm<f64>)>,
}

impl LinearOperator<f64> for Normal<'_> {
    fn rows(&self) -> usize {
        self.y.len()
    }

    fn columns(&self) -> usize {
        self.y.len()
    }

    fn apply_into(&self, v: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) -> core_tensor::Result<()> {
        let failed = |_| core_tensor::Error::NoConvergence { argument: "kernel", what: "Gauss-Newton product" };
        let moved = |sign: f64| {
            self.y
                .iter()
                .zip(v)
                .zip(&self.mask)
                .map(|((y, v), &own)| if own { y + sign * v } else { *y })
                .collect::<Vec<_>>()
        };
        let mut forms = self.forms.borrow_mut();
        let (plus, minus) = &mut *forms;
        plus.value(&moved(1.0)).map_err(failed)?;
        minus.value(&moved(-1.0)).map_err(failed)?;
        let half: &Array3<f64> = minus.residuals_mut();
        let half = half.clone();
        plus.residuals_mut().zip_mut_with(&half, |p, &m| *p = 0.5 * (*p - m));
        let mut pulled = vec![0.0; self.y.len()];
        plus.gradient_into(self.y, &mut pulled).map_err(failed)?;
        for (((out, &p), &v), &own) in out.iter_mut().zip(&pulled).zip(v).zip(&self.mask) {
            *out = if own { 0.5 * p } else { 0.0 } + self.damping * v;
        }
        Ok(())
    }

    fn apply_transposed_into(&self, v: &ArrayRef1<f64>, out: &mut ArrayRef1<f64>) -> core_tensor::Result<()> {
        self.apply_into(v, out)
    }
}
