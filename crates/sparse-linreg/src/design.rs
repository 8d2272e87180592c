//! What a design may be given as.

use crate::error::Result;
use crate::reduction::{check_design, select_rows};
use core_optim::design::{CscMatrix, DesignMatrix};
use core_tensor::Error as Argument;
use ndarray::{Array1, Array2, ArrayBase, ArrayRef1, ArrayRef2, ArrayView2, Data, Ix2};

/// A design X (n × d): any two-dimensional ndarray, or a [`CscMatrix`] of sparse columns. Sealed.
pub trait Design: sealed::AsColumns {}

/// A design as the methods see it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Columns<'a> {
    Dense(ArrayView2<'a, f64>),
    Sparse(&'a CscMatrix<f64>),
}

/// A copy of some rows.
#[derive(Debug, Clone)]
pub(crate) enum OwnedColumns {
    Dense(Array2<f64>),
    Sparse(CscMatrix<f64>),
}

pub(crate) mod sealed {
    use super::Columns;

    pub trait AsColumns: Sync {
        #[allow(private_interfaces, reason = "the trait is sealed: nobody outside can name or call this")]
        fn as_columns(&self) -> Columns<'_>;
    }
}

impl<S: Data<Elem = f64> + Sync> Design for ArrayBase<S, Ix2> {}
impl Design for ArrayRef2<f64> {}
impl Design for CscMatrix<f64> {}

impl<S: Data<Elem = f64> + Sync> sealed::AsColumns for ArrayBase<S, Ix2> {
    #[allow(private_interfaces, reason = "the trait is sealed")]
    fn as_columns(&self) -> Columns<'_> {
        Columns::Dense(self.view())
    }
}

impl sealed::AsColumns for ArrayRef2<f64> {
    #[allow(private_interfaces, reason = "the trait is sealed")]
    fn as_columns(&self) -> Columns<'_> {
        Columns::Dense(self.view())
    }
}

impl sealed::AsColumns for CscMatrix<f64> {
    #[allow(private_interfaces, reason = "the trait is sealed")]
    fn as_columns(&self) -> Columns<'_> {
        Columns::Sparse(self)
    }
}

impl Columns<'_> {
    /// (n, d).
    pub(crate) fn dim(&self) -> (usize, usize) {
        match self {
            Self::Dense(x) => x.dim(),
            Self::Sparse(x) => (x.rows(), x.columns()),
        }
    }

    /// Accepts a design with rows and columns and finite entries (which a sparse matrix has by construction).
    pub(crate) fn check(&self) -> Result<()> {
        match self {
            Self::Dense(x) => check_design(x),
            Self::Sparse(x) if x.columns() == 0 => Err(Argument::Empty { argument: "x", expected: "column" }.into()),
            Self::Sparse(_) => Ok(()),
        }
    }

    /// X w + b.
    pub(crate) fn predict(&self, w: &ArrayRef1<f64>, intercept: f64) -> Result<Array1<f64>> {
        let (n, d) = self.dim();
        if d != w.len() {
            let (found, expected) = (vec![n, d], vec![n, w.len()]);
            let reason = "the model has that many coefficients";
            return Err(Argument::Shape { argument: "x", found, expected, reason }.into());
        }
        let mut out = Array1::from_elem(n, intercept);
        match self {
            Self::Dense(x) => {
                for (column, &w) in x.columns().into_iter().zip(w) {
                    if w != 0.0 {
                        out.scaled_add(w, &column);
                    }
                }
            }
            Self::Sparse(x) => {
                for j in (0..d).filter(|&j| w[j] != 0.0) {
                    x.stored_axpy(j, w[j], &mut out)?;
                }
            }
        }
        Ok(out)
    }

    /// The given rows.
    pub(crate) fn rows(&self, rows: &[usize]) -> Result<OwnedColumns> {
        Ok(match self {
            Self::Dense(x) => OwnedColumns::Dense(select_rows(x, rows)),
            Self::Sparse(x) => {
                let mut places: Vec<Vec<usize>> = vec![Vec::new(); x.rows()];
                rows.iter().enumerate().for_each(|(to, &from)| places[from].push(to));
                let mut triplets = Vec::new();
                for j in 0..x.columns() {
                    let (from, values) = x.column(j);
                    for (&from, &value) in from.iter().zip(values) {
                        triplets.extend(places[from].iter().map(|&to| (to, j, value)));
                    }
                }
                OwnedColumns::Sparse(CscMatrix::from_triplets(rows.len(), x.columns(), &triplets)?)
            }
        })
    }

    /// The design with all its zeros.
    pub(crate) fn to_dense(self) -> Array2<f64> {
        match self {
            Self::Dense(x) => x.to_owned(),
            Self::Sparse(x) => x.to_dense(),
        }
    }
}

impl OwnedColumns {
    pub(crate) fn borrow(&self) -> Columns<'_> {
        match self {
            Self::Dense(x) => Columns::Dense(x.view()),
            Self::Sparse(x) => Columns::Sparse(x),
        }
    }
}

/// The given entries of a vector.
pub(crate) fn select(v: &ArrayRef1<f64>, rows: &[usize]) -> Array1<f64> {
    rows.iter().map(|&row| v[row]).collect()
}
