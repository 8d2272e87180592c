//! The Moreau envelope: the regulariser made smooth.

use crate::error::check_positive;
use crate::{Result, TensorsMut, Wgsef, Workspace};
use core_tensor::Scalar;
use ndarray::{Array, ArrayRef, Dimension};

impl Wgsef {
    /// The Moreau envelope and its gradient at y, for a smoothing λ > 0; allocating form of
    /// [`moreau_in_place`](Self::moreau_in_place).
    ///
    /// # Errors
    /// As [`moreau_in_place`](Self::moreau_in_place).
    pub fn moreau<T: Scalar, D: Dimension>(&self, y: &ArrayRef<T, D>, lambda: f64) -> Result<(f64, Array<T, D>)> {
        let mut gradient = y.to_owned();
        let value = self.moreau_in_place(&mut gradient, lambda, &mut Workspace::default())?;
        Ok((value, gradient))
    }

    /// Returns `min_x ω(x) + ‖x - y‖²/(2λ)` at y and replaces y by the gradient there, (y - prox(y))/λ, which is Lipschitz with constant
    /// 1/λ: a smooth regulariser for any gradient method.
    ///
    /// # Errors
    /// As [`prox_in_place`](Self::prox_in_place), and λ not > 0.
    pub fn moreau_in_place<T: Scalar>(
        &self,
        y: &mut (impl TensorsMut<T> + ?Sized),
        lambda: f64,
        workspace: &mut Workspace,
    ) -> Result<f64> {
        check_positive("lambda", lambda)?;
        let nonzero = y.with_views(|y| self.read("y", y, workspace))?;
        let info = self.prox_of_norms(nonzero, lambda, workspace);
        let Workspace { norms, weighted, multipliers, .. } = workspace;
        let mut squares = 0.0;
        for (j, ((factor, &u), &norm)) in weighted.iter_mut().zip(multipliers.iter()).zip(norms.iter()).enumerate() {
            // (1 - u/(u + λ d))/λ without cancellation.
            *factor = if norm > 0.0 { self.weight(j) / (u + lambda * self.weight(j)) } else { 0.0 };
            let gradient = *factor * norm;
            squares += gradient * gradient;
        }
        y.with_views_mut(|y| self.apply(y, &workspace.weighted));
        Ok(info.omega + 0.5 * lambda * squares)
    }
}
