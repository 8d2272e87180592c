//! Conversions between ndarray, faer and nalgebra: views where no copy is needed, in one place.

use crate::Scalar;
use faer::{MatMut, MatRef};
use faer_ext::{IntoFaer, IntoNdarray};
use ndarray::{ArrayRef1, ArrayRef2, ArrayView2, Axis};

/// `x` (m × n) as a faer matrix; no copy, any strides.
pub fn faer_ref<T: Scalar>(x: &ArrayRef2<T>) -> MatRef<'_, T> {
    x.view().into_faer()
}

/// `x` (m × n) as a mutable faer matrix; no copy, any strides.
pub fn faer_mut<T: Scalar>(x: &mut ArrayRef2<T>) -> MatMut<'_, T> {
    x.view_mut().into_faer()
}

/// `x` (n) as a faer matrix of one column; no copy, any stride.
pub fn faer_column<T: Scalar>(x: &ArrayRef1<T>) -> MatRef<'_, T> {
    x.view().insert_axis(Axis(1)).into_faer()
}

/// `x` (n) as a mutable faer matrix of one column; no copy, any stride.
pub fn faer_column_mut<T: Scalar>(x: &mut ArrayRef1<T>) -> MatMut<'_, T> {
    x.view_mut().insert_axis(Axis(1)).into_faer()
}

/// `x` as an ndarray view; no copy, any strides. (`into_ndarray` of faer-ext panics on negative ones.)
pub fn ndarray_ref<T: Scalar>(x: MatRef<'_, T>) -> ArrayView2<'_, T> {
    let (rows_reversed, columns_reversed) = (x.row_stride() < 0, x.col_stride() < 0);
    let x = if rows_reversed { x.reverse_rows() } else { x };
    let x = if columns_reversed { x.reverse_cols() } else { x };
    let mut view = x.into_ndarray();
    if rows_reversed {
        view.invert_axis(Axis(0));
    }
    if columns_reversed {
        view.invert_axis(Axis(1));
    }
    view
}

/// `x` (m × n) as a strided nalgebra view; no copy. `None` if a stride is negative, which nalgebra cannot express.
#[cfg(feature = "nalgebra")]
#[cfg_attr(docsrs, doc(cfg(feature = "nalgebra")))]
pub fn nalgebra_view<T: Scalar>(
    x: &ArrayRef2<T>,
) -> Option<nalgebra::DMatrixView<'_, T, nalgebra::Dyn, nalgebra::Dyn>> {
    use faer_ext::IntoNalgebra;
    x.strides().iter().all(|&stride| stride >= 0).then(|| x.view().into_nalgebra())
}

/// A copy of `x` (m × n) as an nalgebra matrix.
#[cfg(feature = "nalgebra")]
#[cfg_attr(docsrs, doc(cfg(feature = "nalgebra")))]
pub fn to_nalgebra<T: Scalar>(x: &ArrayRef2<T>) -> nalgebra::DMatrix<T> {
    nalgebra::DMatrix::from_iterator(x.nrows(), x.ncols(), x.t().iter().copied())
}

/// An nalgebra matrix of any storage as a column-major ndarray, entries copied.
#[cfg(feature = "nalgebra")]
#[cfg_attr(docsrs, doc(cfg(feature = "nalgebra")))]
pub fn from_nalgebra<T, R, C, S>(x: &nalgebra::Matrix<T, R, C, S>) -> ndarray::Array2<T>
where
    T: Scalar,
    R: nalgebra::Dim,
    C: nalgebra::Dim,
    S: nalgebra::RawStorage<T, R, C>,
{
    use ndarray::ShapeBuilder;
    ndarray::Array2::from_shape_fn((x.nrows(), x.ncols()).f(), |(i, j)| x[(i, j)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, s};

    fn example() -> Array2<f64> {
        Array2::from_shape_fn((5, 4), |(i, j)| (10 * i + j) as f64)
    }

    #[test]
    fn there_and_back_for_every_layout() {
        let x = example();
        for view in [
            x.view(),
            x.t(),
            x.slice(s![..;2, 1..]),
            x.slice(s![..;-1, ..]),
            x.slice(s![.., ..;-1]),
            x.slice(s![..;-2, ..;-1]),
            x.slice(s![0..0, ..]),
            x.slice(s![1..2, ..;-1]),
        ] {
            assert_eq!(ndarray_ref(faer_ref(&view)), view);
        }
    }

    #[test]
    fn writes_reach_the_array() {
        let mut x = example();
        faer_mut(&mut x.slice_mut(s![..;-1, ..]))[(0, 3)] = -1.0;
        assert_eq!(x[[4, 3]], -1.0);
        faer_column_mut(&mut x.column_mut(2))[(1, 0)] = -2.0;
        assert_eq!(x[[1, 2]], -2.0);
        assert_eq!(faer_column(&x.column(2))[(1, 0)], -2.0);
    }

    #[cfg(feature = "nalgebra")]
    #[test]
    fn nalgebra_sees_the_same_numbers() {
        let x = example();
        let copy = to_nalgebra(&x);
        assert_eq!(copy[(3, 1)], 31.0);
        assert_eq!(from_nalgebra(&copy), x);
        let part = x.slice(s![1..;2, ..]);
        assert_eq!(from_nalgebra(&nalgebra_view(&part).unwrap()), part);
        assert!(nalgebra_view(&x.slice(s![..;-1, ..])).is_none());
        assert_eq!(from_nalgebra(&nalgebra_view(&x.t()).unwrap()), x.t());
    }
}
