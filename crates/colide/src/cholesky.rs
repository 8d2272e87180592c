//! A small dense Cholesky factorisation: systems of a node's parents have a handful of unknowns.

use ndarray::{Array1, Array2};

/// A = L Lᵀ, with the inverse of L.
#[derive(Debug, Clone)]
pub(crate) struct Cholesky {
    inverse_lower: Array2<f64>,
}

impl Cholesky {
    /// Factorises `a` (k × k, symmetric), or, when a pivot falls below 1e-13 of its diagonal entry, `a + ridge I`; says
    /// whether the ridge was needed. `None` when that does not help either.
    pub(crate) fn ridged(mut a: Array2<f64>, ridge: f64) -> Option<(Self, bool)> {
        if let Some(factor) = Self::new(&a, 1e-13) {
            return Some((factor, false));
        }
        a.diag_mut().mapv_inplace(|v| v + ridge);
        Self::new(&a, 0.0).map(|factor| (factor, true))
    }

    fn new(a: &Array2<f64>, tolerance: f64) -> Option<Self> {
        let k = a.nrows();
        let mut lower = Array2::<f64>::zeros((k, k));
        for i in 0..k {
            for j in 0..=i {
                let sum: f64 = (0..j).map(|m| lower[[i, m]] * lower[[j, m]]).sum();
                let rest = a[[i, j]] - sum;
                if i > j {
                    lower[[i, j]] = rest / lower[[j, j]];
                } else if rest > tolerance * a[[i, i]] && rest.is_finite() {
                    lower[[i, i]] = rest.sqrt();
                } else {
                    return None;
                }
            }
        }
        let mut inverse_lower = Array2::zeros((k, k));
        for j in 0..k {
            inverse_lower[[j, j]] = 1.0 / lower[[j, j]];
            for i in j + 1..k {
                let sum: f64 = (j..i).map(|m| lower[[i, m]] * inverse_lower[[m, j]]).sum();
                inverse_lower[[i, j]] = -sum / lower[[i, i]];
            }
        }
        Some(Self { inverse_lower })
    }

    /// A⁻¹ b.
    pub(crate) fn solve(&self, b: &Array1<f64>) -> Array1<f64> {
        self.inverse_lower.t().dot(&self.inverse_lower.dot(b))
    }

    /// The diagonal of A⁻¹.
    pub(crate) fn inverse_diagonal(&self) -> Array1<f64> {
        self.inverse_lower.columns().into_iter().map(|column| column.dot(&column)).collect()
    }
}
