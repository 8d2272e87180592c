//! The function.

use crate::norms::norms_into;
use crate::root::{Offsets, RootMethod, Terms};
use crate::survey::survey;
use crate::{Error, Groups, Result, Weights, Workspace};
use core_tensor::Scalar;
use ndarray::ArrayViewD;

/// The weighted group sparse envelope ω: the largest convex function below
///
/// ```text
/// ½ Σⱼ dⱼ ‖xⱼ‖²   where at most k groups are non-zero,  +∞ elsewhere
/// ```
///
/// With `aⱼ = √dⱼ ‖xⱼ‖`, sorted decreasingly, and q non-zero groups,
///
/// ```text
/// ω(x) = ½ min { Σ aⱼ² / uⱼ : 0 ≤ uⱼ ≤ 1, Σ uⱼ ≤ k }
///      = ½ Σ aⱼ²                                      q ≤ k
///      = ½ (Σ_{j ≤ r} aⱼ² + (Σ_{j > r} aⱼ)² / (k - r))  q > k,   uⱼ = min(1, aⱼ/τ),  a_r ≥ τ > a_{r+1},  Σ uⱼ = k
/// ```
///
/// k = 1 is half the squared (weighted) group Lasso norm, k ≥ m is ridge regression. √(2 ω) is a norm, the k-support norm of a.
///
/// All operators take one tensor or several ([`Tensors`](crate::Tensors)), in f32 or f64, and compute in f64. They run in expected linear
/// time; `λ` is finite and ≥ 0.
///
/// ```
/// use ndarray::array;
/// use wgsef::{Groups, Wgsef};
///
/// // Three groups of two; two may stay.
/// let omega = Wgsef::new(Groups::uniform(3, 2)?, 2)?;
/// let (x, info) = omega.prox(&array![3.0, 4.0, 0.3, 0.4, 6.0, 8.0], 1.0)?;
/// assert_eq!(x, array![1.5, 2.0, 0.0, 0.0, 3.0, 4.0]);
/// assert_eq!(info.kept, 2);
/// # Ok::<(), wgsef::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Wgsef {
    groups: Groups,
    weights: Weights,
    k: usize,
    method: RootMethod,
}

impl Wgsef {
    /// At most `k` ≥ 1 of the groups, all weights 1; k ≥ m is legal and means k = m.
    ///
    /// # Errors
    /// [`Error::InvalidBudget`] for k = 0.
    pub fn new(groups: Groups, k: usize) -> Result<Self> {
        if k == 0 {
            return Err(Error::InvalidBudget { groups: groups.count() });
        }
        Ok(Self { groups, weights: Weights::plain(), k, method: RootMethod::default() })
    }

    /// The default budget of 30 % of the groups, rounded up.
    ///
    /// # Errors
    /// None at present.
    pub fn with_default_budget(groups: Groups) -> Result<Self> {
        let k = (groups.count() * 3).div_ceil(10).max(1);
        Self::new(groups, k)
    }

    /// Replaces the weights.
    ///
    /// # Errors
    /// A wrong number of weights.
    pub fn weights(mut self, weights: Weights) -> Result<Self> {
        weights.check(&self.groups)?;
        self.weights = weights;
        Ok(self)
    }

    /// Chooses how the root is found.
    #[must_use]
    pub fn root_method(mut self, method: RootMethod) -> Self {
        self.method = method;
        self
    }

    /// Changes the budget.
    ///
    /// # Errors
    /// [`Error::InvalidBudget`] for k = 0.
    pub fn set_budget(&mut self, k: usize) -> Result<()> {
        if k == 0 {
            return Err(Error::InvalidBudget { groups: self.groups.count() });
        }
        self.k = k;
        Ok(())
    }

    /// The groups.
    #[must_use]
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// The budget k.
    #[must_use]
    pub fn budget(&self) -> usize {
        self.k
    }

    /// dⱼ; 1 if there is no such group.
    #[must_use]
    pub fn weight(&self, j: usize) -> f64 {
        self.weights.get(j)
    }

    pub(crate) fn all_weights(&self) -> &Weights {
        &self.weights
    }

    pub(crate) fn method(&self) -> RootMethod {
        self.method
    }

    /// Fills `workspace.norms`, and `weighted` unless all weights are 1; returns how many groups are non-zero.
    pub(crate) fn read<T: Scalar>(
        &self,
        argument: &'static str,
        tensors: &[ArrayViewD<'_, T>],
        workspace: &mut Workspace,
    ) -> Result<usize> {
        workspace.fit(self.groups.count());
        let Workspace { norms, weighted, .. } = workspace;
        norms_into(&self.groups, argument, tensors, norms, weighted)?;
        Ok(self.weigh(workspace))
    }

    /// `weighted` from `norms`; returns how many groups are non-zero.
    pub(crate) fn weigh(&self, workspace: &mut Workspace) -> usize {
        let Workspace { norms, weighted, .. } = workspace;
        if let Some(roots) = self.weights.roots() {
            for ((weighted, &norm), &root) in weighted.iter_mut().zip(norms.iter()).zip(roots) {
                *weighted = root * norm;
            }
        }
        survey(norms).positive
    }

    /// √dⱼ ‖xⱼ‖, as `weigh` left them.
    pub(crate) fn terms<'a>(&self, norms: &'a [f64], weighted: &'a [f64]) -> &'a [f64] {
        if self.weights.roots().is_some() { weighted } else { norms }
    }

    /// λ dⱼ, written to `offsets` unless all weights are 1.
    pub(crate) fn offsets<'a>(&self, lambda: f64, offsets: &'a mut Vec<f64>) -> Offsets<'a> {
        match self.weights.values() {
            None => Offsets::All(lambda),
            Some(d) => {
                offsets.clear();
                offsets.extend(d.iter().map(|d| lambda * d));
                Offsets::Each(offsets)
            }
        }
    }

    /// The terms of the value: e = 0.
    pub(crate) fn value_terms<'a>(&self, norms: &'a [f64], weighted: &'a [f64]) -> Terms<'a> {
        Terms { c: self.terms(norms, weighted), e: Offsets::All(0.0) }
    }
}
