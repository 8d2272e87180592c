//! The duality gap of convex models.

use crate::error::check_positive;
use crate::subgradient::visit_two;
use crate::{Result, Tensors, Wgsef, Workspace};
use core_tensor::Scalar;

impl Wgsef {
    /// An upper bound on how far `f(w) + λ ω(w)` lies above its minimum, for any convex differentiable f with this `gradient` at w:
    ///
    /// ```text
    /// gap = λ ω(w) + ω*(∇f(w))/λ + wᵀ∇f(w)  ≥  0
    /// ```
    ///
    /// ω* is finite everywhere, so that no dual point needs to be made feasible. Costs two passes and a selection. Coordinates in no group
    /// have no such bound: their gradients must vanish, and the gap says nothing of them.
    ///
    /// # Errors
    /// As [`value_with`](Self::value_with) for both; λ not finite and > 0.
    pub fn duality_gap<T: Scalar>(
        &self,
        w: &(impl Tensors<T> + ?Sized),
        gradient: &(impl Tensors<T> + ?Sized),
        lambda: f64,
        workspace: &mut Workspace,
    ) -> Result<f64> {
        check_positive("lambda", lambda)?;
        gradient.with_views(|gradient| self.read("gradient", gradient, workspace))?;
        let dual = self.dual_norm_of_norms(workspace);
        let omega = self.value_with(w, workspace)?.omega;
        let mut product = 0.0;
        w.with_views(|w| gradient.with_views(|g| visit_two(self, w, g, |_, w, g| product += w * g)));
        Ok(lambda * omega + 0.5 * dual * (dual / lambda) + product)
    }
}
