//! The polar factor.

use crate::Result;
use core_tensor::Scalar;
use core_tensor::check_shape;
use core_tensor::linalg::Svd;
use ndarray::{Array2, ArrayRef2, ArrayView2};

/// The nearest semi-orthogonal matrix in the Frobenius norm, U Vᵀ of A = U S Vᵀ (m × n).
///
/// # Errors
/// Entries that are not finite; a rank below min(m, n), where it is not unique.
pub fn polar<T: Scalar>(a: &ArrayRef2<T>) -> Result<Array2<T>> {
    let svd = full_rank(a)?;
    Ok(svd.u()?.dot(&svd.v()?.t()))
}

/// The gradient with respect to A of a function of [`polar`]`(A)` whose gradient there is `upstream` (m × n).
///
/// With M = Uᵀ G V and thin factors, `U [(M - Mᵀ)/(sᵢ + sⱼ)] Vᵀ` and, for rectangular matrices, the part outside both spaces divided by sⱼ.
///
/// # Errors
/// As [`polar`]; another shape.
pub fn polar_pullback<T: Scalar>(a: &ArrayRef2<T>, upstream: &ArrayRef2<T>) -> Result<Array2<T>> {
    check_shape("upstream", upstream, a.shape(), "`a` has that shape")?;
    let svd = full_rank(a)?;
    let (u, s, v) = (svd.u()?, svd.singular_values()?, svd.v()?);
    let middle = u.t().dot(upstream).dot(&v);
    let inner = Array2::from_shape_fn(middle.raw_dim(), |(i, j)| (middle[[i, j]] - middle[[j, i]]) / (s[i] + s[j]));
    let mut gradient = u.dot(&inner).dot(&v.t());
    // The side whose factor does not span the whole space.
    if a.nrows() > a.ncols() {
        let scaled = divided(&upstream.dot(&v), s.view());
        gradient += &(&scaled - &u.dot(&u.t().dot(&scaled))).dot(&v.t());
    } else if a.nrows() < a.ncols() {
        let scaled = divided(&upstream.t().dot(&u), s.view());
        let outside = &scaled - &v.dot(&v.t().dot(&scaled));
        gradient += &u.dot(&outside.t());
    }
    Ok(gradient)
}

/// Columns divided by the numbers.
fn divided<T: Scalar>(x: &Array2<T>, by: ndarray::ArrayView1<'_, T>) -> Array2<T> {
    let by: ArrayView2<'_, T> = by.insert_axis(ndarray::Axis(0));
    x / &by
}

fn full_rank<T: Scalar>(a: &ArrayRef2<T>) -> Result<Svd<T>> {
    let mut svd = Svd::new(a.nrows(), a.ncols());
    svd.factorise(a)?;
    let (rank, needed) = (svd.rank(svd.default_cutoff())?, a.nrows().min(a.ncols()));
    if rank < needed {
        let reason = "the nearest semi-orthogonal matrix is not unique otherwise";
        return Err(core_tensor::Error::RankDeficient { argument: "a", rank, needed, reason }.into());
    }
    Ok(svd)
}
