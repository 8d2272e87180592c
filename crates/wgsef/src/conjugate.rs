//! The conjugate and the dual norm.

use crate::{Result, Tensors, Wgsef, Workspace};
use core_tensor::Scalar;

impl Wgsef {
    /// The conjugate ω*(y) = ½ Σ of the k largest ‖yⱼ‖²/dⱼ; finite everywhere.
    ///
    /// # Errors
    /// Tensors of other shapes than the groups', entries that are not finite.
    pub fn conjugate<T: Scalar>(&self, y: &(impl Tensors<T> + ?Sized)) -> Result<f64> {
        self.conjugate_with(y, &mut Workspace::default())
    }

    /// The conjugate, in reusable memory.
    ///
    /// # Errors
    /// As [`conjugate`](Self::conjugate).
    pub fn conjugate_with<T: Scalar>(&self, y: &(impl Tensors<T> + ?Sized), workspace: &mut Workspace) -> Result<f64> {
        let norm = self.dual_norm_with(y, workspace)?;
        Ok(0.5 * norm * norm)
    }

    /// The dual norm N*(y) = √(Σ of the k largest ‖yⱼ‖²/dⱼ).
    ///
    /// # Errors
    /// As [`conjugate`](Self::conjugate).
    pub fn dual_norm<T: Scalar>(&self, y: &(impl Tensors<T> + ?Sized)) -> Result<f64> {
        self.dual_norm_with(y, &mut Workspace::default())
    }

    /// The dual norm, in reusable memory.
    ///
    /// # Errors
    /// As [`conjugate`](Self::conjugate).
    pub fn dual_norm_with<T: Scalar>(&self, y: &(impl Tensors<T> + ?Sized), workspace: &mut Workspace) -> Result<f64> {
        y.with_views(|y| self.read("y", y, workspace))?;
        Ok(self.dual_norm_of_norms(workspace))
    }

    /// N* from the norms in the workspace.
    pub(crate) fn dual_norm_of_norms(&self, workspace: &mut Workspace) -> f64 {
        let Workspace { norms, root, .. } = workspace;
        let m = norms.len();
        root.fit(m);
        let quotients = &mut root.c[..m];
        match self.all_weights().roots() {
            None => quotients.copy_from_slice(norms),
            Some(roots) => {
                for ((q, &norm), &root) in quotients.iter_mut().zip(norms.iter()).zip(roots) {
                    *q = norm / root;
                }
            }
        }
        let top = largest(quotients, self.budget());
        let size = top.iter().fold(0.0_f64, |m, &v| m.max(v));
        if size == 0.0 {
            return 0.0;
        }
        size * top.iter().map(|&v| (v / size) * (v / size)).sum::<f64>().sqrt()
    }
}

/// The k largest of the values, in no particular order, moved to the front.
pub(crate) fn largest(values: &mut [f64], k: usize) -> &[f64] {
    if k < values.len() {
        values.select_nth_unstable_by(k, |a, b| b.total_cmp(a));
        &values[..k]
    } else {
        values
    }
}
