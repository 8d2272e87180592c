//! Maps between embedding spaces.

use crate::Result;
use core_tensor::check_shape;
use core_tensor::linalg::{Accumulate, gemm_into};
use ndarray::{Array1, Array2, ArrayRef2, Axis};

/// h ↦ W h + b, on rows.
#[derive(Debug, Clone, PartialEq)]
pub struct AffineMap {
    /// W (out × in).
    pub weight: Array2<f64>,
    /// b (out).
    pub bias: Array1<f64>,
}

impl AffineMap {
    /// The images of the rows of `h` (rows × in): rows × out.
    ///
    /// # Errors
    /// Another number of columns.
    pub fn apply(&self, h: &ArrayRef2<f64>) -> Result<Array2<f64>> {
        check_shape("h", h, &[h.nrows(), self.weight.ncols()], "the map takes that many coordinates")?;
        let mut image = Array2::zeros((h.nrows(), self.weight.nrows()));
        image += &self.bias;
        gemm_into(&mut image, Accumulate::Add, 1.0, h, &self.weight.t())?;
        Ok(image)
    }

    /// Gradients of W and b for the gradient `upstream` of the images of `h`.
    pub(super) fn pullback(&self, h: &ArrayRef2<f64>, upstream: &ArrayRef2<f64>) -> Result<Self> {
        let mut weight = Array2::zeros(self.weight.raw_dim());
        gemm_into(&mut weight, Accumulate::Replace, 1.0, &upstream.t(), h)?;
        Ok(Self { weight, bias: upstream.sum_axis(Axis(0)) })
    }
}
