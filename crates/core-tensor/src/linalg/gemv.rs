//! Matrix-vector product.

use super::gemm::Accumulate;
use super::view::{faer_column, faer_column_mut, faer_ref};
use crate::vectorised::clear_upper_halves;
use crate::{Result, Scalar, check_shape};
use faer::Par;
use ndarray::{ArrayRef1, ArrayRef2};

/// `out ← α A v` or `out ← out + α A v` for A (m × n), v (n), out (m), each with any strides. Pass `&a.t()` for Aᵀ v.
///
/// One thread, no allocation: the product is bound by memory bandwidth, and a parallel sum would cost a buffer and
/// determinism. NaN and infinities propagate.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape) if the shapes do not match.
pub fn gemv_into<T: Scalar>(
    out: &mut ArrayRef1<T>,
    accumulate: Accumulate,
    alpha: T,
    a: &ArrayRef2<T>,
    v: &ArrayRef1<T>,
) -> Result<()> {
    let (m, n) = a.dim();
    check_shape("v", v, &[n], "`v` has an entry per column of `a`")?;
    check_shape("out", out, &[m], "`out` has an entry per row of `a`")?;
    faer::linalg::matmul::matmul(
        faer_column_mut(out),
        accumulate.into_faer(),
        faer_ref(a),
        faer_column(v),
        alpha,
        Par::Seq,
    );
    clear_upper_halves();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2, s};

    #[test]
    fn every_layout_gives_the_product() {
        // Small integers: exact sums.
        let a = Array2::from_shape_fn((9, 13), |(i, j)| ((5 * i + 3 * j) % 7) as f64 - 3.0);
        let v = Array1::from_shape_fn(26, |i| (i % 5) as f64 - 2.0);
        for a in
            [a.view(), a.slice(s![..;-1, ..]), a.slice(s![..;2, ..]), a.t().slice_move(s![..9, ..;-1]).reversed_axes()]
        {
            let n = a.ncols();
            for v in [v.slice(s![..n]), v.slice(s![..2 * n;2]), v.slice(s![..n;-1])] {
                let expected = Array1::from_shape_fn(a.nrows(), |i| (0..n).map(|j| a[[i, j]] * v[j]).sum::<f64>());
                let mut out = Array1::from_elem(2 * a.nrows(), f64::NAN);
                let mut part = out.slice_mut(s![..;-2]);
                gemv_into(&mut part, Accumulate::Replace, 1.0, &a, &v).unwrap();
                assert_eq!(part, expected);
                gemv_into(&mut part, Accumulate::Add, 2.0, &a, &v).unwrap();
                assert_eq!(part, expected * 3.0);
            }
        }
        assert!(gemv_into(&mut Array1::zeros(9), Accumulate::Add, 1.0, &a, &Array1::zeros(12)).is_err());
        assert!(gemv_into(&mut Array1::zeros(8), Accumulate::Add, 1.0, &a, &Array1::zeros(13)).is_err());
    }
}
