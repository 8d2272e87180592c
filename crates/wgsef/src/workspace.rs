//! Memory that every operator works in.

use crate::root::RootMemory;

/// Reusable memory: an operator allocates nothing when it is given one that has met a problem of that size before.
///
/// Its contents never influence a result. Six numbers per group.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    /// ‖xⱼ‖.
    pub(crate) norms: Vec<f64>,
    /// √dⱼ ‖xⱼ‖, and later the factors that the groups are multiplied by.
    pub(crate) weighted: Vec<f64>,
    /// λ dⱼ, or λ dⱼ / γⱼ.
    pub(crate) offsets: Vec<f64>,
    /// uⱼ.
    pub(crate) multipliers: Vec<f64>,
    pub(crate) root: RootMemory,
    /// Coordinates in the order of the groups, for metrics.
    pub(crate) coordinates: Vec<f64>,
    pub(crate) metric: Vec<f64>,
    pub(crate) pointers: Vec<usize>,
    /// Passes of the last root finding.
    pub(crate) passes: usize,
}

impl Workspace {
    /// Memory for m groups.
    #[must_use]
    pub fn new(m: usize) -> Self {
        let mut workspace = Self { root: RootMemory::new(m), ..Self::default() };
        workspace.fit(m);
        workspace.offsets.resize(m, 0.0);
        workspace
    }

    /// The norms ‖xⱼ‖ of the groups (m) of the tensor that the last operator read.
    #[must_use]
    pub fn norms(&self) -> &[f64] {
        &self.norms
    }

    /// The multipliers uⱼ in [0, 1] (m) of the last value or proximal operator.
    #[must_use]
    pub fn multipliers(&self) -> &[f64] {
        &self.multipliers
    }

    /// Passes over the shrinking list of groups in the last root finding; 0 if there was none.
    #[must_use]
    pub fn passes(&self) -> usize {
        self.passes
    }

    pub(crate) fn fit(&mut self, m: usize) {
        for buffer in [&mut self.norms, &mut self.weighted, &mut self.multipliers] {
            buffer.resize(m, 0.0);
        }
        self.passes = 0;
    }
}
