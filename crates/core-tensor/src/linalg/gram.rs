//! Gram matrices.

use super::gemm::{Accumulate, gemm_into};
use super::view::{faer_mut, faer_ref};
use crate::parallelism::parallelism_for;
use crate::vectorised::clear_upper_halves;
use crate::{Result, Scalar, check_shape};
use faer::linalg::matmul::triangular::{BlockStructure, matmul};
use ndarray::ArrayRef2;

/// `out ← α XᵀX` or `out ← out + α XᵀX` for X (n × d), out (d × d): one triangle is computed, then mirrored.
///
/// Costs n d² flops, half of the general product, and the result is exactly symmetric. With [`Accumulate::Add`] only
/// the lower triangle of `out` is read. Pass `&x.t()` for X Xᵀ. Bits do not depend on the number of threads.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape) if `out` is not d × d.
pub fn gram_into<T: Scalar>(out: &mut ArrayRef2<T>, accumulate: Accumulate, alpha: T, x: &ArrayRef2<T>) -> Result<()> {
    let (n, d) = x.dim();
    check_shape("out", out, &[d, d], "a Gram matrix has a row and a column per column of `x`")?;
    if d <= 8 {
        gemm_into(out, accumulate, alpha, &x.t(), x)?;
    } else {
        let x = faer_ref(x);
        matmul(
            faer_mut(out),
            BlockStructure::TriangularLower,
            accumulate.into_faer(),
            x.transpose(),
            BlockStructure::Rectangular,
            x,
            BlockStructure::Rectangular,
            alpha,
            parallelism_for(n.saturating_mul(d).saturating_mul(d)),
        );
        clear_upper_halves();
    }
    mirror_lower(out);
    Ok(())
}

/// Copies the strictly lower triangle of a square matrix to the upper one, tile by tile so that both stay in cache.
pub(crate) fn mirror_lower<T: Scalar>(x: &mut ArrayRef2<T>) {
    const TILE: usize = 32;
    let n = x.nrows();
    for row in (0..n).step_by(TILE) {
        for column in (0..=row).step_by(TILE) {
            for i in row..n.min(row + TILE) {
                for j in column..i.min(column + TILE) {
                    x[[j, i]] = x[[i, j]];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, s};

    #[test]
    fn equals_the_general_product_and_is_symmetric() {
        for (n, d) in [(1, 1), (3, 8), (40, 9), (17, 70), (0, 5)] {
            let x = Array2::from_shape_fn((n, d), |(i, j)| ((7 * i + 3 * j) % 11) as f64 - 5.0);
            for view in [x.view(), x.slice(s![..;-1, ..])] {
                let mut out = Array2::from_elem((d, d), f64::NAN);
                gram_into(&mut out, Accumulate::Replace, 0.5, &view).unwrap();
                // Small integers: both sums are exact.
                assert_eq!(out, view.t().dot(&view) * 0.5);
                gram_into(&mut out, Accumulate::Add, 0.5, &view).unwrap();
                assert_eq!(out, view.t().dot(&view));
            }
        }
        assert!(gram_into(&mut Array2::<f64>::zeros((2, 3)), Accumulate::Add, 1.0, &Array2::zeros((4, 3))).is_err());
    }
}
