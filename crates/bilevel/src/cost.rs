//! What was spent.

/// Evaluations of the lower level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Cost {
    /// Gradients of h.
    pub gradients: usize,
    /// Products with H in linear systems.
    pub products: usize,
    /// Factorisations of H.
    pub factorisations: usize,
}

impl Cost {
    /// Gradients and products: the unit in which methods are compared.
    #[must_use]
    pub fn total(&self) -> usize {
        self.gradients + self.products
    }
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.gradients += other.gradients;
        self.products += other.products;
        self.factorisations += other.factorisations;
    }
}
