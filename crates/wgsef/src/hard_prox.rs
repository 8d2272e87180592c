//! Hard selection: the proximal operator of the non-convex function.

use crate::error::check_lambda;
use crate::{Result, TensorsMut, Wgsef, Workspace};
use core_tensor::Scalar;
use ndarray::{Array, ArrayRef, Dimension};

impl Wgsef {
    /// A minimiser of ½‖x - y‖² + λ/2 Σ dⱼ‖xⱼ‖² over x with at most k non-zero groups; allocating form of
    /// [`hard_prox_in_place`](Self::hard_prox_in_place).
    ///
    /// # Errors
    /// As [`hard_prox_in_place`](Self::hard_prox_in_place).
    pub fn hard_prox<T: Scalar, D: Dimension>(&self, y: &ArrayRef<T, D>, lambda: f64) -> Result<Array<T, D>> {
        let mut x = y.to_owned();
        self.hard_prox_in_place(&mut x, lambda, &mut Workspace::default())?;
        Ok(x)
    }

    /// Keeps the k groups with the largest ‖xⱼ‖²/(1 + λ dⱼ) (of equal ones the first), divides them by 1 + λ dⱼ and zeroes the rest. Returns how
    /// many non-zero groups are left; the multipliers in the workspace are 1 for the chosen groups and 0 for the others.
    ///
    /// λ = 0 is the Euclidean projection on the vectors with at most k non-zero groups. O(m) by quick-select.
    ///
    /// # Errors
    /// As [`prox_in_place`](Self::prox_in_place).
    pub fn hard_prox_in_place<T: Scalar>(
        &self,
        x: &mut (impl TensorsMut<T> + ?Sized),
        lambda: f64,
        workspace: &mut Workspace,
    ) -> Result<usize> {
        check_lambda(lambda)?;
        x.with_views(|x| self.read("x", x, workspace))?;
        let kept = self.select(lambda, workspace);
        let Workspace { weighted, multipliers, .. } = workspace;
        for (j, (factor, &chosen)) in weighted.iter_mut().zip(multipliers.iter()).enumerate() {
            *factor = chosen / (1.0 + lambda * self.weight(j));
        }
        x.with_views_mut(|x| self.apply(x, &workspace.weighted));
        Ok(kept)
    }

    /// Marks the chosen groups by multipliers of 1; returns how many of them are non-zero.
    pub(crate) fn select(&self, lambda: f64, workspace: &mut Workspace) -> usize {
        let Workspace { norms, weighted, multipliers, root, .. } = workspace;
        let m = norms.len();
        root.fit(m);
        let score = |j: usize, norm: f64| norm / (1.0 + lambda * self.weight(j)).sqrt();
        for (j, (s, &norm)) in weighted.iter_mut().zip(norms.iter()).enumerate() {
            *s = score(j, norm);
        }
        let k = self.budget();
        if k >= m {
            multipliers.fill(1.0);
            return norms.iter().map(|&norm| usize::from(norm > 0.0)).sum();
        }
        let sorted = &mut root.c[..m];
        sorted.copy_from_slice(weighted);
        let (above, &mut threshold, _) = sorted.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
        let mut ties = k - above.iter().filter(|&&s| s > threshold).count();
        let mut kept = 0;
        for ((u, &s), &norm) in multipliers.iter_mut().zip(weighted.iter()).zip(norms.iter()) {
            let tied = s == threshold && ties > 0;
            ties -= usize::from(tied);
            let chosen = s > threshold || tied;
            *u = f64::from(u8::from(chosen));
            kept += usize::from(chosen && norm > 0.0);
        }
        kept
    }
}
