//! What a group costs.

use crate::error::{check_length, check_positive};
use crate::{Groups, Result};

/// The weights `dⱼ > 0` of the groups: they multiply the quadratic, dⱼ ‖xⱼ‖², and not the norm.
///
/// A group with a larger weight must hold more energy to stay. Multiplying all weights by a number is the same as multiplying λ by it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Weights {
    /// d and √d; `None` when all are 1.
    each: Option<(Vec<f64>, Vec<f64>)>,
}

impl Weights {
    /// All weights 1.
    #[must_use]
    pub fn plain() -> Self {
        Self::default()
    }

    /// One weight per group, as it is.
    ///
    /// # Errors
    /// A weight that is not finite and > 0.
    pub fn each(weights: &[f64]) -> Result<Self> {
        weights.iter().try_for_each(|&d| check_positive("weights", d))?;
        Ok(Self { each: Some((weights.to_vec(), weights.iter().map(|d| d.sqrt()).collect())) })
    }

    /// Weights proportional to the groups' costs (FLOPs, latency, bytes), with mean 1.
    ///
    /// # Errors
    /// A cost that is not finite and > 0, or a mean that is not finite.
    pub fn costs(costs: &[f64]) -> Result<Self> {
        costs.iter().try_for_each(|&cost| check_positive("costs", cost))?;
        if costs.is_empty() {
            return Ok(Self::plain());
        }
        let mean = costs.iter().map(|cost| cost / costs.len() as f64).sum::<f64>();
        check_positive("costs", mean)?;
        Self::each(&costs.iter().map(|cost| cost / mean).collect::<Vec<_>>())
    }

    /// Weights proportional to the sizes of the groups, `n_j / mean(n)`: large groups are dearer.
    ///
    /// # Errors
    /// An empty group.
    pub fn sizes(groups: &Groups) -> Result<Self> {
        Self::costs(&(0..groups.count()).map(|j| groups.size(j) as f64).collect::<Vec<_>>())
    }

    /// dⱼ; 1 if there is no such group.
    #[must_use]
    pub fn get(&self, j: usize) -> f64 {
        self.each.as_ref().and_then(|(d, _)| d.get(j)).copied().unwrap_or(1.0)
    }

    pub(crate) fn check(&self, groups: &Groups) -> Result<()> {
        match &self.each {
            Some((d, _)) => check_length("weights", d.len(), groups.count(), "there is a weight per group"),
            None => Ok(()),
        }
    }

    /// d, unless all are 1.
    pub(crate) fn values(&self) -> Option<&[f64]> {
        self.each.as_ref().map(|(d, _)| d.as_slice())
    }

    /// √d, unless all are 1.
    pub(crate) fn roots(&self) -> Option<&[f64]> {
        self.each.as_ref().map(|(_, root)| root.as_slice())
    }

    /// √dⱼ.
    #[inline]
    pub(crate) fn root(&self, j: usize) -> f64 {
        self.each.as_ref().map_or(1.0, |(_, root)| root[j])
    }
}
