//! The value of the envelope and what comes with it.

use crate::root::root;
use crate::{Result, Tensors, Wgsef, Workspace};
use core_tensor::Scalar;

/// ω(x), and where its groups stand.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Value {
    /// ω(x).
    pub omega: f64,
    /// The threshold τ; 0 when at most k groups are non-zero.
    pub tau: f64,
    /// Non-zero groups, q.
    pub nonzero: usize,
    /// Groups with multiplier 1.
    pub saturated: usize,
    /// A zero group j may have any subgradient of norm ≤ √dⱼ · `zero_radius`.
    pub zero_radius: f64,
}

impl Wgsef {
    /// ω(x); allocating form of [`value_with`](Self::value_with) that returns the number alone.
    ///
    /// # Errors
    /// As [`value_with`](Self::value_with).
    pub fn value<T: Scalar>(&self, x: &(impl Tensors<T> + ?Sized)) -> Result<f64> {
        Ok(self.value_with(x, &mut Workspace::default())?.omega)
    }

    /// ω(x) with threshold and counts; the multipliers stand in the workspace afterwards.
    ///
    /// # Errors
    /// Tensors of other shapes than the groups', entries that are not finite.
    pub fn value_with<T: Scalar>(&self, x: &(impl Tensors<T> + ?Sized), workspace: &mut Workspace) -> Result<Value> {
        let nonzero = x.with_views(|x| self.read("x", x, workspace))?;
        Ok(self.value_of_norms(nonzero, workspace))
    }

    /// The norm N(x) = √(2 ω(x)): the k-support norm of the weighted group norms.
    ///
    /// # Errors
    /// As [`value_with`](Self::value_with).
    pub fn norm<T: Scalar>(&self, x: &(impl Tensors<T> + ?Sized)) -> Result<f64> {
        self.norm_with(x, &mut Workspace::default())
    }

    /// The norm, in reusable memory.
    ///
    /// # Errors
    /// As [`value_with`](Self::value_with).
    pub fn norm_with<T: Scalar>(&self, x: &(impl Tensors<T> + ?Sized), workspace: &mut Workspace) -> Result<f64> {
        let nonzero = x.with_views(|x| self.read("x", x, workspace))?;
        Ok(self.norm_of_norms(nonzero, workspace))
    }

    /// N(x) from the norms in the workspace, without overflow of squares.
    pub(crate) fn norm_of_norms(&self, nonzero: usize, workspace: &mut Workspace) -> f64 {
        let (size, value) = self.scaled_value(nonzero, workspace);
        size * (2.0 * value.omega).sqrt()
    }

    /// ω from the norms (and weighted norms) in the workspace.
    pub(crate) fn value_of_norms(&self, nonzero: usize, workspace: &mut Workspace) -> Value {
        let (size, value) = self.scaled_value(nonzero, workspace);
        Value {
            omega: size * size * value.omega,
            tau: size * value.tau,
            zero_radius: size * value.zero_radius,
            ..value
        }
    }

    /// A power of two s ≈ the largest weighted norm (1 for ordinary numbers), and the value for x/s.
    fn scaled_value(&self, nonzero: usize, workspace: &mut Workspace) -> (f64, Value) {
        let Workspace { norms, weighted, multipliers, root: memory, passes, .. } = workspace;
        let terms = self.value_terms(norms, weighted);
        let a = terms.c;
        let largest = a.iter().fold(0.0_f64, |m, &v| m.max(v));
        let size = if (1e-100..=1e100).contains(&largest) || largest == 0.0 {
            1.0
        } else {
            // Exact, and 1/size does not overflow.
            2.0_f64.powi(largest.log2().floor().clamp(-1000.0, 1000.0) as i32)
        };
        let inverse = size.recip();
        let k = self.budget();
        if nonzero <= k {
            let mut squares = 0.0;
            let mut smallest = f64::INFINITY;
            for (&a, u) in a.iter().zip(multipliers.iter_mut()) {
                squares += (a * inverse) * (a * inverse);
                *u = if a > 0.0 { 1.0 } else { 0.0 };
                if a > 0.0 {
                    smallest = smallest.min(a);
                }
            }
            let zero_radius = if nonzero == k && nonzero > 0 { smallest * inverse } else { 0.0 };
            let omega = 0.5 * squares;
            return (size, Value { omega, tau: 0.0, nonzero, saturated: nonzero, zero_radius });
        }
        let root = root(terms, k, self.method(), memory);
        *passes = root.passes;
        let (mut squares, mut rest, mut saturated) = (0.0, 0.0, 0_usize);
        for (&a, u) in a.iter().zip(multipliers.iter_mut()) {
            let v = root.at(a, 0.0);
            let a = a * inverse;
            if v >= 1.0 {
                squares += a * a;
                saturated += 1;
                *u = 1.0;
            } else {
                rest += a;
                *u = v;
            }
        }
        // Rounding at a tie with the threshold may saturate one group too many: r ≤ k - 1 always.
        let free = k.saturating_sub(saturated).max(1) as f64;
        let tau = rest / free;
        (size, Value { omega: 0.5 * (squares + rest * tau), tau, nonzero, saturated, zero_radius: tau })
    }
}
