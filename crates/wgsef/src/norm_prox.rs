//! Operators of the norm N = √(2 ω) itself, not squared: its proximal operator and the projection on its balls.

use crate::error::{check_lambda, check_positive};
use crate::monotone::increasing_root;
use crate::{Result, TensorsMut, Wgsef, Workspace};
use core_tensor::{Scalar, check_range};
use ndarray::{Array, ArrayRef, Dimension};

impl Wgsef {
    /// prox of λ N; allocating form of [`norm_prox_in_place`](Self::norm_prox_in_place).
    ///
    /// # Errors
    /// As [`norm_prox_in_place`](Self::norm_prox_in_place).
    pub fn norm_prox<T: Scalar, D: Dimension>(&self, y: &ArrayRef<T, D>, lambda: f64) -> Result<Array<T, D>> {
        let mut x = y.to_owned();
        self.norm_prox_in_place(&mut x, lambda, &mut Workspace::default())?;
        Ok(x)
    }

    /// Replaces x by argmin ½‖z - x‖² + λ N(z). Returns the μ with which the result is prox of μ ω: μ N(result) = λ; +∞ when the result is 0,
    /// which is so for N*(x) ≤ λ. Unlike ω, N has such a threshold.
    ///
    /// # Errors
    /// As [`prox_in_place`](Self::prox_in_place).
    pub fn norm_prox_in_place<T: Scalar>(
        &self,
        x: &mut (impl TensorsMut<T> + ?Sized),
        lambda: f64,
        workspace: &mut Workspace,
    ) -> Result<f64> {
        check_lambda(lambda)?;
        let nonzero = x.with_views(|x| self.read("x", x, workspace))?;
        if lambda == 0.0 {
            return Ok(0.0);
        }
        let dual = self.dual_norm_of_norms(workspace);
        if dual <= lambda {
            workspace.weighted.fill(0.0);
            x.with_views_mut(|x| self.apply(x, &workspace.weighted));
            return Ok(f64::INFINITY);
        }
        let mut shrunk = Shrunk { omega: self, nonzero };
        // 1/(μ N) is nearly linear in 1/μ.
        let inverse = increasing_root(dual / lambda, |inverse| {
            let norm = shrunk.norm(inverse.recip(), workspace);
            // N = 0 only by underflow, for a huge μ: beyond the root on the side of small 1/μ.
            if norm > 0.0 { inverse / norm - lambda.recip() } else { -f64::MAX }
        });
        let mu = inverse.recip();
        shrunk.apply(mu, x, workspace);
        Ok(mu)
    }

    /// Projection on the ball N ≤ `radius`; allocating form of [`ball_projection_in_place`](Self::ball_projection_in_place).
    ///
    /// # Errors
    /// As [`ball_projection_in_place`](Self::ball_projection_in_place).
    pub fn ball_projection<T: Scalar, D: Dimension>(
        &self,
        y: &ArrayRef<T, D>,
        radius: f64,
    ) -> Result<(Array<T, D>, f64)> {
        let mut x = y.to_owned();
        let lambda = self.ball_projection_in_place(&mut x, radius, &mut Workspace::default())?;
        Ok((x, lambda))
    }

    /// Replaces x by the nearest point with N ≤ `radius`, which is finite and ≥ 0. Returns the λ with which that is prox of λ ω: 0 inside
    /// the ball, +∞ for the radius 0.
    ///
    /// # Errors
    /// As [`prox_in_place`](Self::prox_in_place); a radius out of range.
    pub fn ball_projection_in_place<T: Scalar>(
        &self,
        x: &mut (impl TensorsMut<T> + ?Sized),
        radius: f64,
        workspace: &mut Workspace,
    ) -> Result<f64> {
        check_range("radius", radius, radius >= 0.0 && radius.is_finite(), "finite and >= 0")?;
        let nonzero = x.with_views(|x| self.read("x", x, workspace))?;
        let norm = self.norm_of_norms(nonzero, workspace);
        if norm <= radius {
            return Ok(0.0);
        }
        if radius == 0.0 {
            workspace.weighted.fill(0.0);
            x.with_views_mut(|x| self.apply(x, &workspace.weighted));
            return Ok(f64::INFINITY);
        }
        self.weigh(workspace);
        let mut shrunk = Shrunk { omega: self, nonzero };
        // 1/N is nearly linear in λ.
        let lambda = increasing_root(norm / radius, |lambda| {
            let norm = shrunk.norm(lambda, workspace);
            if norm > 0.0 { norm.recip() - radius.recip() } else { f64::MAX }
        });
        check_positive("lambda", lambda)?;
        shrunk.apply(lambda, x, workspace);
        Ok(lambda)
    }
}

/// The prox of λ ω as a function of λ, from norms alone.
struct Shrunk<'a> {
    omega: &'a Wgsef,
    nonzero: usize,
}

impl Shrunk<'_> {
    /// N(prox of λ ω).
    fn norm(&mut self, lambda: f64, workspace: &mut Workspace) -> f64 {
        self.omega.weigh(workspace);
        (2.0 * self.omega.prox_of_norms(self.nonzero, lambda, workspace).omega).sqrt()
    }

    fn apply<T: Scalar>(&mut self, lambda: f64, x: &mut (impl TensorsMut<T> + ?Sized), workspace: &mut Workspace) {
        self.norm(lambda, workspace);
        x.with_views_mut(|x| self.omega.apply(x, &workspace.weighted));
    }
}
