//! Orthogonalisation by a Cholesky factor.

use crate::Result;
use core_tensor::Scalar;
use core_tensor::linalg::{Accumulate, Llt, gram_into};
use ndarray::{Array2, ArrayRef2};

/// L⁻¹ W with L Lᵀ = W Wᵀ for m ≤ n (on the transpose else): orthonormal rows that span those of W. The cheapest exact way, but its error
/// grows with the square of the condition number: about ε κ².
///
/// # Errors
/// Entries that are not finite; rows that depend on each other.
pub fn cholesky_qr<T: Scalar>(w: &ArrayRef2<T>) -> Result<Array2<T>> {
    if w.nrows() > w.ncols() {
        return Ok(cholesky_qr(&w.t())?.reversed_axes());
    }
    let m = w.nrows();
    let mut gram = Array2::zeros((m, m));
    gram_into(&mut gram, Accumulate::Replace, T::one(), &w.t())?;
    let mut llt = Llt::new(m);
    llt.factorise(&gram)?;
    let mut q = w.to_owned();
    llt.solve_lower_in_place(&mut q)?;
    Ok(q)
}
