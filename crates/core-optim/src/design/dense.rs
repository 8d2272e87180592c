//! Dense columns.

use super::DesignMatrix;
use crate::Result;
use crate::error::{check_index, check_length};
use crate::reduce::{axpy, constant, dot, sum_by};
use core_tensor::{Scalar, check_finite};
use ndarray::{Array2, ArrayRef1, ArrayRef2, ArrayView1, ArrayView2, Axis, CowArray, Ix2, ShapeBuilder, Zip};

/// A dense n × d matrix with contiguous columns.
///
/// Borrows the caller's array when its columns are contiguous (Fortran order), and otherwise copies it once into that
/// order: row-major columns would cost a cache line per entry.
#[derive(Debug, Clone, PartialEq)]
pub struct Dense<'a, T> {
    x: CowArray<'a, T, Ix2>,
}

impl<'a, T: Scalar> Dense<'a, T> {
    /// The matrix `x` (n × d), n ≥ 1.
    ///
    /// # Errors
    /// No row, or an entry that is not finite.
    pub fn new(x: &'a ArrayRef2<T>) -> Result<Self> {
        if x.nrows() == 0 {
            return Err(core_tensor::Error::Empty { argument: "x", expected: "row" }.into());
        }
        check_finite("x", x)?;
        let contiguous = x.nrows() == 1 || x.stride_of(Axis(0)) == 1;
        let x = if contiguous {
            x.view().into()
        } else {
            let mut copy = Array2::zeros(x.raw_dim().f());
            copy.assign(x);
            copy.into()
        };
        Ok(Self { x })
    }

    /// The entries.
    pub fn view(&self) -> ArrayView2<'_, T> {
        self.x.view()
    }

    fn column(&self, j: usize) -> Result<ArrayView1<'_, T>> {
        check_index("column", j, self.x.ncols(), "columns")?;
        Ok(self.x.column(j))
    }
}

const ROWS: &str = "the matrix has that many rows";
const COLUMNS: &str = "the matrix has that many columns";

impl<T: Scalar> DesignMatrix<T> for Dense<'_, T> {
    fn rows(&self) -> usize {
        self.x.nrows()
    }

    fn columns(&self) -> usize {
        self.x.ncols()
    }

    #[inline]
    fn stored_dot(&self, j: usize, v: &ArrayRef1<T>) -> Result<T> {
        check_length("v", v, self.rows(), ROWS)?;
        Ok(dot(&self.column(j)?, v))
    }

    #[inline]
    fn stored_axpy(&self, j: usize, a: T, v: &mut ArrayRef1<T>) -> Result<()> {
        check_length("v", v, self.rows(), ROWS)?;
        axpy(a, &self.column(j)?, v);
        Ok(())
    }

    fn stored_moments(&self, j: usize) -> Result<(T, T)> {
        let column = self.column(j)?;
        let sum = sum_by(&column, |x| x);
        let mean = sum / constant::<T>(self.rows() as f64);
        Ok((sum, sum_by(&column, |x| (x - mean) * (x - mean))))
    }

    /// Four columns at a time: `out` is read and written a quarter as often.
    fn apply_into(&self, w: &ArrayRef1<T>, out: &mut ArrayRef1<T>) -> Result<()> {
        check_length("w", w, self.columns(), COLUMNS)?;
        check_length("out", out, self.rows(), ROWS)?;
        out.fill(T::zero());
        // The columns still to be added, up to four.
        let mut waiting = [(0, T::zero()); 4];
        let mut count = 0;
        for (j, &w) in w.iter().enumerate().filter(|(_, w)| **w != T::zero()) {
            waiting[count] = (j, w);
            count += 1;
            if count == 4 {
                self.add_four(&waiting, out);
                count = 0;
            }
        }
        for &(j, w) in &waiting[..count] {
            axpy(w, &self.x.column(j), out);
        }
        Ok(())
    }
}

impl<T: Scalar> Dense<'_, T> {
    fn add_four(&self, columns: &[(usize, T); 4], out: &mut ArrayRef1<T>) {
        let views = columns.map(|(j, _)| self.x.column(j));
        let [a, b, c, d] = columns.map(|(_, w)| w);
        let [x, y, z, u] = &views;
        // In this order the sum has the bits of four single additions.
        let add = |out: T, x: T, y: T, z: T, u: T| (((out + a * x) + b * y) + c * z) + d * u;
        if let (Some(x), Some(y), Some(z), Some(u), true) =
            (x.as_slice(), y.as_slice(), z.as_slice(), u.as_slice(), out.as_slice().is_some())
        {
            let Some(out) = out.as_slice_mut() else { return };
            for ((((out, &x), &y), &z), &u) in out.iter_mut().zip(x).zip(y).zip(z).zip(u) {
                *out = add(*out, x, y, z, u);
            }
        } else {
            Zip::from(out).and(x).and(y).and(z).and(u).for_each(|out, &x, &y, &z, &u| *out = add(*out, x, y, z, u));
        }
    }
}
