//! Related penalties: un-squared distances, and the baselines that look at the flattened kernel only (section 3).

use crate::{LOrth, Regime, Result};
use core_tensor::linalg::{Accumulate, gemm_into};
use core_tensor::{Scalar, check_finite, check_shape};
use ndarray::{Array2, ArrayRef, ArrayRef2, Dimension};

impl<T: Scalar> LOrth<T> {
    /// `‖conv(K, K) - I₀‖_F`, the un-squared distance of the rows: `√(L_orth + max(0, M - C s^D))`, per group. Its gradient in `gradient`
    /// is that of L_orth divided by twice the distance, and 0 where the distance is 0.
    ///
    /// # Errors
    /// As [`LOrth::value_and_gradient_into`].
    pub fn distance_and_gradient_into<D: Dimension, E: Dimension>(
        &mut self,
        kernel: &ArrayRef<T, D>,
        gradient: &mut ArrayRef<T, E>,
    ) -> Result<f64> {
        let squared = self.value_and_gradient_into(kernel, gradient)? + self.excess();
        let distance = squared.sqrt();
        let by = if distance > 0.0 { (2.0 * distance).recip() } else { 0.0 };
        gradient.iter_mut().for_each(|g| *g *= <T as Scalar>::from_f64(by));
        Ok(distance)
    }

    /// [`distance_and_gradient_into`](Self::distance_and_gradient_into) without the gradient.
    ///
    /// # Errors
    /// As [`LOrth::value`].
    pub fn distance<D: Dimension>(&mut self, kernel: &ArrayRef<T, D>) -> Result<f64> {
        Ok((self.value(kernel)? + self.excess()).sqrt())
    }

    /// max(0, M - C s^D), of all groups: what no kernel can take away from the rows' residual.
    fn excess(&self) -> f64 {
        let group = self.geometry().group();
        match group.regime() {
            Regime::Column => (self.geometry().groups() * (group.outputs() - group.phase_channels())) as f64,
            _ => 0.0,
        }
    }
}

/// `‖W Wᵀ - I‖²_F` of a matrix (m × n), and its gradient `4 (W Wᵀ - I) W` in `gradient`: dense orthogonality of the rows.
///
/// # Errors
/// A gradient of another shape; entries that are not finite.
pub fn row_orthogonality_into<T: Scalar>(w: &ArrayRef2<T>, gradient: &mut ArrayRef2<T>) -> Result<f64> {
    check_finite("w", w)?;
    check_shape("gradient", gradient, w.shape(), "`w` has that shape")?;
    let mut residual = Array2::zeros((w.nrows(), w.nrows()));
    gemm_into(&mut residual, Accumulate::Replace, T::one(), w, &w.t())?;
    residual.diag_mut().iter_mut().for_each(|r| *r -= T::one());
    gemm_into(gradient, Accumulate::Replace, <T as Scalar>::from_f64(4.0), &residual, w)?;
    Ok(residual.iter().map(|&r| Scalar::to_f64(r).powi(2)).sum())
}

/// `‖Aᵀ A - I‖_F` of the kernel (M × C × k…) flattened to M × C k^D and stood upright: the baseline of kernel orthogonality. It makes the
/// layer orthogonal only for kernels as large as their stride (1 × 1 layers among them).
///
/// # Errors
/// Fewer than two axes, an empty kernel, entries that are not finite.
pub fn kernel_orthogonality<T: Scalar, D: Dimension>(kernel: &ArrayRef<T, D>) -> Result<f64> {
    let flat = flattened(kernel)?;
    let upright = if flat.nrows() >= flat.ncols() { flat } else { flat.reversed_axes() };
    let mut gradient = Array2::zeros((upright.ncols(), upright.nrows()));
    Ok(row_orthogonality_into(&upright.t(), &mut gradient)?.sqrt())
}

/// The kernel as a matrix M × C k^D, in `f64`.
pub(crate) fn flattened<T: Scalar, D: Dimension>(kernel: &ArrayRef<T, D>) -> Result<Array2<f64>> {
    check_finite("kernel", kernel)?;
    let rows = kernel.shape().first().copied().unwrap_or(0);
    if kernel.ndim() < 2 || kernel.is_empty() {
        return Err(core_tensor::Error::Empty { argument: "kernel", expected: "output and input channel" }.into());
    }
    let entries = kernel.iter().map(|&v| Scalar::to_f64(v)).collect();
    let shape = |_| core_tensor::Error::Empty { argument: "kernel", expected: "entry" };
    Ok(Array2::from_shape_vec((rows, kernel.len() / rows), entries).map_err(shape)?)
}
