//! The envelope on singular values: low rank with an explicit budget.

use crate::error::check_lambda;
use crate::{Groups, ProxInfo, Result, Wgsef, Workspace};
use core_tensor::linalg::Svd;
use core_tensor::{Scalar, check_finite, check_shape};
use ndarray::{Array1, Array2, ArrayRef2};

/// ω of the singular values of matrices (rows × columns), each a group by itself: half the squared spectral k-support norm. At most k of them may be
/// non-zero without extra cost; k = 1 is half the squared nuclear norm.
#[derive(Debug, Clone)]
pub struct Spectral<T: Scalar> {
    omega: Wgsef,
    svd: Svd<T>,
    values: Array1<T>,
    workspace: Workspace,
    shape: [usize; 2],
}

impl<T: Scalar> Spectral<T> {
    /// For matrices of this shape and the budget k ≥ 1.
    ///
    /// # Errors
    /// k = 0.
    pub fn new(rows: usize, columns: usize, k: usize) -> Result<Self> {
        let rank = rows.min(columns);
        let omega = Wgsef::new(Groups::uniform(rank, 1)?, k)?;
        Ok(Self {
            omega,
            svd: Svd::new(rows, columns),
            values: Array1::zeros(rank),
            workspace: Workspace::new(rank),
            shape: [rows, columns],
        })
    }

    fn factorise(&mut self, x: &ArrayRef2<T>) -> Result<()> {
        check_shape("x", x, &self.shape, "the operator was made for it")?;
        check_finite("x", x)?;
        self.svd.factorise(x)?;
        self.values.assign(&self.svd.singular_values()?);
        Ok(())
    }

    /// ω of the singular values.
    ///
    /// # Errors
    /// A matrix of another shape or with entries that are not finite; no convergence of the decomposition.
    pub fn value(&mut self, x: &ArrayRef2<T>) -> Result<f64> {
        if self.values.is_empty() {
            check_shape("x", x, &self.shape, "the operator was made for it")?;
            return Ok(0.0);
        }
        self.factorise(x)?;
        Ok(self.omega.value_with(&self.values, &mut self.workspace)?.omega)
    }

    /// U diag(prox(s)) Vᵀ: the prox of λ times that function. [`ProxInfo::kept`] is the rank of the result.
    ///
    /// # Errors
    /// As [`value`](Self::value); λ < 0 or not finite.
    pub fn prox(&mut self, x: &ArrayRef2<T>, lambda: f64) -> Result<(Array2<T>, ProxInfo)> {
        check_lambda(lambda)?;
        if self.values.is_empty() {
            check_shape("x", x, &self.shape, "the operator was made for it")?;
            let info = self.omega.prox_in_place(&mut self.values, lambda, &mut self.workspace)?;
            return Ok((x.to_owned(), info));
        }
        self.factorise(x)?;
        let info = self.omega.prox_in_place(&mut self.values, lambda, &mut self.workspace)?;
        let rank = info.kept;
        let u = self.svd.u()?;
        let v = self.svd.v()?;
        let mut left = u.slice_axis(ndarray::Axis(1), ndarray::Slice::from(..rank)).to_owned();
        for (mut column, &value) in left.columns_mut().into_iter().zip(&self.values) {
            column.mapv_inplace(|u| u * value);
        }
        let mut out = Array2::zeros(self.shape);
        let right = v.slice_axis(ndarray::Axis(1), ndarray::Slice::from(..rank));
        let one = T::one();
        core_tensor::linalg::gemm_into(&mut out, core_tensor::linalg::Accumulate::Replace, one, &left, &right.t())?;
        Ok((out, info))
    }
}

#[cfg(test)]
mod tests {
    use super::Spectral;
    use core_tensor::random::{normal_array, rng};
    use ndarray::Array2;

    #[test]
    fn low_rank_with_a_budget() {
        let x: Array2<f64> = normal_array(&mut rng(1), (6, 4));
        let mut spectral = Spectral::new(6, 4, 2).unwrap();
        let (p, info) = spectral.prox(&x, 1e6).unwrap();
        assert_eq!(info.kept, 2);
        // Optimality: with v = (x - p)/λ, the value and its conjugate at v (half the sum of the two largest squares) add up to ⟨p, v⟩.
        let v = (&x - &p) / 1e6;
        let mut svd = core_tensor::linalg::Svd::new(6, 4);
        svd.factorise(&v).unwrap();
        let s = svd.singular_values().unwrap();
        let conjugate = 0.5 * (s[0] * s[0] + s[1] * s[1]);
        let value = spectral.value(&p).unwrap();
        let product: f64 = p.iter().zip(&v).map(|(p, v)| p * v).sum();
        assert!((value + conjugate - product).abs() <= 1e-10 * (value + conjugate));
        assert!(spectral.value(&Array2::zeros((4, 6))).is_err());
        assert!(spectral.prox(&Array2::from_elem((6, 4), f64::NAN), 1.0).is_err());
    }
}
