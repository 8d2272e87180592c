//! Subgradients of the envelope, and how far a point is from being stationary.

use crate::error::check_lambda;
use crate::{Result, Tensors, TensorsMut, Value, Wgsef, Workspace};
use core_tensor::Scalar;
use ndarray::{Array, ArrayRef, ArrayViewD, Dimension};

/// How far 0 is from ∇f(x) + λ ∂ω(x).
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Stationarity {
    /// The Euclidean distance.
    pub distance: f64,
    /// The largest distance in a single group.
    pub largest: f64,
}

impl Wgsef {
    /// The subgradient at x whose blocks on zero groups vanish:
    /// `yⱼ = √dⱼ max(aⱼ, τ) xⱼ/‖xⱼ‖`; allocating form of [`subgradient_in_place`](Self::subgradient_in_place).
    ///
    /// # Errors
    /// As [`value_with`](Self::value_with).
    pub fn subgradient<T: Scalar, D: Dimension>(&self, x: &ArrayRef<T, D>) -> Result<(Array<T, D>, Value)> {
        let mut y = x.to_owned();
        let value = self.subgradient_in_place(&mut y, &mut Workspace::default())?;
        Ok((y, value))
    }

    /// Replaces x by the subgradient at x; returns the value there. Any block of norm ≤ √dⱼ
    /// [`zero_radius`](Value::zero_radius) may be put on a zero group.
    ///
    /// # Errors
    /// As [`value_with`](Self::value_with).
    pub fn subgradient_in_place<T: Scalar>(
        &self,
        x: &mut (impl TensorsMut<T> + ?Sized),
        workspace: &mut Workspace,
    ) -> Result<Value> {
        let value = self.value_with(x, workspace)?;
        self.subgradient_factors(&value, workspace);
        x.with_views_mut(|x| self.apply(x, &workspace.weighted));
        Ok(value)
    }

    /// In `weighted`, what the groups of x are multiplied by.
    pub(crate) fn subgradient_factors(&self, value: &Value, workspace: &mut Workspace) {
        let Workspace { norms, weighted, .. } = workspace;
        for (j, (factor, &norm)) in weighted.iter_mut().zip(norms.iter()).enumerate() {
            let root = self.all_weights().root(j);
            *factor = if norm == 0.0 {
                0.0
            } else if root * norm >= value.tau {
                self.weight(j)
            } else {
                root * (value.tau / norm)
            };
        }
    }

    /// The distance of 0 to `gradient + λ ∂ω(x)`: 0 exactly at a minimiser of f + λ ω when f is convex.
    ///
    /// # Errors
    /// As [`value_with`](Self::value_with) for both; λ < 0 or not finite.
    pub fn stationarity<T: Scalar>(
        &self,
        x: &(impl Tensors<T> + ?Sized),
        gradient: &(impl Tensors<T> + ?Sized),
        lambda: f64,
        workspace: &mut Workspace,
    ) -> Result<Stationarity> {
        check_lambda(lambda)?;
        // Checks the gradient; its norms are needed again after those of x.
        gradient.with_views(|gradient| self.read("gradient", gradient, workspace))?;
        let value = self.value_with(x, workspace)?;
        self.subgradient_factors(&value, workspace);
        let Workspace { norms, weighted, multipliers, .. } = workspace;
        // The squares of the residuals, group by group, in the place of the multipliers.
        multipliers.fill(0.0);
        x.with_views(|x| {
            gradient.with_views(|gradient| {
                visit_two(self, x, gradient, |group, x, g| {
                    let residual = g + lambda * weighted[group] * x;
                    multipliers[group] += residual * residual;
                });
            });
        });
        let (mut squares, mut largest) = (0.0, 0.0_f64);
        for (j, (&residual, &norm)) in multipliers.iter().zip(norms.iter()).enumerate() {
            let mut residual = residual.sqrt();
            if norm == 0.0 {
                residual = (residual - lambda * self.all_weights().root(j) * value.zero_radius).max(0.0);
            }
            squares += residual * residual;
            largest = largest.max(residual);
        }
        Ok(Stationarity { distance: squares.sqrt(), largest })
    }
}

/// Calls `f(group, entry of x, entry of y)` for each entry in a group.
pub(crate) fn visit_two<T: Scalar>(
    omega: &Wgsef,
    x: &[ArrayViewD<'_, T>],
    y: &[ArrayViewD<'_, T>],
    mut f: impl FnMut(usize, f64, f64),
) {
    for ((part, x), y) in omega.groups().parts().iter().zip(x).zip(y) {
        for ((owner, &x), &y) in part.owners().zip(x.iter()).zip(y.iter()) {
            if let Some(group) = owner {
                f(group, Scalar::to_f64(x), Scalar::to_f64(y));
            }
        }
    }
}
