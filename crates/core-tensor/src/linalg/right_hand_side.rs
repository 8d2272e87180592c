//! One or many right-hand sides.

use super::view::{faer_column, faer_column_mut, faer_mut, faer_ref};
use crate::parallelism::parallelism_for;
use crate::{Error, Result, Scalar, check_finite, check_shape};
use faer::{MatMut, MatRef, Par};
use ndarray::{ArrayRef, ArrayRef1, ArrayRef2, Dimension, Ix1, Ix2};

/// The dimension of what a factorisation solves for: a vector (one right-hand side) or a matrix (one per column).
///
/// Sealed: it exists so that every `solve` takes `&Array1`, `&Array2` and views of both by one name.
pub trait RightHandSide: Dimension + Sized + sealed::AsMatrix {}

impl RightHandSide for Ix1 {}
impl RightHandSide for Ix2 {}

pub(crate) mod sealed {
    use super::*;

    pub trait AsMatrix: Dimension + Sized {
        fn matrix<T: Scalar>(x: &ArrayRef<T, Self>) -> MatRef<'_, T>;
        fn matrix_mut<T: Scalar>(x: &mut ArrayRef<T, Self>) -> MatMut<'_, T>;
    }

    impl AsMatrix for Ix1 {
        fn matrix<T: Scalar>(x: &ArrayRef1<T>) -> MatRef<'_, T> {
            faer_column(x)
        }

        fn matrix_mut<T: Scalar>(x: &mut ArrayRef1<T>) -> MatMut<'_, T> {
            faer_column_mut(x)
        }
    }

    impl AsMatrix for Ix2 {
        fn matrix<T: Scalar>(x: &ArrayRef2<T>) -> MatRef<'_, T> {
            faer_ref(x)
        }

        fn matrix_mut<T: Scalar>(x: &mut ArrayRef2<T>) -> MatMut<'_, T> {
            faer_mut(x)
        }
    }
}

/// Accepts a factorisation that holds something.
pub(crate) fn check_factorised(ready: bool, argument: &'static str) -> Result<()> {
    if ready { Ok(()) } else { Err(Error::NotFactorised { argument }) }
}

/// Accepts finite right-hand sides `b` with `rows` rows.
pub(crate) fn check_right_hand_side<T: Scalar, D: RightHandSide>(b: &ArrayRef<T, D>, rows: usize) -> Result<()> {
    check_rows("b", b, rows, "`b` has a row per row of the factorised matrix")?;
    check_finite("b", b)
}

/// Accepts an array with `rows` rows and any number of columns.
pub(crate) fn check_rows<T, D: RightHandSide>(
    argument: &'static str,
    x: &ArrayRef<T, D>,
    rows: usize,
    reason: &'static str,
) -> Result<()> {
    if x.shape()[0] == rows {
        return Ok(());
    }
    let mut expected = x.shape().to_vec();
    expected[0] = rows;
    check_shape(argument, x, &expected, reason)
}

/// How a triangular solve with an n × n factor and k right-hand sides is split. Few columns stay on one thread: faer's
/// parallel matrix-vector product allocates and splits the sum.
pub(crate) fn solve_parallelism(n: usize, k: usize) -> Par {
    if k < 8 { Par::Seq } else { parallelism_for(n.saturating_mul(n).saturating_mul(k) / 2) }
}
