//! Dense columns.

use super::DesignMatrix;
use crate::Result;
use crate::error::{check_count, check_index, check_length};
use crate::reduce::{axpy, constant, dot, sum_by, sum_pairs};
use core_tensor::{Kernel, Scalar, check_finite, vectorised};
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
        Ok(match column.as_slice() {
            Some(column) => vectorised(Moments(column)),
            None => {
                let sum = sum_by(&column, |x| x);
                let mean = sum / constant::<T>(self.rows() as f64);
                (sum, sum_by(&column, |x| (x - mean) * (x - mean)))
            }
        })
    }

    fn stored_dots_into(&self, columns: &[usize], v: &[T], out: &mut [T]) -> Result<()> {
        check_count("v", v.len(), self.rows(), ROWS)?;
        check_count("out", out.len(), columns.len(), "there is an entry per column")?;
        if let Some(&j) = columns.iter().find(|&&j| j >= self.columns()) {
            check_index("columns", j, self.columns(), "columns")?;
        }
        vectorised(Dots { x: self.x.view(), columns, v, out });
        Ok(())
    }

    fn stored_array(&self) -> Option<ArrayView2<'_, T>> {
        Some(self.x.view())
    }

    fn stored_column_into(&self, j: usize, out: &mut [T]) -> Result<()> {
        check_count("out", out.len(), self.rows(), ROWS)?;
        let column = self.column(j)?;
        match column.as_slice() {
            Some(column) => out.copy_from_slice(column),
            None => out.iter_mut().zip(&column).for_each(|(out, &x)| *out = x),
        }
        Ok(())
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

/// Sum, and sum of squared deviations from the mean.
struct Moments<'a, T>(&'a [T]);

impl<T: Scalar> Kernel for Moments<'_, T> {
    type Output = (T, T);

    #[inline(always)]
    fn run(self) -> (T, T) {
        let sum = sum_pairs(self.0, self.0, |x, _| x);
        let mean = sum / constant::<T>(self.0.len() as f64);
        (sum, sum_pairs(self.0, self.0, |x, _| (x - mean) * (x - mean)))
    }
}

/// out ← the columns' dot products with v.
struct Dots<'a, T> {
    x: ArrayView2<'a, T>,
    columns: &'a [usize],
    v: &'a [T],
    out: &'a mut [T],
}

impl<T: Scalar> Kernel for Dots<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        for (out, &j) in self.out.iter_mut().zip(self.columns) {
            let column = self.x.index_axis(Axis(1), j);
            *out = match column.as_slice() {
                Some(column) => sum_pairs(column, self.v, |a, b| a * b),
                // A single row of a wide array.
                None => column.iter().zip(self.v).map(|(&a, &b)| a * b).sum(),
            };
        }
    }
}
