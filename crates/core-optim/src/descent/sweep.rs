//! One pass over coordinates.

use crate::Result;
use crate::design::{DesignMatrix, WorkingVector};
use crate::error::{check_index, check_length};
use crate::prox::Separable;
use core_tensor::Scalar;
use ndarray::ArrayRef1;

/// What a [`sweep`] changed.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct SweepChange<T> {
    /// max ‖xⱼ‖ |Δwⱼ|: the largest move of the fit X w by one coordinate. NaN if there was one.
    pub largest: T,
    /// Coordinates that changed.
    pub changed: usize,
}

/// Minimises ½ ‖y - X w‖² + Σ gⱼ(wⱼ) over one coordinate after the other, in the order of `coordinates`:
///
/// ```text
/// wⱼ ← prox_{gⱼ/Lⱼ}(wⱼ + xⱼᵀr / Lⱼ),    r ← r - xⱼ Δwⱼ,    Lⱼ = ‖xⱼ‖²
/// ```
///
/// `residual` is r = y - X w and is kept up to date; `norms_squared` holds Lⱼ (d). With [`ElasticNet`](crate::prox::ElasticNet) the update is
/// soft(xⱼᵀr + Lⱼ wⱼ, λ₁ p) / (Lⱼ + λ₂ p). A zero column minimises gⱼ alone, nearest to wⱼ. Costs two passes over a column that
/// changes, one over a column that does not. Does not allocate.
///
/// # Errors
/// Lengths that do not match, a coordinate that does not exist.
pub fn sweep<T: Scalar>(
    x: &(impl DesignMatrix<T> + ?Sized),
    norms_squared: &ArrayRef1<T>,
    penalty: &(impl Separable<T> + ?Sized),
    coordinates: impl IntoIterator<Item = usize>,
    w: &mut ArrayRef1<T>,
    residual: &mut WorkingVector<T>,
) -> Result<SweepChange<T>> {
    let d = x.columns();
    check_length("norms_squared", norms_squared, d, "the matrix has that many columns")?;
    check_length("w", w, d, "the matrix has that many columns")?;
    check_length("residual", &residual.values(), x.rows(), "the matrix has that many rows")?;
    penalty.check_dimension(d)?;
    let mut change = SweepChange { largest: T::zero(), changed: 0 };
    for j in coordinates {
        check_index("coordinates", j, d, "columns")?;
        let (old, l) = (w[j], norms_squared[j]);
        let new = if l > T::zero() {
            penalty.coordinate_prox(j, old + x.column_dot(j, residual)? / l, l.recip())
        } else {
            penalty.coordinate_prox(j, old, T::infinity())
        };
        let moved = new - old;
        if moved != T::zero() {
            x.column_axpy(j, -moved, residual)?;
            w[j] = new;
            change.changed += 1;
            let size = l.sqrt() * moved.abs();
            if size > change.largest || size.is_nan() {
                change.largest = size;
            }
        }
    }
    Ok(change)
}
