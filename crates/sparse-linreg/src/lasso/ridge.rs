//! Quadratic problems with a closed form: ridge regression and least squares of smallest norm.

use super::prepared::{Matrix, Prepared};
use crate::error::Result;
use core_optim::working_set::SparsePenalty;
use core_tensor::linalg::{Accumulate, Llt, Svd, gemv_into, gram_into};
use ndarray::{Array1, Array2, ShapeBuilder};

/// The minimiser of ½ ‖y - X w‖² + λ₂/2 Σ pⱼ wⱼ² on dense data without bounds; `None` where the general solver is to do it
/// (sparse data; λ₂ > 0 with some but not all pⱼ = 0).
///
/// λ₂ = 0: least squares, of smallest norm if there are many, by singular values. λ₂ > 0: Cholesky in the smaller of the two
/// dimensions.
pub(super) fn closed_form(prepared: &Prepared<'_>, penalty: &SparsePenalty<f64>) -> Result<Option<Array1<f64>>> {
    let Matrix::Dense(x) = &prepared.matrix else { return Ok(None) };
    let (n, d) = x.dim();
    let l2 = penalty.l2();
    if l2 == 0.0 {
        return least_squares(x, &prepared.y).map(Some);
    }
    if prepared.penalty_factors.as_ref().is_some_and(|p| p.iter().any(|&p| p == 0.0)) {
        return Ok(None);
    }
    let mut w = Array1::zeros(d);
    if d <= n {
        let mut gram = Array2::zeros((d, d).f());
        gram_into(&mut gram, Accumulate::Replace, 1.0, x)?;
        (0..d).for_each(|j| gram[[j, j]] += l2 * penalty.factor(j));
        gemv_into(&mut w, Accumulate::Replace, 1.0, &x.t(), &prepared.y)?;
        let mut llt = Llt::new(d);
        if llt.factorise(&gram).is_err() {
            return Ok(None);
        }
        llt.solve_in_place(&mut w)?;
    } else {
        // w = D⁻¹Xᵀ(X D⁻¹ Xᵀ + λ₂ I)⁻¹ y.
        let mut scaled = x.clone();
        for (j, mut column) in scaled.columns_mut().into_iter().enumerate() {
            let root = penalty.factor(j).sqrt();
            column.mapv_inplace(|v| v / root);
        }
        let mut gram = Array2::zeros((n, n).f());
        gram_into(&mut gram, Accumulate::Replace, 1.0, &scaled.t())?;
        (0..n).for_each(|i| gram[[i, i]] += l2);
        let mut llt = Llt::new(n);
        if llt.factorise(&gram).is_err() {
            return Ok(None);
        }
        let mut dual = prepared.y.clone();
        llt.solve_in_place(&mut dual)?;
        gemv_into(&mut w, Accumulate::Replace, 1.0, &x.t(), &dual)?;
        w.iter_mut().enumerate().for_each(|(j, w)| *w /= penalty.factor(j));
    }
    Ok(Some(w))
}

/// The least-squares solution of smallest norm.
fn least_squares(x: &Array2<f64>, y: &Array1<f64>) -> Result<Array1<f64>> {
    let mut svd = Svd::new(x.nrows(), x.ncols());
    svd.factorise(x)?;
    let mut w = Array1::zeros(x.ncols());
    svd.solve_into(svd.default_cutoff(), y, &mut w)?;
    Ok(w)
}
