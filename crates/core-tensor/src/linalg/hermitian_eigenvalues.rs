//! Eigenvalues of Hermitian matrices.

use super::memory::Memory;
use crate::parallelism::parallelism_for;
use crate::vectorised::clear_upper_halves;
use crate::{Error, Result, Scalar, check_finite, check_shape};
use faer::diag::Diag;
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::{Mat, Par};
use ndarray::{Array1, ArrayRef2, ArrayView1};
use num_complex::Complex;

/// The eigenvalues of A + iB, A symmetric and B antisymmetric (n × n), ascending.
///
/// Made once for n, then used for any number of matrices without allocating.
#[derive(Debug, Clone)]
pub struct HermitianEigenvalues<T: Scalar> {
    matrix: Mat<Complex<T>>,
    diagonal: Diag<Complex<T>>,
    values: Array1<T>,
    memory: Memory,
    par: Par,
}

impl<T: Scalar> HermitianEigenvalues<T> {
    /// Memory for n × n matrices.
    #[must_use]
    pub fn new(n: usize) -> Self {
        let par = parallelism_for(n.saturating_mul(n).saturating_mul(n));
        // faer computes n − 1 here.
        let request =
            self_adjoint_evd_scratch::<Complex<T>>(n.max(1), ComputeEigenvectors::No, par, Default::default());
        Self {
            matrix: Mat::zeros(n, n),
            diagonal: Diag::zeros(n),
            values: Array1::zeros(n),
            memory: Memory::for_any_of(&[request]),
            par,
        }
    }

    /// The eigenvalues of `real` + i `imaginary` (both n × n). Only the lower triangles are used, but all entries must be finite.
    ///
    /// # Errors
    /// Other shapes, entries that are not finite; [`Error::NoConvergence`], also when eigenvalues overflow.
    pub fn of(&mut self, real: &ArrayRef2<T>, imaginary: &ArrayRef2<T>) -> Result<ArrayView1<'_, T>> {
        let n = self.values.len();
        for (argument, part) in [("real", real), ("imaginary", imaginary)] {
            check_shape(argument, part, &[n, n], "the memory was made for that many rows and columns")?;
            check_finite(argument, part)?;
        }
        if n > 0 {
            for j in 0..n {
                for i in j..n {
                    self.matrix[(i, j)] = Complex::new(real[[i, j]], imaginary[[i, j]]);
                }
            }
            let outcome = self_adjoint_evd(
                self.matrix.as_ref(),
                self.diagonal.as_mut(),
                None,
                self.par,
                self.memory.stack(),
                Default::default(),
            );
            clear_upper_halves();
            self.values.iter_mut().enumerate().for_each(|(i, v)| *v = self.diagonal[i].re);
            if outcome.is_err() || !self.values.iter().all(|v| v.is_finite()) {
                return Err(Error::NoConvergence { argument: "real", what: "Hermitian eigendecomposition" });
            }
        }
        Ok(self.values.view())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    #[test]
    fn a_known_spectrum() {
        // [[2, i], [-i, 2]] has 1 and 3; the diagonal part adds 5.
        let real = array![[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 5.0]];
        let imaginary = array![[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 0.0]];
        let mut eigen = HermitianEigenvalues::new(3);
        let found = eigen.of(&real, &imaginary).unwrap();
        assert!(found.iter().zip([1.0, 3.0, 5.0]).all(|(a, b): (&f64, f64)| (a - b).abs() < 1e-14), "{found}");
    }

    #[test]
    fn bad_input_is_refused() {
        let mut eigen = HermitianEigenvalues::<f32>::new(2);
        let fine = Array2::zeros((2, 2));
        assert!(eigen.of(&array![[f32::NAN, 0.0], [0.0, 0.0]], &fine).is_err());
        assert!(eigen.of(&fine, &Array2::zeros((2, 3))).is_err());
        assert_eq!(eigen.of(&fine, &fine).unwrap().to_vec(), [0.0, 0.0]);
        assert!(
            HermitianEigenvalues::<f64>::new(0).of(&Array2::zeros((0, 0)), &Array2::zeros((0, 0))).unwrap().is_empty()
        );
    }
}
