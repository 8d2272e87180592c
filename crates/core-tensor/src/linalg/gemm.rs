//! General matrix product.

use super::view::{faer_mut, faer_ref};
use crate::parallelism::parallelism_for;
use crate::vectorised::clear_upper_halves;
use crate::{Result, Scalar, check_shape};
use faer::{Accum, Par};
use ndarray::ArrayRef2;

/// What a product does with the previous contents of its output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Accumulate {
    /// They are not read (and may be NaN).
    Replace,
    /// The product is added to them.
    Add,
}

impl Accumulate {
    pub(crate) fn into_faer(self) -> Accum {
        match self {
            Accumulate::Replace => Accum::Replace,
            Accumulate::Add => Accum::Add,
        }
    }
}

/// `out ← α A B` or `out ← out + α A B` for A (m × k), B (k × n), out (m × n), each with any strides.
///
/// Costs 2mkn flops. Large products use several threads; the bits do not depend on how many. Entries need not be
/// finite: NaN and infinities propagate.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape) if the shapes do not match.
pub fn gemm_into<T: Scalar>(
    out: &mut ArrayRef2<T>,
    accumulate: Accumulate,
    alpha: T,
    a: &ArrayRef2<T>,
    b: &ArrayRef2<T>,
) -> Result<()> {
    let (m, k) = a.dim();
    let n = b.ncols();
    check_shape("b", b, &[k, n], "`b` has a row per column of `a`")?;
    check_shape("out", out, &[m, n], "`out` has the rows of `a` and the columns of `b`")?;
    faer::linalg::matmul::matmul(
        faer_mut(out),
        accumulate.into_faer(),
        faer_ref(a),
        faer_ref(b),
        alpha,
        gemm_parallelism(m, k, n),
    );
    clear_upper_halves();
    Ok(())
}

/// Matrix-vector shapes stay on one thread: faer's parallel form of them allocates and splits the sum.
pub(crate) fn gemm_parallelism(m: usize, k: usize, n: usize) -> Par {
    if m <= 1 || n <= 1 { Par::Seq } else { parallelism_for(m.saturating_mul(k).saturating_mul(n)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn replace_does_not_read_and_add_does() {
        let a = array![[1.0, 2.0], [3.0, 4.0]];
        let b = array![[0.0, 1.0], [1.0, 0.0]];
        let mut out = Array2::from_elem((2, 2), f64::NAN);
        gemm_into(&mut out, Accumulate::Replace, 2.0, &a, &b).unwrap();
        assert_eq!(out, array![[4.0, 2.0], [8.0, 6.0]]);
        gemm_into(&mut out, Accumulate::Add, -1.0, &a, &b).unwrap();
        assert_eq!(out, array![[2.0, 1.0], [4.0, 3.0]]);
    }

    #[test]
    fn empty_sums_are_zero() {
        let mut out = Array2::from_elem((2, 3), 7.0_f32);
        gemm_into(&mut out, Accumulate::Replace, 1.0, &Array2::zeros((2, 0)), &Array2::zeros((0, 3))).unwrap();
        assert_eq!(out, Array2::<f32>::zeros((2, 3)));
    }

    #[test]
    fn shapes_are_named() {
        let mut out = Array2::<f64>::zeros((2, 2));
        let error = gemm_into(&mut out, Accumulate::Add, 1.0, &Array2::zeros((2, 3)), &Array2::zeros((4, 2)));
        assert_eq!(
            error.unwrap_err().to_string(),
            "`b` has shape [4, 2], but [3, 2] is needed because `b` has a row per column of `a`"
        );
        assert!(gemm_into(&mut out, Accumulate::Add, 1.0, &Array2::zeros((3, 3)), &Array2::zeros((3, 2))).is_err());
    }
}
